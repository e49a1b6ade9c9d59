from __future__ import annotations

import math
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.widget import Widget
from typing_extensions import override

from backends.contract.model import Unit
from widgets.metric_chart import MetricChart, Spark
from widgets.plot import Frame, nice_top, plot, row_of

START = 1_000_000.0


class Line(NamedTuple):
    times: tuple[float, ...] = ()
    values: tuple[float, ...] = ()


def every(step: float, values: list[float]) -> Line:
    return Line(tuple(START + step * index for index in range(len(values))), tuple(values))


def drawn(trace: Line, top: float, width: int = 20, height: int = 5, *, ascii_only: bool = True) -> list[str]:
    frame = Frame(START, START + 20, 0.0, top)
    return ["".join(ink.char for ink in row) for row in plot([trace], frame, width, height, ascii_only=ascii_only)]


def test_a_rising_line_rises() -> None:
    rows = drawn(every(4.99, [0, 25, 50, 75, 100]), 100, 5)
    assert [row.index("*") for row in rows] == sorted((row.index("*") for row in rows), reverse=True)


def test_a_gap_is_neither_a_line_nor_a_zero() -> None:
    measured = [moment for moment in range(20) if not 6 < moment < 15]
    trace = Line(tuple(START + moment for moment in measured), tuple(50.0 for _ in measured))
    rows = drawn(trace, 100)
    assert rows[2] == "*******        *****"
    assert all(row.strip() == "" for row in (*rows[:2], *rows[3:]))


def test_what_is_no_number_is_not_drawn() -> None:
    assert all(row.strip() == "" for row in drawn(every(1, [math.nan, math.inf]), 100))


def test_a_short_spike_is_not_lost() -> None:
    assert any(char != " " for char in drawn(every(0.01, [0.0] * 700 + [100.0] + [0.0] * 700), 100)[0])


def test_two_traces_differ_without_colour() -> None:
    frame = Frame(START, START + 20, 0.0, 100.0)
    flat = [every(1, [level] * 20) for level in (10.0, 90.0)]
    rows = plot(flat, frame, 20, 5, ascii_only=False)
    shapes = {"".join(ink.char for ink in row if ink.owner is not None) for row in (rows[0], rows[4])}
    assert len(shapes) == 2
    letters = {ink.char for row in plot(flat, frame, 20, 5, ascii_only=True) for ink in row}
    assert letters == {" ", "*", "o"}


@given(
    st.lists(st.tuples(st.floats(0, 25), st.floats(allow_nan=True)), max_size=20),
    st.floats(0.001, 1e12),
    st.integers(1, 30),
    st.integers(1, 9),
    st.booleans(),
)
def test_any_values_fit_the_picture(
    points: list[tuple[float, float]], top: float, width: int, height: int, ascii_only: bool
) -> None:
    points.sort(key=lambda point: point[0])
    trace = Line(tuple(START + moment for moment, _ in points), tuple(value for _, value in points))
    rows = drawn(trace, top, width, height, ascii_only=ascii_only)
    assert len(rows) == height
    assert {len(row) for row in rows} == {width}


@given(st.floats(allow_nan=True), st.sampled_from(Unit))
def test_the_top_of_an_axis_is_never_below_the_greatest_value(value: float, unit: Unit) -> None:
    top = nice_top(value, unit)
    assert top > 0
    assert not math.isfinite(value) or top >= value


def test_a_limit_outside_of_the_picture_has_no_line() -> None:
    frame = Frame(0, 1, 0.0, 100.0)
    assert row_of(80, frame, 11) == 2
    assert row_of(101, frame, 11) is None


class Bench(App[None]):
    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget

    @override
    def compose(self) -> ComposeResult:
        yield self.widget

    def lines(self) -> list[str]:
        return [strip.text for strip in self.widget.render_lines(self.widget.size.region)]


async def test_a_chart_says_its_figures_in_words() -> None:
    chart = MetricChart("CPU", unit=Unit.PERCENT, warning=80)
    async with Bench(chart).run_test(size=(60, 12)) as pilot:
        chart.show({"cpu": every(2, [10, 20, 30])}, since=START, until=START + 60, ceiling=100)
        await pilot.pause()
        lines = [strip.text for strip in chart.render_lines(chart.size.region)]
        assert lines[0].startswith("CPU  now 30%  min 10%  mean 20%  max 30%")
        assert lines[1].startswith("100% ")
        assert lines[-2].startswith("  0% ")
        assert any("warning 80%" in line for line in lines)
        assert lines[-1].count(":") == 6
        assert {cell_len(line) for line in lines} == {60}


async def test_several_series_are_named_and_drawn_differently() -> None:
    chart = MetricChart("Network", unit=Unit.BYTES_PER_SECOND, ascii=True)
    bench = Bench(chart)
    async with bench.run_test(size=(80, 12)) as pilot:
        chart.show(
            {"received": every(2, [1024.0] * 30), "sent": every(2, [2048.0] * 30)}, since=START, until=START + 60
        )
        await pilot.pause()
        lines = bench.lines()
        assert lines[1].startswith("** received")
        assert lines[2].startswith("oo sent")
        assert "now 2.0K/s" in lines[2]
        assert "".join(lines).isascii()


async def test_a_chart_without_measurements_says_so() -> None:
    chart = MetricChart("CPU")
    bench = Bench(chart)
    async with bench.run_test(size=(60, 12)) as pilot:
        chart.show({"cpu": Line()}, since=START, until=START + 60)
        await pilot.pause()
        assert "not measured" in bench.lines()[0]
        assert "Nothing measured" in bench.lines()[1]


async def test_showing_the_same_again_paints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    chart = MetricChart("CPU", unit=Unit.PERCENT)
    async with Bench(chart).run_test(size=(60, 12)) as pilot:
        trace = every(2, [10.0, 20.0])
        chart.show({"cpu": trace}, since=START, until=START + 60)
        await pilot.pause()
        painted: list[int] = []
        monkeypatch.setattr(chart, "refresh", lambda *regions, **_: painted.extend(each.y for each in regions))
        chart.show({"cpu": trace}, since=START, until=START + 60)
        assert painted == []
        chart.show({"cpu": every(2, [10.0, 20.0, 20.0])}, since=START, until=START + 60)
        assert painted
        assert chart.size.height - 1 not in painted


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 100), st.integers(1, 30))
async def test_a_chart_fits_any_size(width: int, height: int) -> None:
    chart = MetricChart("CPU", unit=Unit.PERCENT, warning=15, fault=19)
    chart.styles.height = height
    bench = Bench(chart)
    async with bench.run_test(size=(width, height)) as pilot:
        chart.show({"a": every(2, [10, 20]), "b": every(2, [1, 2])}, since=START, until=START + 60)
        await pilot.pause()
        assert {cell_len(line) for line in bench.lines()} == {width}


async def test_a_spark_keeps_the_newest_at_the_right() -> None:
    spark = Spark(ceiling=100)
    bench = Bench(spark)
    async with bench.run_test(size=(5, 3)) as pilot:
        spark.show([0, 0, 0, 50, None, 100])
        await pilot.pause()
        assert bench.lines() == ["▁▁▅ █"]
        spark.show([100])
        await pilot.pause()
        assert bench.lines() == ["    █"]
