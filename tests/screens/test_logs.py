"""The logs screen, driven by its keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Static

from backends.contract.model import State
from screens.desk import Place
from screens.dialogs.export import ExportDialog
from screens.dialogs.sources import SourcesDialog
from screens.logs import LogsView
from tests.fakes.backend import FakeBackend
from tests.screens.conftest import Driven, Factory
from tests.widgets.waiting import screen_text, until
from widgets.line_input import LineInput
from widgets.log_format import Timestamps


def logs(fake: FakeBackend, *names: str) -> Place:
    return Place("logs", kind="container", resources=tuple(fake.world.named(name) for name in names))


def view(driven: Driven) -> LogsView:
    screen = driven.app.screen
    assert isinstance(screen, LogsView)
    return screen


def state(driven: Driven) -> str:
    return str(view(driven).query_one("#state", Static).content)


async def has_lines(driven: Driven, count: int) -> None:
    await until(driven.pilot, lambda: view(driven).log_view.status.lines == count)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_lines_of_two_sources_are_merged_and_named(cockpit: Factory, size: tuple[int, int]) -> None:
    fake = FakeBackend()
    async with cockpit(logs(fake, "web-0", "db-1"), fake=fake, size=size) as driven:
        await has_lines(driven, 100)
        seen = "\n".join(screen_text(driven.pilot))
        assert "web-0" in seen
        assert "db-1" in seen
        assert state(driven).startswith(" web-0, db-1 · newest 200 · 100 lines · following")


async def test_new_lines_come_in_sight_and_pausing_keeps_the_picture(cockpit: Factory) -> None:
    fake = FakeBackend()
    async with cockpit(logs(fake, "web-0"), fake=fake) as driven:
        await has_lines(driven, 50)
        fake.world.say(fake.world.named("web-0"), "hello there")
        await until(driven.pilot, lambda: any("hello there" in line for line in screen_text(driven.pilot)))
        await driven.pilot.press("p")
        fake.world.say(fake.world.named("web-0"), "not yet")
        await until(driven.pilot, lambda: view(driven).log_view.status.new == 1)
        assert not any("not yet" in line for line in screen_text(driven.pilot))
        assert "paused" in state(driven)
        await driven.pilot.press("p")
        await until(driven.pilot, lambda: any("not yet" in line for line in screen_text(driven.pilot)))


async def test_search_goes_from_match_to_match_and_escape_ends_it(cockpit: Factory) -> None:
    fake = FakeBackend()
    async with cockpit(logs(fake, "web-0"), fake=fake) as driven:
        await has_lines(driven, 50)
        await driven.pilot.press("slash", *"ERROR", "enter")
        await until(driven.pilot, lambda: "7 of 7 “ERROR”" in state(driven))
        await driven.pilot.press("N")
        await until(driven.pilot, lambda: "6 of 7 “ERROR”" in state(driven))
        await driven.pilot.press("escape")
        await until(driven.pilot, lambda: "ERROR" not in state(driven))
        assert isinstance(driven.app.screen, LogsView)


async def test_the_filter_hides_the_rest_and_leaves_context_when_asked(cockpit: Factory) -> None:
    fake = FakeBackend()
    async with cockpit(logs(fake, "web-0"), fake=fake) as driven:
        await has_lines(driven, 50)
        await driven.pilot.press("ampersand", *"ERROR", "enter")
        await until(driven.pilot, lambda: "7 of 50 lines" in state(driven))
        await driven.pilot.press("C")
        await until(driven.pilot, lambda: view(driven).log_view.status.shown > 7)
        assert "filter ERROR ±2" in state(driven)
        await driven.pilot.press("escape")
        await until(driven.pilot, lambda: "50 lines" in state(driven) and "filter" not in state(driven))


async def test_a_broken_expression_is_told_and_can_be_mended(cockpit: Factory) -> None:
    fake = FakeBackend()
    async with cockpit(logs(fake, "web-0"), fake=fake) as driven:
        await has_lines(driven, 50)
        await driven.pilot.press("slash", *"re:(", "enter")
        await driven.pilot.pause()
        assert isinstance(driven.app.focused, LineInput)
        await driven.pilot.press("E", "R", ")", "enter")
        await until(driven.pilot, lambda: view(driven).log_view.status.matches == 7)


async def test_digits_choose_time_windows_and_say_why_nothing_is_there(cockpit: Factory) -> None:
    fake = FakeBackend()
    async with cockpit(logs(fake, "web-0"), fake=fake, size=(80, 24)) as driven:
        await has_lines(driven, 50)
        await driven.pilot.press("2")
        await has_lines(driven, 0)
        assert any("Nothing was written in the last 1 min" in line for line in screen_text(driven.pilot))
        await driven.pilot.press("1")
        await has_lines(driven, 50)
        await driven.pilot.press("alt+3")
        await until(driven.pilot, lambda: not isinstance(driven.app.screen, LogsView))


async def test_a_stopped_source_without_lines_says_so(cockpit: Factory) -> None:
    fake = FakeBackend()
    fake.world.log_size = 0
    fake.world.turn(fake.world.named("web-0"), State.STOPPED)
    async with cockpit(logs(fake, "web-0"), fake=fake) as driven:
        await until(driven.pilot, lambda: any("web-0 is Exited (0)" in line for line in screen_text(driven.pilot)))


async def test_other_sources_are_picked_from_a_list(cockpit: Factory) -> None:
    fake = FakeBackend()
    async with cockpit(logs(fake, "auth-8"), fake=fake) as driven:
        await has_lines(driven, 50)
        await driven.pilot.press("s")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, SourcesDialog))
        await driven.pilot.press("down", "space", "enter")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, LogsView))
        await has_lines(driven, 100)
        assert "auth-8, cache-2" in state(driven)


async def test_letters_do_no_verb_here(cockpit: Factory) -> None:
    fake = FakeBackend()
    async with cockpit(logs(fake, "web-0"), fake=fake) as driven:
        await has_lines(driven, 50)
        await driven.pilot.press("S", "r", "D", "u")
        await driven.pilot.pause()
        assert driven.app.screen is view(driven)
        assert not driven.fleet.inventory.jobs


async def test_looks_are_turned_by_their_keys(cockpit: Factory) -> None:
    fake = FakeBackend()
    async with cockpit(logs(fake, "web-0"), fake=fake) as driven:
        await has_lines(driven, 50)
        await driven.pilot.press("t", "w", "J", "c", "m")
        log_view = view(driven).log_view
        await until(driven.pilot, lambda: log_view.status.lines == 51)
        assert (log_view.timestamps, log_view.wrap, log_view.json) == (Timestamps.LOCAL, True, True)
        assert "times local · colours by level · JSON" in state(driven)


async def test_export_replaces_a_file_only_when_told_twice(cockpit: Factory, tmp_path: Path) -> None:
    fake = FakeBackend()
    target = tmp_path / "taken.log"
    target.write_text("precious")
    async with cockpit(logs(fake, "web-0"), fake=fake) as driven:
        await has_lines(driven, 50)
        await driven.pilot.press("ctrl+x")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, ExportDialog))
        dialog = driven.app.screen
        dialog.query_one(LineInput).value = str(target)
        await driven.pilot.press("enter")
        await until(driven.pilot, lambda: "already exists" in str(dialog.query_one("#hint", Static).content))
        assert target.read_text() == "precious"
        await driven.pilot.press("enter")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, LogsView))
        assert target.read_text().count("\n") == 50


async def test_a_lost_connection_is_noted_and_read_on_without_a_line_twice(cockpit: Factory) -> None:
    fake = FakeBackend()
    source = fake.world.named("web-0")
    async with cockpit(logs(fake, "web-0"), fake=fake) as driven:
        await has_lines(driven, 50)
        fake.world.say(source, "before")
        await has_lines(driven, 51)
        fake.world.cut()
        await until(driven.pilot, lambda: any("connection lost" in line for line in screen_text(driven.pilot)))
        await driven.fleet.retry("fake")
        fake.world.say(source, "after")
        await until(driven.pilot, lambda: any(" after" in line for line in screen_text(driven.pilot)))
        shown = "\n".join(screen_text(driven.pilot))
        assert shown.count("before") == 1


async def test_hostile_names_and_lines_reach_the_screen_harmless(cockpit: Factory) -> None:
    fake = FakeBackend()
    fake.world.hostile = True
    fake.world.rename(fake.world.named("web-0"), "evil\x1b[2J\n[red]name")
    async with cockpit(logs(fake, "evil\x1b[2J\n[red]name"), fake=fake, size=(80, 24)) as driven:
        await has_lines(driven, 50)
        assert "\x1b" not in "".join(screen_text(driven.pilot))
        assert "[red]name" in state(driven)
