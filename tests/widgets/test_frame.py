from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual import on
from textual.app import App, ComposeResult
from typing_extensions import override

from tests.widgets.waiting import screen_text, until
from widgets.frame import Header, KeyFooter, KeyHint, Place

HINTS = (
    KeyHint("l", "Logs", "container.logs", rank=1),
    KeyHint("s", "Shell", "container.shell", rank=1),
    KeyHint("S", "Stop", "container.stop", asks=True, rank=3),
    KeyHint("D", "Remove", "container.remove", asks=True, rank=4),
    KeyHint("?", "Help", "help", rank=0),
)


class Framed(App[None]):
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.ascii_only = ascii_only
        self.pressed: list[str] = []

    @override
    def compose(self) -> ComposeResult:
        yield Header(ascii_only=self.ascii_only)
        yield KeyFooter(HINTS, ascii_only=self.ascii_only)

    @on(KeyFooter.Pressed)
    def _pressed(self, event: KeyFooter.Pressed) -> None:
        self.pressed.append(event.hint.action)


async def drawn(place: Place, width: int, *, ascii_only: bool = False) -> str:
    app = Framed(ascii_only=ascii_only)
    async with app.run_test(size=(width, 24)) as pilot:
        app.query_one(Header).show(place)
        await pilot.pause()
        return screen_text(pilot)[0]


FULL = Place(("Containers", "web-1", "Logs"), ("READ-ONLY",), "2 connections offline", ("3 jobs", "14:05"))


async def test_the_header_says_where_one_is_and_what_is_wrong() -> None:
    line = await drawn(FULL, 80)
    assert line.startswith(" Containers › web-1 › Logs ")  # noqa: RUF001 - the sign meant
    assert line.rstrip().endswith("READ-ONLY   2 connections offline  3 jobs  14:05")


async def test_a_narrow_header_gives_up_notes_then_outer_crumbs_but_no_fault() -> None:
    line = await drawn(FULL, 60)
    assert "Logs" in line
    assert "READ-ONLY" in line
    assert "2 connections offline" in line
    assert "14:05" not in line
    assert "… › Logs" in await drawn(FULL, 50)  # noqa: RUF001 - the sign meant


async def test_without_unicode_only_ascii_is_drawn() -> None:
    line = await drawn(FULL, 50, ascii_only=True)
    assert line.isascii()
    assert "... > Logs" in line


async def test_hostile_names_move_nothing() -> None:
    line = await drawn(Place(("a\x1b[2Jb", "c\u202ed")), 40)
    assert line.rstrip().isprintable()


async def test_showing_the_same_again_paints_nothing() -> None:
    app = Framed()
    async with app.run_test(size=(80, 24)) as pilot:
        header, footer = app.query_one(Header), app.query_one(KeyFooter)
        header.show(FULL)
        await pilot.pause()
        header.show(Place(*FULL))
        footer.show(list(HINTS))
        assert not header._repaint_regions
        assert not footer._repaint_regions


async def test_the_footer_marks_what_asks_first() -> None:
    app = Framed()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert screen_text(pilot)[1].rstrip() == " l Logs  s Shell  S Stop…  D Remove…  ? Help"


async def test_a_narrow_footer_drops_the_least_relevant_keys_and_keeps_the_order() -> None:
    app = Framed(ascii_only=True)
    async with app.run_test(size=(30, 24)) as pilot:
        await pilot.pause()
        assert screen_text(pilot)[1].rstrip() == " l Logs  s Shell  ? Help"


async def test_clicking_a_key_does_what_it_says() -> None:
    app = Framed()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click(KeyFooter, offset=(11, 0))
        await pilot.click(KeyFooter, offset=(70, 0))
        await until(pilot, lambda: app.pressed == ["container.shell"])


@given(
    st.lists(st.tuples(st.text(max_size=4), st.text(max_size=12), st.integers(0, 9)), max_size=20), st.integers(1, 120)
)
def test_the_footer_never_exceeds_its_line_nor_ten_keys(given_hints: list[tuple[str, str, int]], width: int) -> None:
    footer = KeyFooter(KeyHint(key, text, "a", rank=rank) for key, text, rank in given_hints)
    shown = footer.shown(width)
    assert len(shown) <= 10
    assert sum(cell_len(piece) for piece, _name in footer._drawn(shown)) <= width


@pytest.mark.parametrize("width", [1, 5, 20, 40, 80])
async def test_the_header_fills_its_line_exactly(width: int) -> None:
    header = Header(FULL)
    assert sum(cell_len(text) for text, _name in header._pieces(width)) == width
