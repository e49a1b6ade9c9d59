"""One kept shell on a screen: attaches, shows, types, and says how things stand when it is over or out of reach."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from enum import Enum, auto
from typing import Final

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static
from textual.worker import Worker
from typing_extensions import override

from backends.contract.errors import BackendError, NotFound, Unreachable
from backends.contract.model import Size
from backends.contract.session import Terminal
from fleet.protocol import Fleet
from fleet.values import Shell
from widgets.cells import neutral
from widgets.terminal import TerminalView

AWAY: Final = 60.0
"""Seconds out of sight after which a pane lets go of its shell; what it missed is shown when it is looked at again."""
NEW: Final = 5.0
"""Seconds a shell counts as new: what it wrote so far was never shown, so its questions want answers."""
SETTLED: Final = 0.3
"""Seconds within which what a shell wrote before must begin to come."""


class Standing(Enum):
    """Where a pane stands with its shell."""

    OPENING = auto()
    LIVE = auto()
    AWAY = auto()
    ENDED = auto()
    LOST = auto()
    """The fleet does not answer; the shell may go on."""
    GONE = auto()
    """The fleet knows no such shell any more."""


class ShellPane(Vertical):
    """A shell's terminal, with a line below it when there is something to say."""

    DEFAULT_CSS = """
    ShellPane { height: 1fr; width: 1fr; }
    ShellPane Static { height: auto; max-height: 3; display: none; background: $panel; color: $text; }
    ShellPane.-said Static { display: block; }
    """

    class Changed(Message):
        """How the pane stands with its shell has changed."""

        def __init__(self, pane: ShellPane) -> None:
            super().__init__()
            self.pane = pane

        @property
        @override
        def control(self) -> ShellPane:
            return self.pane

    def __init__(self, fleet: Fleet, shell: Shell) -> None:
        super().__init__()
        self.shell = shell
        self.standing = Standing.OPENING
        self.rang = False
        """Whether the bell rang while nobody looked."""
        self._fleet = fleet
        self._view = TerminalView()
        self._said = Static(markup=False)
        self._terminal: Terminal | None = None
        self._outgoing: asyncio.Queue[bytes | Size] = asyncio.Queue()
        self._live: Worker[None] | None = None
        self._leaving: Timer | None = None
        self._looked_at = False
        self._trouble = ""

    @override
    def compose(self) -> ComposeResult:
        yield self._view
        yield self._said

    def on_mount(self) -> None:
        """Begin to type whatever is typed."""
        self._type()

    @property
    def view(self) -> TerminalView:
        """The terminal. Another one after each new attaching."""
        return self._view

    # -- whether somebody looks

    def look(self) -> None:
        """Somebody looks: attach again if that was let go."""
        self._looked_at, self.rang = True, False
        if self._leaving is not None:
            self._leaving.stop()
            self._leaving = None
        if self.standing is Standing.AWAY:
            self.reattach()

    def look_away(self) -> None:
        """Nobody looks: let go after a while."""
        self._looked_at = False
        if self._leaving is None:
            self._leaving = self.set_timer(AWAY, self.detach)

    def detach(self) -> None:
        """Let go of the shell, which goes on."""
        self._leaving = None
        if self._live is not None and self.standing in (Standing.LIVE, Standing.OPENING):
            self._stand(Standing.AWAY)
            self._live.cancel()

    def learn(self, shell: Shell) -> None:
        """The fleet says something new of the shell."""
        self.shell = shell
        self._say()

    def fleet_is_back(self) -> None:
        """The fleet answers again: so may the shell."""
        if self.standing is Standing.LOST:
            self.reattach()

    # -- attaching

    def reattach(self) -> None:
        """Attach again."""
        self._stand(Standing.OPENING)
        self._live = self._follow_shell(again=True)

    @on(TerminalView.Resized)
    def _resized(self, event: TerminalView.Resized) -> None:
        """The terminal has its size: attach, if this was the first time; else tell the program."""
        event.stop()
        if self._live is None:
            self._live = self._follow_shell(again=False)
        else:
            self._outgoing.put_nowait(event.size)

    @work(exclusive=True, group="live")
    async def _follow_shell(self, *, again: bool) -> None:
        """Show the shell until it ends, is let go of, or is out of reach."""
        new = not again and time.time() - self.shell.started < NEW and not self.shell.watchers
        size = self._view.size_in_cells
        # A full-screen program draws itself again when its terminal changes size; what it drew long ago is not kept.
        first = size if new else Size(size.columns, max(1, size.rows - 1))
        try:
            terminal = await self._fleet.attach(self.shell.id, first)
            try:
                if again:
                    await self._clear()
                await self._show(self._view, terminal, new=new)
            finally:
                if self._terminal is terminal:
                    self._terminal = None
                await terminal.close()
        except NotFound:
            self._stand(Standing.GONE)
        except Unreachable as error:
            self._stand(Standing.LOST, error.message)
        except BackendError as error:
            self._stand(Standing.LOST, f"{error.message} {error.hint or ''}".rstrip())
        else:
            self._stand(Standing.ENDED)

    async def _clear(self) -> None:
        """A new terminal for what comes now: the old one would show everything twice."""
        focused = self._view.has_focus
        old, self._view = self._view, TerminalView()
        await old.remove()
        await self.mount(self._view, before=0)
        if focused:
            self._view.focus()

    async def _show(self, view: TerminalView, terminal: Terminal, *, new: bool) -> None:
        self._terminal = terminal
        self._stand(Standing.LIVE)
        if not new:
            # What was written before comes first and at once, unless there is none.
            with suppress(TimeoutError):
                async with asyncio.timeout(SETTLED):
                    await view.replay(await terminal.read())
        self._outgoing.put_nowait(view.size_in_cells)
        while data := await terminal.read():
            await view.consume(data)

    @on(TerminalView.Typed)
    def _typed(self, event: TerminalView.Typed) -> None:
        event.stop()
        if self._terminal is not None:
            self._outgoing.put_nowait(event.data)

    @on(TerminalView.Bell)
    def _rang(self, event: TerminalView.Bell) -> None:
        event.stop()
        if self._looked_at:
            self.app.bell()
        elif not self.rang:
            self.rang = True
            self.post_message(self.Changed(self))

    @work(group="typing")
    async def _type(self) -> None:
        """Send keys and sizes in order. A program that does not read makes this wait, and nothing else."""
        while True:
            item = await self._outgoing.get()
            terminal = self._terminal
            if terminal is None:
                continue
            try:
                if isinstance(item, Size):
                    await terminal.resize(item)
                else:
                    await terminal.write(item)
            except BackendError:
                continue  # whoever reads learns of it too, and says so

    # -- in words

    def _stand(self, standing: Standing, trouble: str = "") -> None:
        self.standing, self._trouble = standing, trouble
        self._say()
        self.post_message(self.Changed(self))

    def _say(self) -> None:
        if not self.is_mounted:
            return
        said = self.notice()
        self.set_class(bool(said), "-said")
        if said:
            self._said.update(neutral(said))

    def notice(self) -> str:
        """What there is to say of the shell, and what to do about it."""
        again = f"ctrl+] c opens another on {self.shell.name}, ctrl+] k closes this tab, ctrl+] d goes back."
        match self.standing:
            case Standing.ENDED:
                code = self.shell.exit_code
                how = f"Ended with exit code {code}." if code is not None else "Ended, and no exit code is known."
                return f" {how} {again}"
            case Standing.GONE:
                return f" The shell ended with the fleet that kept it. {again}"
            case Standing.LOST:
                return f" {self._trouble} The shell is attached again by itself; ctrl+] r tries now."
            case _:
                return ""
