"""Tables in plain text: aligned for people, whole and easy to split for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len

from backends.contract.model import Column, Resource, Sample, Source
from widgets.cells import fit, key_of, neutral, text_of
from widgets.glyphs import UNICODE, Glyphs
from widgets.quantities import NOTHING, age

GAP = "  "
LEAST = 8
"""Cells a column that is cut keeps."""


class Look(NamedTuple):
    """How a table is to come out."""

    now: float
    width: int | None = None
    """Cells there are; without it nothing is cut."""
    header: bool = True
    glyphs: Glyphs = UNICODE


class Row(NamedTuple):
    """What one line is about."""

    resource: Resource
    sample: Sample | None = None
    recent: Sequence[Sample] = ()
    stale: float | None = None


def resource_lines(columns: Sequence[Column], rows: Sequence[Row], look: Look) -> list[str]:
    """The lines of a table of resources, titles first."""
    cells = [[_cell(column, row, look) for column in columns] for row in rows]
    widths = [
        max([cell_len(column.title), *(cell_len(line[index]) for line in cells)])
        for index, column in enumerate(columns)
    ]
    kept = _kept(columns, widths, look.width)
    titles = [columns[index].title for index in kept]
    shown = [[line[index] for index in kept] for line in cells]
    right = frozenset(number for number, index in enumerate(kept) if columns[index].right)
    limits = _limits([columns[index] for index in kept], [widths[index] for index in kept], look.width)
    return lines(titles if look.header else (), shown, right=right, widths=limits, glyphs=look.glyphs)


def lines(
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: frozenset[int] = frozenset(),
    widths: Sequence[int] = (),
    glyphs: Glyphs = UNICODE,
) -> list[str]:
    """Cells in columns. Without ``widths`` each column is as wide as it needs."""
    table = [*([titles] if titles else []), *rows]
    if not table:
        return []
    wide = list(widths) or [max(cell_len(line[index]) for line in table) for index in range(len(table[0]))]
    last = len(wide) - 1

    def cell(index: int, text: str) -> str:
        return fit(text, wide[index], right=index in right, glyphs=glyphs)

    return [GAP.join(cell(index, line[index]) for index in range(last + 1)).rstrip() for line in table]


def state_word(resource: Resource, *, now: float, stale: float | None) -> str:
    """The state in words; when it may be untrue by now, with its age."""
    word = resource.state.value.replace("_", "-")
    if stale is None:
        return word
    return f"{word} ({age(stale, now)} ago)" if stale > 0 else f"{word} (stale)"


def _cell(column: Column, row: Row, look: Look) -> str:
    if column.source is Source.FIELD and key_of(column) == "state":
        return state_word(row.resource, now=look.now, stale=row.stale)
    if column.source is Source.FIELD and key_of(column) == "kind":
        return neutral(row.resource.id.kind, look.glyphs)
    text = text_of(column, row.resource, row.sample, row.recent, now=look.now, glyphs=look.glyphs)
    return text.strip() or NOTHING


def _kept(columns: Sequence[Column], widths: Sequence[int], room: int | None) -> list[int]:
    """The columns there is room for, the dispensable going first."""
    kept = list(range(len(columns)))
    while room is not None and _least(columns, widths, kept) > room:
        spare = [index for index in kept if columns[index].rank]
        if not spare:
            break
        kept.remove(max(spare, key=lambda index: (columns[index].rank, index)))
    return kept


def _least(columns: Sequence[Column], widths: Sequence[int], kept: Sequence[int]) -> int:
    return sum(_floor(columns[index], widths[index]) for index in kept) + len(GAP) * max(0, len(kept) - 1)


def _floor(column: Column, width: int) -> int:
    """The cells a column needs at least: text that grows in tables may be cut, the rest may not."""
    return min(width, max(LEAST, column.width)) if column.grow else width


def _limits(columns: Sequence[Column], widths: Sequence[int], room: int | None) -> list[int]:
    """Widths that fit: what there is too little of is taken from the widest of the columns that may be cut."""
    limits = list(widths)
    if room is None:
        return limits
    over = sum(limits) + len(GAP) * max(0, len(limits) - 1) - room
    while over > 0:
        cuttable = [i for i, column in enumerate(columns) if column.grow and limits[i] > _floor(column, widths[i])]
        if not cuttable:
            break
        limits[max(cuttable, key=lambda index: limits[index])] -= 1
        over -= 1
    return limits
