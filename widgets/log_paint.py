"""Turns one log line into strips: prefix columns, colours, search hits, wrapping. Holds settings, but no lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from backends.contract.model import LogLine, ResourceId, Stream
from widgets.ansi import Span, clean, plain
from widgets.log_buffer import Pattern
from widgets.log_format import (
    LONGEST_NAME,
    SHORTEST_NAME,
    TIME_WIDTH,
    Level,
    Timestamps,
    colour_of,
    fitted,
    level_of,
    moment,
    parsed,
    short_names,
)
from widgets.spans import divided, over, segments, wrap_points

PAINTED = 16_384
"""Characters of a line that are ever painted; search and export see all."""
SOURCE_COLOURS = tuple(Color.from_ansi(number) for number in (6, 3, 2, 5, 4, 14, 11, 10, 13, 12))
"""Of the terminal's own palette, so that every theme keeps them readable; red is left to trouble."""


class Glyphs(NamedTuple):
    """The signs that say by form what colour says too."""

    cursor: str = "▸"
    selected: str = "┃"
    hit: str = "•"
    error: str = "!"
    rule: str = "─"
    more_left: str = "…"
    more_right: str = "…"
    new: str = "↓"


UNICODE = Glyphs()
ASCII = Glyphs(
    cursor=">", selected="|", hit="*", error="!", rule="-", more_left="<", more_right=">", new="v"
)  # for terminals without the others


class ColourBy(StrEnum):
    """What whole columns take their colour from."""

    SOURCE = auto()
    LEVEL = auto()


class Role(StrEnum):
    """Parts of a line that a theme may style."""

    TIME = "time"
    NOTE = "note"
    MATCH = "match"
    CURRENT = "current"
    ERROR = "error"
    WARNING = "warning"
    QUIET = "quiet"
    CURSOR = "cursor"
    BADGE = "badge"


_LEVEL_ROLES = {
    Level.TRACE: Role.QUIET,
    Level.DEBUG: Role.QUIET,
    Level.WARN: Role.WARNING,
    Level.ERROR: Role.ERROR,
    Level.FATAL: Role.ERROR,
}


@dataclass
class Painter:
    """How lines are painted now. Whoever changes a setting throws away what was painted before."""

    width: int = 80
    """Cells of a whole row."""
    wrap: bool = False
    json: bool = False
    timestamps: Timestamps = Timestamps.OFF
    colour_by: ColourBy = ColourBy.SOURCE
    pattern: Pattern | None = None
    glyphs: Glyphs = UNICODE
    base: Style = field(default_factory=Style)
    roles: Mapping[Role, Style] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._names: dict[ResourceId, str] = {}
        self._full: dict[ResourceId, str] = {}
        self._colours: dict[ResourceId, int] = {}

    def name(self, names: Mapping[ResourceId, str]) -> None:
        """Take the names of the sources; with more than one, each line is prefixed with its own."""
        self._full = dict(names)
        self._names = short_names(names)
        self._colours = {}
        for source in names:
            self._colours[source] = colour_of(source, len(SOURCE_COLOURS), self._colours)

    @property
    def name_width(self) -> int:
        """Cells for the source's name; 0 when there is only one source."""
        if len(self._full) < 2:
            return 0
        longest = max(len(name) for name in self._names.values())
        return max(SHORTEST_NAME, min(longest, LONGEST_NAME, self.width // 6))

    @property
    def prefix_width(self) -> int:
        """Cells before the text: cursor, time, source, mark."""
        columns = (TIME_WIDTH[self.timestamps], self.name_width)
        return 2 + sum(column + 1 for column in columns if column)

    @property
    def text_width(self) -> int:
        """Cells for the text."""
        return max(1, self.width - self.prefix_width)

    def prefix(self, line: LogLine, now: float) -> list[Segment]:
        """Time, source and mark of a line; the cursor's cell is not in it."""
        base = self.base
        columns: list[Segment] = []
        if self.timestamps is not Timestamps.OFF:
            columns.append(Segment(f"{moment(line.at, self.timestamps, now)} ", base + self.role(Role.TIME)))
        if width := self.name_width:
            columns.append(self._source(line.source, width))
        error = line.stream is Stream.ERR
        columns.append(
            Segment(self.glyphs.error, base + self.role(Role.ERROR)) if error else Segment(" ", base),
        )
        return columns

    def rule(self, line: LogLine) -> Strip:
        """A remark of ours, drawn across the whole text."""
        words = f"{self.glyphs.rule * 2} {clean(line.text[:PAINTED]).text} "
        fill = self.glyphs.rule * max(2, self.text_width - cell_len(words))
        style = self.base + self.role(Role.NOTE)
        return Strip([Segment(words + fill, style)]).crop_extend(0, self.text_width, style)

    def rows(self, line: LogLine, *, current: bool = False) -> list[Strip]:
        """The text of a line, one strip per row: as long as it is when not wrapped, else cut to the width."""
        if line.stream is Stream.NOTE:
            return [self.rule(line)]
        text, spans = self._text(line)
        runs = segments(text, self._styled(text, spans, current=current), self.base)
        if not self.wrap:
            return [Strip(runs)]
        cuts = wrap_points(text, self.text_width)
        return [Strip(row) for row in divided(runs, cuts)]

    def sideways(self, text: Strip, left: int) -> Strip:
        """The part of an unwrapped line from a column on, with a sign at either end that is cut."""
        width, length = self.text_width, text.cell_length
        if not left and length <= width:
            return text
        part = text.crop_extend(left, left + width, self.base)
        sign = self.base + self.role(Role.NOTE)
        if length > left + width:
            part = Strip([*part.crop(0, width - 1), Segment(self.glyphs.more_right, sign)])
        if left and length > 0:
            part = Strip([Segment(self.glyphs.more_left, sign), *part.crop(1, width)])
        return part

    def height(self, line: LogLine) -> int:
        """How many rows ``rows`` would give, without painting."""
        if not self.wrap or line.stream is Stream.NOTE:
            return 1
        text = self._text(line)[0] if self.json or len(line.text) > PAINTED else plain(line.text)
        return -(-len(text) // self.text_width) or 1 if text.isascii() else len(wrap_points(text, self.text_width)) + 1

    def _text(self, line: LogLine) -> tuple[str, Sequence[Span]]:
        text, spans = clean(line.text[:PAINTED])
        if len(line.text) > PAINTED:
            end = len(text)
            text += f" … {len(line.text) - PAINTED:,} characters more"
            return text, [*spans, (end, len(text), self.role(Role.NOTE))]
        if self.json and (columns := parsed(text)) is not None:
            return self._columns(columns.level, columns.message, columns.rest)
        return text, spans or self._level(text)

    def _level(self, text: str) -> Sequence[Span]:
        """A line without colours of its own takes one from its level: the word only, or all of it."""
        found = level_of(text)
        if found is None or (role := _LEVEL_ROLES.get(found[0])) is None:
            return ()
        start, end = (0, len(text)) if self.colour_by is ColourBy.LEVEL else found[1:]
        return [(start, end, self.role(role))]

    def _columns(
        self, level: Level | None, message: str, rest: Iterable[tuple[str, str]]
    ) -> tuple[str, Sequence[Span]]:
        spans: list[Span] = []
        text = f"{level.name if level else '':<5} "
        if level and (role := _LEVEL_ROLES.get(level)):
            spans.append((0, len(text) - 1, self.role(role)))
        text += message
        for key, value in rest:
            start = len(text) + 2
            text += f"  {key}={value}"
            spans.append((start, start + len(key) + 1, self.role(Role.QUIET)))
        return text, spans

    def _styled(self, text: str, spans: Sequence[Span], *, current: bool) -> Sequence[Span]:
        hits = self.pattern.spans(text) if self.pattern else ()
        if not hits:
            return spans
        style = self.role(Role.CURRENT if current else Role.MATCH)
        return over(spans, [(start, end, style) for start, end in hits])

    def _source(self, source: ResourceId | None, width: int) -> Segment:
        name = "" if source is None else self._names.get(source, source.native)
        style = self.base
        if source is not None and self.colour_by is ColourBy.SOURCE:
            style += Style(color=SOURCE_COLOURS[self._colours.get(source, 0)])
        return Segment(f"{set_cell_size(fitted(name, width), width)} ", style)

    def role(self, role: Role) -> Style:
        """How a part of a line looks in this theme."""
        return self.roles.get(role, _NO_STYLE)


_NO_STYLE = Style()
