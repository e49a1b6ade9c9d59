"""Shells the fleet keeps, as tabs. A terminal takes every key but its leader; after that, keys are ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Key
from textual.widgets import Static
from typing_extensions import override

from backends.contract.errors import BackendError, NotFound
from backends.contract.model import Fact
from fleet.values import Shell
from screens.command import GLOBAL
from screens.commands import SESSIONS
from screens.desk import Desk, Place
from screens.dialogs.ask import AskDialog
from screens.operating import SHELL, Operating
from screens.shell_pane import ShellPane, Standing
from screens.view import News
from widgets.cells import neutral
from widgets.frame import KeyHint
from widgets.line_input import LineInput
from widgets.tab_line import Tab, TabLine
from widgets.terminal import TerminalView

EMPTY = """
  No shell is open.

  Press s on a resource to open one: it stays open when you leave this screen,
  and when you leave Quarterdeck."""


class SessionsView(Operating):
    """All kept shells: those of this interface, of others, and of earlier ones."""

    CONTEXTS: ClassVar[tuple[str, ...]] = (SESSIONS, GLOBAL)

    DEFAULT_CSS = """
    SessionsView #panes { height: 1fr; }
    SessionsView #none { height: auto; color: $text-muted; }
    SessionsView #find { height: 1; display: none; }
    SessionsView #find Static { width: auto; color: $text-accent; }
    SessionsView #find LineInput { width: 1fr; height: 1; }
    SessionsView.-finding #find { display: block; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._panes: dict[str, ShellPane] = {}
        """A pane per shell that was looked at."""
        self._forgotten: set[str] = set()
        """Shells closed here, until the fleet has forgotten them too."""
        self._current = ""
        self._wanted = ""
        self._leading = False

    @override
    def body(self) -> ComposeResult:
        yield TabLine(ascii_only=self.desk.ascii)
        with Vertical(id="panes"):
            yield Static(EMPTY, id="none", markup=False)
        with Horizontal(id="find"):
            yield Static(" find ", markup=False)
            yield LineInput(placeholder="text; enter goes on to older lines, esc ends")

    # -- where we are

    @override
    def enter(self, place: Place) -> None:
        self._wanted = place.tab or self._wanted
        if self.is_mounted:
            self._arrange()

    @override
    def place(self) -> Place:
        return Place("sessions", tab=self._current)

    @property
    def pane(self) -> ShellPane | None:
        """The pane that is shown."""
        return self._panes.get(self._current)

    def _shells(self) -> Mapping[str, Shell]:
        """Every shell there is a tab for, the oldest first."""
        known = dict(self.fleet.inventory.shells)
        for name, pane in self._panes.items():
            known.setdefault(name, pane.shell)
        shells = [shell for shell in known.values() if shell.id not in self._forgotten]
        return {shell.id: shell for shell in sorted(shells, key=lambda shell: (shell.started, shell.id))}

    # -- life

    @override
    def mounted(self) -> None:
        """Show what there is."""
        self._arrange()

    @override
    def resumed(self) -> None:
        super().resumed()
        if self.pane is not None:
            self.pane.look()

    @override
    def suspended(self) -> None:
        super().suspended()
        if self.pane is not None:
            self.pane.look_away()

    @override
    def learn(self, news: News) -> None:
        if not (news.work or news.all):
            return
        self._forgotten.intersection_update(self.fleet.inventory.shells)
        for name, pane in self._panes.items():
            if (shell := self.fleet.inventory.shells.get(name)) is not None:
                pane.learn(shell)
            if self.fleet.attached:
                pane.fleet_is_back()
        self._arrange()

    def _arrange(self) -> None:
        """Bring tabs and panes in line with the shells there are."""
        shells = self._shells()
        if self._wanted in shells:
            self._current, self._wanted = self._wanted, ""
        elif self._current not in shells:
            running = [name for name, shell in shells.items() if shell.ended is None]
            self._current = next(reversed(running or list(shells)), "")
        if self._current and self._current not in self._panes:
            pane = self._panes[self._current] = ShellPane(self.fleet, shells[self._current])
            self.query_one("#panes").mount(pane)
        self.query_one("#none").display = not shells
        self._show_current()
        self._show_tabs(shells)

    def _show_current(self) -> None:
        for name, other in self._panes.items():
            if other.display != (name == self._current):
                other.display = name == self._current
                if not other.display:
                    other.look_away()
        pane = self.pane
        if pane is None:
            self.set_focus(None)
        elif self.is_current:
            pane.look()
            pane.call_after_refresh(self._focus_current)

    def _focus_current(self) -> None:
        if self.pane is not None and not isinstance(self.focused, LineInput):
            self.set_focus(self.pane.view)

    def _show_tabs(self, shells: Mapping[str, Shell]) -> None:
        names = [shell.name for shell in shells.values()]
        tabs = []
        for number, shell in enumerate(shells.values(), 1):
            title = shell.name if names.count(shell.name) == 1 else f"{shell.name} {number}"
            tabs.append(Tab(shell.id, title, self._mark(shell), dim=shell.ended is not None))
        self.query_one(TabLine).show(tabs, self._current)
        self.refresh_frame()

    def _mark(self, shell: Shell) -> str:
        pane = self._panes.get(shell.id)
        if shell.ended is not None:
            return f"exit {shell.exit_code}" if shell.exit_code is not None else "ended"
        if pane is not None and pane.standing in (Standing.LOST, Standing.GONE):
            return pane.standing.name.lower()
        return "bell" if pane is not None and pane.rang else ""

    @on(ShellPane.Changed)
    def _pane_changed(self) -> None:
        self._show_tabs(self._shells())

    @on(TabLine.Chosen)
    def _tab_chosen(self, event: TabLine.Chosen) -> None:
        self._wanted = event.tab
        self._arrange()

    # -- keys

    @override
    def footer(self) -> Sequence[KeyHint]:
        hints = list(super().footer())
        if isinstance(self.focused, TerminalView):
            lead = KeyHint("ctrl+]", "and now" if self._leading else "then", "", rank=0)
            return [lead, *hints, KeyHint("1-9", "Go", "", rank=22)]
        return hints

    @override
    def pressed(self, event: Key) -> None:
        if isinstance(self.focused, LineInput) and (event.is_printable or event.key in ("escape", "enter")):
            return
        super().pressed(event)

    @on(TerminalView.Leading)
    def _led(self, event: TerminalView.Leading) -> None:
        self._leading = event.active
        self.refresh_frame()

    @on(TerminalView.Leader)
    def _commanded(self, event: TerminalView.Leader) -> None:
        printable = event.character is not None and event.character.isprintable() and event.character != " "
        key = event.character if printable and event.character is not None else event.key
        command = self.desk.keymap.find(key, self.CONTEXTS)
        if command is None or not self.do(command.id):
            self.notify(f"ctrl+] {neutral(key)} means nothing; ctrl+] ? shows what does.", severity="warning")

    def do_sessions_detach(self) -> None:
        """Back to where we came from; the shell goes on."""
        self.desk.back()

    def do_sessions_next(self) -> None:
        """The next shell."""
        self._turn(1)

    def do_sessions_previous(self) -> None:
        """The shell before."""
        self._turn(-1)

    def _turn(self, step: int) -> None:
        names = list(self._shells())
        if self._current in names:
            self._wanted = names[(names.index(self._current) + step) % len(names)]
            self._arrange()

    def do_sessions_new(self) -> None:
        """Another shell on the same resource, by the same command."""
        shell = self._shells().get(self._current)
        if shell is None:
            self.notify("No shell is shown; s on a resource opens one.", severity="warning")
            return
        resource = self.fleet.inventory.get(shell.resource)
        if resource is None:
            self.notify(f"{neutral(shell.name)} is not known any more.", severity="warning")
            return
        arguments: dict[str, Fact] = {}
        if shell.command is not None:
            arguments["command"] = list(shell.command.argv)
            if shell.command.user:
                arguments["user"] = shell.command.user
        for operation, _ in self.operations_of(resource):
            if operation.verb == SHELL:
                self.operate(operation, (resource.id,), arguments or None)

    @work(group="dialog")
    async def do_sessions_close(self) -> None:
        """Hang up and take the tab away; asks while a program runs."""
        shell = self._shells().get(self._current)
        if shell is None:
            return
        pane = self.pane
        over = shell.ended is not None or (pane is not None and pane.standing is Standing.GONE)
        if not over:
            question = f"Hang up the shell on {shell.name}? What runs in it ends."
            if not await self.app.push_screen_wait(AskDialog("Close", question, "Hang up")):
                return
        try:
            await self.fleet.close_shell(shell.id)
        except NotFound:
            pass  # somebody else was faster
        except BackendError as error:
            if not over:
                self.report(error)
                return
        await self._remove(shell.id)

    async def _remove(self, name: str) -> None:
        names = list(self._shells())
        self._forgotten.add(name)
        pane = self._panes.pop(name, None)
        if self._current == name and len(names) > 1:
            at = names.index(name)
            self._wanted = names[at + 1] if at + 1 < len(names) else names[at - 1]
        if pane is not None:
            await pane.remove()
        self._arrange()

    def do_sessions_attach(self) -> None:
        """Attach again."""
        if self.pane is not None and self.pane.standing is not Standing.ENDED:
            self.pane.reattach()

    # -- search

    def do_sessions_search(self) -> None:
        """Find text in what has scrolled by."""
        if self.pane is None:
            return
        self.add_class("-finding")
        self.query_one("#find LineInput", LineInput).focus()

    @on(LineInput.Submitted, "#find LineInput")
    def _find(self, event: LineInput.Submitted) -> None:
        event.stop()
        if self.pane is not None and event.value and not self.pane.view.find(event.value):
            self.notify(f"No older line holds {neutral(event.value)}.", severity="warning")

    @on(LineInput.Cancelled, "#find LineInput")
    def _found(self, event: LineInput.Cancelled) -> None:
        event.stop()
        self.remove_class("-finding")
        if self.pane is not None:
            self.set_focus(self.pane.view)
