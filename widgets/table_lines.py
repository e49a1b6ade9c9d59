"""How a table's lines look: from rows to text, and from text to strips in as few segments as colours allow."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from enum import StrEnum, auto
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from backends.contract.model import Column, ResourceId, Sample, Source
from widgets.cells import STATES, age, fit, neutral, text_of
from widgets.glyphs import Glyphs, Tone, tone_of
from widgets.row_order import Row
from widgets.table_layout import GAP, GUTTER, Layout, Slot

CACHED = 1024
"""Strips kept: a dozen windows' worth."""
DEEPEST = 12
"""Levels a tree is indented by at most; deeper ones stand below each other."""


class Look(StrEnum):
    """The roles a line can be drawn in; each has a component class."""

    NORMAL = auto()
    STALE = auto()
    MARKED = auto()
    CURSOR = auto()
    HEADER = auto()
    PLACEHOLDER = auto()


class Line(NamedTuple):
    """A line before it is painted. Equal lines look alike, so comparing them says whether to paint."""

    before: str
    state: str = ""
    after: str = ""
    look: Look = Look.NORMAL
    tone: Tone | None = None
    cells: int = 0
    """How wide the texts are together; measuring it again would cost more than all the rest."""


class Styles(NamedTuple):
    """The styles of all roles, taken from the stylesheet once."""

    looks: dict[Look, Style]
    tones: dict[Tone, Style]


class Painter:
    """Turns lines into strips, remembering those it has made."""

    def __init__(self) -> None:
        self._strips: dict[Line, Strip] = {}

    def forget(self) -> None:
        """The styles or the width are no longer what they were."""
        self._strips.clear()

    def strip(self, line: Line, width: int, styles: Styles) -> Strip:
        """The line as a strip of that width."""
        strip = self._strips.get(line)
        if strip is None:
            if len(self._strips) >= CACHED:
                self._strips.clear()
            strip = self._strips[line] = self._paint(line, width, styles)
        return strip

    def _paint(self, line: Line, width: int, styles: Styles) -> Strip:
        style = styles.looks[line.look]
        tone = styles.tones.get(line.tone) if line.tone and line.look in {Look.NORMAL, Look.MARKED} else None
        rest = " " * (width - line.cells)
        if tone is None or not line.state:
            parts = [(line.before + line.state + line.after + rest, style)]
        else:
            parts = [(line.before, style), (line.state, style + tone), (line.after + rest, style)]
        strip = Strip([Segment(text, look) for text, look in parts if text], max(width, line.cells))
        return strip if line.cells <= width else strip.crop(0, width)


class Composer(NamedTuple):
    """Everything besides the row that decides the text of its line."""

    layout: Layout
    glyphs: Glyphs
    now: float
    recent: Callable[[ResourceId], Sequence[Sample]]
    stale: Callable[[ResourceId], float | None]
    folded: Callable[[ResourceId], bool] | None
    """In a tree: whether what stands under a row is hidden."""

    def line(self, row: Row, *, cursor: bool, marked: bool) -> Line:
        """The line of a row."""
        resource = row.resource
        stale = self.stale(resource.id)
        parts = [(self.glyphs.cursor if cursor else " ") + (self.glyphs.mark if marked else " "), "", ""]
        at, gap = 0, ""
        for slot in self.layout.slots:
            text = self._cell(row, slot, stale)
            if at == 0 and slot.field in STATES:
                parts[0] += gap
                parts[1] = text
                at = 2
            else:
                parts[at] += gap + text
            gap = " " * GAP
        look = Look.CURSOR if cursor else Look.MARKED if marked else Look.STALE if stale is not None else Look.NORMAL
        tone = None if stale is not None else tone_of(resource.state, resource.health)
        return Line(parts[0], parts[1], parts[2], look, tone, self.layout.width)

    def header(self, sort: Column, *, reverse: bool) -> Line:
        """The line above the rows, with an arrow at the column they are sorted by."""
        glyphs = self.glyphs
        arrow = glyphs.descending if reverse else glyphs.ascending
        text = glyphs.more_left if self.layout.offset else " "
        text += glyphs.more_right if self.layout.more else " "
        titles = []
        for slot in self.layout.slots:
            title, room = neutral(slot.column.title, glyphs), slot.width
            if slot.column.id == sort.id:
                title = fit(title, min(cell_len(title), max(0, room - 1)), glyphs=glyphs) + arrow
            titles.append(fit(title, room, right=slot.column.right, glyphs=glyphs))
        return Line(text + (" " * GAP).join(titles), look=Look.HEADER, cells=self.layout.width)

    def _cell(self, row: Row, slot: Slot, stale: float | None) -> str:
        column, glyphs = slot.column, self.glyphs
        recent = self.recent(row.resource.id) if column.source is Source.HISTORY else ()
        text = text_of(column, row.resource, row.sample, recent, now=self.now, stale=stale, glyphs=glyphs)
        if slot.field == "name":
            text = self._branch(row) + text
            if stale is not None and not any(other.field == "state" for other in self.layout.slots):
                # Without a state column it is the name that must say, not by colour alone, how old the news is.
                news = f" ({age(stale, self.now)} ago)" if stale > 0 else " (stale)"
                text = fit(text, max(1, min(cell_len(text), slot.width - len(news))), glyphs=glyphs) + news
        return fit(text, slot.width, right=column.right, glyphs=glyphs)

    def _branch(self, row: Row) -> str:
        if self.folded is None:
            return ""
        shape = " "
        if row.parent_of:
            shape = self.glyphs.closed if self.folded(row.id) else self.glyphs.opened
        return "  " * min(row.depth, DEEPEST) + shape + " "


def placeholder_lines(text: str, width: int) -> list[Line]:
    """Why there are no rows, broken to the width; the first line is left free."""
    room = max(10, width - 2 * GUTTER)
    lines = [part for line in text.splitlines() for part in textwrap.wrap(neutral(line), room) or [""]]
    return [
        Line(""),
        *(Line(" " * GUTTER + line, look=Look.PLACEHOLDER, cells=GUTTER + cell_len(line)) for line in lines),
    ]
