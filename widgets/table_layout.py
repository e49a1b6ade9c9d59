"""Which columns a table has room for, and how wide each is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from backends.contract.model import Column, Source
from widgets.cells import key_of

GUTTER = 2
"""Cells at the left for the cursor and the mark."""
GAP = 1
"""Cells between two columns."""


class Slot(NamedTuple):
    """A column in its place."""

    column: Column
    start: int
    width: int
    field: str = ""
    """The resource's own field it shows, if it does."""


class Layout(NamedTuple):
    """The columns that are shown."""

    slots: tuple[Slot, ...] = ()
    offset: int = 0
    """How many columns are scrolled away at the left."""
    more: bool = False
    """Whether columns wait at the right, or were left out for want of room."""

    @property
    def width(self) -> int:
        """Cells a line takes."""
        return self.slots[-1].start + self.slots[-1].width if self.slots else GUTTER

    def at(self, x: int) -> Slot | None:
        """The column under a cell of the line."""
        return next((slot for slot in self.slots if slot.start <= x < slot.start + slot.width), None)


def lay_out(columns: Sequence[Column], width: int, offset: int = 0) -> Layout:
    """Find room for the columns.

    Unscrolled, the columns of the highest ranks go first where there is too little room. Scrolled, those of rank 0
    stay at the left and the others follow in turn, so that every column can be reached.
    """
    offset = max(0, min(offset, _last_offset(columns, width)))
    kept = _scrolled(columns, width, offset) if offset else _ranked(columns, width)
    slots: list[Slot] = []
    start = GUTTER
    for column, cells in zip(kept, _widths(kept, width), strict=True):
        slots.append(Slot(column, start, cells, key_of(column) if column.source is Source.FIELD else ""))
        start += cells + GAP
    return Layout(tuple(slots), offset, not set(_rest(columns, offset)) <= set(kept))


def _rest(columns: Sequence[Column], offset: int) -> list[Column]:
    """The columns that are not pinned and not scrolled away. The first step scrolls none away: it undoes the ranks."""
    return [column for column in columns if column.rank][max(0, offset - 1) :]


def _needed(columns: Sequence[Column]) -> int:
    return GUTTER + sum(max(1, column.width) for column in columns) + GAP * max(0, len(columns) - 1)


def _ranked(columns: Sequence[Column], width: int) -> list[Column]:
    kept = list(columns)
    while _needed(kept) > width:
        expendable = [index for index, column in enumerate(kept) if column.rank]
        if not expendable:
            break
        del kept[max(expendable, key=lambda index: (kept[index].rank, index))]
    return kept


def _scrolled(columns: Sequence[Column], width: int, offset: int) -> list[Column]:
    kept = [column for column in columns if not column.rank]
    for column in _rest(columns, offset):
        if _needed([*kept, column]) > width:
            break
        kept.append(column)
    return kept


def _last_offset(columns: Sequence[Column], width: int) -> int:
    """The least offset from which the last column can be seen."""
    if _needed(columns) <= width:
        return 0
    pinned = [column for column in columns if not column.rank]
    others = len(columns) - len(pinned)
    for offset in range(1, others + 1):
        if _needed([*pinned, *_rest(columns, offset)]) <= width:
            return offset
    return others


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    """Each column's cells: what it asks for, and its share of what is left if it grows."""
    widths = [max(1, column.width) for column in columns]
    left = width - _needed(columns)
    hunger = sum(column.grow for column in columns)
    if left <= 0 or not hunger:
        return widths
    for index, column in enumerate(columns):
        if column.grow:
            share = left * column.grow // hunger
            widths[index] += share
            left -= share
            hunger -= column.grow
    return widths
