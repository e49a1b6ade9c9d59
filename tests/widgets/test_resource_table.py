from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from typing_extensions import override

from backends.contract.model import Health, ResourceId, Sample, State
from tests.widgets.samples import COLUMNS, NOW, identity, measured, thing
from tests.widgets.waiting import screen_text
from widgets.filter import parse
from widgets.resource_table import ResourceTable


class Bench(App[None]):
    """An app with nothing but a table, remembering what the table says."""

    def __init__(self, *, ascii_only: bool = False, tree_field: str | None = None, sort: str = "name") -> None:
        super().__init__()
        self.now = NOW
        self.stale: dict[ResourceId, float] = {}
        self.recent: dict[ResourceId, list[Sample]] = {}
        self.heard: list[Message] = []
        self.table = ResourceTable(
            COLUMNS,
            recent=lambda resource: self.recent.get(resource, ()),
            stale=self.stale.get,
            clock=lambda: self.now,
            ascii=ascii_only,
            tree_field=tree_field,
            sort=sort,
            placeholder="No containers here.\nPress n to make one.",
        )

    @override
    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()

    def on_resource_table_chosen(self, message: ResourceTable.Chosen) -> None:
        self.heard.append(message)

    def on_resource_table_highlighted(self, message: ResourceTable.Highlighted) -> None:
        self.heard.append(message)

    def on_resource_table_marks_changed(self, message: ResourceTable.MarksChanged) -> None:
        self.heard.append(message)

    def on_resource_table_window_changed(self, message: ResourceTable.WindowChanged) -> None:
        self.heard.append(message)

    def on_resource_table_sorted(self, message: ResourceTable.Sorted) -> None:
        self.heard.append(message)

    def heard_of(self, kind: type[Message]) -> int:
        return sum(isinstance(message, kind) for message in self.heard)

    def lines(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.table.render_lines(self.table.size.region)]

    def at(self) -> str | None:
        return self.table.current.native if self.table.current else None


Started = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


def many(count: int) -> list[str]:
    return [f"web{number}" for number in range(count)]


async def filled(bench: Bench, pilot: Pilot[None], names: Sequence[str]) -> None:
    bench.table.load([thing(name) for name in names])
    await pilot.pause()


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_rows_stand_under_a_header_that_shows_the_order(bench: Bench) -> None:
    async with bench.run_test(size=(80, 24)) as pilot:
        await filled(bench, pilot, ["web10", "web2"])
        lines = bench.lines()
        assert lines[0].split() == ["STATE", "NAME▲", "HOST", "IMAGE", "CPU", "MEM", "LOAD", "AGE"]
        assert lines[1].startswith("▌ ● running    web2")
        assert lines[2].startswith("  ● running    web10")
        assert lines[2].endswith("1m")
        assert lines[3] == ""


async def test_the_cursor_moves_by_every_key(bench: Bench) -> None:
    async with bench.run_test(size=(80, 24)) as pilot:
        await filled(bench, pilot, many(100))
        expected = {
            "j": "web1",
            "down": "web2",
            "k": "web1",
            "up": "web0",
            "pagedown": "web22",
            "ctrl+d": "web33",
            "ctrl+u": "web22",
            "pageup": "web0",
            "G": "web99",
            "g": "web0",
            "end": "web99",
            "home": "web0",
        }
        for key, name in expected.items():
            await pilot.press(key)
            assert bench.at() == name, key
            assert any("▌" in line and f"{name} " in line for line in bench.lines())


async def test_moving_past_the_ends_stays_there(bench: Bench) -> None:
    async with bench.run_test(size=(80, 24)) as pilot:
        await filled(bench, pilot, many(3))
        await pilot.press("up", "down", "down", "down", "down")
        assert bench.at() == "web2"


async def test_enter_and_double_click_choose(bench: Bench) -> None:
    async with bench.run_test(size=(80, 24)) as pilot:
        await filled(bench, pilot, many(3))
        await pilot.press("down", "enter")
        await pilot.click(ResourceTable, offset=(5, 3), times=2)
        await pilot.pause()
        chosen = [message for message in bench.heard if isinstance(message, ResourceTable.Chosen)]
        assert [message.resource.native for message in chosen] == ["web1", "web2"]
        assert chosen[0].control is bench.table


async def test_a_click_on_the_header_sorts_and_another_reverses(bench: Bench) -> None:
    async with bench.run_test(size=(80, 24)) as pilot:
        await filled(bench, pilot, many(3))
        await pilot.click(ResourceTable, offset=(16, 0))
        assert bench.table.visible_ids() == {identity(name) for name in many(3)}
        assert "web2" in bench.lines()[1]
        await pilot.click(ResourceTable, offset=(3, 0))
        assert "STATE▲" in bench.lines()[0]
        assert bench.heard_of(ResourceTable.Sorted) == 2


async def test_the_cursor_stays_on_its_resource_and_its_line(bench: Bench) -> None:
    async with bench.run_test(size=(80, 24)) as pilot:
        await filled(bench, pilot, many(100))
        for _ in range(50):
            await pilot.press("down")
        line = next(index for index, text in enumerate(bench.lines()) if "▌" in text)
        bench.table.update([thing(f"a{number}") for number in range(10)], [identity("web3")])
        await pilot.pause()
        assert bench.at() == "web50"
        assert "▌" in bench.lines()[line]
        assert "web50" in bench.lines()[line]


async def test_until_somebody_moves_the_cursor_rests_on_the_first_row(bench: Bench) -> None:
    async with bench.run_test(size=(80, 24)) as pilot:
        await filled(bench, pilot, ["web5"])
        bench.table.update([thing("web1")])
        assert bench.at() == "web1"
        await pilot.press("down")
        bench.table.update([thing("web0")])
        assert bench.at() == "web5"


async def test_when_its_resource_goes_the_cursor_takes_the_neighbour(bench: Bench) -> None:
    async with bench.run_test(size=(80, 24)) as pilot:
        await filled(bench, pilot, many(3))
        await pilot.press("down")
        bench.table.update([], [identity("web1")])
        assert bench.at() == "web2"
        bench.table.update([], [identity("web2")])
        assert bench.at() == "web0"
        bench.table.update([], [identity("web0")])
        assert bench.at() is None
        assert bench.table.selection == ()
        await pilot.press("down", "enter", "space", "v", "asterisk", "G")
        assert bench.heard_of(ResourceTable.Chosen) == 0


OPERATIONS = st.lists(
    st.one_of(
        st.lists(st.sampled_from(many(30)), min_size=1, max_size=5),
        st.sampled_from(["web1", "web2", "", "!web3", "state:stop"]),
        st.sampled_from([("name", True), ("state", False), ("cpu", True)]),
        st.integers(0, 29),
    ),
    max_size=20,
)


@settings(max_examples=15, deadline=None)
@given(OPERATIONS, st.integers(0, 29))
async def test_the_cursor_never_jumps_to_another_resource_while_its_own_is_shown(
    operations: list[list[str] | str | tuple[str, bool] | int], start: int
) -> None:
    bench = Bench()
    async with bench.run_test(size=(80, 12)):
        bench.table.load([thing(name) for name in many(30)])
        bench.table.move_to(identity(f"web{start}"))
        for operation in operations:
            before = bench.table.current
            match operation:
                case list(changed):
                    bench.table.update([thing(name, state=State.STOPPED) for name in changed], [identity("web3")])
                    bench.table.measure([measured(name, float(len(changed))) for name in changed])
                case str(text):
                    bench.table.set_filter(parse(text, COLUMNS))
                case tuple(sort):
                    bench.table.set_sort(sort[0], reverse=sort[1])
                case int(seconds):
                    bench.now += seconds
                    bench.table.tick()
            shown = bench.table.view.rows
            assert bench.table.current == before if before in shown else bench.table.current in (*shown, None)
            if shown:
                assert bench.table.current is not None
                assert shown[bench.table.cursor_row] == bench.table.current


async def test_marks_ranges_and_all(bench: Bench) -> None:
    async with bench.run_test(size=(80, 24)) as pilot:
        await filled(bench, pilot, many(9))
        table = bench.table
        assert table.selection == (identity("web0"),)
        await pilot.press("space", "down", "down", "v", "down", "down")
        assert [resource.native for resource in table.selection] == ["web0", "web2", "web3", "web4"]
        await pilot.press("up", "v", "down", "down")
        assert [resource.native for resource in table.selection] == ["web0", "web2", "web3"]
        assert bench.lines()[1].startswith(" ✓")
        table.set_filter(parse("web3"))
        await pilot.press("asterisk")
        assert len(table.marks) == 2
        assert [resource.native for resource in table.selection] == ["web0", "web2"]
        table.set_filter(parse(""))
        await pilot.press("asterisk")
        assert len(table.marks) == 9
        assert table.clear_marks()
        assert not table.clear_marks()
        assert bench.heard_of(ResourceTable.MarksChanged) > 0


async def test_what_is_gone_is_not_marked_any_more(bench: Bench) -> None:
    async with bench.run_test(size=(80, 24)) as pilot:
        await filled(bench, pilot, many(3))
        await pilot.press("asterisk")
        bench.table.update([], [identity("web1")])
        assert bench.table.marks == {identity("web0"), identity("web2")}
        bench.table.load([thing("web0")])
        assert bench.table.marks == {identity("web0")}


async def test_a_filter_narrows_and_an_empty_table_says_why(bench: Bench) -> None:
    async with bench.run_test(size=(80, 24)) as pilot:
        assert bench.lines()[2].strip() == "No containers here."
        assert bench.lines()[3].strip() == "Press n to make one."
        await filled(bench, pilot, many(30))
        await pilot.press("G")
        bench.table.set_filter(parse("web1"))
        await pilot.pause()
        assert bench.table.shown == 11
        assert bench.table.total == 30
        assert bench.at() == "web1"
        bench.table.placeholder = "Nothing matches."
        bench.table.set_filter(parse("nothing"))
        await pilot.pause()
        assert bench.lines()[2].strip() == "Nothing matches."
        bench.table.set_filter(parse(""))
        await pilot.pause()
        assert "web0" in bench.lines()[1]


async def test_the_first_row_takes_the_words_for_an_empty_table_off_the_screen(bench: Bench) -> None:
    async with bench.run_test(size=(80, 24)) as pilot:
        assert "No containers here." in screen_text(pilot)[2]
        bench.table.load([thing("a")])
        await pilot.pause()
        assert screen_text(pilot)[2].strip() == ""


async def test_faults_only_shows_what_needs_a_look(bench: Bench) -> None:
    async with bench.run_test(size=(80, 24)):
        bench.table.load([thing("a"), thing("b", health=Health.FAULT), thing("c", health=Health.WARNING)])
        assert bench.table.faults == 2
        bench.table.faults_only = True
        assert bench.table.visible_ids() == {identity("b"), identity("c")}


async def test_only_lines_that_differ_are_painted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench.run_test(size=(120, 24)) as pilot:
        await filled(bench, pilot, many(100))
        painted: list[int] = []
        monkeypatch.setattr(bench.table, "refresh", lambda *regions, **_: painted.extend(each.y for each in regions))
        bench.table.update([thing("web4", state=State.STOPPED)])
        assert painted == [5]
        painted.clear()
        bench.table.update([thing("web4", state=State.STOPPED), thing("web90", state=State.STOPPED)])
        bench.table.measure([measured("web95", 3.0)])
        bench.table.tick()
        assert set(painted) == {5}, "the line that is still to be painted, and nothing else"
        painted.clear()
        bench.table.measure([measured("web7", 3.0)])
        assert painted == [8]


async def test_a_row_out_of_sight_is_up_to_date_when_scrolled_back(bench: Bench) -> None:
    async with bench.run_test(size=(80, 10)) as pilot:
        await filled(bench, pilot, many(50))
        await pilot.press("G")
        bench.table.update([thing("web2", state=State.FAILED)])
        await pilot.press("g")
        assert "failed" in bench.lines()[3]


async def test_ages_grow_with_each_tick(bench: Bench) -> None:
    async with bench.run_test(size=(80, 24)) as pilot:
        await filled(bench, pilot, ["web"])
        bench.now += 5
        bench.table.tick()
        await pilot.pause()
        assert bench.lines()[1].endswith("1m5s")


async def test_stale_rows_say_their_age_in_words(bench: Bench) -> None:
    async with bench.run_test(size=(80, 24)) as pilot:
        await filled(bench, pilot, ["web"])
        bench.stale[identity("web")] = NOW - 300
        bench.table.tick()
        assert "5m ago" in bench.lines()[1]
        bench.table.columns = COLUMNS[1:2]
        assert "web (5m ago)" in bench.lines()[1]


async def test_hostile_names_do_not_leave_their_cell(bench: Bench) -> None:
    async with bench.run_test(size=(80, 24)) as pilot:
        bench.table.load([thing("a\x1b[31m\r\nb\u202e", image="数据\x07")])
        await pilot.pause()
        lines = list(bench.table.render_lines(bench.table.size.region))
        assert {strip.cell_length for strip in lines} == {bench.table.size.width}
        assert all(char.isprintable() for strip in lines for char in strip.text)


async def test_in_ascii_no_other_character_is_drawn() -> None:
    bench = Bench(ascii_only=True)
    bench.recent[identity("web1")] = [measured("web1", 10.0), measured("web1", 99.0)]
    async with bench.run_test(size=(120, 24)) as pilot:
        await filled(bench, pilot, many(3))
        await pilot.press("down", "space")
        assert "".join(bench.lines()).isascii()
        assert bench.lines()[2].startswith(">+* running")


async def test_without_colour_the_cursor_is_reversed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    bench = Bench()
    async with bench.run_test(size=(80, 24)) as pilot:
        await filled(bench, pilot, many(3))
        first, second = (next(iter(bench.table.render_line(y))).style for y in (1, 2))
        assert first is not None
        assert second is not None
        assert first.reverse
        assert not second.reverse


async def test_a_line_is_as_few_segments_as_its_colours_need(bench: Bench) -> None:
    async with bench.run_test(size=(120, 24)) as pilot:
        await filled(bench, pilot, many(3))
        assert len(list(bench.table.render_line(1))) == 1
        assert len(list(bench.table.render_line(2))) == 3


async def test_hidden_columns_are_reached_sideways(bench: Bench) -> None:
    async with bench.run_test(size=(50, 24)) as pilot:
        await filled(bench, pilot, ["web"])
        assert "IMAGE" not in bench.lines()[0]
        assert "»" in bench.lines()[0]
        seen = ""
        for _ in range(6):
            await pilot.press("L")
            seen += bench.lines()[0]
        assert "IMAGE" in seen
        assert "LOAD" in seen
        for _ in range(9):
            await pilot.press("H")
        assert "CPU" in bench.lines()[0]


async def test_the_window_is_told_when_it_moves(bench: Bench) -> None:
    async with bench.run_test(size=(80, 11)) as pilot:
        await filled(bench, pilot, many(50))
        assert bench.table.visible_ids() == {identity(name) for name in many(10)}
        heard = bench.heard_of(ResourceTable.WindowChanged)
        await pilot.press("down")
        assert bench.heard_of(ResourceTable.WindowChanged) == heard
        await pilot.press("G")
        assert bench.heard_of(ResourceTable.WindowChanged) == heard + 1
        assert identity("web49") in bench.table.visible_ids()
        await pilot.resize_terminal(80, 31)
        await pilot.pause()
        assert len(bench.table.visible_ids()) == 30


async def test_a_shorter_table_scrolls_back(bench: Bench) -> None:
    async with bench.run_test(size=(80, 11)) as pilot:
        await filled(bench, pilot, many(50))
        await pilot.press("G")
        bench.table.set_filter(parse("web4"))
        await pilot.pause()
        assert bench.at() == "web49"
        assert "web49" in bench.lines()[-1]
        bench.table.load([thing("web4")])
        await pilot.pause()
        assert "web4" in bench.lines()[1]
        assert bench.lines()[2] == ""


async def test_a_table_filled_before_it_is_mounted_shows_its_rows() -> None:
    bench = Bench()
    bench.table.load([thing(name) for name in many(50)])
    bench.table.move_to(identity("web40"))
    async with bench.run_test(size=(80, 11)) as pilot:
        await pilot.pause()
        assert bench.at() == "web40"
        assert any("▌" in line and "web40" in line for line in bench.lines())


async def test_a_tree_folds() -> None:
    bench = Bench(tree_field="parent")
    async with bench.run_test(size=(80, 24)) as pilot:
        bench.table.load([thing("1"), thing("2", parent="1"), thing("3", parent="2"), thing("4")])
        await pilot.pause()
        assert [line[15:22].rstrip() for line in bench.lines()[1:5]] == ["▾ 1", "  ▾ 2", "      3", "  4"]
        await pilot.press("down", "left")
        assert bench.table.shown == 3
        assert "▸ 2" in bench.lines()[2]
        await pilot.press("left")
        assert bench.at() == "1"
        await pilot.press("down", "right")
        assert bench.table.shown == 4


async def test_sorted_by_a_metric_rows_wait_for_the_cursor_to_rest() -> None:
    bench = Bench(sort="-cpu")
    async with bench.run_test(size=(80, 24)) as pilot:
        await filled(bench, pilot, many(3))
        bench.now += 5
        bench.table.measure([measured("web0", 10.0), measured("web1", 50.0)])
        assert "web1" in bench.lines()[1]
        bench.now += 5
        await pilot.press("down")
        bench.table.measure([measured("web2", 99.0)])
        assert "web1" in bench.lines()[1]
        bench.now += 3
        bench.table.tick()
        await pilot.pause()
        assert "web2" in bench.lines()[1]
        assert bench.at() == "web0"
