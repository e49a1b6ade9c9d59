from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static
from typing_extensions import override

from tests.widgets.waiting import screen_text
from widgets.line_input import LineInput, Suggestion

WORDS = ("containers", "connections", "config", "logs", "images")


def suggest(value: str) -> Sequence[Suggestion]:
    return [Suggestion(word, f"go to {word}") for word in WORDS if value and word.startswith(value)]


class Asking(App[None]):
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.options = options
        self.submitted: list[str] = []
        self.cancelled = 0

    @override
    def compose(self) -> ComposeResult:
        yield Static("before")
        yield LineInput(**self.options)
        yield Static("after")

    @property
    def line(self) -> LineInput:
        return self.query_one(LineInput)

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        self.submitted.append(event.value)

    @on(LineInput.Cancelled)
    def _cancelled(self) -> None:
        self.cancelled += 1


@asynccontextmanager
async def asking(**options: Any) -> AsyncGenerator[tuple[Asking, Pilot[None]], None]:
    app = Asking(**options)
    async with app.run_test(size=(80, 24)) as pilot:
        app.line.focus()
        await pilot.pause()
        yield app, pilot


def lines(pilot: Pilot[None]) -> list[str]:
    return [line.rstrip() for line in screen_text(pilot)]


async def test_ghost_text_shows_the_first_completion_and_right_takes_it() -> None:
    async with asking(suggest=suggest) as (app, pilot):
        await pilot.press("c", "o", "n", "t")
        await pilot.pause()
        assert lines(pilot)[1] == "containers"
        assert app.line.value == "cont"
        await pilot.press("right", "enter")
        assert app.submitted == ["containers"]


async def test_the_list_opens_below_and_closes_when_nothing_fits() -> None:
    async with asking(suggest=suggest) as (_app, pilot):
        await pilot.press("c", "o")
        await pilot.pause()
        assert [line.split() for line in lines(pilot)[2:6]] == [
            ["containers", "go", "to", "containers"],
            ["connections", "go", "to", "connections"],
            ["config", "go", "to", "config"],
            ["after"],
        ]
        await pilot.press("x")
        await pilot.pause()
        assert lines(pilot)[2] == "after"


async def test_the_list_may_open_above() -> None:
    async with asking(suggest=suggest, above=True) as (app, pilot):
        await pilot.press("c", "o", "n", "f", "down")
        await pilot.pause()
        assert lines(pilot)[1].startswith("> config")
        assert lines(pilot)[2] == "config"
        assert app.line.cursor_screen_offset.y == 2


async def test_tab_goes_round_the_completions_and_escape_gives_the_typed_text_back() -> None:
    async with asking(suggest=suggest) as (app, pilot):
        await pilot.press("c", "o", "tab", "tab")
        assert app.line.value == "connections"
        await pilot.press("shift+tab", "shift+tab")
        assert app.line.value == "config"
        await pilot.press("escape")
        assert (app.line.value, app.cancelled) == ("co", 0)
        await pilot.press("escape")
        assert app.cancelled == 1


async def test_a_single_completion_is_taken_by_tab() -> None:
    async with asking(suggest=suggest) as (app, pilot):
        await pilot.press("l", "tab")
        assert app.line.value == "logs"
        assert app.focused is app.line


async def test_typing_on_from_a_chosen_completion_completes_anew() -> None:
    async with asking(suggest=suggest) as (app, pilot):
        await pilot.press("c", "o", "down", "down", "backspace")
        assert app.line.value == "connection"
        assert [offer.value for offer in app.line.offered] == ["connections"]
        assert app.line.chosen is None


async def test_arrows_walk_the_history_that_begins_as_typed() -> None:
    async with asking(history=["logs web", "stop db", "logs db"]) as (app, pilot):
        await pilot.press("l", "up")
        assert app.line.value == "logs db"
        await pilot.press("up", "up")
        assert app.line.value == "logs web"
        await pilot.press("down", "down")
        assert app.line.value == "l"
        await pilot.press("ctrl+u", "up", "up")
        assert app.line.value == "stop db"
        await pilot.press("enter")
        assert app.line.history == ("logs web", "logs db", "stop db")


async def test_a_long_list_scrolls_with_the_choice() -> None:
    def many(value: str) -> Sequence[Suggestion]:
        return [Suggestion(f"{value[:1]}{number:02}") for number in range(20)]

    async with asking(suggest=many) as (app, pilot):
        await pilot.press("n", *["down"] * 10)
        await pilot.pause()
        assert app.line.value == "n09"
        assert [line.strip(" >") for line in lines(pilot)[2:10]] == [f"n{number:02}" for number in range(2, 10)]
        assert lines(pilot)[10] == "after"


async def test_a_click_takes_a_completion_and_the_cursor_never_blinks() -> None:
    async with asking(suggest=suggest) as (app, pilot):
        await pilot.press("c", "o")
        await pilot.pause()
        await pilot.click(LineInput, offset=(3, 2))
        assert app.line.value == "connections"
        assert not app.line.cursor_blink


async def test_hostile_suggestions_are_drawn_harmlessly() -> None:
    async with asking(suggest=lambda _value: [Suggestion("a", "x\x1b[2Jy\u202e"), Suggestion("b\x07")]) as (
        _app,
        pilot,
    ):
        await pilot.press("a")
        await pilot.pause()
        assert all(line.isprintable() for line in lines(pilot))
