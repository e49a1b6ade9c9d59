"""Looks for engines: contexts, ``DOCKER_HOST``, and the sockets engines usually listen at. Opens none of them."""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from backends.contract.model import ConnectionSpec, Discovery, Missing
from backends.docker.endpoint import Endpoint

BACKEND = "docker"
SYSTEM_SOCKET = "/var/run/docker.sock"


class _DockerEndpoint(msgspec.Struct):
    host: str = msgspec.field(default="", name="Host")
    skip_verify: bool = msgspec.field(default=False, name="SkipTLSVerify")


class _Endpoints(msgspec.Struct):
    docker: _DockerEndpoint | None = None


class _Meta(msgspec.Struct):
    name: str = msgspec.field(name="Name")
    endpoints: _Endpoints = msgspec.field(default_factory=_Endpoints, name="Endpoints")


class _Config(msgspec.Struct):
    current: str = msgspec.field(default="", name="currentContext")


class Candidate(msgspec.Struct, frozen=True):
    """An engine that may be there, before those that are the same one are folded together."""

    id: str
    title: str
    endpoint: Endpoint


def discover(environment: Mapping[str, str]) -> Discovery:
    """All engines the environment leads to, each once; or what is missing and how to get it."""
    found: dict[str, ConnectionSpec] = {}
    doors: set[str] = set()
    for candidate in _candidates(environment):
        if candidate.endpoint.same in doors or candidate.id in found:
            continue
        doors.add(candidate.endpoint.same)
        found[candidate.id] = _spec(candidate)
    if found:
        return Discovery(connections=tuple(found.values()))
    return Discovery(
        missing=(
            Missing(
                backend=BACKEND,
                what="No Docker or Podman engine was found on this machine.",
                remedy=(
                    "Install one (Debian: apt install docker.io, or podman and systemctl --user start podman.socket), "
                    "set DOCKER_HOST, or add a context with docker context create."
                ),
            ),
        )
    )


def _spec(candidate: Candidate) -> ConnectionSpec:
    endpoint = candidate.endpoint
    options = {"host": endpoint.host, "cli": shlex.join(endpoint.cli)}
    if endpoint.tls:
        options |= {"tls": endpoint.tls, "verify": "yes" if endpoint.verify else "no"}
    return ConnectionSpec(id=candidate.id, backend=BACKEND, title=candidate.title, options=options)


def _candidates(environment: Mapping[str, str]) -> Iterator[Candidate]:
    folder = _folder(environment)
    current = environment.get("DOCKER_CONTEXT") or _current(folder)
    yield from _default(environment, folder, plain=current in ("", "default"))
    yield from _contexts(folder)
    yield from _sockets(environment)


def _folder(environment: Mapping[str, str]) -> Path:
    configured = environment.get("DOCKER_CONFIG")
    return Path(configured) if configured else _home(environment) / ".docker"


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("HOME") or "~").expanduser()


def _default(environment: Mapping[str, str], folder: Path, *, plain: bool) -> Iterator[Candidate]:
    """The engine of Docker's own default: ``DOCKER_HOST``, or the system's socket."""
    host = environment.get("DOCKER_HOST", "")
    if host:
        tls = ""
        if environment.get("DOCKER_TLS_VERIFY") or environment.get("DOCKER_TLS"):
            tls = environment.get("DOCKER_CERT_PATH") or str(folder)
        verify = bool(environment.get("DOCKER_TLS_VERIFY")) or not tls
        yield Candidate("docker", "Docker (DOCKER_HOST)", Endpoint(host, tls, verify))
    elif _is_socket(Path(SYSTEM_SOCKET)):
        cli = ("docker",) if plain else ("docker", "--context", "default")
        yield Candidate("docker", "Docker", Endpoint(f"unix://{SYSTEM_SOCKET}", cli=cli))


def _contexts(folder: Path) -> Iterator[Candidate]:
    """The contexts ``docker context create`` wrote, by name. A file that cannot be read is no context."""
    found: list[Candidate] = []
    for file in folder.glob("contexts/meta/*/meta.json"):
        try:
            meta = msgspec.json.decode(file.read_bytes(), type=_Meta)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            continue
        docker = meta.endpoints.docker
        if docker is None or not docker.host or not meta.name:
            continue
        tls = folder / "contexts" / "tls" / hashlib.sha256(meta.name.encode()).hexdigest() / "docker"
        endpoint = Endpoint(
            docker.host,
            tls=str(tls) if tls.is_dir() else "",
            verify=not docker.skip_verify,
            cli=("docker", "--context", meta.name),
        )
        found.append(Candidate(meta.name, f"Docker context {meta.name}", endpoint))
    yield from sorted(found, key=lambda candidate: candidate.id)


def _sockets(environment: Mapping[str, str]) -> Iterator[Candidate]:
    """Sockets that exist where engines usually put them."""
    runtime = environment.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    home = _home(environment)
    places = (
        ("docker-system", "Docker (system)", Path(SYSTEM_SOCKET)),
        ("docker-rootless", "Docker (rootless)", Path(runtime, "docker.sock")),
        ("docker-rootless", "Docker (rootless)", home / ".docker/run/docker.sock"),
        ("docker-desktop", "Docker Desktop", home / ".docker/desktop/docker.sock"),
        ("colima", "Colima", home / ".colima/default/docker.sock"),
        ("podman", "Podman", Path(runtime, "podman/podman.sock")),
        ("podman-system", "Podman (system)", Path("/run/podman/podman.sock")),
    )
    for name, title, path in places:
        if _is_socket(path):
            host = f"unix://{path}"
            yield Candidate(name, title, Endpoint(host, cli=("docker", "-H", host)))


def _is_socket(path: Path) -> bool:
    """Whether there is a socket. A folder that may not be looked into (another user's) holds none for us."""
    try:
        return path.is_socket()
    except PermissionError:
        return False


def _current(folder: Path) -> str:
    try:
        return msgspec.json.decode((folder / "config.json").read_bytes(), type=_Config).current
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return ""
