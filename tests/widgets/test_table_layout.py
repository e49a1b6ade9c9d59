from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backends.contract.model import Column
from tests.widgets.samples import COLUMNS
from widgets.table_layout import Layout, lay_out


def ids(layout: Layout) -> list[str]:
    return [slot.column.id for slot in layout.slots]


def test_with_room_all_columns_are_shown_and_the_growing_ones_take_what_is_left() -> None:
    layout = lay_out(COLUMNS, 120)
    assert len(layout.slots) == len(COLUMNS)
    assert layout.width == 120
    assert not layout.more


def test_in_a_narrow_terminal_the_highest_ranks_go_first() -> None:
    layout = lay_out(COLUMNS, 50)
    assert ids(layout) == ["state", "name", "cpu", "mem", "age"]
    assert layout.more


def test_what_must_never_go_stays_even_without_room() -> None:
    assert ids(lay_out(COLUMNS, 5)) == ["state", "name"]


def test_every_column_can_be_reached_by_scrolling_sideways() -> None:
    seen: set[str] = set()
    for offset in range(len(COLUMNS)):
        layout = lay_out(COLUMNS, 50, offset)
        assert {"state", "name"} <= set(ids(layout))
        seen |= set(ids(layout))
    assert seen == {column.id for column in COLUMNS}


def test_scrolling_ends_where_the_last_column_is_seen() -> None:
    last = lay_out(COLUMNS, 50, 99)
    assert "age" in ids(last)
    assert not last.more
    assert lay_out(COLUMNS, 200, 5).offset == 0


COLUMN = st.builds(
    Column,
    id=st.text("abc", min_size=1, max_size=3),
    title=st.just("T"),
    width=st.integers(0, 30),
    grow=st.integers(0, 3),
    rank=st.integers(0, 9),
)


@given(st.lists(COLUMN, max_size=8), st.integers(0, 150), st.integers(-2, 12))
def test_columns_never_overlap_and_fill_no_more_than_they_must(columns: list[Column], width: int, offset: int) -> None:
    layout = lay_out(columns, width, offset)
    ends = 0
    for slot in layout.slots:
        assert slot.start > ends - 1
        assert slot.width >= max(1, slot.column.width)
        ends = slot.start + slot.width
    if any(slot.column.rank for slot in layout.slots):
        assert layout.width <= max(width, 2)
    assert layout.offset >= 0


def test_a_click_finds_its_column() -> None:
    layout = lay_out(COLUMNS, 120)
    assert (slot := layout.at(3)) is not None
    assert slot.column.id == "state"
    assert layout.at(0) is None
