"""Figures with their goals, as a table to read and as JSON to keep."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

HEADINGS: Final = ("ROW", "WHAT", "MEASURED", "BESIDE IT", "RATIO", "GOAL", "VERDICT")
RIGHT: Final = frozenset({2, 3, 4})


@dataclass(frozen=True, slots=True)
class Peer:
    """What was measured beside a figure, in the same run."""

    name: str
    value: float
    reference: float | None = None
    """What it was where the goals were set, on a quiet machine."""

    @property
    def slowness(self) -> float:
        """How many times slower than there this machine is now; never less than one."""
        return max(1.0, self.value / self.reference) if self.reference else 1.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number."""

    row: str
    """The row of the goals; empty for what is told for information."""
    what: str
    value: float
    unit: str
    goal: str = ""
    limit: float | None = None
    """The largest value that meets the goal, in the figure's unit."""
    peer: Peer | None = None
    least: bool = False
    """Whether the limit is the least, not the largest."""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """To the peer."""
        return self.value / self.peer.value if self.peer and self.peer.value else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; ``None`` without one."""
        if self.limit is None:
            return None
        return self.value >= self.limit if self.least else self.value <= self.limit

    @property
    def verdict(self) -> str:
        """That in a word."""
        return {None: "", True: "met", False: "MISSED"}[self.met]

    def cells(self) -> tuple[str, ...]:
        """The figure as a row of the table."""
        beside = f"{self.peer.name} {number(self.peer.value)}" if self.peer else ""
        ratio = f"{self.ratio:.2f}x" if self.ratio is not None else ""
        return (
            self.row,
            self.what,
            f"{number(self.value)} {self.unit}".strip(),
            beside,
            ratio,
            self.goal,
            self.verdict,
        )


def limited(
    row: str, what: str, seconds: float, *, limit_ms: float, peer: Peer, slowness: float | None = None, note: str = ""
) -> Figure:
    """A time in ms with a limit that holds on a quiet machine and is stretched by how much slower this one is now."""
    slower = peer.slowness if slowness is None else slowness
    stretched = limit_ms * slower
    goal = f"≤ {limit_ms:g} ms" + (f" (here {number(stretched)})" if slower > 1.02 else "")
    return Figure(row, what, seconds * 1000, "ms", goal, stretched, peer, note=note)


def at_most(row: str, what: str, value: float, unit: str, limit: float, *, note: str = "") -> Figure:
    """A number with a limit that no machine stretches."""
    return Figure(row, what, value, unit, f"≤ {number(limit)} {unit}".strip(), limit, note=note)


def number(value: float) -> str:
    """A number with about three digits."""
    if math.isnan(value):
        return "-"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent do not exceed; the nearest one measured, never an invented one."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def middle(values: Sequence[float]) -> float:
    """The median; not a number when there are none."""
    return median(values) if values else math.nan


def table(figures: Sequence[Figure]) -> str:
    """The figures to read."""
    rows = [HEADINGS, *(figure.cells() for figure in figures)]
    widths = [max(len(row[index]) for row in rows) for index in range(len(HEADINGS))]
    lines = ["  ".join(_padded(row, widths)).rstrip() for row in rows]
    notes = [f"  {figure.row or figure.what}: {figure.note}" for figure in figures if figure.note]
    return "\n".join([*lines, *(["", *dict.fromkeys(notes)] if notes else [])])


def markdown(figures: Sequence[Figure]) -> str:
    """The figures for the documentation."""
    rows = ["| Row | What | Measured | Beside it | Ratio | Goal | |", "|---|---|--:|--:|--:|---|---|"]
    rows += [f"| {' | '.join(figure.cells())} |" for figure in figures]
    return "\n".join(rows)


def _padded(row: Iterable[str], widths: Sequence[int]) -> Iterable[str]:
    for index, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.rjust(width) if index in RIGHT else cell.ljust(width)


def save(folder: Path, figures: Sequence[Figure], *, quick: bool) -> Path:
    """Keep the figures; the files written are named for the moment."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    path = folder / f"{now:%Y%m%d-%H%M%S}.json"
    content = {
        "version": 1,
        "at": now.isoformat(timespec="seconds"),
        "quick": quick,
        "python": platform.python_version(),
        "machine": platform.platform(),
        "figures": [asdict(figure) | {"ratio": figure.ratio, "met": figure.met} for figure in figures],
    }
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    path.with_suffix(".txt").write_text(table(figures) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(markdown(figures) + "\n", encoding="utf-8")
    return path
