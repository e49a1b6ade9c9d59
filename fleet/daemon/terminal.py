"""A kept shell over the socket: the end a screen holds, and the end that sits in the fleet."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from typing_extensions import override

from backends.contract.errors import BackendError, Unreachable
from backends.contract.model import Size
from backends.contract.session import Terminal
from fleet.daemon.link import Channel
from fleet.daemon.wire import FEED_WINDOW, Credit, End, Feed, Resize, WireError

PIECE = 16 * 1024
"""Bytes of a paste that travel in one frame."""


class RemoteTerminal(Terminal):
    """A terminal whose program runs behind the daemon."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._ended = False
        self._exit_code: int | None = None

    @override
    async def read(self) -> bytes:
        if self._ended:
            return b""
        try:
            frame = await self._channel.receive()
        except Unreachable:
            if self._over():  # closed while we were reading
                return b""
            raise
        if isinstance(frame, End):
            self._end(frame)
            return b""
        data: bytes = self._channel.value(frame)
        return data

    @override
    async def write(self, data: bytes) -> None:
        for start in range(0, len(data), PIECE):
            if self._channel.ended:
                return
            piece = data[start : start + PIECE]
            await self._channel.typing.spend(len(piece))
            await self._channel.send(Feed(self._channel.id, piece))

    @override
    async def resize(self, size: Size) -> None:
        if not self._channel.ended:
            await self._channel.send(Resize(self._channel.id, size))

    @override
    async def close(self) -> int | None:
        if self._ended:
            return self._exit_code
        self._ended = True
        self._channel.cancel()
        # A program or a daemon that failed meanwhile has no exit code to give; that is all closing wants to know.
        with suppress(BackendError):
            while not isinstance(frame := await self._channel.receive(), End):
                continue
            self._end(frame)
        self._channel.close()
        return self._exit_code

    def _over(self) -> bool:
        return self._ended

    def _end(self, frame: End) -> None:
        self._ended = True
        self._exit_code = frame.exit_code


class HostedTerminal:
    """Hands what a client types to a terminal, in order, never more than it takes."""

    def __init__(self, number: int, terminal: Terminal, send: Callable[[Credit], Awaitable[None]]) -> None:
        self._number = number
        self._terminal = terminal
        self._send = send
        self._typed: deque[bytes] = deque()
        self._waiting = 0
        self._owed = 0
        self._size: Size | None = None
        self._stirred = asyncio.Event()

    def feed(self, data: bytes) -> None:
        """Take keystrokes.

        Raises:
            WireError: if the client sends more than it was allowed.
        """
        self._waiting += len(data)
        if self._waiting > 2 * FEED_WINDOW:
            raise WireError("A client types more than its window allows.")
        self._typed.append(data)
        self._stirred.set()

    def resize(self, size: Size) -> None:
        """Take a new size; only the latest counts."""
        self._size = size
        self._stirred.set()

    async def type(self) -> None:
        """Hand everything on until cancelled."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            size, self._size = self._size, None
            if size is not None:
                await self._terminal.resize(size)
            while self._typed:
                data = self._typed.popleft()
                await self._terminal.write(data)
                self._waiting -= len(data)
                await self._allow(len(data))

    async def _allow(self, amount: int) -> None:
        self._owed += amount
        if self._owed >= FEED_WINDOW // 2:
            owed, self._owed = self._owed, 0
            await self._send(Credit(self._number, owed))
