"""The arguments dialog: an operation's parameters as a form."""

from __future__ import annotations

from collections.abc import Mapping

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from typing_extensions import override

from backends.contract.model import Fact
from backends.contract.operation import Operation
from widgets.form import Form


class ArgumentsDialog(ModalScreen[dict[str, Fact] | None]):
    """Asks for an operation's arguments; every problem stands at its field."""

    DEFAULT_CSS = """
    ArgumentsDialog { align: center middle; background: $background 60%; }
    ArgumentsDialog > Vertical {
        width: 90%; max-width: 90; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    ArgumentsDialog Form { height: auto; max-height: 100%; }
    """

    def __init__(self, operation: Operation, values: Mapping[str, Fact] | None = None, about: str = "") -> None:
        super().__init__()
        self._operation = operation
        self._values = values or {}
        self._about = about

    @override
    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = f"{self._operation.title} {self._about}".strip()
            box.border_subtitle = "enter next/done · alt+enter done · esc leave"
            yield Form(self._operation.parameters, values=self._values)

    @on(Form.Submitted)
    def _submitted(self, event: Form.Submitted) -> None:
        self.dismiss(dict(event.values))

    @on(Form.Cancelled)
    def _cancelled(self) -> None:
        self.dismiss(None)
