"""Drawing values over time into character cells: braille dots, or one letter per cell in plain ASCII. Pure."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple, Protocol

from backends.contract.model import Unit


class Trace(Protocol):
    """A metric over time: moments and values of equal length, oldest first."""

    @property
    def times(self) -> Sequence[float]:
        """When it was measured."""

    @property
    def values(self) -> Sequence[float]:
        """What was measured."""


class Frame(NamedTuple):
    """The part of the world a plot shows."""

    since: float
    until: float
    low: float
    top: float


class Ink(NamedTuple):
    """What is drawn in one cell."""

    char: str = " "
    owner: int | None = None
    """Which trace drew it last."""


# One line style per trace, by dot column, so that traces differ without colour too.
_DASHES: tuple[tuple[bool, ...], ...] = (
    (True,),
    (True, True, True, False, False),
    (True, False, False),
    (True, True, True, True, False, True, False),
)
SAMPLES = ("━━", "╍╍", "··", "╍·")
"""The line styles as a legend shows them."""
LETTERS = "*o+x"
"""The line styles in ASCII."""
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BLANK = 0x2800


def plot(traces: Sequence[Trace], frame: Frame, width: int, height: int, *, ascii_only: bool) -> list[list[Ink]]:
    """Draw the traces over each other. Where nothing was measured nothing is drawn: a gap is not a zero."""
    across, down = (1, 1) if ascii_only else (2, 4)
    masks = [[0] * width for _ in range(height)]
    owners: list[list[int | None]] = [[None] * width for _ in range(height)]
    for owner, trace in enumerate(traces):
        dashes = _DASHES[owner % len(_DASHES)]
        for x, y in _dots(trace, frame, width * across, height * down):
            if ascii_only or dashes[x % len(dashes)]:
                masks[y // down][x // across] |= _DOTS[x % across][y % down]
                owners[y // down][x // across] = owner
    return [
        [_ink(mask, owner, ascii_only=ascii_only) for mask, owner in zip(*line, strict=True)]
        for line in zip(masks, owners, strict=True)
    ]


def row_of(value: float, frame: Frame, height: int) -> int | None:
    """The line a value stands on, or ``None`` when it is outside of the frame."""
    if not frame.low <= value <= frame.top:
        return None
    return _scaled(value, frame, height)


def nice_top(greatest: float, unit: Unit) -> float:
    """A round number that is not less, for the top of an axis."""
    if not 1e-300 < greatest < 1e300:
        return greatest if 1e300 <= greatest < math.inf else 100.0 if unit is Unit.PERCENT else 1.0
    if unit in {Unit.BYTES, Unit.BYTES_PER_SECOND}:
        part, power = math.frexp(greatest)
        return math.ldexp(1.0, power - (part == 0.5))
    ten = 10.0 ** math.floor(math.log10(greatest))
    return next((step * ten for step in (1.0, 2.0, 2.5, 5.0, 10.0) if greatest <= step * ten), greatest)


def clock_labels(since: float, until: float) -> tuple[str, str, str]:
    """Local clock times for the start, the middle and the end of a window, as exact as its length asks for."""
    span = until - since
    form = "%H:%M:%S" if span <= 900 else "%H:%M" if span <= 86_400 else "%d.%m. %H:%M"
    first, middle, last = (
        time.strftime(form, time.localtime(moment)) for moment in (since, (since + until) / 2, until)
    )
    return first, middle, last


def known(trace: Trace, since: float, until: float) -> list[tuple[float, float]]:
    """The moments and values inside a window that are numbers."""
    return [
        (moment, value)
        for moment, value in zip(trace.times, trace.values, strict=False)
        if since <= moment <= until and math.isfinite(value)
    ]


def _dots(trace: Trace, frame: Frame, width: int, height: int) -> Iterator[tuple[int, int]]:
    points = known(trace, frame.since, frame.until)
    if not points or width <= 0 or height <= 0:
        return
    span = max(frame.until - frame.since, 1e-9)
    patience = _patience([moment for moment, _ in points], span / width)
    before: tuple[float, int, int] | None = None
    for moment, value in points:
        x = min(width - 1, int((moment - frame.since) / span * width))
        y = _scaled(value, frame, height)
        if before is None or moment - before[0] > patience:
            yield x, y
        else:
            yield from _stroke(before[1], before[2], x, y)
        before = (moment, x, y)


def _patience(moments: Sequence[float], column: float) -> float:
    """How far apart two measurements may be and still be joined."""
    steps = [later - earlier for earlier, later in pairwise(moments)]
    return max(3 * median(steps), 2 * column) if steps else 2 * column


def _stroke(x: int, y: int, to_x: int, to_y: int) -> Iterator[tuple[int, int]]:
    """All dots from one to another, without holes in either direction."""
    steps = max(abs(to_x - x), abs(to_y - y), 1)
    for step in range(steps + 1):
        yield x + round((to_x - x) * step / steps), y + round((to_y - y) * step / steps)


def _scaled(value: float, frame: Frame, height: int) -> int:
    share = (value - frame.low) / max(frame.top - frame.low, 1e-12)
    return height - 1 - round(max(0.0, min(1.0, share)) * (height - 1))


def _ink(mask: int, owner: int | None, *, ascii_only: bool) -> Ink:
    if owner is None:
        return Ink()
    return Ink(LETTERS[owner % len(LETTERS)] if ascii_only else chr(_BLANK + mask), owner)
