"""Interactive programs inside containers: a duplex byte stream that can be resized."""

from __future__ import annotations

import asyncio

from typing_extensions import override

from backends.contract.errors import BackendError, Conflict, NotFound, Refused, Unsupported
from backends.contract.model import Command, ResourceId, Size
from backends.contract.session import Terminal
from backends.docker.programs import HANGUP, Program, Programs
from backends.docker.streams import Engine

_FIND = 'for s in bash zsh fish ash sh; do command -v "$s" && exit 0; done; exit 1'
_SHELLS = (("sh",), ("bash",), ("ash",), ("busybox", "sh"), ("/busybox/sh",))
"""Shells to look for others with, and to take when there are no others."""


async def open_terminal(programs: Programs, resource: ResourceId, command: Command | None, size: Size) -> Terminal:
    """Open a command on a terminal, or the best shell the container has.

    Raises:
        NotFound: if there is no such container.
        Conflict: if it does not run.
        Unsupported: if it has no shell.
    """
    wanted = command or Command(())
    if not wanted.argv:
        shell = await _best_shell(programs, resource, wanted.user)
        wanted = Command(shell, user=wanted.user, cwd=wanted.cwd, env=wanted.env)
    program = await programs.start(resource, wanted, tty=True)
    terminal = DockerTerminal(programs.engine, program)
    await terminal.resize(size)
    return terminal


async def _best_shell(programs: Programs, resource: ResourceId, user: str | None) -> tuple[str, ...]:
    for shell in _SHELLS:
        code, out = await programs.ask(resource, Command((*shell, "-c", _FIND), user=user))
        if code == 0:
            found = out.decode(errors="replace").split()
            return (found[0],) if found else shell
        if code == 1:
            return shell
    raise Unsupported(
        "There is no shell in this container.",
        hint="Give a command that is in its image, or look at it with logs, inspect and processes.",
    )


class DockerTerminal(Terminal):
    """A program on a terminal inside a container."""

    def __init__(self, engine: Engine, program: Program) -> None:
        self._engine = engine
        self._program = program
        self._closed = False
        self._code: int | None = None

    @override
    async def read(self) -> bytes:
        if self._closed:
            return b""
        data = await self._program.duplex.read()
        if not data:
            await self._learn_end()
        return data

    @override
    async def write(self, data: bytes) -> None:
        if not self._closed:
            await self._program.duplex.write(data)

    @override
    async def resize(self, size: Size) -> None:
        """Tell its new size. A program that has just begun may not have its terminal yet, so this is tried again."""
        for pause in (0.02, 0.05, 0.1, 0.2, 0.0):
            try:
                await self._engine.post(self._program.path("resize"), {"h": size.rows, "w": size.columns})
            except (NotFound, Conflict, Refused):
                await asyncio.sleep(pause)
            else:
                return

    @override
    async def close(self) -> int | None:
        if not self._closed:
            self._closed = True
            await self._program.close(HANGUP, family=False)
            if self._program.over:
                await self._learn_end()
        return self._code

    async def _learn_end(self) -> None:
        """Learn its exit code. An engine that is gone is told as such: the program did not simply end."""
        if self._code is not None:
            return
        try:
            self._code = await self._program.exit_code()
        except (NotFound, Conflict, Refused):
            return
        except BackendError:
            if not self._closed:
                raise
