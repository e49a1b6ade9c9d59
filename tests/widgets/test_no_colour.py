"""What colour says is also said by words or shapes: these widgets with NO_COLOR set, at 80 by 24, by keys alone."""

from __future__ import annotations

import pytest

from tests.widgets.test_form import filling
from tests.widgets.test_frame import FULL, Framed
from tests.widgets.test_line_input import asking, suggest
from tests.widgets.test_terminal import bench, bench_of
from tests.widgets.waiting import screen_text, until
from widgets.frame import Header


@pytest.fixture(autouse=True)
def _no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")


async def test_the_header_says_faults_and_marks_in_words() -> None:
    app = Framed()
    async with app.run_test(size=(80, 24)) as pilot:
        app.query_one(Header).show(FULL)
        await pilot.pause()
        assert "READ-ONLY" in screen_text(pilot)[0]
        assert "2 connections offline" in screen_text(pilot)[0]


async def test_the_chosen_completion_and_a_wrong_field_can_be_told_apart() -> None:
    async with asking(suggest=suggest) as (_app, pilot):
        await pilot.press("c", "down")
        await pilot.pause()
        assert [line[:1] for line in screen_text(pilot)[2:5]] == [">", " ", " "]
    async with filling() as (_form, pilot):
        await pilot.press("ctrl+j")
        await pilot.pause()
        assert "New name is needed." in screen_text(pilot)[1]


async def test_the_terminal_shows_its_cursor_and_coloured_text() -> None:
    async with bench() as pilot:
        await bench_of(pilot).terminal.consume(b"\x1b[38;5;200mtext\x1b[0m")
        await until(pilot, lambda: screen_text(pilot)[0].startswith("text"))
        strip = bench_of(pilot).terminal.render_line(0)
        assert [part.text for part in strip if part.style is not None and part.style.reverse] == [" "]
