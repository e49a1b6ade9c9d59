"""Charts of metrics over time, drawn in lines of text and painted only where they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from statistics import fmean
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget
from typing_extensions import override

from backends.contract.model import Unit
from widgets.cells import fit, neutral
from widgets.glyphs import ASCII, UNICODE
from widgets.plot import LETTERS, SAMPLES, Frame, Trace, clock_labels, known, nice_top, plot, row_of
from widgets.quantities import quantity, spark

COLOURS = 4
"""Traces with a colour of their own; the fifth takes the first one's."""
LEAST = 4
"""Lines below which a chart is its title only."""

Piece = tuple[str, str]
"""Text and the role it is drawn in."""


class _Kept(NamedTuple):
    """A copy of a trace, so that what its owner appends later is seen as different."""

    times: tuple[float, ...]
    values: tuple[float, ...]


class _Shown(NamedTuple):
    series: tuple[tuple[str, _Kept], ...] = ()
    since: float = 0.0
    until: float = 0.0
    ceiling: float | None = None


class MetricChart(Widget):
    """A chart of one or several series of one unit, with the figures in words above it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "metric-chart--title",
        "metric-chart--axis",
        "metric-chart--warning",
        "metric-chart--fault",
        *(f"metric-chart--series-{number}" for number in range(1, COLOURS + 1)),
    }
    DEFAULT_CSS = """
    MetricChart {
        height: 10;
        color: $foreground;

        & > .metric-chart--title { text-style: bold; }
        & > .metric-chart--axis { color: $text-muted; }
        & > .metric-chart--warning { color: $text-warning; }
        & > .metric-chart--fault { color: $text-error; }
        & > .metric-chart--series-1 { color: $text-primary; }
        & > .metric-chart--series-2 { color: $text-accent; }
        & > .metric-chart--series-3 { color: $text-success; }
        & > .metric-chart--series-4 { color: $text-secondary; }
    }
    """

    def __init__(
        self,
        title: str,
        *,
        unit: Unit = Unit.NONE,
        warning: float | None = None,
        fault: float | None = None,
        ascii: bool = False,  # noqa: A002 - the word people know for it
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - as every widget names it
        classes: str | None = None,
    ) -> None:
        """Make an empty chart.

        Args:
            title: what is measured.
            unit: what its numbers mean.
            warning: from where on a value deserves a look; drawn as a line.
            fault: from where on it is too much; drawn as a line.
            ascii: draw no shape that is not ASCII.
            name: as for every widget.
            id: as for every widget.
            classes: as for every widget.
        """
        super().__init__(name=name, id=id, classes=classes)
        self._title = title
        self._unit = unit
        self._limits = {"warning": warning, "fault": fault}
        self._ascii = ascii
        self._glyphs = ASCII if ascii else UNICODE
        self._shown = _Shown()
        self._lines: list[tuple[Piece, ...]] = []
        self._palette: dict[str, Style] = {}

    def show(self, series: Mapping[str, Trace], *, since: float, until: float, ceiling: float | None = None) -> None:
        """Show a window of these series; ``ceiling`` is the top of the axis where there is a natural one."""
        kept = tuple((name, _Kept(tuple(trace.times), tuple(trace.values))) for name, trace in series.items())
        shown = _Shown(kept, since, until, ceiling)
        if shown != self._shown:
            self._shown = shown
            self._draw()

    @override
    def render_line(self, y: int) -> Strip:
        width = self.size.width
        pieces = self._lines[y] if y < len(self._lines) else ()
        strip = Strip([Segment(text, self._style(role)) for text, role in pieces if text])
        return strip.adjust_cell_length(width, self.rich_style)

    @override
    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._palette.clear()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._draw()

    def _draw(self) -> None:
        before, self._lines = self._lines, self._compose_lines(self.size.width, self.size.height)
        width = self.size.width
        dirty = [Region(0, y, width, 1) for y in range(self.size.height) if before[y : y + 1] != self._lines[y : y + 1]]
        if dirty:
            self.refresh(*dirty)

    def _compose_lines(self, width: int, height: int) -> list[tuple[Piece, ...]]:
        series, since, until, _ = self._shown
        lines = self._headings(width)
        rows = height - len(lines) - 1
        if height < LEAST or rows < 2 or until <= since:
            return lines[:height]
        if not any(known(trace, since, until) for _, trace in series):
            return [*lines, (("  Nothing measured in this time.", "axis"),)]
        frame = self._frame()
        labels = self._labels(frame, rows)
        margin = max(len(label) for label in labels.values()) + 1
        room = max(1, width - margin)
        inks = plot([trace for _, trace in series], frame, room, rows, ascii_only=self._ascii)
        limits = {
            row: (kind, value)
            for kind, value in self._limits.items()
            if value is not None and (row := row_of(value, frame, rows)) is not None
        }
        for row, line in enumerate(inks):
            chars = [(ink.char, "" if ink.owner is None else _role(ink.owner)) for ink in line]
            if row in limits:
                self._rule(chars, *limits[row])
            joined = [
                ("".join(char for char, _ in run), role) for role, run in groupby(chars, key=lambda part: part[1])
            ]
            lines.append(((labels.get(row, "").rjust(margin - 1) + " ", "axis"), *joined))
        lines.append(((" " * margin + _spread(clock_labels(since, until), room), "axis"),))
        return lines

    def _headings(self, width: int) -> list[tuple[Piece, ...]]:
        title = neutral(self._title, self._glyphs)
        series = self._shown.series
        if len(series) == 1:
            return [((title, "title"), ("  " + self._figures(series[0][1]), ""))]
        lines: list[tuple[Piece, ...]] = [((title, "title"),)]
        for number, (name, trace) in enumerate(series):
            sample = LETTERS[number % len(LETTERS)] * 2 if self._ascii else SAMPLES[number % len(SAMPLES)]
            text = fit(neutral(name, self._glyphs), min(20, max(1, width // 4)), glyphs=self._glyphs)
            lines.append(((f"{sample} ", _role(number)), (f"{text} {self._figures(trace)}", "")))
        return lines

    def _figures(self, trace: Trace) -> str:
        values = [value for _, value in known(trace, self._shown.since, self._shown.until)]
        if not values:
            return "not measured"
        figures = {"now": values[-1], "min": min(values), "mean": fmean(values), "max": max(values)}
        return "  ".join(f"{word} {self._number(value)}" for word, value in figures.items())

    def _number(self, value: float) -> str:
        return quantity(value, self._unit, now=self._shown.until, glyphs=self._glyphs)

    def _frame(self) -> Frame:
        series, since, until, ceiling = self._shown
        values = [value for _, trace in series for _, value in known(trace, since, until)]
        greatest, least = max(values), min(values)
        top = ceiling if ceiling is not None and ceiling >= greatest else nice_top(greatest, self._unit)
        return Frame(since, until, -nice_top(-least, self._unit) if least < 0 else 0.0, top)

    def _labels(self, frame: Frame, rows: int) -> dict[int, str]:
        labels = {rows - 1: self._number(frame.low), 0: self._number(frame.top)}
        if rows >= 5 and rows % 2:
            labels[rows // 2] = self._number((frame.low + frame.top) / 2)
        return labels

    def _rule(self, chars: list[Piece], kind: str, value: float) -> None:
        """Draw a limit where no series is drawn, and say in words what it is."""
        free = "".join(" " if char == " " else "x" for char, _ in chars)
        rule = [self._glyphs.rule] * len(chars)
        words = f"{kind} {self._number(value)} "
        if (start := free.find(" " * len(words))) >= 0:
            rule[start : start + len(words)] = words
        for x, (char, _) in enumerate(chars):
            if char == " ":
                chars[x] = (rule[x], kind)

    def _style(self, role: str) -> Style:
        style = self._palette.get(role)
        if style is None:
            style = self.get_component_rich_style(f"metric-chart--{role}") if role else self.rich_style
            self._palette[role] = style
        return style


class Spark(Widget):
    """The last values of a metric as one line of bars, newest at the right."""

    DEFAULT_CSS = """
    Spark { height: 1; color: $text-primary; }
    """

    def __init__(
        self,
        *,
        ceiling: float | None = None,
        ascii: bool = False,  # noqa: A002 - the word people know for it
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - as every widget names it
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._ceiling = ceiling
        self._glyphs = ASCII if ascii else UNICODE
        self._values: tuple[float | None, ...] = ()

    def show(self, values: Sequence[float | None]) -> None:
        """Show these values, oldest first; ``None`` where nothing was measured."""
        if tuple(values) != self._values:
            self._values = tuple(values)
            self.refresh()

    @override
    def render_line(self, y: int) -> Strip:
        width = self.size.width
        bars = spark(self._values[-width:], ceiling=self._ceiling, glyphs=self._glyphs) if y == 0 and width else ""
        return Strip([Segment(bars.rjust(width), self.rich_style)], width)


def _role(owner: int) -> str:
    return f"series-{owner % COLOURS + 1}"


def _spread(labels: Sequence[str], width: int) -> str:
    """Labels at the start, the middle and the end of a line, as many as fit."""
    first, middle, last = labels
    if width < cell_len(first) + cell_len(last) + 1:
        return fit(first, width)
    gap = width - len(first) - len(last)
    if gap < len(middle) + 4:
        return first + " " * gap + last
    left = max(1, width // 2 - len(middle) // 2 - len(first))
    return first + " " * left + middle + " " * (gap - left - len(middle)) + last
