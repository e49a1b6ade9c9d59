"""The few programs the fake knows, as commands and in its terminal."""

from __future__ import annotations

import asyncio
import shlex
from collections import deque
from collections.abc import AsyncGenerator, Sequence

from typing_extensions import override

from backends.contract.model import Command, Output, Size, Stream
from backends.contract.session import Terminal
from tests.fakes.world import World

PROMPT = b"$ "


async def run(world: World, command: Command, ended: asyncio.Event) -> AsyncGenerator[Output, None]:
    """Run ``print OUT ERR``, ``echo``, ``exit N``, ``cat``, ``recite VAR``, ``count N`` or ``endless MARKER``."""
    name, *rest = _unwrapped(command.argv)
    if name == "endless":
        async for output in _endless(world, " ".join(rest), command.timeout, ended):
            yield output
        return
    if name == "count":
        for number in range(int(rest[0])):
            yield Output(data=f"{number}\n".encode())
            await asyncio.sleep(0)
        yield Output(exit_code=0)
        return
    out, err, code = _answer(name, rest, command)
    if out:
        yield Output(data=out)
    if err:
        yield Output(Stream.ERR, err)
    yield Output(exit_code=code)


async def _endless(
    world: World, marker: str, limit: float | None, ended: asyncio.Event
) -> AsyncGenerator[Output, None]:
    world.running.add(marker)
    try:
        yield Output(data=b"ready\n")
        try:
            async with asyncio.timeout(limit):
                await ended.wait()
        except TimeoutError:
            yield Output(Stream.NOTE, f"Ended after {limit:g} s.".encode())
            yield Output(exit_code=130)
            return
    finally:
        world.running.discard(marker)


def _answer(name: str, rest: Sequence[str], command: Command) -> tuple[bytes, bytes, int]:
    match name:
        case "print":
            return rest[0].encode(), rest[1].encode(), 0
        case "echo":
            return " ".join(rest).encode() + b"\n", b"", 0
        case "exit" | "true":
            return b"", b"", int(rest[0]) if rest else 0
        case "cat":
            return command.stdin, b"", 0
        case "recite":
            return f"{command.env.get(rest[0], '')}|{command.cwd or '/'}".encode(), b"", 0
        case _:
            return b"", f"{name}: not found\n".encode(), 127


def _unwrapped(argv: Sequence[str]) -> Sequence[str]:
    return shlex.split(argv[2]) if argv[:2] == ("sh", "-c") else argv


class FakeTerminal(Terminal):
    """A terminal with a shell that echoes, and knows ``echo``, ``exit N``, ``size`` and ``flood BYTES``."""

    def __init__(self, world: World, command: Command | None, size: Size) -> None:
        self.size = size
        self.written = b""
        """All that was typed; for tests."""
        self._world = world
        self._waiting: deque[bytes] = deque()
        self._stirred = asyncio.Event()
        self._line = b""
        self._code: int | None = None
        self._over = False
        self._marker = ""
        self._begin(command)

    @override
    async def read(self) -> bytes:
        while not self._waiting:
            if self._over:
                return b""
            self._stirred.clear()
            await self._stirred.wait()
        return self._waiting.popleft()

    @override
    async def write(self, data: bytes) -> None:
        self.written += data
        for byte in data.replace(b"\r", b"\n"):
            if self._over:
                return
            if byte == 0x0A:
                self.show(b"\r\n")
                line, self._line = self._line, b""
                self._obey(line.decode(errors="replace"))
            elif byte == 0x04:
                self.end(0)
            else:
                self._line += bytes((byte,))
                self.show(bytes((byte,)))

    @override
    async def resize(self, size: Size) -> None:
        self.size = size

    @override
    async def close(self) -> int | None:
        if not self._over:
            self.end(129)
        return self._code

    def show(self, data: bytes) -> None:
        """Let the program print."""
        self._waiting.append(data)
        self._stirred.set()

    def end(self, code: int | None) -> None:
        """Let the program end."""
        self._code, self._over = code, True
        self._world.running.discard(self._marker)
        self._stirred.set()

    def _begin(self, command: Command | None) -> None:
        argv = _unwrapped(command.argv) if command else ("sh",)
        if argv[0] == "endless":
            self._marker = " ".join(argv[1:])
            self._world.running.add(self._marker)
            self.show(b"ready\r\n")
        elif argv[0] == "part":
            self.show(argv[1].encode() + b"\r\n")
            self.end(int(argv[2]))
        elif argv[0] != "cat":
            self.show(PROMPT)

    def _obey(self, line: str) -> None:
        if self._marker:
            return
        word, _, rest = line.strip().partition(" ")
        if word == "exit":
            self.end(int(rest or 0))
            return
        if word == "size":
            self.show(f"{self.size.rows} {self.size.columns}\r\n".encode())
        elif word == "echo":
            self.show(rest.encode() + b"\r\n")
        elif word == "flood":
            self.show(b"0123456789abcdef" * (int(rest) // 16))
        elif word:
            self.show(f"{word}: not found\r\n".encode())
        self.show(PROMPT)
