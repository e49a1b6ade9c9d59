"""The log view on a real, headless screen, read as a person would read it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from typing_extensions import override

from backends.contract.model import LogLine, ResourceId, Stream
from widgets.log_format import Timestamps
from widgets.log_view import LogView

WEB, DB = ResourceId("here", "container", "1"), ResourceId("here", "container", "2")


class Window(App[None]):
    def __init__(self, view: LogView) -> None:
        super().__init__()
        self.view = view
        self.told: list[str] = []

    @override
    def compose(self) -> ComposeResult:
        yield self.view

    def on_log_view_follow_changed(self, event: LogView.FollowChanged) -> None:
        self.told.append("follow" if event.control.follow else "stay")

    def on_log_view_status_changed(self) -> None:
        self.told.append("status")


@asynccontextmanager
async def opened(view: LogView, size: tuple[int, int] = (80, 10)) -> AsyncGenerator[Pilot[None], None]:
    async with Window(view).run_test(size=size) as pilot:
        view.focus()
        await pilot.pause()
        yield pilot


def screen(view: LogView) -> list[str]:
    """What is painted, without the cursor's cell."""
    return [view.render_line(y).text[1:].rstrip() for y in range(view.size.height)]


def whole(view: LogView) -> list[str]:
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await pilot.pause(0.01)
    await pilot.pause()


def numbered(count: int, start: int = 0) -> list[LogLine]:
    return [LogLine(text=f"line {number}", at=float(number)) for number in range(start, start + count)]


async def filled(pilot: Pilot[None], view: LogView, lines: Sequence[LogLine]) -> None:
    wanted = view.status.lines + len(lines)
    view.append(lines)
    await until(pilot, lambda: view.status.shown >= min(wanted, view.status.lines))


async def test_the_newest_lines_are_followed() -> None:
    view = LogView()
    async with opened(view) as pilot:
        await filled(pilot, view, numbered(100))
        assert screen(view) == [f" line {n}" for n in range(90, 100)]
        await filled(pilot, view, numbered(5, 100))
        assert screen(view)[-1] == " line 104"


def following(view: LogView) -> bool:
    """A call, so that a type checker does not take one answer for the next."""
    return view.follow


async def test_a_view_that_grows_goes_on_following() -> None:
    view = LogView()
    async with opened(view) as pilot:
        await filled(pilot, view, numbered(100))
        for rows in (8, 14, 6):
            await pilot.resize_terminal(80, rows)
            await pilot.pause()
            assert following(view)
            assert screen(view)[-1] == " line 99"


async def test_scrolling_up_leaves_the_end_and_the_end_key_comes_back() -> None:
    view = LogView()
    async with opened(view) as pilot:
        await filled(pilot, view, numbered(100))
        await pilot.press("up")
        assert not following(view)
        await filled(pilot, view, numbered(7, 100))
        assert screen(view)[:9] == [f" line {n}" for n in range(89, 98)]
        assert screen(view)[9].endswith("↓ 7 new")
        await pilot.press("G")
        assert following(view)
        assert screen(view)[-1] == " line 106"
        assert view.status.new == 0
        app = pilot.app
        assert isinstance(app, Window)
        assert [each for each in app.told if each != "status"] == ["stay", "follow"]
        await pilot.press("up", "down")
        assert following(view)


async def test_what_is_read_stays_in_sight_while_old_lines_are_dropped() -> None:
    view = LogView(max_lines=100)
    async with opened(view) as pilot:
        await filled(pilot, view, numbered(100))
        await pilot.press("up", "up")
        before = screen(view)[:9]
        await filled(pilot, view, numbered(30, 100))
        await until(pilot, lambda: view.status.dropped == 30)
        assert screen(view)[:9] == before
        assert view.status.lines == 100


async def test_wrapped_lines_show_every_character_once() -> None:
    view = LogView()
    async with opened(view, (40, 12)) as pilot:
        view.wrap = True
        await filled(pilot, view, [LogLine(text="x" * 100), LogLine(text="漢" * 30), LogLine(text="end")])
        rows = screen(view)
        assert sum(row.count("x") for row in rows) == 100
        assert sum(row.count("漢") for row in rows) == 30
        assert rows[5].strip() == "end"
        await pilot.resize_terminal(60, 12)
        await pilot.pause()
        assert sum(row.count("漢") for row in screen(view)) == 30


async def test_wrapping_keeps_the_newest_line_at_the_bottom() -> None:
    view = LogView()
    async with opened(view) as pilot:
        view.wrap = True
        await filled(pilot, view, [LogLine(text=f"{n} " + "x" * 200) for n in range(50)])
        await filled(pilot, view, [LogLine(text="newest")])
        assert screen(view)[-1] == " newest"
        view.wrap = False
        await pilot.pause()
        assert screen(view)[-1] == " newest"


async def test_moving_sideways_shows_the_rest_of_a_long_line() -> None:
    view = LogView()
    async with opened(view, (40, 4)) as pilot:
        await filled(pilot, view, [LogLine(text="".join(f"{n:03}" for n in range(40)))])
        assert screen(view)[0].endswith("…")
        await pilot.press(*["L"] * 20)
        assert screen(view)[0].endswith("039")
        assert screen(view)[0].startswith(" …")
        await pilot.press(*["H"] * 20)
        assert screen(view)[0].startswith(" 000001")


async def test_no_escape_but_colours_reaches_the_screen() -> None:
    view = LogView()
    async with opened(view) as pilot:
        await filled(pilot, view, [LogLine(text="\x1b[2J\x1b[31mred\x1b]0;x\x07\x1b[0m\x07")])
        assert screen(view)[0] == " red␇"
        segments = list(view.render_line(0))
        assert not any("\x1b" in segment.text for segment in segments)
        (red,) = [segment for segment in segments if segment.text == "red"]
        assert red.style is not None
        assert red.style.color is not None
        assert red.style.color.number == 1


async def test_search_goes_to_the_nearest_match_and_round() -> None:
    view = LogView()
    async with opened(view) as pilot:
        await filled(pilot, view, numbered(100))
        assert view.search("line 1") == 11
        assert view.status.position == 11
        assert any(row.startswith("▸ line 19") for row in whole(view))
        view.next_match()
        assert view.status.position == 1
        view.next_match(-1)
        assert view.status.position == 11
        assert not following(view)
        assert view.search("nowhere") == 0
        assert not view.next_match()
        view.search("")
        assert view.status.search == ""


async def test_the_match_under_the_cursor_keeps_its_own_background() -> None:
    view = LogView()
    async with opened(view) as pilot:
        await filled(pilot, view, numbered(3))
        view.search("line 2")
        styles = {segment.text: segment.style for segment in view.render_line(2)}
        hit, rest = styles["line 2"], styles["▸"]
        assert hit is not None
        assert rest is not None
        assert hit.bgcolor != rest.bgcolor
        assert hit.color != hit.bgcolor


async def test_lines_that_come_later_are_searched_and_filtered_too() -> None:
    view = LogView()
    async with opened(view) as pilot:
        await filled(pilot, view, numbered(10))
        view.search("line 1")
        view.filter("line 1")
        view.append(numbered(10, 10))
        await until(pilot, lambda: view.status.matches == 11)
        assert view.status.shown == 11


async def test_a_filter_hides_the_rest_and_keeps_context() -> None:
    view = LogView()
    async with opened(view) as pilot:
        await filled(pilot, view, numbered(50))
        assert view.filter("line 20", context=1) == 3
        await pilot.pause()
        assert [row for row in screen(view) if row] == [" line 19", " line 20", " line 21"]
        assert view.filter("!re:[0-8]$") == 5
        assert view.filter("nothing like it") == 0
        assert "hides all 50 lines" in screen(view)[0]
        assert view.filter("") == 50
        assert view.window(since=48.0) == 2
        with pytest.raises(ValueError, match=r"\.$"):
            view.filter("re:[")


async def test_merged_lines_name_their_source_and_errors_are_marked() -> None:
    view = LogView(names={WEB: "shop-web-1", DB: "shop-db-1"})
    async with opened(view) as pilot:
        await filled(
            pilot,
            view,
            [
                LogLine(text="hello", source=WEB),
                LogLine(text="broken", source=DB, stream=Stream.ERR),
                LogLine(text="log ended", source=DB, stream=Stream.NOTE),
            ],
        )
        assert screen(view)[0] == "web-1  hello"
        assert screen(view)[1] == "db-1  !broken"
        assert screen(view)[2].startswith("db-1")
        assert "── log ended ───" in screen(view)[2]


async def test_timestamps_take_their_turn() -> None:
    view = LogView()
    async with opened(view) as pilot:
        await filled(pilot, view, [LogLine(text="hello", at=time.time() - 61)])
        view.timestamps = Timestamps.UTC
        assert screen(view)[0].rstrip().endswith("Z  hello")
        view.timestamps = Timestamps.RELATIVE
        assert "1m0" in screen(view)[0]
        view.timestamps = view.timestamps.next()
        assert screen(view)[0] == " hello"


async def test_json_lines_become_columns() -> None:
    view = LogView()
    async with opened(view) as pilot:
        view.json = True
        await filled(pilot, view, [LogLine(text='{"level":"warn","msg":"slow","ms":1200}'), LogLine(text="plain")])
        assert screen(view)[:2] == [" WARN  slow  ms=1200", " plain"]


async def test_pausing_keeps_the_picture_and_every_line() -> None:
    view = LogView()
    async with opened(view) as pilot:
        await filled(pilot, view, numbered(20))
        view.paused = True
        view.append(numbered(30, 20))
        await until(pilot, lambda: "paused, 30 new" in screen(view)[-1])
        assert screen(view)[0] == " line 10"
        assert view.status.new == 30
        view.paused = False
        await until(pilot, lambda: view.status.shown == 50)
        assert screen(view)[-1] == " line 49"
        assert view.status.new == 0


async def test_a_mark_is_a_ruler_with_the_time() -> None:
    view = LogView()
    async with opened(view) as pilot:
        view.mark()
        await until(pilot, lambda: "── mark " in screen(view)[0])
        assert screen(view)[0].endswith("───")


async def test_the_selection_is_copied_as_shown() -> None:
    view = LogView()
    async with opened(view) as pilot:
        await filled(pilot, view, [*numbered(20), LogLine(text="\x1b[31mcoloured\x1b[0m")])
        assert view.selected_text().splitlines()[-1] == "coloured"
        assert len(view.selected_text().splitlines()) == 10
        view.toggle_cursor()
        assert view.selected_text() == "coloured"
        await pilot.press("up")
        view.toggle_selection()
        await pilot.press("up", "up")
        assert view.selected_text().splitlines() == ["line 17", "line 18", "line 19"]
        assert sum(row.startswith("┃") for row in whole(view)) == 2
        view.toggle_cursor()
        assert not any(row[:1].strip() for row in whole(view))


async def test_export_writes_what_is_shown_and_never_overwrites(tmp_path: Path) -> None:
    view = LogView()
    async with opened(view) as pilot:
        await filled(pilot, view, [LogLine(text="\x1b[31mred", at=0.5), LogLine(text="err", stream=Stream.ERR)])
        view.filter("red")
        path = await view.export(tmp_path / "out.log")
        assert path.read_text() == "1970-01-01T00:00:00.500Z red\n"
        with pytest.raises(ValueError, match=r"already exists; choose another name\.$"):
            await view.export(path)
        await view.export(path, everything=True, overwrite=True)
        assert path.read_text().splitlines()[1] == "- [stderr] err"
        with pytest.raises(ValueError, match=r"Cannot write .*\.$"):
            await view.export(tmp_path / "missing" / "out.log")
        assert [each.name for each in tmp_path.iterdir()] == ["out.log"]


async def test_an_empty_view_says_why() -> None:
    view = LogView()
    async with opened(view) as pilot:
        view.empty = "It has not been started yet."
        await pilot.pause()
        assert "It has not been started yet." in screen(view)[0]
        await filled(pilot, view, numbered(3))
        view.clear()
        await pilot.pause()
        assert "It has not been started yet." in screen(view)[0]


async def test_ascii_terminals_get_ascii_signs() -> None:
    view = LogView(ascii_only=True)
    async with opened(view) as pilot:
        view.mark()
        await filled(pilot, view, numbered(3))
        view.search("line")
        assert all(row.isascii() for row in whole(view))
        assert any(row.startswith(">") for row in whole(view))


async def test_a_flood_is_kept_whole_or_counted() -> None:
    view = LogView(max_lines=1_000)
    async with opened(view) as pilot:
        for start in range(0, 5_000, 100):
            view.append(numbered(100, start))
            await asyncio.sleep(0)
        await until(pilot, lambda: screen(view)[-1] == " line 4999")
        status = view.status
        assert (status.lines, status.dropped) == (1_000, 4_000)


async def test_a_theme_change_repaints() -> None:
    view = LogView()
    async with opened(view) as pilot:
        await filled(pilot, view, numbered(3))
        dark = view.render_line(0)
        pilot.app.theme = "textual-light"
        await pilot.pause()
        assert view.render_line(0).text == dark.text
        assert view.render_line(0) != dark
