"""Where an engine answers, and how a person would reach the same one with the ``docker`` command."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from backends.contract.errors import Invalid, Unsupported

PORT, TLS_PORT = 2375, 2376


class Endpoint(msgspec.Struct, frozen=True):
    """An engine's address. ``tls`` is a folder with ``ca.pem``, ``cert.pem`` and ``key.pem``, or empty."""

    host: str
    tls: str = ""
    verify: bool = True
    cli: tuple[str, ...] = ("docker",)
    """The words a ``docker`` command line at this engine begins with."""

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Endpoint:
        """The endpoint a connection's options describe.

        Raises:
            Invalid: if they name no host, or one that cannot be read.
            Unsupported: if the host is of a sort that cannot be reached yet.
        """
        host = options.get("host", "")
        cli = tuple(shlex.split(options.get("cli", ""))) or ("docker", "-H", host)
        endpoint = cls(host, options.get("tls", ""), options.get("verify", "yes") != "no", cli)
        endpoint.check()
        return endpoint

    def check(self) -> None:
        """Raise if this cannot be reached; see ``of``."""
        if self.scheme == "ssh":
            raise Unsupported(
                f"{self.host} is reached over SSH, which Docker connections cannot do yet.",
                hint="Forward its socket (ssh -L) and add a connection to the forwarded one.",
            )
        if self.scheme == "npipe":
            raise Unsupported("Windows pipes cannot be reached from here.")
        if self.scheme not in ("unix", "tcp", "http", "https"):
            raise Invalid(
                f"“{self.host}” is no engine address.",
                hint="Write it like unix:///var/run/docker.sock or tcp://host:2376.",
            )
        if not self.is_unix:
            _ = self.address

    @property
    def scheme(self) -> str:
        """What stands before ``://``: unix, tcp, ssh and so on."""
        return self.host.partition("://")[0].lower() if "://" in self.host else ""

    @property
    def is_unix(self) -> bool:
        """Whether it is a socket file of this machine."""
        return self.scheme == "unix"

    @property
    def is_tls(self) -> bool:
        """Whether the way there is encrypted."""
        return not self.is_unix and (bool(self.tls) or self.scheme == "https")

    @property
    def path(self) -> str:
        """The socket file of a ``unix`` endpoint."""
        return self.host.partition("://")[2]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of an endpoint on the network.

        Raises:
            Invalid: if there are none.
        """
        try:
            parts = urlsplit(self.host)
            name, port = parts.hostname, parts.port
        except ValueError as error:
            raise Invalid(f"“{self.host}” is no engine address: {error}.") from error
        if not name:
            raise Invalid(f"“{self.host}” names no host.")
        return name, port or (TLS_PORT if self.is_tls else PORT)

    @property
    def url(self) -> str:
        """The base of HTTP requests to it."""
        if self.is_unix:
            return "http://docker"
        name, port = self.address
        shown = f"[{name}]" if ":" in name else name
        return f"{'https' if self.is_tls else 'http'}://{shown}:{port}"

    @property
    def place(self) -> str:
        """How people call it."""
        return self.path if self.is_unix else self.host

    @property
    def same(self) -> str:
        """Equal for two endpoints that are one engine's door, symbolic links resolved."""
        if not self.is_unix:
            return self.host.rstrip("/")
        try:
            return f"unix://{Path(self.path).resolve()}"
        except (OSError, RuntimeError):
            return self.host

    def call(self, *words: str) -> str:
        """The equivalent ``docker`` command line, quoted for a shell."""
        return shlex.join((*self.cli, *words))
