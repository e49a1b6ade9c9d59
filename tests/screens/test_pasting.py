"""What is pasted, and what is pressed without thinking, changes nothing."""

from __future__ import annotations

import random
import string

import pytest
from textual import events

from fleet.settings import Settings
from fleet.settings.model import ConnectionSettings
from fleet.values import JournalQuery
from screens.desk import Place
from screens.view import View
from tests.screens.conftest import LIST, Driven, Factory
from tests.widgets.waiting import until

PASTED = string.ascii_letters + string.digits + string.punctuation + " \n"
VIEWS = ["overview", "jobs", "journal", "events", "connections", "settings", "sessions"]
PROTECTED = Settings(connection=(ConnectionSettings(id="fake", backend="fake", protected=True),))


def places(driven: Driven) -> list[Place]:
    first = next(iter(driven.fleet.inventory.of_kind("container")))
    about = [Place(view, kind="container", resources=(first,), tab="overview") for view in ("resource", "logs")]
    kinds = [Place("resources", kind=kind) for kind in ("container", "image", "host", "process")]
    return [*kinds, *about, *(Place(view) for view in VIEWS)]


def world(driven: Driven) -> object:
    return {
        identity: (resource.state, resource.name, resource.since)
        for identity, resource in driven.fake.world.resources.items()
        if identity.kind != "process"
    }


async def calm(driven: Driven) -> None:
    """Leave every dialog and every line that the keys opened."""
    for _ in range(8):
        screen = driven.app.screen
        if isinstance(screen, View) and not screen.has_class("-commanding"):
            return
        await driven.pilot.press("escape")


async def untouched(driven: Driven, before: object) -> None:
    assert driven.app.is_running
    assert world(driven) == before
    assert not await driven.fleet.journal(JournalQuery())
    assert not driven.fleet.inventory.jobs
    assert not driven.fleet.inventory.shells
    assert driven.app.paths is not None
    assert not driven.app.paths.settings.exists()


def paste(driven: Driven, text: str) -> None:
    """As a terminal without bracketed paste sends it: one key per letter, all at once."""
    for letter in text:
        key = events.Key("enter" if letter == "\n" else letter, "\r" if letter == "\n" else letter)
        key.set_sender(driven.app)
        driven.app.post_message(key)


@pytest.mark.parametrize("place", range(13))
async def test_a_kilobyte_pasted_on_any_screen_does_nothing(cockpit: Factory, place: int) -> None:
    letters = random.Random(place)
    async with cockpit(LIST) as driven:
        before = world(driven)
        assert len(places(driven)) == 13
        driven.app.go(places(driven)[place])
        await driven.pilot.pause()
        paste(driven, "".join(letters.choices(PASTED, k=1024)))
        await until(driven.pilot, lambda: not driven.app._key_order._kept, limit=90)
        await calm(driven)
        await untouched(driven, before)


@pytest.mark.parametrize(
    "text",
    [
        "take u this D into yS account",
        "see:!touch /tmp/x\nand go on",
        "z undo . repeat 1234567",
        "x Dy remove it all y",
    ],
)
async def test_text_with_a_verb_in_it_does_nothing(cockpit: Factory, text: str) -> None:
    async with cockpit(LIST) as driven:
        before = world(driven)
        paste(driven, text)
        await until(driven.pilot, lambda: not driven.app._key_order._kept)
        await untouched(driven, before)


async def test_bracketed_text_reaches_only_lines_to_type_in(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        before = world(driven)
        driven.app.post_message(events.Paste("DSuKz:!x\n"))
        await driven.pilot.pause()
        await untouched(driven, before)


async def test_a_pasted_line_waits_for_enter(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        before = world(driven)
        paste(driven, ":restart web-0 timeout=3\n")
        await until(driven.pilot, lambda: driven.app.screen.has_class("-commanding"))
        await untouched(driven, before)


@pytest.mark.parametrize("kind", ["container", "image", "host", "process"])
async def test_no_letter_changes_what_is_protected_without_a_dialog(cockpit: Factory, kind: str) -> None:
    async with cockpit(Place("resources", kind=kind), settings=PROTECTED) as driven:
        before = world(driven)
        for letter in string.ascii_letters:
            driven.app.go(Place("resources", kind=kind))
            await driven.pilot.pause()
            await driven.pilot.press(letter)
            await driven.pilot.pause()
            if letter == "q":
                continue
            await calm(driven)
        await untouched(driven, before)
