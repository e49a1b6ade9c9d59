"""``qd shell``: an interactive program in this very terminal."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from app.cli.approval import approve, refuse_read_only
from app.cli.codes import OK, UNREACHABLE, Usage
from app.cli.finding import find, scope_for
from app.cli.operations import DOOR, operation_for
from backends.contract.errors import BackendError
from backends.contract.model import Size
from backends.contract.session import Terminal
from fleet.values import Request

if TYPE_CHECKING:
    from app.cli.context import Cli
    from app.cli.parsing import Namespace
    from fleet.protocol import Fleet

VERB: Final = "shell"
ALTERNATE, ORDINARY = b"\x1b[?1049h", b"\x1b[?1049l"
LEFT_BEHIND: Final = b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1l\x1b>\x1b[?25h\x1b[0m"
"""Undoes what a program that could not end itself may have asked of the terminal."""
PIECE: Final = 4096


async def shell(cli: Cli, given: Namespace) -> int:
    """Open a shell at a resource."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Usage("A shell needs a terminal, and this is none.", hint="For scripts there is: qd exec NAME -- COMMAND")
    refuse_read_only(cli, "Opening a shell")
    scope = scope_for(cli, connections=given.connection, verb=VERB, names=[given.name])
    async with cli.fleet(scope) as fleet:
        found = find(cli, fleet, scope, [given.name], verb=VERB)
        operation = operation_for(fleet, found[0], VERB)
        arguments = {name: value for name, value in (("user", given.user), ("command", given.words_after)) if value}
        request = Request(VERB, tuple(each.id for each in found), arguments, door=DOOR)
        prepared = await fleet.prepare(request)
        approval = await approve(cli, given, operation, prepared)
        opened = await fleet.open_shell(request, approval, _size())
        try:
            return await _joined(cli, fleet, opened.id)
        finally:
            with suppress(BackendError):
                await fleet.close_shell(opened.id)


async def _joined(cli: Cli, fleet: Fleet, shell_id: str) -> int:
    """Be the terminal of a shell until its program ends."""
    terminal = await fleet.attach(shell_id, _size())
    try:
        passage = Passage(terminal)
        with _raw(sys.stdin.fileno(), sys.stdout.fileno(), passage):
            code = await passage.run()
    except BackendError as error:
        cli.console.complain(error.message, error.hint)
        return UNREACHABLE
    if code is None:
        cli.console.complain("The shell ended, and how is not known.")
        return UNREACHABLE
    return 128 - code if code < 0 else code & 0xFF if code else OK


class Passage:
    """Carries bytes both ways, and the size of the window."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._source, self._sink = sys.stdin.fileno(), sys.stdout.fileno()
        self._typed: asyncio.Queue[bytes | Size] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._showing: asyncio.Task[None] | None = None
        self._lost: BackendError | None = None
        self.alternate = False
        """Whether the program shows the alternate screen."""
        self.ended = False
        """Whether it ended by itself, and so has put the terminal right."""

    async def run(self) -> int | None:
        """Carry until the program ends; its exit code, where it is known.

        Raises:
            BackendError: if the way to the program is lost.
        """
        self._loop.add_reader(self._source, self._read)
        self._loop.add_signal_handler(signal.SIGWINCH, lambda: self._typed.put_nowait(_size()))
        try:
            return await self._carry()
        finally:
            self._loop.remove_reader(self._source)
            self._loop.remove_signal_handler(signal.SIGWINCH)

    async def _carry(self) -> int | None:
        async with asyncio.TaskGroup() as group:
            self._showing = group.create_task(self._show())
            typing = group.create_task(self._type())
            self._showing.add_done_callback(lambda _task: typing.cancel())
        if self._lost is not None:
            raise self._lost
        code = await self._terminal.close()
        self.ended = code is not None
        return code

    def _read(self) -> None:
        try:
            data = os.read(self._source, PIECE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self._typed.put_nowait(data)
            return
        self._loop.remove_reader(self._source)  # hung up: nobody is there to show anything to
        if self._showing is not None:
            self._showing.cancel()

    async def _type(self) -> None:
        with suppress(BackendError):  # that the program is over, or out of reach, is told by what it shows
            while True:
                what = await self._typed.get()
                if isinstance(what, Size):
                    await self._terminal.resize(what)
                else:
                    await self._terminal.write(what)

    async def _show(self) -> None:
        try:
            # Writing may wait for a slow line; keys, above all ctrl+c, must not wait with it.
            while data := await self._terminal.read():
                if (entered := data.rfind(ALTERNATE)) != (left := data.rfind(ORDINARY)):
                    self.alternate = entered > left
                await asyncio.to_thread(_write_all, self._sink, data)
        except BackendError as error:
            self._lost = error


@contextmanager
def _raw(source: int, sink: int, passage: Passage) -> Iterator[None]:
    """The terminal raw while the block runs, and as it was whatever happens."""
    before = termios.tcgetattr(source)
    try:
        tty.setraw(source, termios.TCSANOW)
        yield
    finally:
        with suppress(OSError):
            if not passage.ended:
                _write_all(sink, (ORDINARY if passage.alternate else b"") + LEFT_BEHIND + b"\r\n")
        with suppress(termios.error):  # hung up: there is nothing left to restore
            termios.tcsetattr(source, termios.TCSADRAIN, before)


def _write_all(sink: int, data: bytes) -> None:
    while data:
        data = data[os.write(sink, data) :]


def _size() -> Size:
    try:
        size = os.get_terminal_size(sys.stdout.fileno())
    except OSError:
        return Size()
    return Size(size.columns or 80, size.lines or 24)
