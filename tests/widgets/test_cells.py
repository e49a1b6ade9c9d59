from __future__ import annotations

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from backends.contract.model import Column, Health, Source, State, Unit
from tests.widgets.samples import COLUMNS, NOW, measured, thing
from widgets.cells import fit, natural, neutral, sort_key, state_text, text_of
from widgets.glyphs import ASCII, UNICODE
from widgets.quantities import age, ages, duration, quantity, size, spark

STATE, NAME, _, IMAGE, CPU, MEM, LOAD, AGE = COLUMNS


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "0B"),
        (512, "512B"),
        (1023, "1023B"),
        (1024, "1.0K"),
        (1.2 * 1024**3, "1.2G"),
        (1023.6 * 1024, "1.0M"),
        (15 * 1024**2, "15M"),
        (-2048, "-2.0K"),
    ],
)
def test_sizes_are_short(amount: float, shown: str) -> None:
    assert size(amount) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0s"), (0.08, "80ms"), (12.9, "12s"), (125, "2m5s"), (3600, "1h"), (7265, "2h1m"), (273_600, "3d4h")],
)
def test_spans_show_their_two_largest_units(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_a_moment_to_come_says_so() -> None:
    assert age(NOW + 5, NOW) == "in 5s"
    assert age(NOW + 0.4, NOW) == "0s"
    assert age(NOW - 90, NOW) == "1m30s"


@given(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(Unit))
def test_any_number_in_any_unit_has_a_short_text(value: float, unit: Unit) -> None:
    text = quantity(value, unit, now=NOW)
    assert text
    assert text.isprintable()
    if unit in {Unit.BYTES, Unit.PERCENT} and abs(value) < 1e6:
        assert len(text) <= 8


def test_what_was_not_measured_is_not_zero() -> None:
    assert text_of(CPU, thing("web"), None, now=NOW) == "-"
    assert text_of(CPU, thing("web"), measured("web", 0.0), now=NOW) == "0%"
    assert quantity(math.nan, Unit.BYTES) == "-"


def test_bars_grow_with_values_and_gaps_are_blank() -> None:
    assert spark([0, 50, None, 100], ceiling=100) == "▁▅ █"
    assert spark([0, 50, None, 100], ceiling=100, glyphs=ASCII) == "_= #"
    assert spark([]) == ""
    assert spark([0.0, 0.0]) == "▁▁"


@given(st.lists(st.one_of(st.none(), st.floats())))
def test_a_sparkline_has_one_bar_per_value(values: list[float | None]) -> None:
    assert len(spark(values)) == len(values)


def test_history_keeps_the_newest_at_the_right() -> None:
    recent = [measured("web", float(cpu)) for cpu in (0, 100)]
    assert text_of(LOAD, thing("web"), None, recent, now=NOW) == "      ▁█"


def test_a_state_has_a_shape_and_a_word() -> None:
    assert state_text(thing("web")) == "● running"
    assert state_text(thing("web", state=State.FAILED)) == "✖ failed"
    assert state_text(thing("web", state=State.PAUSED), glyphs=ASCII) == "~ paused"
    assert state_text(thing("web", health=Health.WARNING)) == "▲ running"
    assert state_text(thing("web", health=Health.FAULT)) == "✖ unhealthy"
    assert state_text(thing("web", state=State.IN_USE)) == "● in use"


def test_stale_news_say_how_old_they_are_before_anything_else() -> None:
    assert state_text(thing("web"), now=NOW, stale=NOW - 300) == "○ 5m ago, running"
    assert state_text(thing("web"), now=NOW, stale=0.0) == "○ stale, running"


HOSTILE = "a\x1b[2Jb\r\n\tc\u202ed\u200be\x9b\ud800\u2066"


def test_a_hostile_name_cannot_reach_the_terminal() -> None:
    shown = neutral(HOSTILE)
    assert shown == "a�[2Jb���c�d�e���"
    assert neutral(HOSTILE, ASCII) == "a?[2Jb???c?d?e???"


@given(st.text())
def test_no_text_keeps_a_character_that_moves_hides_or_reorders(text: str) -> None:
    assert not {unicodedata.category(char) for char in neutral(text)} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(), st.integers(min_value=1, max_value=40), st.booleans())
def test_a_cell_is_exactly_as_wide_as_its_column(text: str, width: int, right: bool) -> None:
    assert cell_len(fit(neutral(text), width, right=right)) == width


def test_wide_characters_count_twice_and_are_never_halved() -> None:
    assert fit("数据库", 6) == "数据库"
    assert fit("数据库", 4) == "数… "
    assert fit("db", 4, right=True) == "  db"
    assert fit("database", 5, glyphs=ASCII) == "data~"


def test_names_sort_as_people_count() -> None:
    names = ["web10", "Web2", "web1", "web02b", "db"]
    assert sorted(names, key=natural) == ["db", "web1", "Web2", "web02b", "web10"]


@given(st.integers(min_value=0), st.integers(min_value=0))
def test_numbers_of_any_length_sort_by_value(first: int, second: int) -> None:
    assert (natural(f"a{first}") < natural(f"a{second}")) == (first < second)


def test_states_sort_by_urgency() -> None:
    things = [
        thing("a", state=State.STOPPED),
        thing("b"),
        thing("c", health=Health.WARNING),
        thing("d", state=State.FAILED),
    ]
    keys = [(sort_key(STATE, resource), resource.name) for resource in things]
    assert [name for _, name in sorted(keys, key=lambda pair: pair[0] or (9, ""))] == ["d", "c", "b", "a"]


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text())))
def test_any_fact_can_be_shown_and_sorted(value: bool | float | str | list[str] | None) -> None:
    column = Column(id="x", title="X")
    resource = thing("web", x=value)
    key = sort_key(column, resource)
    assert key is None or key <= (1, "\U0010ffff")
    assert "\x1b" not in text_of(column, resource, now=NOW)
    text_of(Column(id="x", title="X", unit=Unit.BYTES), resource, now=NOW)


def test_lists_and_truth_are_words() -> None:
    assert text_of(IMAGE, thing("web", image=["a", "b"]), now=NOW) == "a, b"
    assert text_of(IMAGE, thing("web", image=True), now=NOW) == "yes"
    assert text_of(IMAGE, thing("web"), now=NOW) == ""
    assert text_of(AGE, thing("web"), now=NOW) == "1m"
    assert text_of(MEM, thing("web"), measured("web", 1, 3 * 1024**2), now=NOW) == "3.0M"


def test_fields_of_the_resource_itself_are_columns_too() -> None:
    labels = Column(id="labels", title="LABELS", source=Source.FIELD)
    assert text_of(labels, thing("web"), now=NOW) == "env=prod"
    assert text_of(Column(id="nonsense", title="?", source=Source.FIELD), thing("web"), now=NOW) == ""


def test_every_shape_is_one_cell_wide() -> None:
    for glyphs in (UNICODE, ASCII):
        for shape in glyphs[:-1]:
            assert cell_len(shape) == (0 if glyphs is ASCII and shape == "" else 1)
    assert "".join(ASCII).isascii()


@given(st.floats(0, 400 * 86_400), st.floats(0.01, 5_000))
def test_an_age_is_said_to_read_otherwise_exactly_when_it_does(distance: float, passed: float) -> None:
    before = 1_700_000_000.0 + distance
    read = age(1_700_000_000.0, before), age(1_700_000_000.0, before + passed)
    assert ages(1_700_000_000.0, before, before + passed) is (read[0] != read[1])
