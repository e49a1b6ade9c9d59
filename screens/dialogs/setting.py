"""The form for one setting; what is wrong with a value stands at the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from typing_extensions import override

from backends.contract.model import Fact
from screens.desk import Desk
from screens.tuning import Setting
from widgets.form import Form


class Chosen(NamedTuple):
    """The value a person wants."""

    value: Fact


class SettingDialog(ModalScreen[Chosen | None]):
    """Asks for the value of a setting."""

    DEFAULT_CSS = """
    SettingDialog { align: center middle; background: $background 60%; }
    SettingDialog > Vertical {
        width: 90%; max-width: 90; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    SettingDialog Form { height: auto; max-height: 100%; }
    """

    def __init__(self, desk: Desk, setting: Setting) -> None:
        super().__init__()
        self._desk = desk
        self._setting = setting

    @override
    def compose(self) -> ComposeResult:
        parameter = self._setting.parameter
        with Vertical() as box:
            box.border_title = Text(self._setting.key)
            box.border_subtitle = Text(f"enter save, takes effect {self._setting.holds} · esc leave")
            if parameter is not None:
                yield Form((parameter,), values={parameter.id: self._setting.value}, check=self._wrong)

    def _wrong(self, values: Mapping[str, Fact]) -> Mapping[str, str]:
        problem = self._desk.tuning.problem(self._setting, values["value"])
        return {"value": problem} if problem else {}

    @on(Form.Submitted)
    def _submitted(self, event: Form.Submitted) -> None:
        if not self._desk.keys_are_quiet():
            self.dismiss(Chosen(event.values["value"]))

    @on(Form.Cancelled)
    def _cancelled(self) -> None:
        self.dismiss(None)
