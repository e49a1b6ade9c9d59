"""What every screen with lines to read has: a log view, a state line, and the keys that work on them."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Key
from textual.timer import Timer
from textual.widgets import Static
from typing_extensions import override

from backends.contract.model import ResourceId
from backends.contract.operation import Operation
from screens.command import GLOBAL
from screens.commands import LOG
from screens.desk import Desk
from screens.dialogs.export import ExportDialog
from screens.selecting import Selecting
from widgets.cells import neutral
from widgets.frame import KeyHint
from widgets.line_input import LineInput
from widgets.log_format import Timestamps
from widgets.log_paint import ColourBy
from widgets.log_view import LogView

CONTEXT_STEPS = (0, 2, 5, 10)
"""Lines around a match that the filter leaves, one after the other."""
TYPING_PAUSE = 0.15
"""Seconds without a key until what was typed so far is looked for: looking through 50,000 lines takes a while."""
SEARCH, FILTER = "search", "filter"


class Reading(Selecting):
    """A screen about lines. Letters move and search here; verbs are in the actions menu only."""

    CONTEXTS: ClassVar[tuple[str, ...]] = (LOG, GLOBAL)

    DEFAULT_CSS = """
    Reading LogView { height: 1fr; }
    Reading #state { height: 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
    Reading #ask { height: 1; display: none; }
    Reading #ask Static { width: auto; color: $text-accent; }
    Reading #ask LineInput { width: 1fr; height: 1; }
    Reading.-asking #ask { display: block; }
    Reading.-asking #state { display: none; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._asked = ""
        """What the input line asks for, while it is open."""
        self._looking: Timer | None = None
        self._filter = ""
        self._around = 0

    @override
    def body(self) -> ComposeResult:
        yield from self.lines()

    def lines(self) -> ComposeResult:
        """The log view with what belongs to it."""
        yield LogView(max_bytes=self.desk.settings.interface.log_bytes, ascii_only=self.desk.ascii)
        yield Static(id="state", markup=False)
        with Horizontal(id="ask"):
            yield Static(id="asked", markup=False)
            yield LineInput(placeholder="a word, re:expression, or ! before either for all other lines")

    @property
    def log_view(self) -> LogView:
        """The lines."""
        return self.query_one(LogView)

    def export_name(self) -> str:
        """What an exported file may be called, without its ending."""
        return "log"

    def state_parts(self) -> Sequence[str]:
        """What else the state line says, the most important first."""
        return ()

    @override
    def mounted(self) -> None:
        """Begin as the settings say."""
        log_view = self.log_view
        log_view.timestamps = Timestamps(self.desk.settings.interface.timestamps)
        log_view.focus()
        self.watch(log_view, "scroll_y", self.describe_state, init=False)

    # -- the state line

    @on(LogView.StatusChanged)
    @on(LogView.FollowChanged)
    def describe_state(self) -> None:
        """Say what there is to read, where one stands in it, and what is left out."""
        parts = [*self.state_parts(), *self._reading_parts()]
        text = Text(" " + " · ".join(neutral(part) for part in parts))
        state = self.query_one("#state", Static)
        if state.content != text:
            state.update(text)

    def _reading_parts(self) -> Sequence[str]:
        log_view, status = self.log_view, self.log_view.status
        of = f"{status.shown:,} of " if self._filter else ""
        parts = [f"{of}{status.lines:,} lines" if status.lines != 1 else "1 line"]
        if status.dropped or status.dropped_bytes:
            parts.append(f"{status.dropped:,} older dropped" if status.dropped else "long lines cut")
        parts.append("paused" if status.paused else "following" if status.follow else self._position())
        if status.search:
            at = f"{status.position:,} of " if status.position else ""
            parts.append(f"{at}{status.matches:,} “{status.search}”")
        if self._filter:
            parts.append(f"filter {self._filter}" + (f" ±{self._around}" if self._around else ""))
        if log_view.timestamps is not Timestamps.OFF:
            parts.append(f"times {log_view.timestamps.value}")
        if log_view.colour_by is not ColourBy.SOURCE:
            parts.append(f"colours by {log_view.colour_by.value}")
        if log_view.json:
            parts.append("JSON")
        return parts

    def _position(self) -> str:
        log_view = self.log_view
        seen, total = log_view.scroll_offset.y + log_view.size.height, log_view.virtual_size.height
        return f"at {min(100, 100 * seen // total)} %" if total else "at the end"

    # -- keys

    @override
    def operation_for_key(self, key: str, targets: Sequence[ResourceId]) -> Operation | None:
        return None  # letters read here

    @override
    def footer(self) -> Sequence[KeyHint]:
        return [hint for hint in super().footer() if not hint.action.startswith("operate:")]

    @override
    def pressed(self, event: Key) -> None:
        if isinstance(self.focused, LineInput) and (event.is_printable or event.key in ("escape", "enter", "tab")):
            return
        super().pressed(event)

    # -- search and filter

    def do_log_search(self) -> None:
        """Type what to look for; the view goes along."""
        self._ask(SEARCH, self.log_view.status.search)

    def do_log_filter(self) -> None:
        """Type what to show; the rest is hidden."""
        self._ask(FILTER, self._filter)

    def _ask(self, what: str, before: str) -> None:
        self._asked = what
        self.query_one("#asked", Static).update(f" {what} ")
        line = self.query_one("#ask LineInput", LineInput)
        line.value = before
        line.cursor_position = len(before)
        self.add_class("-asking")
        line.focus()

    @on(LineInput.Changed, "#ask LineInput")
    def _typed(self) -> None:
        if self._looking is not None:
            self._looking.stop()
        self._looking = self.set_timer(TYPING_PAUSE, self._look_while_typing)

    def _look_while_typing(self) -> None:
        if self.has_class("-asking"):
            self._apply(self.query_one("#ask LineInput", LineInput).value, final=False)

    @on(LineInput.Submitted, "#ask LineInput")
    def _submitted(self, event: LineInput.Submitted) -> None:
        event.stop()
        if self._apply(event.value, final=True):
            self._leave_ask()

    @on(LineInput.Cancelled, "#ask LineInput")
    def _cancelled(self, event: LineInput.Cancelled) -> None:
        event.stop()
        self._apply("", final=True)
        self._leave_ask()

    def _apply(self, text: str, *, final: bool) -> bool:
        """Search or filter; tells whether it could be understood. Half-typed expressions are no reason to complain."""
        log_view = self.log_view
        try:
            if self._asked == FILTER:
                if text != self._filter:
                    log_view.filter(text, context=self._around)
                    self._filter = text
            elif text != log_view.status.search or not text:
                found = log_view.search(text)
                if final and text and not found:
                    self.notify(f"No line matches {neutral(text)}.", severity="warning")
        except ValueError as error:
            if final:
                self.notify(neutral(str(error)), severity="warning")
            return False
        return True

    def _leave_ask(self) -> None:
        self.remove_class("-asking")
        self.log_view.focus()
        self.describe_state()

    def do_log_next(self) -> None:
        """The next match."""
        self._step(1)

    def do_log_previous(self) -> None:
        """The match before."""
        self._step(-1)

    def _step(self, step: int) -> None:
        search = self.log_view.status.search
        if not search:
            self.notify("Nothing is searched for yet; / searches.", severity="warning")
        elif not self.log_view.next_match(step):
            self.notify(f"No line matches {neutral(search)}.", severity="warning")

    def do_log_context(self) -> None:
        """Show more lines around each match of the filter, then none again."""
        if not self._filter:
            self.notify("Lines around matches belong to the filter; & filters.", severity="warning")
            return
        steps = CONTEXT_STEPS
        self._around = steps[(steps.index(self._around) + 1) % len(steps)]
        self.log_view.filter(self._filter, context=self._around)
        self.describe_state()

    # -- how it is shown

    def do_log_follow(self) -> None:
        """Keep the newest line in sight, or stay."""
        self.log_view.follow = not self.log_view.follow

    def do_log_pause(self) -> None:
        """Let the picture stand still, or go on."""
        self.log_view.paused = not self.log_view.paused
        self.describe_state()

    def do_log_wrap(self) -> None:
        """Break long lines, or not."""
        self.log_view.wrap = not self.log_view.wrap

    def do_log_timestamps(self) -> None:
        """Off, local, UTC, relative."""
        self.log_view.timestamps = self.log_view.timestamps.next()
        self.describe_state()

    def do_log_colour(self) -> None:
        """Colour by source or by level."""
        by_source = self.log_view.colour_by is ColourBy.SOURCE
        self.log_view.colour_by = ColourBy.LEVEL if by_source else ColourBy.SOURCE
        self.describe_state()

    def do_log_json(self) -> None:
        """JSON as columns, or as it is."""
        self.log_view.json = not self.log_view.json
        self.describe_state()

    def do_log_mark(self) -> None:
        """Draw a line with the time."""
        self.log_view.mark()

    # -- taking it along

    def do_log_select(self) -> None:
        """Begin or end a selection."""
        self.log_view.toggle_selection()

    def do_log_copy(self) -> None:
        """Copy the selected lines; without a selection those in sight."""
        text = self.log_view.selected_text()
        if not text:
            self.notify("There is nothing to copy.", severity="warning")
            return
        count = text.count("\n") + 1
        self.desk.copy(text, "1 line" if count == 1 else f"{count:,} lines")

    @work(group="dialog")
    async def do_log_export(self) -> None:
        """Write what is shown, or everything held, to a file."""
        status = self.log_view.status
        if not status.lines:
            self.notify("There is nothing to export.", severity="warning")
            return
        name = re.sub(r"[^\w.-]+", "-", self.export_name()).strip("-.")[:60] or "log"
        path = f"~/{name}-{time.strftime('%Y%m%d-%H%M%S')}.log"
        dialog = ExportDialog(path, self.log_view.export, lines=status.lines, shown=status.shown)
        written = await self.app.push_screen_wait(dialog)
        if written is not None:
            self.notify(neutral(str(written)), title="Written")

    def do_log_escape(self) -> None:
        """Undo one layer: selection, search, filter, then back."""
        log_view = self.log_view
        if log_view.status.search:
            log_view.search("")
            if log_view.cursor_shown:
                log_view.toggle_cursor()
        elif log_view.cursor_shown:
            log_view.toggle_cursor()
        elif self._filter:
            log_view.filter("")
            self._filter = ""
        else:
            self.desk.back()
            return
        self.describe_state()
