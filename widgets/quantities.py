"""Numbers as people read them: short, and with the unit their meaning asks for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

from backends.contract.model import Unit
from widgets.glyphs import UNICODE, Glyphs

NOTHING = "-"
"""Shown for a number that was not measured, which is never the same as zero."""

_BINARY = "BKMGTPEZY"
_DECIMAL = ("", "k", "M", "G", "T", "P", "E")
_SPANS = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "m"), (60, "m", 1, "s"))


def quantity(value: float | None, unit: Unit, *, now: float = 0.0, glyphs: Glyphs = UNICODE) -> str:
    """A number in its unit; a moment (``Unit.TIME``) as its distance from ``now``."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if unit is Unit.TIME:
        return age(value, now)
    if unit is Unit.CELSIUS:
        return f"{value:.0f}{glyphs.degree}C"
    return _SHOWN[unit](value)


def size(amount: float) -> str:
    """Bytes in at most five cells: ``512B``, ``1.2G``, ``1023M``; steps of 1024."""
    sign, rest = ("-", -amount) if amount < 0 else ("", amount)
    if rest < 1023.5:
        return f"{sign}{rest:.0f}B"
    power = 0
    while rest >= 1023.5 and power < len(_BINARY) - 1:
        rest /= 1024
        power += 1
    return f"{sign}{_short(rest)}{_BINARY[power]}"


def count(amount: float) -> str:
    """A number of things: exact while it is short, then in steps of a thousand."""
    if abs(amount) < 99_999.5:
        return _short(amount) if amount != int(amount) else f"{amount:.0f}"
    rest, power = amount, 0
    while abs(rest) >= 999.5 and power < len(_DECIMAL) - 1:
        rest /= 1000
        power += 1
    return f"{_short(rest)}{_DECIMAL[power]}"


def duration(seconds: float) -> str:
    """A span of time by its two largest units: ``3d4h``, ``2m5s``, ``12s``, ``80ms``."""
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if seconds < 1:
        return f"{seconds * 1000:.0f}ms" if seconds >= 0.0005 else "0s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    span, letter, part, part_letter = next(step for step in _SPANS if whole >= step[0])
    rest = whole % span // part
    return f"{whole // span}{letter}{rest}{part_letter}" if rest else f"{whole // span}{letter}"


def age(moment: float, now: float) -> str:
    """How long ago a moment was, in whole seconds; ``in 5s`` for one to come."""
    distance = now - moment
    if distance <= -1:
        return f"in {duration(math.floor(-distance))}"
    return duration(max(0.0, math.floor(distance)))


def ages(moment: float, before: float, now: float) -> bool:
    """Whether the age of a moment reads otherwise now than it did before."""
    distance = abs(now - moment)
    step = next((part for span, _, part, _ in _SPANS if distance >= span + 1), 1)
    return math.floor((before - moment) / step) != math.floor((now - moment) / step)


def spark(values: Sequence[float | None], *, ceiling: float | None = None, glyphs: Glyphs = UNICODE) -> str:
    """Values as one bar each, in eight levels; what was not measured is a blank.

    Args:
        values: oldest first.
        ceiling: what a full bar means; without one, the greatest value.
        glyphs: whose bars to use.
    """
    return _bars(tuple(values), ceiling, glyphs.levels)


@lru_cache(maxsize=1024)
def _bars(values: tuple[float | None, ...], ceiling: float | None, levels: str) -> str:
    known = [value for value in values if value is not None and math.isfinite(value)]
    top = ceiling or max(known, default=0.0)
    last = len(levels) - 1

    def bar(value: float | None) -> str:
        if value is None or not math.isfinite(value):
            return " "
        share = value / top if top > 0 else 0.0
        return levels[0 if share <= 0 else last if share >= 1 else math.ceil(share * last)]

    return "".join(map(bar, values))


def _short(value: float) -> str:
    """Two digits that matter where the number is small, whole numbers above ten, no ``.0`` for a plain zero."""
    if value == 0:
        return "0"
    return f"{value:.1f}" if abs(value) < 9.95 else f"{value:.0f}"


def _bare(value: float) -> str:
    """A number of no unit: whole numbers exact (a pid, a port), others to the hundredth (a load)."""
    return f"{value:.0f}" if value == int(value) else f"{value:.2f}"


_SHOWN: dict[Unit, Callable[[float], str]] = {
    Unit.NONE: _bare,
    Unit.PERCENT: lambda value: f"{_short(value)}%",
    Unit.BYTES: size,
    Unit.BYTES_PER_SECOND: lambda value: f"{size(value)}/s",
    Unit.COUNT: count,
    Unit.PER_SECOND: lambda value: f"{count(value)}/s",
    Unit.SECONDS: duration,
}
