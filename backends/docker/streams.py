"""The engine over aiohttp: calls that may wait long, streams that never end, many at once on the event loop.

What answers at once goes through docker-py on a lane (``client``). What may wait (stopping, removing) would hold up
everything behind it there, and what never ends would hold a thread each, so those come here, on the same socket.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec

from backends.contract.errors import BackendError, TimedOut, Unreachable
from backends.docker.duplex import Duplex, Hijacked
from backends.docker.endpoint import Endpoint
from backends.docker.faults import lost, message_of, refusal

QUIET = 15.0
"""Seconds a stream may say nothing before the engine is asked whether it still lives."""
PING_LIMIT = 5.0
CONNECT_LIMIT = 10.0
CALL_LIMIT = 30.0

Parameters = Mapping[str, str | int | bool]


class Engine:
    """One engine's HTTP interface. Every call may raise ``BackendError`` and nothing else."""

    def __init__(self, endpoint: Endpoint, version: str, tls: ssl.SSLContext | None) -> None:
        self.endpoint = endpoint
        self.version = version
        self._tls = tls
        self._base = f"{endpoint.url}/v{version}"
        self._closed = False
        self._pinged = 0.0
        self._duplexes: set[Duplex] = set()
        connector: aiohttp.BaseConnector
        if endpoint.is_unix:
            connector = aiohttp.UnixConnector(endpoint.path, limit=0)
        else:
            connector = aiohttp.TCPConnector(limit=0, ssl=tls or False)
        limits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_LIMIT)
        self._http = aiohttp.ClientSession(connector=connector, timeout=limits, auto_decompress=False)

    async def get(self, path: str, parameters: Parameters | None = None, *, limit: float = CALL_LIMIT) -> Any:
        """The decoded answer to a question."""
        return await self._call("GET", path, parameters, None, limit)

    async def post(
        self, path: str, parameters: Parameters | None = None, *, body: object = None, limit: float = CALL_LIMIT
    ) -> Any:
        """Ask for something to be done; the decoded answer, ``None`` when there is none."""
        return await self._call("POST", path, parameters, body, limit)

    async def delete(self, path: str, parameters: Parameters | None = None, *, limit: float = CALL_LIMIT) -> Any:
        """Ask for something to be removed."""
        return await self._call("DELETE", path, parameters, None, limit)

    async def ping(self) -> None:
        """Return if the engine answers; an answer of the last seconds counts for everybody who waits.

        Raises:
            Unreachable: if it does not.
        """
        if time.monotonic() - self._pinged < PING_LIMIT:
            return
        try:
            await self._call("GET", "/_ping", None, None, PING_LIMIT)
        except TimedOut as error:
            raise Unreachable(error.message, hint=error.hint) from error
        self._pinged = time.monotonic()

    @asynccontextmanager
    async def stream(
        self, path: str, parameters: Parameters | None = None, *, limit: float = CALL_LIMIT
    ) -> AsyncIterator[ByteStream]:
        """An answer that comes piece by piece; ``limit`` is for its beginning."""
        response = await self._open("GET", path, parameters, None, limit)
        try:
            yield ByteStream(self, response)
        finally:
            response.close()

    async def hijack(self, path: str, body: object) -> Duplex:
        """Turn a request into a raw connection in both directions."""
        self._check()
        request = Hijacked(self.endpoint, f"/v{self.version}{path}", msgspec.json.encode(body), self._tls)
        duplex = await request.open(self)
        self._duplexes.add(duplex)
        duplex.on_close = self._duplexes.discard
        return duplex

    async def close(self) -> None:
        """End every stream and call under way. May be called twice."""
        self._closed = True
        for duplex in tuple(self._duplexes):
            duplex.close()
        await self._http.close()

    @property
    def closed(self) -> bool:
        """Whether nothing can be asked any more."""
        return self._closed

    def broken(self, error: BaseException) -> BackendError:
        """The error for a connection that broke, or was closed by ourselves."""
        if self._closed:
            return Unreachable(f"The connection to {self.endpoint.place} is closed.")
        return lost(error, self.endpoint)

    def _check(self) -> None:
        if self._closed:
            raise Unreachable(f"The connection to {self.endpoint.place} is closed.")

    async def _call(self, method: str, path: str, parameters: Parameters | None, body: object, limit: float) -> Any:
        try:
            async with asyncio.timeout(limit):
                response = await self._open(method, path, parameters, body, limit)
                try:
                    data = await response.read()
                finally:
                    response.release()
        except TimeoutError as error:
            raise self._late(path, limit) from error
        except (aiohttp.ClientError, OSError) as error:
            raise self.broken(error) from error
        return self._decoded(response, data)

    async def _open(
        self, method: str, path: str, parameters: Parameters | None, body: object, limit: float
    ) -> aiohttp.ClientResponse:
        self._check()
        try:
            async with asyncio.timeout(limit):
                response = await self._http.request(
                    method,
                    self._base + path,
                    params={name: _text(value) for name, value in (parameters or {}).items()},
                    data=None if body is None else msgspec.json.encode(body),
                    headers=None if body is None else {"Content-Type": "application/json"},
                )
                if response.status < 400:
                    return response
                data = await response.read()
        except TimeoutError as error:
            raise self._late(path, limit) from error
        except (aiohttp.ClientError, OSError) as error:
            raise self.broken(error) from error
        raise refusal(response.status, message_of(data))

    def _late(self, path: str, limit: float) -> TimedOut:
        return TimedOut(
            f"The engine at {self.endpoint.place} did not answer {path} within {limit:g} s.",
            hint="It may be busy or hung.",
        )

    def _decoded(self, response: aiohttp.ClientResponse, data: bytes) -> Any:
        if not data or "json" not in response.content_type:
            return None
        try:
            return msgspec.json.decode(data)
        except msgspec.DecodeError as error:
            raise Unreachable(f"What answers at {self.endpoint.place} is no Docker engine.") from error


class ByteStream:
    """The body of an answer that comes piece by piece."""

    def __init__(self, engine: Engine, response: aiohttp.ClientResponse) -> None:
        self._engine = engine
        self._response = response

    async def read(self) -> bytes:
        """The next bytes; empty when the engine ended it properly. May be cancelled without losing any.

        Raises:
            Unreachable: if it broke off, or is silent and the engine does not answer a ping.
        """
        while True:
            try:
                async with asyncio.timeout(QUIET):
                    return await self._response.content.readany()
            except TimeoutError:
                await self._engine.ping()
            except (aiohttp.ClientError, OSError) as error:
                raise self._engine.broken(error) from error


class JsonLines:
    """Cuts a stream into the JSON values it consists of, one per line."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Any]:
        """The values that are complete now; what is no JSON is left out."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        values: list[Any] = []
        for line in lines:
            if line.strip():
                try:
                    values.append(msgspec.json.decode(line))
                except msgspec.DecodeError:
                    continue
        return values


def _text(value: str | int) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
