"""The bare Textual app everything is compared with: a line of text that counts keys."""

from __future__ import annotations

import sys

from textual.app import App, ComposeResult
from textual.events import Key
from textual.widgets import Static
from typing_extensions import override


class Hello(App[None]):
    """Counts keys."""

    count = 0

    @override
    def compose(self) -> ComposeResult:
        yield Static("READY 0", markup=False)

    def on_key(self, event: Key) -> None:
        """Show that the key came."""
        if event.key == "q":
            self.exit()
        self.count += 1
        self.query_one(Static).update(f"READY {self.count}")


if __name__ == "__main__":
    Hello().run()
    sys.exit(0)
