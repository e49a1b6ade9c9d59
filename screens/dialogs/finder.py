"""Finds one of many by typing: the palette, the theme picker. Draws only the lines in sight, at every keystroke."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final, NamedTuple

from rich.cells import set_cell_size
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static
from typing_extensions import override

from widgets.cells import neutral
from widgets.line_input import LineInput

MOST_FOUND: Final = 50
"""Hits listed: whoever wants the fifty-first types another letter."""
LINES: Final = 14


class Found(NamedTuple):
    """One hit. ``reason`` says why it cannot be chosen now."""

    title: str
    note: str
    value: object
    reason: str = ""


Search = Callable[[str], Sequence[Found]]
"""Called at every keystroke: it must be quick, and give at most ``MOST_FOUND`` hits, the best first."""


def containing(items: Sequence[Found]) -> Search:
    """Search among few: those that have every word, in their own order."""
    listed = [(f"{item.title} {item.note}".lower(), item) for item in items]

    def search(typed: str) -> Sequence[Found]:
        words = typed.lower().split()
        return [item for text, item in listed if all(word in text for word in words)][:MOST_FOUND]

    return search


class Finder(ModalScreen[object]):
    """A line to type in over a list of hits. Enter takes the one under the cursor, escape none."""

    AUTO_FOCUS = "LineInput"
    DEFAULT_CSS = """
    Finder { align: center top; background: $background 60%; }
    Finder > Vertical {
        width: 90%; max-width: 96; height: auto; max-height: 90%; margin-top: 1;
        border: round $primary; background: $surface; padding: 0 1;
    }
    Finder #hits { height: auto; }
    """
    MOVES: ClassVar[dict[str, int]] = {"up": -1, "down": 1, "pageup": -LINES, "pagedown": LINES}

    def __init__(
        self,
        title: str,
        search: Search,
        *,
        placeholder: str = "",
        preview: Callable[[object], None] | None = None,
        first: object = None,
    ) -> None:
        """Make a finder.

        Args:
            title: of the dialog.
            search: what finds.
            placeholder: what stands in the empty line.
            preview: told the value under the cursor whenever another is.
            first: the value the cursor starts on.
        """
        super().__init__()
        self._title = title
        self._search = search
        self._placeholder = placeholder
        self._preview = preview
        self._first = first
        self._found: Sequence[Found] = ()
        self._cursor = 0
        self._top = 0

    @property
    def found(self) -> Sequence[Found]:
        """The hits now."""
        return self._found

    @override
    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Text(self._title)
            box.border_subtitle = "enter choose · up down · esc"
            yield LineInput(placeholder=self._placeholder)
            yield Static(id="hits")

    def on_mount(self) -> None:
        """Show what there is before anything is typed."""
        self._look("")
        places = [index for index, hit in enumerate(self._found) if hit.value == self._first]
        self._move_to(places[0] if places else 0)

    def _look(self, typed: str) -> None:
        self._found = self._search(typed)
        self._cursor = self._top = 0
        self._draw()

    def _move_to(self, cursor: int) -> None:
        self._cursor = max(0, min(cursor, len(self._found) - 1))
        self._top = max(self._cursor - self._room + 1, min(self._top, self._cursor))
        self._draw()
        if self._preview is not None and self._found:
            self._preview(self._found[self._cursor].value)

    @property
    def _room(self) -> int:
        return max(3, min(LINES, self.app.size.height - 6))

    def _draw(self) -> None:
        hits = self.query_one("#hits", Static)
        width = max(20, hits.size.width or min(92, self.app.size.width * 9 // 10 - 4))
        text = Text(no_wrap=True, overflow="ellipsis")
        for index, hit in enumerate(self._found[self._top : self._top + self._room], start=self._top):
            here = index == self._cursor
            label = neutral(f"{'>' if here else ' '} {hit.title}")
            note = f"  {neutral(hit.reason or hit.note)}" if hit.reason or hit.note else ""
            style = "reverse" if here else "dim" if hit.reason else ""
            line = Text(set_cell_size(label + note, width), style=style)
            if not here:
                line.stylize("dim", len(label))
            text.append_text(line).append("\n")
        if not self._found:
            text.append("  Nothing is called like that.", style="dim")
        hits.update(text)

    # -- keys

    def on_key(self, event: events.Key) -> None:
        """Move while typing goes on."""
        step = self.MOVES.get(event.key)
        if step is not None:
            event.stop()
            event.prevent_default()
            self._move_to(self._cursor + step)

    def on_resize(self) -> None:
        """Draw for the new width."""
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """Take the hit that was clicked; a click beside the dialog leaves it."""
        hits = self.query_one("#hits", Static)
        row = event.screen_y - hits.region.y + self._top
        if hits.region.contains(event.screen_x, event.screen_y) and row < len(self._found):
            self._take(self._found[row])

    @on(LineInput.Changed)
    def _typed(self, event: LineInput.Changed) -> None:
        event.stop()
        self._look(event.value)
        if self._preview is not None and self._found and event.value:
            self._preview(self._found[0].value)

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        event.stop()
        if self._found:
            self._take(self._found[self._cursor])

    @on(LineInput.Cancelled)
    def _cancelled(self, event: LineInput.Cancelled) -> None:
        event.stop()
        self.dismiss(None)

    def _take(self, hit: Found) -> None:
        if hit.reason:
            self.notify(hit.reason, severity="warning")
            return
        self.dismiss(hit.value)
