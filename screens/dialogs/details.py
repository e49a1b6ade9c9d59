"""A text to read and to copy: what there is to know about one thing."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static
from typing_extensions import override

from screens.command import key_name
from screens.desk import Desk

_PAGES = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": 10, "pageup": -10, "ctrl+d": 5, "ctrl+u": -5}


class Details(ModalScreen[None]):
    """Shows a text; any of escape, enter and q closes it."""

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    Details { align: center middle; background: $background 60%; }
    Details > Vertical {
        width: 90%; max-width: 100; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    Details VerticalScroll { height: auto; max-height: 1fr; }
    Details Static { height: auto; }
    """

    def __init__(self, desk: Desk, title: str, text: Text) -> None:
        super().__init__()
        self._desk = desk
        self._title = title
        self._text = text

    @override
    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Text(self._title)
            box.border_subtitle = "y copy · esc close"
            with VerticalScroll(can_focus=False):
                yield Static(self._text)

    def on_key(self, event: Key) -> None:
        """Close, copy, scroll."""
        key = key_name(event)
        if key in ("escape", "enter", "q"):
            self.dismiss(None)
        elif key == "y":
            self._desk.copy(self._text.plain, "the text")
        elif key in _PAGES:
            self.query_one(VerticalScroll).scroll_relative(y=_PAGES[key], animate=False)
        else:
            return
        event.stop()
        event.prevent_default()
