"""A small app on our driver: shows which keys came, and ends in every way an app can end."""

from __future__ import annotations

import sys

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Static
from typing_extensions import override

from app.driver import QuarterdeckDriver


class Plain(App[None]):
    """Shows the last key, and how many there were."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [("q", "quit"), ("c", "crash"), ("z", "suspend_process"), ("b", "block")]
    count = 0

    @override
    def compose(self) -> ComposeResult:
        yield Static("READY 0", markup=False)

    def on_key(self, event: events.Key) -> None:
        """Show it."""
        self.count += 1
        self.query_one(Static).update(f"READY {self.count} <{event.key}>")

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Show where."""
        self.query_one(Static).update(f"<click {event.x},{event.y}>")

    def on_paste(self, event: events.Paste) -> None:
        """Show what."""
        self.query_one(Static).update(f"<paste {event.text}>")

    def action_crash(self) -> None:
        """Fail as code fails."""
        raise RuntimeError("crashed on purpose")

    async def action_block(self) -> None:
        """Never answer again."""
        import asyncio

        self.query_one(Static).update("BLOCKED")
        await asyncio.sleep(0.05)
        await asyncio.Event().wait()


if __name__ == "__main__":
    app = Plain(driver_class=QuarterdeckDriver)
    app.run(mouse="--no-mouse" not in sys.argv)
    sys.exit(app.return_code)
