"""An engine behind TLS with certificates of both sides: a door of the test's own in front of the real socket."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backends.contract.errors import BackendError, Unsupported
from backends.contract.model import Command, ConnectionSpec
from backends.docker import BACKEND
from quarterdeck.testing import BareContext
from tests.bed.docker import DockerEngine

pytestmark = pytest.mark.engine
Issuer = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def issue(folder: Path, name: str, issuer: Issuer | None) -> Issuer:
    """A certificate and its key, written as ``name.pem`` and ``name-key.pem``."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
    )
    certificate = builder.sign(issuer[1] if issuer else key, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}-key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, key


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A folder as Docker wants it, and the server's pair beside it."""
    authority = issue(tmp_path, "ca", None)
    issue(tmp_path, "server", authority)
    issue(tmp_path, "cert", authority)
    (tmp_path / "cert-key.pem").rename(tmp_path / "key.pem")
    return tmp_path


@pytest.fixture
async def door(engine: DockerEngine, certificates: Path) -> AsyncIterator[int]:
    """A port that speaks TLS, wants a client's certificate, and leads to the engine's socket."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates / "ca.pem"))
    context.load_cert_chain(certificates / "server.pem", certificates / "server-key.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    visits: list[asyncio.Task[None] | None] = []

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append(asyncio.current_task())
        inner, outer = await asyncio.open_unix_connection(engine.socket)
        await asyncio.gather(carry(reader, outer), carry(inner, writer))

    server = await asyncio.start_server(visit, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*(task for task in visits if task))


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def test_everything_goes_through_tls(engine: DockerEngine, door: int, certificates: Path) -> None:
    await engine.run(name="web")
    options = {"host": f"tcp://127.0.0.1:{door}", "tls": str(certificates)}
    session = await BACKEND.open(ConnectionSpec(id="far", backend="docker", options=options), BareContext(certificates))
    try:
        (web,) = await session.resources(frozenset({"container"}))
        assert web.name == "web"
        async with asyncio.timeout(30), aclosing(session.run(web.id, Command(("echo", "hello")))) as outputs:  # type: ignore[attr-defined]  # Docker's sessions run commands
            found = [output async for output in outputs]
        assert (found[0].data, found[-1].exit_code) == (b"hello\n", 0)
        with pytest.raises(Unsupported, match="Input"):
            async with asyncio.timeout(30), aclosing(session.run(web.id, Command(("cat",), stdin=b"x"))) as outputs:  # type: ignore[attr-defined]  # as above
                await anext(outputs)
    finally:
        await session.close()


async def test_an_engine_nobody_vouches_for_is_not_trusted(door: int, certificates: Path) -> None:
    (certificates / "ca.pem").unlink()
    options = {"host": f"tcp://127.0.0.1:{door}", "tls": str(certificates)}
    with pytest.raises(BackendError, match="trust"):
        await BACKEND.open(ConnectionSpec(id="far", backend="docker", options=options), BareContext(certificates))
