"""The overview: what is up, what is wrong, what is busy."""

from __future__ import annotations

import msgspec
import pytest

from backends.contract.errors import NeedsAuth
from backends.contract.model import Health, Severity, State
from screens.desk import Place
from screens.overview import ATTENDED, OverviewView
from screens.resource import ResourceView
from tests.fakes.backend import FakeBackend
from tests.screens.conftest import Driven, Factory
from tests.widgets.waiting import screen_text, until
from widgets.metric_chart import MetricChart

SIZES = [(80, 24), (120, 40)]
OVERVIEW = Place("overview")


def shown(driven: Driven) -> str:
    return "\n".join(screen_text(driven.pilot))


def overview(driven: Driven) -> OverviewView:
    assert isinstance(driven.app.screen, OverviewView)
    return driven.app.screen


@pytest.mark.parametrize("size", SIZES)
async def test_connections_are_counted_in_words_and_missing_engines_named(
    cockpit: Factory, size: tuple[int, int]
) -> None:
    async with cockpit(OVERVIEW, size=size, fake=FakeBackend(missing=True)) as driven:
        await until(driven.pilot, lambda: "10 containers: 7 running" in shown(driven))
        assert "● online" in shown(driven)
        assert "1 host running" in shown(driven)
        assert "There is no second fake. Make one." in shown(driven)


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_wrong_is_listed_with_its_reason_and_opens_by_enter(
    cockpit: Factory, size: tuple[int, int]
) -> None:
    async with cockpit(OVERVIEW, size=size) as driven:
        await until(driven.pilot, lambda: "It ran out of memory" in shown(driven))
        await driven.pilot.press("enter")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, ResourceView))
        await until(driven.pilot, lambda: "cron-9" in shown(driven))
        await driven.pilot.press("escape")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, OverviewView))


async def test_what_is_healed_is_not_wrong_any_more_and_what_falls_ill_is(cockpit: Factory) -> None:
    async with cockpit(OVERVIEW) as driven:
        world = driven.fake.world
        await until(driven.pilot, lambda: "cron-9" in shown(driven))
        world.turn(world.named("cron-9"), State.RUNNING)
        world.sicken(world.named("fake"), Health.FAULT, "Disk / is full.")
        await until(driven.pilot, lambda: "Disk / is full." in shown(driven))
        assert not any("cron-9" in line and "failed" in line for line in screen_text(driven.pilot))


async def test_a_lost_connection_says_why_and_when_and_goes_when_it_is_back(cockpit: Factory) -> None:
    async with cockpit(OVERVIEW) as driven:
        driven.fake.world.go_offline()
        await until(driven.pilot, lambda: "Offline: Cannot reach fake." in shown(driven))
        assert "✖ offline" in shown(driven)
        assert "Is it running?" in shown(driven)
        driven.fake.world.come_back()
        await until(driven.pilot, lambda: "● online" in shown(driven) and "Offline" not in shown(driven))


async def test_refused_credentials_are_wrong_too(cockpit: Factory) -> None:
    async with cockpit(OVERVIEW) as driven:
        driven.fake.world.go_offline(NeedsAuth("fake wants a password.", hint="Give it one."))
        await until(driven.pilot, lambda: "Needs-auth: fake wants a password." in shown(driven))
        assert "Give it one." in shown(driven)


@pytest.mark.parametrize("size", SIZES)
async def test_the_busiest_are_measured_and_tab_goes_to_them(cockpit: Factory, size: tuple[int, int]) -> None:
    async with cockpit(OVERVIEW, size=size) as driven:
        await until(driven.pilot, lambda: any("%" in line and "web-0" in line for line in screen_text(driven.pilot)))
        first = overview(driven).current
        await driven.pilot.press("tab")
        assert overview(driven).current != first
        assert overview(driven).selection == (overview(driven).current,)
        await driven.pilot.press("shift+tab")
        assert overview(driven).current == first


async def test_of_many_resources_a_bounded_number_is_measured(cockpit: Factory) -> None:
    async with cockpit(OVERVIEW, fake=FakeBackend(resources=1000)) as driven:
        await until(driven.pilot, lambda: "700 running" in shown(driven))
        await until(driven.pilot, lambda: len(driven.fleet._monitor._views.resources().get("fake", ())) == ATTENDED)


async def test_nothing_is_measured_for_a_screen_that_was_left(cockpit: Factory) -> None:
    async with cockpit(OVERVIEW) as driven:
        looked_at = driven.fleet._monitor._views._interests
        await until(driven.pilot, lambda: "overview" in looked_at)
        await driven.pilot.press("9")
        await until(driven.pilot, lambda: "overview" not in looked_at)
        await driven.pilot.press("1")
        await until(driven.pilot, lambda: "overview" in looked_at)


async def test_charts_and_what_happened_come_only_where_there_is_room(cockpit: Factory) -> None:
    async with cockpit(OVERVIEW, size=(80, 24)) as driven:
        await until(driven.pilot, lambda: "BUSY" in shown(driven))
        assert not driven.app.screen.query(MetricChart)
        assert len(list(driven.app.screen.query("*"))) < 10
        await driven.pilot.resize_terminal(120, 40)
        await until(driven.pilot, lambda: "Memory used  now" in shown(driven))
        world = driven.fake.world
        found = msgspec.structs.replace(world.get(world.named("web-0")), status="Up!")
        world.put(found, event="sneezed", severity=Severity.WARNING)
        await until(driven.pilot, lambda: "sneezed" in shown(driven))


async def test_verbs_work_on_the_row_under_the_cursor(cockpit: Factory) -> None:
    async with cockpit(OVERVIEW) as driven:
        await until(driven.pilot, lambda: "cron-9" in shown(driven))
        await driven.pilot.press("u")
        await until(driven.pilot, lambda: ("start", "cron-9") in [(verb, about) for verb, about in started(driven)])


def started(driven: Driven) -> list[tuple[str, str]]:
    names = {r.id.native: r.name for r in driven.fake.world.resources.values()}
    return [(verb.rsplit(".")[-1], names.get(about, about)) for verb, about in driven.fake.world.calls]


async def test_a_command_line_keeps_its_enter_and_its_tab(cockpit: Factory) -> None:
    async with cockpit(OVERVIEW) as driven:
        await until(driven.pilot, lambda: "cron-9" in shown(driven))
        await driven.pilot.press("colon", *"eve", "tab", "enter")
        await until(driven.pilot, lambda: driven.app.screen.place().view == "events")  # type: ignore[attr-defined]  # a View


async def test_hostile_names_cannot_move_the_cursor(cockpit: Factory) -> None:
    async with cockpit(OVERVIEW) as driven:
        world = driven.fake.world
        sick = world.get(world.named("cron-9"))
        evil = "\x1b[2J\u202eevil[bold]"
        world.put(msgspec.structs.replace(sick, name=evil, reason=f"{evil} died."), event=evil)
        await until(driven.pilot, lambda: "evil[bold]" in shown(driven))
        assert "\x1b" not in shown(driven)
        assert "\u202e" not in shown(driven)
