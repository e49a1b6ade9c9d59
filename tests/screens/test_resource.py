"""The resource screen: its tabs, what it says, and what it does."""

from __future__ import annotations

import msgspec
import pytest

from backends.contract.errors import Refused
from backends.contract.model import Health, ResourceId, Severity, State
from screens.desk import Place
from screens.dialogs.menu import Menu
from screens.dialogs.plan import PlanDialog
from screens.logs import LogsView
from screens.resource import ResourceView
from screens.resource_tabs.metrics import ChartsPane
from screens.resources import ResourcesView
from screens.view import View
from tests.fakes.backend import FakeBackend
from tests.screens.conftest import Driven, Factory
from tests.widgets.waiting import screen_text, until

SIZES = [(80, 24), (120, 40)]
WEB = ResourceId("fake", "container", "000000000000")
STOPPED = ResourceId("fake", "container", "000000000007")
HOST = ResourceId("fake", "host", "this")


def about(resource: ResourceId, tab: str = "overview") -> Place:
    return Place("resource", kind=resource.kind, resources=(resource,), tab=tab)


def shown(driven: Driven) -> str:
    return "\n".join(screen_text(driven.pilot))


def view(driven: Driven) -> ResourceView:
    assert isinstance(driven.app.screen, ResourceView)
    return driven.app.screen


def tabs(driven: Driven) -> list[str]:
    return [pane.TAB for pane in view(driven).tabs()]


def tab(driven: Driven) -> str:
    return view(driven).place().tab


def searching(driven: Driven) -> str:
    pane = view(driven).pane
    return pane.searching if pane else ""


@pytest.mark.parametrize("size", SIZES)
async def test_every_tab_opens_at_every_size_and_the_first_comes_round_again(
    cockpit: Factory, size: tuple[int, int]
) -> None:
    async with cockpit(about(WEB), size=size) as driven:
        await until(driven.pilot, lambda: "● running" in shown(driven))
        names = tabs(driven)
        assert names == ["overview", "metrics", "logs", "inspect", "processes", "events"]
        for name in [*names[1:], names[0]]:
            await driven.pilot.press("]")
            await until(driven.pilot, lambda name=name: tab(driven) == name)  # type: ignore[misc]  # bound at once
        await driven.pilot.press("[")
        assert tab(driven) == "events"


async def test_only_tabs_that_make_sense_are_offered(cockpit: Factory) -> None:
    async with cockpit(about(STOPPED)) as driven:
        await until(driven.pilot, lambda: "stopped" in shown(driven))
        assert tabs(driven) == ["overview", "logs", "inspect", "events"]
        await driven.pilot.press("m")
        assert tab(driven) == "overview"


@pytest.mark.parametrize("size", SIZES)
async def test_the_overview_tells_state_owner_facts_labels_and_numbers(cockpit: Factory, size: tuple[int, int]) -> None:
    async with cockpit(about(WEB), size=size) as driven:
        await until(driven.pilot, lambda: " of 512M" in shown(driven))
        assert "fake (host); J goes there" in shown(driven)
        assert "stack=shop0" in shown(driven)


async def test_what_is_wrong_is_said_in_a_sentence(cockpit: Factory) -> None:
    async with cockpit(about(WEB)) as driven:
        driven.fake.world.sicken(WEB, Health.FAULT, "Its health check failed 9 times.")
        await until(driven.pilot, lambda: "Its health check failed 9 times." in shown(driven))


async def test_digits_choose_the_time_window_of_charts_and_go_to_areas_elsewhere(cockpit: Factory) -> None:
    async with cockpit(about(WEB)) as driven:
        await until(driven.pilot, lambda: "CPU  now" in shown(driven))
        await driven.pilot.press("3")
        pane = view(driven).pane
        assert isinstance(pane, ChartsPane)
        assert pane.window.title == "1h"
        await driven.pilot.press("i", "3")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, ResourcesView))


async def test_the_log_is_followed_and_enter_reads_it_full_screen(cockpit: Factory) -> None:
    async with cockpit(about(WEB, "logs")) as driven:
        await until(driven.pilot, lambda: "00000049" in shown(driven))
        driven.fake.world.say(WEB, "something new")
        await until(driven.pilot, lambda: "something new" in shown(driven))
        await driven.pilot.press("slash", *"something", "enter")
        await until(driven.pilot, lambda: searching(driven) == "something")
        await driven.pilot.press("escape")
        assert searching(driven) == ""
        await driven.pilot.press("enter")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, LogsView))
        await until(driven.pilot, lambda: len(driven.fake.world.readers[WEB]) == 1)


async def test_inspect_hides_secrets_and_finds_what_is_searched(cockpit: Factory) -> None:
    async with cockpit(about(WEB, "inspect")) as driven:
        await until(driven.pilot, lambda: '"web-0"' in shown(driven))
        await driven.pilot.press("slash", *"PASSWORD", "enter")
        await until(driven.pilot, lambda: "PASSWORD=" in shown(driven))
        assert "hunter2" not in shown(driven)
        await driven.pilot.press("y")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, Menu) and "Path" in shown(driven))


async def test_a_description_that_is_refused_says_why(cockpit: Factory) -> None:
    async with cockpit(about(WEB)) as driven:
        driven.fake.world.fail("inspect", Refused("No.", hint="Ask nicely."))
        await driven.pilot.press("i")
        await until(driven.pilot, lambda: "No. Ask nicely." in shown(driven))


async def test_processes_are_listed_again_while_they_are_shown(cockpit: Factory) -> None:
    async with cockpit(about(WEB, "processes")) as driven:
        await until(driven.pilot, lambda: "init" in shown(driven))
        driven.fake.world.running.add("sleep 99")
        await until(driven.pilot, lambda: "sleep 99" in shown(driven))
        driven.fake.world.turn(WEB, State.STOPPED)
        await until(driven.pilot, lambda: "there are no processes" in shown(driven))


async def test_members_are_listed_filtered_and_opened(cockpit: Factory) -> None:
    async with cockpit(about(HOST, "members")) as driven:
        await until(driven.pilot, lambda: "db-1" in shown(driven) and "queue-4" in shown(driven))
        await driven.pilot.press("slash", *"db-", "enter")
        await until(driven.pilot, lambda: "queue-4" not in shown(driven))
        await driven.pilot.press("enter")
        await until(driven.pilot, lambda: view(driven).place().resource != HOST and "db-1" in shown(driven))
        await driven.pilot.press("J")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, ResourcesView))


async def test_events_and_journal_entries_stand_together_by_time(cockpit: Factory) -> None:
    async with cockpit(about(WEB, "events")) as driven:
        world = driven.fake.world
        world.put(msgspec.structs.replace(world.get(WEB), status="Up!"), event="sneezed", severity=Severity.WARNING)
        await until(driven.pilot, lambda: "sneezed" in shown(driven))
        await driven.pilot.press("p")
        await until(driven.pilot, lambda: "Pause" in shown(driven) and "● done" in shown(driven))


async def test_verbs_have_the_keys_they_have_in_lists(cockpit: Factory) -> None:
    async with cockpit(about(WEB)) as driven:
        await until(driven.pilot, lambda: "● running" in shown(driven))
        await driven.pilot.press("S")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, PlanDialog))
        await until(driven.pilot, lambda: "y  Stop" in shown(driven))
        await driven.pilot.press("y")
        await until(driven.pilot, lambda: "○ stopped" in shown(driven))
        await driven.pilot.press("x")
        await until(driven.pilot, lambda: "there is nothing to stop" in shown(driven))


async def test_what_is_gone_stays_readable_and_offers_nothing_to_do(cockpit: Factory) -> None:
    async with cockpit(about(WEB)) as driven:
        await until(driven.pilot, lambda: "web:1.0" in shown(driven))
        driven.fake.world.drop(WEB)
        await until(driven.pilot, lambda: "gone since" in shown(driven))
        assert "web:1.0" in shown(driven)
        assert view(driven).selection == ()
        await driven.pilot.press("S", "x", "]", "i")
        assert isinstance(driven.app.screen, ResourceView)


async def test_what_is_lost_says_since_when_and_why_and_comes_back(cockpit: Factory) -> None:
    async with cockpit(about(WEB)) as driven:
        await until(driven.pilot, lambda: "● running" in shown(driven))
        driven.fake.world.go_offline()
        await until(driven.pilot, lambda: "fake is offline. Cannot reach fake." in shown(driven))
        driven.fake.world.come_back()
        await driven.pilot.press("P")
        await until(driven.pilot, lambda: "is offline" not in shown(driven))


async def test_it_is_measured_while_shown_and_not_when_left(cockpit: Factory) -> None:
    async with cockpit(about(WEB)) as driven:
        looked_at = driven.fleet._monitor._views._interests
        await until(driven.pilot, lambda: any(WEB in i.resources for i in looked_at.values()))
        await driven.pilot.press("7")
        await until(driven.pilot, lambda: not any(WEB in i.resources for i in looked_at.values()))
        await driven.pilot.press("q")
        await until(driven.pilot, lambda: any(WEB in i.resources for i in looked_at.values()))


async def test_what_was_never_there_is_said_to_be_unknown(cockpit: Factory) -> None:
    async with cockpit(about(ResourceId("fake", "container", "nothing"))) as driven:
        await until(driven.pilot, lambda: "is not known here" in shown(driven))
        await driven.pilot.press("]", "]", "x", "y", "S", "i", "l", "m", "J", "slash")
        assert isinstance(driven.app.screen, View)


async def test_every_letter_on_every_tab_changes_nothing_without_a_dialog(cockpit: Factory) -> None:
    async with cockpit(about(HOST), fake=FakeBackend(resources=3)) as driven:
        before = dict(driven.fake.world.resources)
        for name in ["overview", "metrics", "logs", "inspect", "processes", "members", "events"]:
            driven.app.go(about(HOST, name))
            await until(driven.pilot, lambda name=name: tab(driven) == name)  # type: ignore[misc]  # bound at once
            for key in ("f", "w", "n", "N", "o", "escape", "O", "j", "k", "g", "G", "slash", "escape"):
                await driven.pilot.press(key)
        assert driven.fake.world.resources == before
