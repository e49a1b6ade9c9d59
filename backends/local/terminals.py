"""Interactive programs on a pseudo-terminal of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import termios
from collections import deque
from collections.abc import Mapping
from typing import Final, cast

from typing_extensions import override

from backends.contract.errors import Invalid, Unsupported
from backends.contract.model import Command, Size
from backends.contract.session import Terminal
from backends.local.surroundings import shell, surroundings

CHUNK: Final = 65_536
ROOM: Final = 512 * 1024
"""Bytes of output held before the program has to wait for whoever reads."""
LADDER: Final = ((signal.SIGHUP, 0.7), (signal.SIGTERM, 1.5))
"""What hangs a program up, and the seconds each step is given; after them comes KILL."""
ATTACH: Final = 'exec "$@" 0<>"$0" 1>&0 2>&0'
"""A session leader's first open of a terminal makes it its own, so ``sh`` opens it and becomes the program.

That needs no code of ours between fork and exec, where a process with several threads may not run any.
"""


async def open_terminal(command: Command | None, environment: Mapping[str, str], size: Size) -> LocalTerminal:
    """Start a command, or the best shell that is there, on a terminal of its own.

    Raises:
        Invalid, Refused: as ``surroundings`` does.
        Unsupported: if the system gives us no terminal.
    """
    around = surroundings(command or Command(argv=()), environment)
    argv = command.argv if command and command.argv else shell(around.env)
    env = {"TERM": "xterm-256color", "COLORTERM": "truecolor"} | (dict(command.env) if command else {})
    try:
        master, slave = os.openpty()
    except OSError as error:
        raise Unsupported(f"The system gives us no terminal: {error.strerror}.") from error
    terminal = LocalTerminal(master, slave)
    try:
        termios.tcsetwinsize(master, (size.rows, size.columns))
        if around.user is not None:
            os.chown(slave, around.user.pw_uid, -1)
        await asyncio.get_running_loop().subprocess_exec(
            lambda: terminal,
            shutil.which("sh") or "/bin/sh",
            "-c",
            ATTACH,
            os.ttyname(slave),
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=around.cwd,
            env=around.env | env,
            start_new_session=True,
            **around.identity(),
        )
    except (OSError, ValueError) as error:
        terminal.process_exited()
        raise Invalid(f"{argv[0]} cannot be started: {error}.") from error
    return terminal


class LocalTerminal(asyncio.SubprocessProtocol, Terminal):
    """A program on a pseudo-terminal. It is over when the program itself ends, whatever it leaves behind."""

    def __init__(self, master: int, slave: int) -> None:
        self._master = master
        self._slave = slave
        """Kept open, because a terminal nobody has open reads as ended before the program has opened it."""
        self._transport: asyncio.SubprocessTransport | None = None
        self._waiting: deque[bytes] = deque()
        self._held = 0
        self._reading = False
        self._over = False
        self._news = asyncio.Event()
        self._exited = asyncio.Event()
        self._writing = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        os.set_blocking(master, False)
        self._flow()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)

    @override
    def process_exited(self) -> None:
        self._drain()
        self._finish()
        self._exited.set()

    @property
    def code(self) -> int | None:
        """The program's exit code once it has ended; 128 and more says which signal ended it."""
        code = self._transport.get_returncode() if self._transport else None
        return code if code is None or code >= 0 else 128 - code

    @override
    async def read(self) -> bytes:
        while not self._waiting:
            if self._over:
                return b""
            self._news.clear()
            await self._news.wait()
        data = b"".join(self._waiting)
        self._waiting.clear()
        self._held = 0
        self._flow()
        return data

    @override
    async def write(self, data: bytes) -> None:
        async with self._writing:
            rest = memoryview(data)
            while rest and not self._over:
                try:
                    rest = rest[os.write(self._master, rest) :]
                except BlockingIOError:
                    await self._writable()
                except OSError:  # the program has just ended; nobody is there to read it
                    return

    @override
    async def resize(self, size: Size) -> None:
        if not self._over and size.rows > 0 and size.columns > 0:
            termios.tcsetwinsize(self._master, (size.rows, size.columns))

    @override
    async def close(self) -> int | None:
        try:
            for number, patience in LADDER:
                if self._exited.is_set():
                    break
                self._signal(number)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(patience):
                        await self._exited.wait()
        finally:
            if not self._exited.is_set():
                self._signal(signal.SIGKILL)
        await self._exited.wait()
        if self._transport is not None:
            self._transport.close()
        return self.code

    def _signal(self, number: signal.Signals) -> None:
        """Signal the program and whatever has the foreground of its terminal."""
        assert self._transport is not None
        groups = {self._transport.get_pid()}
        with contextlib.suppress(OSError):
            groups.add(os.tcgetpgrp(self._master))
        for group in groups - {os.getpgrp()}:
            # A terminal nobody has opened yet names group 0, and to a signal that means our own.
            if group > 1:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(group, number)

    def _flow(self) -> None:
        wanted = not self._over and self._held < ROOM
        if wanted and not self._reading:
            self._loop.add_reader(self._master, self._arrived)
        elif self._reading and not wanted:
            self._loop.remove_reader(self._master)
        self._reading = wanted

    def _arrived(self) -> None:
        try:
            data = os.read(self._master, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            self._finish()
            return
        self._take(data)
        self._flow()

    def _take(self, data: bytes) -> None:
        self._waiting.append(data)
        self._held += len(data)
        self._news.set()

    def _drain(self) -> None:
        """Take what the program wrote before it ended. It is little: a terminal holds a few KiB."""
        for _ in range(ROOM // CHUNK):
            try:
                data = os.read(self._master, CHUNK)
            except OSError:
                return
            if not data:
                return
            self._take(data)

    def _finish(self) -> None:
        if self._over:
            return
        self._over = True
        self._flow()
        self._loop.remove_writer(self._master)
        os.close(self._master)
        os.close(self._slave)
        self._news.set()

    async def _writable(self) -> None:
        ready = asyncio.Event()
        self._loop.add_writer(self._master, ready.set)
        try:
            while not ready.is_set() and not self._over:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.5):  # looks now and then whether it is over
                        await ready.wait()
        finally:
            if not self._over:
                self._loop.remove_writer(self._master)
