"""Settings, themes and keys, changed while the interface runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.settings import Settings
from fleet.settings.model import Interface
from screens.desk import Place
from screens.dialogs.setting import SettingDialog
from screens.settings import SettingsView
from tests.screens.conftest import LIST, Driven, Factory
from tests.widgets.waiting import screen_text, until


def shown(driven: Driven) -> str:
    return "\n".join(screen_text(driven.pilot))


def told(driven: Driven) -> str:
    """Everything that was notified, or stands in the dialog, without its line breaks."""
    notices = [f"{notice.title} {notice.message}" for notice in driven.app._notifications]
    return " ".join([*notices, *shown(driven).replace("│", " ").split()])


def file(driven: Driven) -> Path:
    assert driven.app.paths is not None
    return driven.app.paths.settings


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_every_setting_is_listed_with_where_it_comes_from(cockpit: Factory, size: tuple[int, int]) -> None:
    async with cockpit(Place("settings"), size=size) as driven:
        view = driven.app.screen
        assert isinstance(view, SettingsView)
        await until(driven.pilot, lambda: view.table.total > 20)
        assert "interface.theme" in shown(driven)
        assert "harbour" in shown(driven)
        assert "default" in shown(driven)


async def test_a_changed_setting_keeps_the_rest_of_the_file(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        file(driven).write_text("# mine\n[interface]\nascii = false  # no\n", encoding="utf-8")
        driven.app.tuning.look_again()
        driven.app.go(Place("settings", tab="interface.theme"))
        await until(driven.pilot, lambda: "interface.theme" in shown(driven))
        await driven.pilot.press("enter")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, SettingDialog))
        await driven.pilot.press("p", "enter")
        await until(driven.pilot, lambda: driven.app.theme == "paper")
        assert file(driven).read_text(encoding="utf-8").startswith("# mine\n[interface]\nascii = false  # no\n")
        assert 'theme = "paper"' in file(driven).read_text(encoding="utf-8")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, SettingsView))
        await driven.pilot.press("R")
        await until(driven.pilot, lambda: not isinstance(driven.app.screen, SettingsView))
        await driven.pilot.press("y")
        await until(driven.pilot, lambda: driven.app.theme == "harbour")
        assert "theme" not in file(driven).read_text(encoding="utf-8")


async def test_a_wrong_value_is_refused_at_its_field(cockpit: Factory) -> None:
    async with cockpit(Place("settings", tab="monitor.list_every")) as driven:
        await until(driven.pilot, lambda: "monitor.list_every" in shown(driven))
        driven.app.go(Place("settings", tab="monitor.list_every"))
        await driven.pilot.press("enter")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, SettingDialog))
        await driven.pilot.press("end", *(["backspace"] * 6), "minus", "1", "enter")
        await until(driven.pilot, lambda: "must be a number above 0" in told(driven))
        assert isinstance(driven.app.screen, SettingDialog)
        assert not file(driven).exists()


async def test_the_file_edited_meanwhile_is_not_overwritten(cockpit: Factory) -> None:
    async with cockpit(Place("settings")) as driven:
        file(driven).write_text("[interface]\n", encoding="utf-8")
        await driven.app.set_by_text("interface.theme", "paper")
        await until(driven.pilot, lambda: "was changed meanwhile" in told(driven))
        assert file(driven).read_text(encoding="utf-8") == "[interface]\n"


async def test_the_theme_picker_previews_and_escape_takes_it_back(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        await driven.pilot.press("ctrl+t")
        await until(driven.pilot, lambda: "> harbour" in shown(driven))
        await driven.pilot.press("down")
        assert driven.app.theme == "paper"
        await driven.pilot.press("escape")
        await until(driven.pilot, lambda: driven.app.theme == "harbour")
        await driven.pilot.press("ctrl+t")
        await until(driven.pilot, lambda: "> harbour" in shown(driven))
        await driven.pilot.press(*"high", "enter")
        await until(driven.pilot, lambda: file(driven).exists() and driven.app.settings.interface.theme != "harbour")
        assert driven.app.theme == "high-contrast"


async def test_keys_of_commands_and_of_widgets_are_the_users(cockpit: Factory) -> None:
    settings = Settings(keys={"app.journal": "f9", "table.down": ["ctrl+n", "down"]})
    async with cockpit(LIST, settings=settings) as driven:
        table = driven.app.screen.table  # type: ignore[attr-defined]  # a list is shown
        await driven.pilot.press("ctrl+n")
        assert table.cursor_row == 1
        await driven.pilot.press("j")
        assert table.cursor_row == 1
        await driven.pilot.press("f9")
        await until(driven.pilot, lambda: driven.app._here.view == "journal")


async def test_keys_that_cannot_be_are_told_at_the_start_and_in_the_settings(cockpit: Factory) -> None:
    settings = Settings(interface=Interface(theme="nope"), keys={"container.remove": "d"})
    async with cockpit(Place("settings"), settings=settings) as driven:
        await until(driven.pilot, lambda: "There is no theme “nope”." in told(driven))
        await until(driven.pilot, lambda: "“d” means both list.describe and container.remove" in shown(driven))
        await driven.pilot.press("p")
        await until(driven.pilot, lambda: "would let a plain letter destroy" in told(driven))


async def test_the_command_line_sets_settings_and_themes(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        driven.app.run_line("theme paper")
        await until(driven.pilot, lambda: driven.app.theme == "paper")
        driven.app.run_line("set interface.keys k9s")
        await until(driven.pilot, lambda: driven.app.keymap.keys("list.copy") == ("c",))
        driven.app.run_line("set interface.keys wordstar")
        await until(driven.pilot, lambda: "must be one of" in told(driven))
        driven.app.run_line("set interface.colour x")
        await until(driven.pilot, lambda: "There is no setting" in told(driven))
        driven.app.run_line("set interface.theme")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, SettingsView))
