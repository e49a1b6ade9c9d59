"""A list to choose from: actions, help, copy, sort. Letters run what they stand beside, or search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option
from typing_extensions import override

from screens.command import key_name
from widgets.cells import neutral
from widgets.line_input import LineInput

T = TypeVar("T")
TITLE = 28
"""Cells after which the notes begin, where titles are no longer."""


class Item(NamedTuple, Generic[T]):
    """One line of a menu. ``reason`` says why it cannot be chosen now; it stays to be read."""

    value: T
    title: str
    key: str = ""
    note: str = ""
    reason: str | None = None


class Menu(ModalScreen[T | None], Generic[T]):
    """Shows items; enter takes the one under the cursor, a letter the one it stands beside, ``/`` searches."""

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    Menu { align: center middle; background: $background 60%; }
    Menu > Vertical {
        width: 90%; max-width: 96; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    Menu OptionList { height: auto; max-height: 100%; border: none; padding: 0; background: $surface; }
    Menu OptionList { text-wrap: nowrap; text-overflow: ellipsis; }
    Menu LineInput { height: 1; display: none; }
    Menu.-searching LineInput { display: block; }
    """
    MOVES: ClassVar[dict[str, str]] = {"j": "cursor_down", "k": "cursor_up", "g": "first", "G": "last"}

    def __init__(self, title: str, items: Sequence[Item[T]], *, search: bool = False) -> None:
        """Make a menu; with ``search`` every letter searches from the start."""
        super().__init__()
        self._title = title
        self._items = list(items)
        self._shown = list(items)
        self._search = search

    @override
    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Text(self._title)
            box.border_subtitle = "enter choose · type to search · esc" if self._search else "enter · / search · esc"
            yield LineInput(placeholder="search")
            yield OptionList()

    def on_mount(self) -> None:
        """Fill the list."""
        self._fill("")
        if self._search:
            self._start_search()
        else:
            self.query_one(OptionList).focus()

    def _start_search(self) -> None:
        self.add_class("-searching")
        self.query_one(LineInput).focus()

    def _fill(self, needle: str) -> None:
        words = needle.lower().split()
        self._shown = [item for item in self._items if all(word in _haystack(item) for word in words)]
        width = max((len(item.key) for item in self._items), default=0)
        title = min(TITLE, max((cell_len(item.title) for item in self._items), default=0))
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(Option(_line(item, width, title)) for item in self._shown)
        if self._shown:
            options.highlighted = 0

    def on_key(self, event: Key) -> None:
        """Escape leaves, letters choose, arrows move even while searching."""
        key = key_name(event)
        options = self.query_one(OptionList)
        searching = self.query_one(LineInput).has_focus
        if key == "escape" and not searching:
            self.dismiss(None)
        elif searching and key in ("down", "up", "pagedown", "pageup"):
            getattr(
                options, {"down": "action_cursor_down", "up": "action_cursor_up"}.get(key, f"action_{_page(key)}")
            )()
        elif searching:
            return
        elif item := next((item for item in self._items if item.key == key), None):
            self._take(item)
        elif key == "/":
            self._start_search()
        elif key in self.MOVES:
            getattr(options, f"action_{self.MOVES[key]}")()
        else:
            return
        event.stop()
        event.prevent_default()

    @on(LineInput.Changed)
    def _typed(self, event: LineInput.Changed) -> None:
        self._fill(event.value)

    @on(LineInput.Submitted)
    def _submitted(self) -> None:
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None and self._shown:
            self._take(self._shown[highlighted])

    @on(LineInput.Cancelled)
    def _cancelled(self) -> None:
        self.dismiss(None)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._take(self._shown[event.option_index])

    def _take(self, item: Item[Any]) -> None:
        if item.reason:
            self.notify(neutral(item.reason), severity="warning")
            return
        self.dismiss(item.value)


def _page(key: str) -> str:
    return "page_down" if key == "pagedown" else "page_up"


def _haystack(item: Item[Any]) -> str:
    return f"{item.title} {item.note} {item.key}".lower()


def _line(item: Item[Any], width: int, title: int) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{item.key:>{width}}  ", style="bold")
    name = neutral(item.title)
    text.append(name, style="dim" if item.reason else "")
    if item.reason or item.note:
        text.append(" " * (title - cell_len(name)))
        text.append(f"  {neutral(item.reason or item.note)}", style="dim italic" if item.reason else "dim")
    return text
