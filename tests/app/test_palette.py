"""The palette and the help: what they offer, how fast, and that what is chosen is done."""

from __future__ import annotations

import pytest

from app.palette import Offer, Prepared
from screens.desk import Place
from screens.dialogs.finder import MOST_FOUND, Finder
from screens.dialogs.menu import Menu
from screens.view import View
from tests.fakes.backend import FakeBackend
from tests.screens.conftest import LIST, Driven, Factory
from tests.widgets.waiting import screen_text, until
from widgets.frame import KeyFooter


def shown(driven: Driven) -> str:
    return "\n".join(screen_text(driven.pilot))


def offers(*titles: str) -> Prepared:
    return Prepared([Offer(title, "note", lambda: None) for title in titles])


def titles(prepared: Prepared, typed: str) -> list[str]:
    return [found.title for found in prepared.find(typed)]


def test_what_begins_so_comes_first_then_words_that_do_then_the_rest() -> None:
    prepared = offers("cobweb", "old web", "webserver", "web-1")
    assert titles(prepared, "web") == ["web-1", "webserver", "old web", "cobweb"]


def test_a_slip_of_a_finger_still_finds() -> None:
    assert "connections" in titles(offers("connections", "jobs", "events"), "conections")
    assert titles(offers("connections", "jobs"), "zzzz") == []


def test_of_ten_thousand_resources_only_the_best_are_offered() -> None:
    prepared = Prepared(
        [Offer(f"service-{n % 97}-{n}", f"container · host-{n % 50}", lambda: None) for n in range(10_000)]
    )
    for typed in ("s", "se", "service-9", "servce-42", "host-7 service", "9"):
        assert 0 < len(prepared.find(typed)) <= MOST_FOUND


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_resource_is_found_by_its_name_and_opened(cockpit: Factory, size: tuple[int, int]) -> None:
    async with cockpit(LIST, size=size) as driven:
        name = next(iter(driven.fleet.inventory.of_kind("container").values())).name
        await driven.pilot.press("ctrl+p", *name)
        await until(driven.pilot, lambda: isinstance(driven.app.screen, Finder) and name in shown(driven))
        found = driven.app.screen.found  # type: ignore[attr-defined]  # a Finder, as just waited for
        place = next(index for index, hit in enumerate(found) if hit.title == name)
        await driven.pilot.press(*["down"] * place, "enter")
        await until(driven.pilot, lambda: driven.app._here.view == "resource")


async def test_a_verb_for_the_selection_is_offered_with_the_reason_why_not(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        await driven.pilot.press("ctrl+p")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, Finder))
        selected = driven.app._views["resources:containers"].table.current  # type: ignore[attr-defined]
        resource = driven.fleet.inventory.get(selected)
        assert resource is not None
        assert f"Remove {resource.name}" in shown(driven)
        await driven.pilot.press(*"start ", *resource.name)
        assert f"Start {resource.name}" in shown(driven)


async def test_views_settings_and_themes_are_found(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        await driven.pilot.press("ctrl+p", *"events", "enter")
        await until(driven.pilot, lambda: driven.app._here.view == "events")
        await driven.pilot.press("ctrl+p", *"log_bytes", "enter")
        await until(driven.pilot, lambda: driven.app._here == Place("settings", tab="interface.log_bytes"))
        await driven.pilot.press("ctrl+p", *"theme paper", "enter")
        await until(driven.pilot, lambda: driven.app.theme == "paper")


async def test_ten_thousand_resources_open_the_palette_and_answer(cockpit: Factory) -> None:
    async with cockpit(LIST, fake=FakeBackend(resources=10_000, connections=4)) as driven:
        await driven.pilot.press("ctrl+p")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, Finder))
        await driven.pilot.press(*"web-9")
        await until(driven.pilot, lambda: "> web-9" in shown(driven))
        await driven.pilot.press("escape")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, View))


@pytest.mark.parametrize("view", ["resources", "journal", "connections", "settings", "events", "jobs", "overview"])
async def test_help_lists_what_is_possible_here_and_does_it(cockpit: Factory, view: str) -> None:
    async with cockpit(LIST if view == "resources" else Place(view), size=(80, 24)) as driven:
        await until(driven.pilot, lambda: isinstance(driven.app.screen, View))
        await driven.pilot.press("?")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, Menu) and "Help" in shown(driven))
        assert len(screen_text(driven.pilot)) == 24
        await driven.pilot.press(*"command log", "enter")
        await until(driven.pilot, lambda: driven.app._here.view == "journal")


async def test_help_knows_movement_and_verbs(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        await driven.pilot.press("?", *"half a page down")
        await until(driven.pilot, lambda: "Half a page down" in shown(driven))
        await driven.pilot.press("enter")
        await until(driven.pilot, lambda: driven.app.screen.table.cursor_row > 0)  # type: ignore[attr-defined]
        await driven.pilot.press("?", *"remove")
        await until(driven.pilot, lambda: "Remove" in shown(driven))


@pytest.mark.parametrize("view", ["resources", "journal", "connections", "settings", "events", "jobs", "overview"])
async def test_the_footer_has_at_most_ten_keys_and_always_help(cockpit: Factory, view: str) -> None:
    async with cockpit(LIST if view == "resources" else Place(view), size=(80, 24)) as driven:
        await until(driven.pilot, lambda: "Help" in shown(driven))
        keys = driven.app.screen.query_one(KeyFooter).shown(80)
        assert len(keys) <= 10
        assert "?" in [hint.key for hint in keys]
