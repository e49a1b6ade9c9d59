"""Styles laid over text: from spans to segments, one layer over another, cut into rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from rich.cells import get_character_cell_size
from rich.segment import Segment
from rich.style import Style

from widgets.ansi import Span

_WIDENING = "\N{VARIATION SELECTOR-16}"
"""Takes no cell itself, but makes the character before it one wider."""


def wrap_points(text: str, width: int) -> list[int]:
    """Where rows after the first begin, none of them splitting a wide character."""
    if text.isascii():
        return list(range(width, len(text), width))
    points: list[int] = []
    used = 0
    for index, character in enumerate(text):
        cells = 1 if character == _WIDENING else get_character_cell_size(character)
        if used + cells > width and used:
            points.append(index)
            used = 0
        used += cells
    return points


def segments(text: str, spans: Sequence[Span], base: Style) -> list[Segment]:
    """The text as segments, the spans laid over the base style."""
    runs: list[Segment] = []
    at = 0
    for start, end, style in spans:
        if start > at:
            runs.append(Segment(text[at:start], base))
        runs.append(Segment(text[start:end], base + style))
        at = end
    if at < len(text):
        runs.append(Segment(text[at:], base))
    return runs


def over(lower: Sequence[Span], upper: Sequence[Span]) -> list[Span]:
    """Two layers of spans as one; where both are, the upper wins attribute by attribute."""
    points = sorted({point for start, end, _style in (*lower, *upper) for point in (start, end)})
    merged: list[Span] = []
    below, above = iter(lower), iter(upper)
    low, high = next(below, None), next(above, None)
    for start, end in pairwise(points):
        while low and low[1] <= start:
            low = next(below, None)
        while high and high[1] <= start:
            high = next(above, None)
        under = low[2] if low and low[0] <= start else None
        over = high[2] if high and high[0] <= start else None
        if under is not None and over is not None:
            merged.append((start, end, under + over))
        elif (style := over or under) is not None:
            merged.append((start, end, style))
    return merged


def divided(runs: Sequence[Segment], cuts: Sequence[int]) -> list[list[Segment]]:
    """Segments cut at these character positions."""
    rows: list[list[Segment]] = [[]]
    ends = iter(cuts)
    end = next(ends, None)
    at = 0
    for text, style, _control in runs:
        rest = text
        while end is not None and at + len(rest) > end:
            rows[-1].append(Segment(rest[: end - at], style))
            rest = rest[end - at :]
            at = end
            rows.append([])
            end = next(ends, None)
        rows[-1].append(Segment(rest, style))
        at += len(rest)
    return rows


def lit(row: Iterable[Segment], style: Style, base: Style) -> list[Segment]:
    """A row under the cursor: what has a background of its own keeps it."""
    return [
        Segment(text, look if look is not None and look.bgcolor != base.bgcolor else (look or base) + style)
        for text, look, _control in row
    ]
