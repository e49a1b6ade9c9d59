"""Raw connections in both directions: how an engine carries a program's input and output.

The engine answers such a request by giving up HTTP on the connection. HTTP clients do not hand over a connection
with a half-open end, which a program needs to see the end of its input, so the few lines of HTTP are spoken here.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol

from backends.contract.errors import BackendError, TimedOut, Unsupported
from backends.docker.endpoint import Endpoint
from backends.docker.faults import message_of, refusal

OPEN_LIMIT = 20.0
QUIET = 15.0
PIECE = 64 * 1024


class Owner(Protocol):
    """What a duplex needs of the engine it belongs to."""

    async def ping(self) -> None:
        """Return if the engine answers."""

    def broken(self, error: BaseException) -> BackendError:
        """The error for a connection that broke."""


class Duplex:
    """An open raw connection. Its end says nothing about why: ask the engine what became of the program."""

    def __init__(self, owner: Owner, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._owner = owner
        self._reader = reader
        self._writer = writer
        self._closed = False
        self.on_close: Callable[[Duplex], None] = lambda _duplex: None

    async def read(self) -> bytes:
        """The next bytes; empty at the end. May be cancelled without losing any.

        Raises:
            Unreachable: if it broke, or is silent and the engine does not answer a ping.
        """
        while True:
            try:
                async with asyncio.timeout(QUIET):
                    return await self._reader.read(PIECE)
            except TimeoutError:
                await self._owner.ping()
            except OSError as error:
                if self._closed:
                    return b""
                raise self._owner.broken(error) from error

    async def write(self, data: bytes) -> None:
        """Send bytes, waiting while too many are under way."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise self._owner.broken(error) from error

    def feed(self, data: bytes) -> None:
        """Send all of the input and then its end, beside whatever is read meanwhile.

        Raises:
            Unsupported: if this connection cannot say that the input has ended.
        """
        if not self._writer.can_write_eof():
            raise Unsupported(
                "Input cannot be sent over an encrypted connection to the engine, because its end cannot be told.",
                hint="Reach the engine through an SSH-forwarded socket, or give the input as a file.",
            )
        self._writer.write(data)
        self._writer.write_eof()

    def close(self) -> None:
        """Hang up. May be called twice."""
        if not self._closed:
            self._closed = True
            self._writer.close()
            self.on_close(self)


class Hijacked:
    """A request that asks the engine for a raw connection."""

    def __init__(self, endpoint: Endpoint, target: str, body: bytes, tls: ssl.SSLContext | None) -> None:
        self._endpoint = endpoint
        self._target = target
        self._body = body
        self._tls = tls

    async def open(self, owner: Owner) -> Duplex:
        """Send it and take the connection over.

        Raises:
            TimedOut: if the engine does not answer.
            BackendError: whatever the engine refuses it with.
        """
        writer: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(OPEN_LIMIT):
                reader, writer = await self._connect()
                status, failure = await self._ask(reader, writer)
        except TimeoutError as error:
            _drop(writer)
            raise TimedOut(f"The engine at {self._endpoint.place} did not answer in {OPEN_LIMIT:g} s.") from error
        except (OSError, EOFError, asyncio.LimitOverrunError, ValueError) as error:
            _drop(writer)
            raise owner.broken(error) from error
        except asyncio.CancelledError:
            _drop(writer)
            raise
        if status not in (101, 200):
            _drop(writer)
            raise refusal(status, failure)
        return Duplex(owner, reader, writer)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._endpoint.is_unix:
            return await asyncio.open_unix_connection(self._endpoint.path, limit=4 * PIECE)
        name, port = self._endpoint.address
        return await asyncio.open_connection(name, port, ssl=self._tls, limit=4 * PIECE)

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[int, str]:
        """The status of the answer, and the reason when it is a refusal."""
        head = (
            f"POST {self._target} HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\n"
            f"Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: {len(self._body)}\r\n\r\n"
        )
        writer.write(head.encode() + self._body)
        await writer.drain()
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = answer.split("\r\n")
        status = int(first.split(" ", 2)[1])
        if status in (101, 200):
            return status, ""
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return status, message_of(await _body(reader, headers))


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "content-length" in headers:
        return await reader.readexactly(min(int(headers["content-length"]), PIECE))
    if headers.get("transfer-encoding", "").lower() == "chunked":
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        return await reader.readexactly(min(size, PIECE))
    return b""


def _drop(writer: asyncio.StreamWriter | None) -> None:
    if writer is not None:
        writer.close()
