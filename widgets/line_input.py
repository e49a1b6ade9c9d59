"""A line to type in: for the filter, the command line and searches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Size
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input
from typing_extensions import override

from widgets.cells import neutral

MOST_SHOWN = 8
MOST_REMEMBERED = 500


class Suggestion(NamedTuple):
    """One way the line could go on."""

    value: str
    """The whole line, were this chosen."""
    hint: str = ""
    """A few words on what it is."""
    label: str = ""
    """What the list shows, when not the whole line."""


Suggest = Callable[[str], Sequence[Suggestion]]
"""Called at every keystroke: it must be pure and quick."""


class LineInput(Input):
    """A one-line input with history, ghost text and a list of completions; its cursor does not blink.

    ``Submitted`` and ``Changed`` are those of ``Input``. The list is drawn by the widget itself, which grows by its
    lines: below the input, or above it with ``above``.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "previous", "Earlier", show=False, id="line.previous"),
        Binding("down", "next", "Later", show=False, id="line.next"),
        Binding("tab", "complete(1)", "Complete", show=False, id="line.complete"),
        Binding("shift+tab", "complete(-1)", "Complete backwards", show=False, id="line.complete_back"),
        Binding("escape", "cancel", "Cancel", show=False, id="line.cancel"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"line-input--list", "line-input--chosen", "line-input--hint"}
    DEFAULT_CSS = """
    LineInput, LineInput:focus {
        border: none; padding: 0; height: auto; background: $surface; background-tint: 0%;
        .line-input--list { background: $panel; color: $text; }
        .line-input--chosen { background: $panel; color: $text; text-style: reverse; }
        .line-input--hint { background: $panel; color: $text-muted; }
    }
    """

    class Cancelled(Message):
        """Escape was pressed."""

        def __init__(self, line: LineInput) -> None:
            super().__init__()
            self.line = line

        @property
        @override
        def control(self) -> LineInput:
            return self.line

    def __init__(
        self,
        value: str = "",
        *,
        suggest: Suggest | None = None,
        history: Iterable[str] = (),
        placeholder: str = "",
        above: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        self._suggest = suggest
        self._history = list(history)[-MOST_REMEMBERED:]
        self._above = above
        self._offered: Sequence[Suggestion] = ()
        self._chosen: int | None = None
        self._first = 0
        self._draft = ""
        self._past: int | None = None
        self._filling = False
        super().__init__(value, placeholder, select_on_focus=False, id=id, classes=classes)
        self.cursor_blink = False

    # What it knows

    @property
    def history(self) -> Sequence[str]:
        """Lines submitted, oldest first, each once."""
        return tuple(self._history)

    @property
    def offered(self) -> Sequence[Suggestion]:
        """The completions of the line as it was typed."""
        return self._offered

    @property
    def chosen(self) -> Suggestion | None:
        """The completion chosen in the list, whose text stands in the line."""
        return None if self._chosen is None else self._offered[self._chosen]

    def remember(self, line: str) -> None:
        """Add a line to the history; one that was there moves to the end."""
        if not line.strip():
            return
        if line in self._history:
            self._history.remove(line)
        self._history.append(line)
        del self._history[:-MOST_REMEMBERED]

    def use_history(self, lines: Iterable[str]) -> None:
        """Recall these lines from now on, oldest first."""
        self._history = list(lines)[-MOST_REMEMBERED:]
        self._past = None

    def offer(self, suggest: Suggest | None) -> None:
        """Complete by another rule from now on."""
        self._suggest = suggest
        self._look_up(self.value)

    # Following what is typed

    def watch_value(self, value: str) -> None:
        """Complete what was typed; a line filled in from the list or the history leaves both as they are."""
        if self._filling:
            return
        self._past = None
        self._draft = value
        self._look_up(value)

    def _look_up(self, value: str) -> None:
        lines = len(self._lines)
        self._offered = self._suggest(value) if self._suggest is not None else ()
        self._chosen, self._first = None, 0
        ghost = next((offer.value for offer in self._offered if value and offer.value.startswith(value)), "")
        self._suggestion = ghost
        if len(self._lines) != lines:
            self.refresh(layout=True)
        elif lines:
            self.refresh()

    def _fill(self, text: str) -> None:
        self._filling = True
        try:
            self.value = text
        finally:
            self._filling = False
        self.cursor_position = len(text)
        self.refresh()

    # Keys

    def action_previous(self) -> None:
        """Go up: in the list if one is chosen there, else to an earlier line."""
        if self._chosen is None:
            self._recall(-1)
        elif self._chosen:
            self._choose(self._chosen - 1)
        else:
            self._unchoose()

    def action_next(self) -> None:
        """Go down: back from earlier lines, else in the list."""
        if self._past is not None:
            self._recall(1)
        elif self._offered:
            self._choose(0 if self._chosen is None else min(self._chosen + 1, len(self._offered) - 1))

    def action_complete(self, step: int) -> None:
        """Choose the next completion, round and round. A single one is simply taken."""
        if not self._offered:
            return
        if len(self._offered) == 1:
            self._take(self._offered[0].value)
            return
        start = -1 if step > 0 else 0
        self._choose(((start if self._chosen is None else self._chosen) + step) % len(self._offered))

    def action_cancel(self) -> None:
        """Undo one layer: what the list filled in, then the whole line."""
        if self._chosen is not None:
            self._unchoose()
        else:
            self.post_message(self.Cancelled(self))

    @override
    async def action_submit(self) -> None:
        self.remember(self.value)
        self._past = None
        await super().action_submit()

    def _choose(self, index: int) -> None:
        self._chosen = index
        shown = len(self._lines)
        self._first = max(min(self._first, index), index - shown + 1)
        self._fill(self._offered[index].value)

    def _unchoose(self) -> None:
        self._chosen = None
        self._fill(self._draft)

    def _take(self, value: str) -> None:
        """Put a completion in the line as if it had been typed."""
        self.value = value
        self.cursor_position = len(value)

    def _recall(self, step: int) -> None:
        """Go to an earlier or later line that begins as the one being typed."""
        position = len(self._history) if self._past is None else self._past
        while 0 <= (position := position + step) < len(self._history):
            if self._history[position].startswith(self._draft):
                self._past = position
                self._fill(self._history[position])
                return
        if step > 0:
            self._past = None
            self._fill(self._draft)

    # Drawing

    @property
    def _lines(self) -> Sequence[Suggestion]:
        return self._offered[self._first : self._first + MOST_SHOWN]

    @property
    def _input_line(self) -> int:
        return len(self._lines) if self._above else 0

    @override
    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return 1 + min(len(self._offered), MOST_SHOWN)

    @property
    @override
    def cursor_screen_offset(self) -> Offset:
        return super().cursor_screen_offset + Offset(0, self._input_line)

    @override
    def render_line(self, y: int) -> Strip:
        line = self._input_line
        if y == line:
            return super().render_line(0)
        index = y if self._above else y - 1
        if not 0 <= index < len(self._lines):
            return Strip.blank(self.size.width, self.rich_style)
        return self._drawn(self._lines[index], chosen=self._first + index == self._chosen)

    def _drawn(self, offer: Suggestion, *, chosen: bool) -> Strip:
        width = self.size.width
        look = self.get_component_rich_style("line-input--chosen" if chosen else "line-input--list")
        faint: Style = look if chosen else self.get_component_rich_style("line-input--hint")
        label = neutral(f"{'>' if chosen else ' '} {offer.label or offer.value}")
        hint = f"  {neutral(offer.hint)}" if offer.hint else ""
        cells = cell_len(label)
        if cells >= width:
            return Strip([Segment(set_cell_size(label, width), look)], width)
        return Strip([Segment(label, look), Segment(set_cell_size(hint, width - cells), faint)], width)

    def on_click(self, event: events.Click) -> None:
        """Take the completion under the mouse."""
        index = event.y if self._above else event.y - 1
        if event.y != self._input_line and 0 <= index < len(self._lines):
            event.stop()
            self._take(self._lines[index].value)
