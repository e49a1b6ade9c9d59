"""Kept shells: interactive terminals that live in the fleet, so that they outlive the window they are shown in."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final

import msgspec
from typing_extensions import override

from backends.contract.errors import BackendError, NotFound, Unreachable
from backends.contract.model import Command, Resource, Size
from backends.contract.session import Terminal
from backends.guard import guarded
from fleet.supervisor import Supervisor
from fleet.values import Delta, Shell

REPLAY: Final = 256 * 1024
"""Bytes of recent output a newcomer is shown first."""
BEHIND: Final = 1 << 20
"""Bytes a watcher may be behind; further behind, it loses the oldest and is told so."""
SKIPPED: Final = b"\x1b\\\x1b[0m\r\n[output was skipped: this window could not keep up]\r\n"
"""Said in place of what was lost; first it ends whatever escape sequence was cut in two."""


class Watcher(Terminal):
    """One window on a kept shell. Closing it detaches and leaves the shell running."""

    def __init__(self, shell: KeptShell, recent: bytes) -> None:
        self._shell = shell
        self._waiting: deque[bytes] = deque([recent] if recent else [])
        self._bytes = len(recent)
        self._stirred = asyncio.Event()
        self._over = False
        self._skipped = False

    def take(self, data: bytes) -> None:
        """Output from the shell; empty means it has ended."""
        if data:
            self._waiting.append(data)
            self._bytes += len(data)
            while self._bytes > BEHIND and len(self._waiting) > 1:
                self._bytes -= len(self._waiting.popleft())
                self._skipped = True
        else:
            self._over = True
        self._stirred.set()

    @override
    async def read(self) -> bytes:
        while not self._waiting:
            if self._over:
                return b""
            self._stirred.clear()
            await self._stirred.wait()
        data = b"".join((SKIPPED, *self._waiting) if self._skipped else self._waiting)
        self._waiting.clear()
        self._bytes, self._skipped = 0, False
        return data

    @override
    async def write(self, data: bytes) -> None:
        await self._shell.write(data)

    @override
    async def resize(self, size: Size) -> None:
        await self._shell.resize(size)

    @override
    async def close(self) -> int | None:
        self._shell.leave(self)
        self._over = True
        self._stirred.set()
        return self._shell.shell.exit_code


class KeptShell:
    """A terminal, its recent output, and who watches it."""

    def __init__(self, shell: Shell, terminal: Terminal, publish: Callable[[Delta], None]) -> None:
        self.shell = shell
        self.forgotten = False
        """Closed by somebody: nothing more is told of it, or it would seem to be there again."""
        self._terminal = terminal
        self._publish = publish
        self._recent: deque[bytes] = deque()
        self._bytes = 0
        self._watchers: list[Watcher] = []

    async def pump(self) -> None:
        """Read until the program ends; then say so to everybody."""
        code: int | None = None
        try:
            with guarded(self.shell.resource.connection):
                while data := await self._terminal.read():
                    self._keep(data)
                code = await self._terminal.close()
        except BackendError as error:
            self._keep(f"\r\n[{error.message}]\r\n".encode())
        finally:
            self._say(msgspec.structs.replace(self.shell, ended=time.time(), exit_code=code))
            for watcher in tuple(self._watchers):
                watcher.take(b"")

    def watch(self) -> Watcher:
        """A new window, beginning with what was written lately."""
        recent = b"".join(self._recent)
        if self._bytes >= REPLAY:  # begin at a line, not inside an escape sequence
            recent = recent[recent.find(b"\n") + 1 :]
        watcher = Watcher(self, recent)
        self._watchers.append(watcher)
        if self.shell.ended is not None:
            watcher.take(b"")
        self._say(msgspec.structs.replace(self.shell, watchers=len(self._watchers)))
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """A window was closed."""
        if watcher in self._watchers:
            self._watchers.remove(watcher)
            self._say(msgspec.structs.replace(self.shell, watchers=len(self._watchers)))

    async def write(self, data: bytes) -> None:
        """Keystrokes from a window."""
        if self.shell.ended is not None:
            raise Unreachable("The program has ended.")
        await self._terminal.write(data)

    async def resize(self, size: Size) -> None:
        """The newest size wins, as in a terminal that is carried to another screen."""
        if self.shell.ended is None:
            await self._terminal.resize(size)

    async def hang_up(self) -> None:
        """End the program."""
        with guarded(self.shell.resource.connection):
            await self._terminal.close()

    def _keep(self, data: bytes) -> None:
        self._recent.append(data)
        self._bytes += len(data)
        while self._bytes - len(self._recent[0]) >= REPLAY:
            self._bytes -= len(self._recent.popleft())
        for watcher in self._watchers:
            watcher.take(data)

    def _say(self, shell: Shell) -> None:
        self.shell = shell
        if not self.forgotten:
            self._publish(Delta(shells=(shell,)))


class Shells:
    """All kept shells."""

    def __init__(self, publish: Callable[[Delta], None], supervisor: Supervisor) -> None:
        self._publish = publish
        self._supervisor = supervisor
        self._shells: dict[str, KeptShell] = {}

    @property
    def active(self) -> int:
        """How many programs run."""
        return sum(1 for kept in self._shells.values() if kept.shell.ended is None)

    def keep(
        self,
        resource: Resource,
        command: Command | None,
        terminal: Terminal,
        ended: Callable[[Shell], Coroutine[Any, Any, None]],
    ) -> Shell:
        """Take a terminal into keeping; ``ended`` closes its journal entry."""
        shell = Shell(
            id=uuid.uuid4().hex[:12], resource=resource.id, name=resource.name, started=time.time(), command=command
        )
        kept = KeptShell(shell, terminal, self._publish)
        self._shells[shell.id] = kept
        self._publish(Delta(shells=(shell,)))

        async def life() -> None:
            try:
                await kept.pump()
            finally:
                await asyncio.shield(ended(kept.shell))

        self._supervisor.spawn(life(), f"shell {shell.id}")
        return shell

    def get(self, shell: str) -> KeptShell:
        """A kept shell.

        Raises:
            NotFound: if there is none of that id.
        """
        try:
            return self._shells[shell]
        except KeyError as error:
            raise NotFound(f"There is no shell {shell} (any more).") from error

    async def close(self, shell: str) -> None:
        """Hang up, and forget it."""
        kept = self.get(shell)
        del self._shells[shell]
        kept.forgotten = True
        if kept.shell.ended is None:
            await kept.hang_up()
        self._publish(Delta(ended_shells=(shell,)))

    async def close_all(self) -> None:
        """Hang up all of them."""
        for shell in tuple(self._shells):
            try:
                await self.close(shell)
            except BackendError:
                continue
