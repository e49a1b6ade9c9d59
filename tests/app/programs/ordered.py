"""An app with everything that moves the focus: filter, command line, palette, dialogs from workers and after paints."""

from __future__ import annotations

import asyncio
import sys

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static
from typing_extensions import override

from app.driver import QuarterdeckDriver
from app.typeahead import OrderedKeys


class Body(Widget, can_focus=True):
    """What has the focus to begin with."""

    DEFAULT_CSS = "Body { height: 1; }"


class Ask(ModalScreen[str | None]):
    """A dialog with one field."""

    @override
    def compose(self) -> ComposeResult:
        yield Vertical(Input())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with what was typed."""
        event.stop()
        self.dismiss(event.value)


class Ordered(OrderedKeys, App[int]):
    """Writes down what arrived where."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [
        Binding("q", "quit"),
        Binding("slash", "filter"),
        Binding("colon", "ask"),
        Binding("ctrl+p", "ask", priority=True),
        Binding("w", "work"),
        Binding("h", "slow"),
        Binding("a", "after"),
        Binding("m", "mount"),
        Binding("v", "verb"),
    ]

    def __init__(self) -> None:
        super().__init__(driver_class=QuarterdeckDriver)
        self.seen: list[str] = []

    @override
    def compose(self) -> ComposeResult:
        yield Body()
        yield Static("READY", id="state", markup=False)
        yield Input(id="filter", disabled=True)

    def on_mount(self) -> None:
        """Start away from the filter."""
        self.query_one(Body).focus()

    def action_filter(self) -> None:
        """Focus the filter, as ``/`` does."""
        field = self.query_one("#filter", Input)
        field.disabled = False
        field.focus()

    def action_ask(self) -> None:
        """Open a dialog at once."""
        self.push_screen(Ask(), self._answered)

    def action_work(self) -> None:
        """Open a dialog from a worker."""
        self.run_worker(self._ask())

    def action_slow(self) -> None:
        """Open a dialog after asking somebody slow first."""
        self.run_worker(self._ask_slowly())

    def action_after(self) -> None:
        """Focus the filter after the next repaint."""
        self.call_after_refresh(self.action_filter)

    async def action_mount(self) -> None:
        """Bring a field that was not there before, and focus it."""
        field = Input(classes="new")
        await self.mount(field)
        field.focus()

    def action_verb(self) -> None:
        """A verb that pasted text must not run."""
        self._note("quiet" if self.keys_are_quiet() else "verb")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Note what was typed and go back."""
        field = event.input
        self._note(f"[{event.value}]")
        self.query_one(Body).focus()
        if field.has_class("new"):
            field.remove()
        else:
            field.value = ""
            field.disabled = True

    async def _ask(self) -> None:
        self._answered(await self.push_screen_wait(Ask()))

    async def _ask_slowly(self) -> None:
        with self.hold_keys(at_most=30):
            await asyncio.sleep(0.3)
            answer = self.push_screen(Ask(), wait_for_dismiss=True)
        self._answered(await answer)

    def _answered(self, value: str | None) -> None:
        self._note(f"<{value}>")

    def _note(self, what: str) -> None:
        self.seen.append(what)
        self.query_one("#state", Static).update(f"SEEN {len(self.seen)}.")


if __name__ == "__main__":
    app = Ordered()
    app.run()
    sys.stdout.write("\nEND " + "".join(app.seen) + "\n")
    sys.exit(app.return_code)
