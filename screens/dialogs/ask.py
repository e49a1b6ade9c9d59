"""A question with yes and no, for what does not go through the gate: hanging up, cancelling."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static
from typing_extensions import override

from screens.command import key_name
from widgets.cells import neutral


class AskDialog(ModalScreen[bool]):
    """Asks; ``y`` is yes, ``n`` and escape are no, and enter alone does nothing."""

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    AskDialog { align: center middle; background: $background 60%; }
    AskDialog > Vertical {
        width: 90%; max-width: 80; height: auto;
        border: round $primary; background: $surface; padding: 0 1;
    }
    AskDialog Static { height: auto; }
    """

    def __init__(self, title: str, question: str, yes: str) -> None:
        super().__init__()
        self._title = title
        self._question = question
        self._yes = yes

    @override
    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = neutral(self._title)
            yield Static(Text(neutral(self._question)))
            yield Static(Text(f"\ny  {self._yes}    n  leave it", style="bold"))

    def on_key(self, event: Key) -> None:
        """Yes or no."""
        key = key_name(event)
        if key in ("y", "n", "escape"):
            event.stop()
            self.dismiss(key == "y")
