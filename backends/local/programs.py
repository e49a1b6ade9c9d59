"""Runs programs on this machine: streamed output, a time limit, and the signal ladder INT, TERM, KILL."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Final, cast

from typing_extensions import override

from backends.contract.errors import Invalid
from backends.contract.model import Command, Output, Stream
from backends.local.surroundings import surroundings

ROOM: Final = 1 << 20
"""Bytes of output held before the program has to wait for whoever reads."""
LADDER: Final = ((signal.SIGINT, 2.0), (signal.SIGTERM, 3.0))
"""Signals and the seconds each is given; after them comes KILL."""
QUIET: Final = 1.0
"""Seconds without output after which we no longer wait for what an ended program left running."""
NOT_FOUND: Final = 127
NOT_ALLOWED: Final = 126


class Program(asyncio.SubprocessProtocol):
    """A started program with its output, held back when nobody reads."""

    def __init__(self) -> None:
        self._waiting: deque[Output] = deque()
        self._held = 0
        self._open: set[int] = {1, 2}
        self._news = asyncio.Event()
        self._paused = False
        self._transport: asyncio.SubprocessTransport | None = None
        self.exited = asyncio.Event()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)

    @override
    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._waiting.append(Output(Stream.OUT if fd == 1 else Stream.ERR, data))
        self._held += len(data)
        if self._held > ROOM and not self._paused:
            self._paused = True
            self._turn("pause_reading")
        self._news.set()

    @override
    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._open.discard(fd)
        self._news.set()

    @override
    def process_exited(self) -> None:
        self.exited.set()
        self._news.set()

    @property
    def pid(self) -> int:
        """The program's process, which leads a group of its own."""
        assert self._transport is not None
        return self._transport.get_pid()

    @property
    def code(self) -> int:
        """Its exit code; 128 and more says which signal ended it."""
        code = self._transport.get_returncode() if self._transport else None
        return 255 if code is None else code if code >= 0 else 128 - code

    def feed(self, data: bytes) -> None:
        """Write its input and close it."""
        pipe = self._transport.get_pipe_transport(0) if self._transport else None
        if pipe is not None:
            writer = cast("asyncio.WriteTransport", pipe)
            writer.write(data)
            writer.write_eof()

    async def next(self) -> Output | None:
        """The next piece of output, or ``None`` when there will be no more."""
        while not self._waiting:
            if self.exited.is_set() and not self._open:
                return None
            self._news.clear()
            try:
                async with asyncio.timeout(QUIET if self.exited.is_set() else None):
                    await self._news.wait()
            except TimeoutError:
                return None
        output = self._waiting.popleft()
        self._held -= len(output.data)
        if self._paused and self._held < ROOM // 2:
            self._paused = False
            self._turn("resume_reading")
        return output

    async def end(self) -> None:
        """Walk down the ladder until the program has ended; whatever is left of its group is killed."""
        try:
            for number, patience in LADDER:
                if self.exited.is_set():
                    return
                self.signal(number)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(patience):
                        await self.exited.wait()
        finally:
            self.signal(signal.SIGKILL)
        await self.exited.wait()

    def free(self) -> None:
        """Close the pipes."""
        if self._transport is not None:
            self._transport.close()

    def signal(self, number: signal.Signals) -> None:
        """Signal the program's whole group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _turn(self, which: str) -> None:
        """Hold back both pipes, or let them flow again."""
        for fd in self._open & {1, 2}:
            pipe = self._transport.get_pipe_transport(fd) if self._transport else None
            if pipe is not None:
                getattr(pipe, which)()


class Programs:
    """The programs of a session, so that closing it ends them all."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._running: set[Program] = set()

    async def run(self, command: Command) -> AsyncGenerator[Output, None]:
        """Run a command; see ``Commandable.run``."""
        if not command.argv:
            raise Invalid("There is no command to run.")
        try:
            program = await self._start(command)
        except OSError as error:
            complaint = f"{command.argv[0]}: {error.strerror or error}\n"
            yield Output(Stream.ERR, complaint.encode(errors="replace"))
            yield Output(exit_code=NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_ALLOWED)
            return
        self._running.add(program)
        try:
            program.feed(command.stdin)
            async with aclosing(_outputs(program, command.timeout)) as outputs:
                async for output in outputs:
                    yield output
            yield Output(exit_code=program.code)
        finally:
            self._running.discard(program)
            if not program.exited.is_set():
                await program.end()
            program.free()

    async def close(self) -> None:
        """End all programs at once."""
        async with asyncio.TaskGroup() as group:
            for program in tuple(self._running):
                group.create_task(program.end())

    async def _start(self, command: Command) -> Program:
        around = surroundings(command, self._environment)
        loop = asyncio.get_running_loop()
        try:
            _, program = await loop.subprocess_exec(
                Program,
                *command.argv,
                cwd=around.cwd,
                env=around.env,
                start_new_session=True,
                **around.identity(),
            )
        except ValueError as error:
            raise Invalid("A command, its folder and its environment must not hold a NUL byte.") from error
        return program


async def _outputs(program: Program, limit: float | None) -> AsyncGenerator[Output, None]:
    """What the program prints; from its time limit on, while the ladder ends it."""
    deadline = None if not limit else asyncio.get_running_loop().time() + limit
    for number, patience in (*LADDER, (signal.SIGKILL, None)):
        try:
            while True:
                async with asyncio.timeout_at(deadline):
                    output = await program.next()
                if output is None:
                    return
                yield output
        except TimeoutError:
            if program.exited.is_set():
                deadline = None
            else:
                program.signal(number)
                yield Output(Stream.NOTE, f"Its {limit:g} s are over: sent {number.name}.\n".encode())
                deadline = None if patience is None else asyncio.get_running_loop().time() + patience
    while (output := await program.next()) is not None:
        yield output
