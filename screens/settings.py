"""Every setting: what it is, what it may be, where its value comes from; changed here, written without loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual import work
from typing_extensions import override

from backends.contract.errors import BackendError
from backends.contract.model import Column, Fact, Health, Resource, ResourceId, Source, State
from screens.command import GLOBAL, LIST
from screens.commands import SETTINGS
from screens.copying import Copied
from screens.desk import Desk
from screens.dialogs.details import Details
from screens.dialogs.setting import SettingDialog
from screens.records import FLEET, Records, record_kind
from screens.tuning import WHEN_DAEMON_STARTED, WHEN_STARTED, Setting
from screens.view import News
from widgets.cells import neutral

PROBLEMS_SHOWN: Final = 3

SETTING: Final = record_kind(
    "setting",
    "settings",
    (
        Column("name", "SETTING", Source.FIELD, "name", width=22, grow=1, rank=0),
        Column("value", "VALUE", Source.FACT, "value", width=14, grow=1, rank=0),
        Column("default", "DEFAULT", Source.FACT, "default", width=10, rank=4),
        Column("source", "FROM", Source.FACT, "source", width=9, rank=2),
        Column("doc", "WHAT IT IS", Source.FACT, "doc", width=20, grow=4, rank=1),
        Column("holds", "HOLDS", Source.FACT, "holds", width=12, rank=5),
    ),
    sort="name",
)

_HOLDS: Final = {WHEN_STARTED: "next start", WHEN_DAEMON_STARTED: "next daemon"}


class SettingsView(Records):
    """Settings by name; Enter changes one, R takes it back to its default."""

    VIEW = "settings"
    KIND = SETTING
    CONTEXTS: ClassVar[tuple[str, ...]] = (SETTINGS, LIST, GLOBAL)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._settings: dict[ResourceId, Setting] = {}

    @override
    def learn(self, news: News) -> None:
        if news.all:
            self._show_settings()

    def _show_settings(self) -> None:
        found = self.desk.tuning.settings(self.desk.theme_names)
        rows = [setting_row(setting) for setting in found]
        self._settings = {row.id: setting for row, setting in zip(rows, found, strict=True)}
        self.load(rows)
        self.say(self._headline())

    def _headline(self) -> Text | None:
        """Where the file is, and what is wrong with it or with the keys in it."""
        problems = [*self.desk.tuning.problems, *self.desk.key_problems]
        if not problems:
            file = self.desk.tuning.file
            return Text(neutral(file), style="dim") if file else None
        shown = [f"! {neutral(problem)}" for problem in problems[:PROBLEMS_SHOWN]]
        if len(problems) > PROBLEMS_SHOWN:
            shown[-1] = f"! and {len(problems) - PROBLEMS_SHOWN + 1} more; p shows all"
        return Text("\n".join(shown), style="bold", no_wrap=True, overflow="ellipsis")

    # -- commands

    @work(group="dialog")
    async def do_list_open(self) -> None:
        """Change the setting under the cursor."""
        setting = self._chosen_setting()
        if setting is None:
            return
        if setting.parameter is None:
            self.notify(f"{setting.key} is written by hand in {self.desk.tuning.file or 'the settings file'}.")
            return
        answer = await self.app.push_screen_wait(SettingDialog(self.desk, setting))
        if answer is not None and answer.value != setting.value:
            await self._change(setting, answer.value)

    @work(group="dialog")
    async def do_settings_reset(self) -> None:
        """Back to the default: the line goes out of the file."""
        setting = self._chosen_setting()
        if setting is None or setting.source == "default":
            self.notify("This is its default already.", severity="warning")
        elif setting.parameter is None:
            self.notify(f"{setting.key} is written by hand in {self.desk.tuning.file}.", severity="warning")
        elif await self.confirmed("Settings", f"{setting.key} back to its default?", "Take it out of the file"):
            await self._change(setting, None)

    async def _change(self, setting: Setting, value: Fact) -> None:
        try:
            await self.desk.change_setting(setting.key, value)
        except BackendError as error:
            self.report(error)
            return
        self._show_settings()
        self.notify(f"{setting.key}: takes effect {setting.holds}.")

    def do_settings_problems(self) -> None:
        """Everything wrong with the settings and the keys, to be read."""
        problems = [*self.desk.tuning.problems, *self.desk.key_problems]
        text = "\n\n".join(neutral(problem) for problem in problems) or "Nothing is wrong with the settings."
        self.app.push_screen(Details(self.desk, "Problems", Text(text)))

    def _chosen_setting(self) -> Setting | None:
        row = self.chosen
        return self._settings.get(row.id) if row else None

    @override
    def copies(self, resources: Sequence[Resource]) -> Sequence[Copied]:
        lines = [f"{row.name} = {row.facts.get('value')}" for row in resources]
        return [Copied("the setting", "\n".join(lines))] if lines else []


def setting_row(setting: Setting) -> Resource:
    """A setting as a row; what was changed stands out by a word, not by colour."""
    facts: dict[str, Fact] = {
        "value": _text(setting.value),
        "default": "" if setting.parameter is None else _text(setting.default),
        "source": setting.source,
        "doc": setting.doc,
        "holds": _HOLDS.get(setting.holds, setting.holds),
    }
    return Resource(
        id=ResourceId(FLEET, SETTING.id, setting.key),
        name=setting.key,
        state=State.PRESENT,
        health=Health.UNKNOWN,
        status=setting.source,
        facts=facts,
    )


def _text(value: Fact) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return " ".join(value)
        case float():
            return f"{value:g}"
        case _:
            return str(value)
