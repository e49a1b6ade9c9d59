"""The base of every full screen: header, footer, key dispatch, and the news from the fleet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Key
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input
from typing_extensions import override

from backends.contract.model import ResourceId
from fleet.values import ConnectionState, Delta
from screens.absence import in_a_word
from screens.command import GLOBAL, Command, key_name
from screens.desk import Desk, Place
from widgets.frame import Header, KeyFooter, KeyHint
from widgets.frame import Place as Heading
from widgets.line_input import LineInput

NEWS_EVERY = 0.1
"""Seconds between two looks at the news: ten times a second is live, and a burst costs one repaint."""


class FleetChanged(Message, bubble=False):
    """Look at the fleet again. Carries no data, so a burst collapses into one."""

    @override
    def can_replace(self, message: Message) -> bool:
        return isinstance(message, FleetChanged)


class News:
    """What changed since a screen last looked, gathered until it does."""

    def __init__(self) -> None:
        self.resources: set[ResourceId] = set()
        self.gone: set[ResourceId] = set()
        self.samples: set[ResourceId] = set()
        self.connections = False
        self.work = False
        """Jobs or shells changed."""
        self.events = False
        self.all = False
        """Too much to name: load everything again."""

    @property
    def empty(self) -> bool:
        """Whether nothing happened."""
        return not (
            self.resources or self.gone or self.samples or self.connections or self.work or self.events or self.all
        )

    def add(self, delta: Delta) -> None:
        """Note what a delta touches."""
        for resource in delta.resources:
            self.resources.add(resource.id)
            self.gone.discard(resource.id)
        for gone in delta.gone:
            self.gone.add(gone)
            self.resources.discard(gone)
        self.samples.update(sample.resource for sample in delta.samples)
        self.connections |= bool(delta.connections or delta.closed or delta.missing is not None)
        self.work |= bool(delta.jobs or delta.shells or delta.ended_shells)
        self.events |= bool(delta.events)
        self.all |= bool(delta.fresh or delta.closed or delta == Delta())


class View(Screen[None]):
    """A full screen. Subclasses compose their body, declare commands, and act on news while they are shown."""

    CONTEXTS: ClassVar[tuple[str, ...]] = (GLOBAL,)
    """Where keys are looked up, the innermost context first."""

    AUTO_FOCUS = ""
    """Each screen says itself what has the keys."""
    DEFAULT_CSS = """
    View { layout: vertical; overflow: hidden; }
    View > #body { height: 1fr; }
    View > #command { display: none; }
    View.-commanding > #command { display: block; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.fleet = desk.fleet
        self._news = News()
        self._unsubscribe: object = None
        self._waiting: Timer | None = None
        self._told = False
        self._before_command: Widget | None = None

    # -- composition

    @override
    def compose(self) -> ComposeResult:
        yield Header(ascii_only=self.desk.ascii)
        with Container(id="body"):
            yield from self.body()
        yield LineInput(id="command", suggest=self.desk.suggest, above=True, placeholder="a view, a kind or a verb")
        yield KeyFooter(ascii_only=self.desk.ascii)

    def body(self) -> ComposeResult:
        """The widgets between header and footer."""
        yield Widget()

    def enter(self, place: Place) -> None:
        """Show this place; called before the screen is shown and whenever it is asked for again."""

    def place(self) -> Place:
        """Where we are, to come back to."""
        raise NotImplementedError

    def contexts(self) -> Sequence[str]:
        """Where keys are looked up now; for screens whose parts have keys of their own."""
        return self.CONTEXTS

    def footer(self) -> Sequence[KeyHint]:
        """The most relevant keys now."""
        commands = [c for context in self.contexts() for c in self.desk.keymap.of_context(context) if c.rank < 90]
        commands.sort(key=lambda command: (command.context == GLOBAL, command.rank))
        return [KeyHint(c.keys[0], c.title, c.id, rank=c.rank) for c in commands if c.keys]

    # -- life

    # Textual calls an ``on_…`` method of every class of the family, most derived first. Screens therefore override the
    # plain methods below, which are called once and may call ``super()``.

    def on_mount(self) -> None:
        """The widgets are there."""
        self.mounted()

    def on_screen_resume(self) -> None:
        """Shown, for the first time or again."""
        self.resumed()

    def on_screen_suspend(self) -> None:
        """Another screen is shown."""
        self.suspended()

    def on_key(self, event: Key) -> None:
        """A key nobody inside took."""
        self.pressed(event)

    def mounted(self) -> None:
        """Fill the widgets and say what has the keys."""

    def resumed(self) -> None:
        """Listen to the fleet while shown, and catch up with what happened meanwhile."""
        if self._unsubscribe is None:
            self._unsubscribe = self.fleet.subscribe(self._hear)
        self._news.all = True
        self.post_message(FleetChanged())
        self.refresh_frame()

    def suspended(self) -> None:
        """Nobody looks: stop listening."""
        self._stop_listening()

    def on_unmount(self) -> None:
        """The screen ends."""
        self._stop_listening()

    def _stop_listening(self) -> None:
        if callable(self._unsubscribe):
            self._unsubscribe()
        self._unsubscribe = None

    def _hear(self, delta: Delta) -> None:
        """Runs in the fleet's task, not in ours: note it, and leave the rest to our own message."""
        self._news.add(delta)
        if self._waiting is None and not self._told:
            self._told = True
            self.post_message(FleetChanged())

    def _rested(self) -> None:
        self._waiting = None
        if not self._news.empty:
            self.post_message(FleetChanged())

    @on(FleetChanged)
    def _look(self) -> None:
        self._told = False
        news, self._news = self._news, News()
        if self._waiting is None:
            self._waiting = self.set_timer(NEWS_EVERY, self._rested)
        if news.connections or news.work or news.all:
            self.refresh_frame()
        self.learn(news)

    def learn(self, news: News) -> None:
        """Act on what changed."""

    # -- frame

    def refresh_frame(self) -> None:
        """Bring header and footer up to date; both repaint only when they differ."""
        if not self.is_mounted:
            return
        self.query_one(Header).show(self._heading())
        self.query_one(KeyFooter).show(self.footer())

    def _heading(self) -> Heading:
        inventory = self.fleet.inventory
        lost = [c for c in inventory.connections.values() if c.state in _LOST]
        if faults := in_a_word(self.fleet):
            lost = []
        if len(lost) == 1:
            faults = f"{lost[0].spec.id} {lost[0].state.value}"
        elif lost:
            faults = f"{len(lost)} connections lost"
        running = sum(1 for job in inventory.jobs.values() if job.ended is None)
        notes = (f"{running} job{'s' if running > 1 else ''}",) if running else ()
        marks = ("READ-ONLY",) if self.desk.read_only else ()
        return Heading(crumbs=self.desk.crumbs, marks=marks, faults=faults, notes=notes)

    # -- keys

    def pressed(self, event: Key) -> None:
        """Find what a key means here and do it; what means nothing goes on to the app."""
        if isinstance(self.focused, Input) and event.is_printable:
            return
        command = self.desk.keymap.find(key_name(event), self.contexts())
        if command is not None and self.do(command.id):
            event.stop()
            event.prevent_default()

    @on(KeyFooter.Pressed)
    def _footer_pressed(self, event: KeyFooter.Pressed) -> None:
        self.do(event.hint.action)

    def do(self, command: str) -> bool:
        """Do a command by its id: here, or in the app. Returns whether somebody knew it.

        One that acts is dropped when it came with pasted text.
        """
        known = self.desk.keymap.commands.get(command)
        method = self._handler(known) if known is not None else None
        if known is None or method is None:
            return False
        if not (known.acts and self.desk.keys_are_quiet()):
            method()
        return True

    def knows(self, command: Command) -> bool:
        """Whether somebody here does this command."""
        return self._handler(command) is not None

    def _handler(self, command: Command) -> Callable[[], object] | None:
        for owner in (self, self.app):
            method: Callable[[], object] | None = getattr(owner, command.handler, None)
            if method is not None:
                return method
        return None

    # -- command line

    def open_command_line(self, text: str = "") -> None:
        """Open the command line with this text in it; escape closes it again."""
        line = self.query_one("#command", LineInput)
        if not self.has_class("-commanding"):
            self._before_command = self.focused
        self.add_class("-commanding")
        line.use_history(self.desk.line_history)
        line.value = text
        line.cursor_position = len(text)
        line.focus()

    @on(LineInput.Submitted, "#command")
    def _command_given(self, event: LineInput.Submitted) -> None:
        event.stop()
        self._close_command_line()
        if event.value.strip():
            self.desk.run_line(event.value)

    @on(LineInput.Cancelled, "#command")
    def _command_cancelled(self, event: LineInput.Cancelled) -> None:
        event.stop()
        self._close_command_line()

    def _close_command_line(self) -> None:
        self.remove_class("-commanding")
        self.set_focus(self._before_command)


_LOST = frozenset({ConnectionState.OFFLINE, ConnectionState.NEEDS_AUTH})
