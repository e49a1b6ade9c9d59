"""Times, names, levels and columns of log lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from backends.contract.model import LogLine, ResourceId, Stream
from widgets.ansi import plain
from widgets.log_format import (
    TIME_WIDTH,
    Level,
    Timestamps,
    age,
    colour_of,
    exported,
    fitted,
    iso,
    level_of,
    moment,
    parsed,
    short_names,
)
from widgets.log_paint import PAINTED, Painter
from widgets.spans import wrap_points


def named(*names: str) -> dict[ResourceId, str]:
    return {ResourceId("here", "container", str(n)): name for n, name in enumerate(names)}


@given(st.floats(), st.floats(-1e12, 1e12), st.sampled_from(Timestamps))
def test_a_time_always_fills_its_column_exactly(at: float, now: float, mode: Timestamps) -> None:
    now = min(max(now, -6e10), 2e11)
    assert len(moment(at, mode, now)) == TIME_WIDTH[mode]


def test_times_of_another_day_or_year_carry_their_date() -> None:
    day = 86400.0
    assert moment(3.25, Timestamps.UTC, 10.0) == "  00:00:03.250Z"
    assert moment(3.25, Timestamps.UTC, day + 10) == "01-01 00:00:03Z"
    assert moment(3.25, Timestamps.UTC, 365 * day + 10) == "01-01 00:00:03Z"
    assert moment(None, Timestamps.UTC, day).isspace()


@given(st.floats())
def test_an_age_takes_at_most_six_cells(seconds: float) -> None:
    assert 0 < len(age(seconds)) <= 6


def test_files_get_full_moments() -> None:
    assert iso(1_700_000_000.5) == "2023-11-14T22:13:20.500Z"
    assert iso(None) == iso(float("inf")) == iso(float("nan")) == "-"


def test_names_lose_the_words_they_share() -> None:
    assert list(short_names(named("shop-web-1", "shop-db-1", "shop-web-2")).values()) == ["web-1", "db-1", "web-2"]
    assert list(short_names(named("web", "webber")).values()) == ["web", "webber"]
    assert list(short_names(named("a-", "a-b")).values()) == ["a-", "a-b"]
    assert list(short_names(named("alone-1")).values()) == ["alone-1"]


@given(st.lists(st.text("ab-_", min_size=1, max_size=6), min_size=2, max_size=5, unique=True))
def test_short_names_stay_different_and_not_empty(names: list[str]) -> None:
    short = list(short_names(named(*names)).values())
    assert len(set(short)) == len(names)
    assert all(short)


@given(st.text(max_size=20), st.integers(1, 20))
def test_a_fitted_name_has_the_width_asked_for(name: str, width: int) -> None:
    assert len(fitted(name, width)) == width


def test_sources_shown_together_have_different_colours_while_there_are_enough() -> None:
    taken: dict[ResourceId, int] = {}
    for source in named(*"abcdefghij"):
        taken[source] = colour_of(source, 10, taken)
    assert len(set(taken.values())) == 10
    source = ResourceId("here", "container", "0")
    assert colour_of(source, 10, {}) == colour_of(source, 10, {})


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("2024-01-01 ERROR boom", Level.ERROR),
        ("[warn] careful", Level.WARN),
        ("level=info msg=x", Level.INFO),
        ('{"level":"debug"}', Level.DEBUG),
        ("E0102 10:20:30.1 klog", Level.ERROR),
        ("FATAL: no", Level.FATAL),
        ("GET /error/page 200", None),
        ("informal talk", None),
        ("x" * 500 + " ERROR", None),
    ],
)
def test_levels_are_read_from_the_words(text: str, level: Level | None) -> None:
    found = level_of(text)
    assert (found[0] if found else None) is level


def test_json_is_taken_apart() -> None:
    result = parsed('{"time":"x","level":50,"msg":"bad\\nthing","code":7,"deep":{"a":[1]}}')
    assert result is not None
    assert (result.level, result.message) == (Level.ERROR, "bad ⏎ thing")
    assert result.rest == (("code", "7"), ("deep", '{"a":[1]}'))


@pytest.mark.parametrize("text", ["plain", "[1]", "{broken}", "{" * 5000 + "}", '{"a":' * 3000 + "}" * 3000])
def test_what_is_no_json_object_is_left_alone(text: str) -> None:
    assert parsed(text) is None


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none() | st.lists(st.text())))
def test_hostile_json_is_made_safe(value: dict[str, object]) -> None:
    import msgspec

    result = parsed(msgspec.json.encode(value).decode())
    assert result is not None
    for text in (result.message, *(part for pair in result.rest for part in pair)):
        assert plain(text) == text


def test_exported_lines_name_what_is_not_plain_output() -> None:
    web, db = ResourceId("h", "c", "1"), ResourceId("h", "c", "2")
    lines = [
        LogLine("a", 0.0, Stream.OUT, web),
        LogLine("b", 1.0, Stream.ERR, db),
        LogLine("gone", 2.0, Stream.NOTE, db),
    ]
    assert exported(lines, {web: "web", db: "db"}).splitlines() == [
        "1970-01-01T00:00:00.000Z web: a",
        "1970-01-01T00:00:01.000Z db: [stderr] b",
        "1970-01-01T00:00:02.000Z --- db: gone ---",
    ]


ANY_TEXT = st.text('ab\t漢e\u0301\u200d\ufe0f❤\x1b[31m{}":', max_size=200)


@given(ANY_TEXT, st.integers(5, 60), st.booleans())
def test_rows_are_never_wider_than_the_screen_and_as_many_as_announced(text: str, width: int, json: bool) -> None:
    painter = Painter(width=width, wrap=True, json=json)
    line = LogLine(text)
    rows = painter.rows(line)
    assert len(rows) == painter.height(line)
    assert all(row.cell_length <= max(2, painter.text_width) for row in rows)
    if not json:
        assert "".join(row.text for row in rows) == plain(text)


@given(ANY_TEXT, st.integers(2, 20))
def test_wrap_points_divide_the_text_in_order(text: str, width: int) -> None:
    points = wrap_points(text, width)
    assert points == sorted(set(points))
    assert all(0 < point < len(text) for point in points)


def test_a_monstrous_line_is_painted_in_part_and_says_so() -> None:
    painter = Painter(base=Style())
    (row,) = painter.rows(LogLine("x" * (PAINTED + 1000)))
    assert row.text.endswith(" … 1,000 characters more")
