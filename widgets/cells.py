"""What stands in a table's cells: pure functions from a column and a resource to text and to an order."""

from __future__ import annotations

import math
import re
import time
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import islice

from rich.cells import cell_len

from backends.contract.model import Column, Fact, Health, Resource, Sample, Source, State, Unit
from widgets.glyphs import UNICODE, Glyphs, Tone, tone_of
from widgets.quantities import NOTHING, age, count, duration, quantity, size, spark

__all__ = [
    "SortKey",
    "age",
    "clock",
    "count",
    "duration",
    "fit",
    "is_number",
    "moves",
    "natural",
    "neutral",
    "quantity",
    "size",
    "sort_key",
    "spark",
    "state_text",
    "text_of",
    "value_of",
]

SortKey = tuple[int, float | str]
"""Numbers come before texts; within each the second part decides."""

_FIELDS: dict[str, Callable[[Resource], Fact]] = {
    "name": lambda resource: resource.name,
    "state": lambda resource: resource.state.value,
    "status": lambda resource: resource.status or None,
    "standing": lambda resource: resource.status or None,
    "health": lambda resource: resource.health.value,
    "reason": lambda resource: resource.reason,
    "connection": lambda resource: resource.id.connection,
    "host": lambda resource: resource.id.connection,
    "kind": lambda resource: resource.id.kind,
    "id": lambda resource: resource.id.native,
    "native": lambda resource: resource.id.native,
    "parent": lambda resource: resource.parent.native if resource.parent else None,
    "labels": lambda resource: [f"{key}={value}" for key, value in sorted(resource.labels.items())],
    "created": lambda resource: resource.created,
    "age": lambda resource: resource.created,
    "clock": lambda resource: resource.created,
    "since": lambda resource: resource.since,
}
_MOMENTS = frozenset({"created", "age", "clock", "since"})
STATES = frozenset({"state", "standing"})
"""Fields drawn as a shape and a word: of the shared vocabulary, or the resource's own."""
_URGENCY = {tone: rank for rank, tone in enumerate((Tone.FAULT, Tone.WARNING, Tone.BUSY, Tone.GOOD, Tone.IDLE))}
_HEALTHS = {health: rank for rank, health in enumerate((Health.FAULT, Health.WARNING, Health.UNKNOWN, Health.GOOD))}
_COMPARED = 200
"""Letters that decide an order; what differs only further on counts as equal."""
_DIGITS = re.compile("[0-9]+")
_VARIATIONS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def key_of(column: Column) -> str:
    """The fact, metric or field a column shows."""
    return column.key or column.id


def unit_of(column: Column) -> Unit:
    """The unit of a column; the resource's own moments are times even where nobody said so."""
    if column.unit is Unit.NONE and column.source is Source.FIELD and key_of(column) in _MOMENTS:
        return Unit.TIME
    return column.unit


def is_number(column: Column) -> bool:
    """Whether the column's values are measured or counted, rather than words."""
    return column.source in {Source.METRIC, Source.HISTORY} or unit_of(column) is not Unit.NONE


def moves(column: Column) -> bool:
    """Whether values change so often that sorting by them must be calmed."""
    return is_number(column) and unit_of(column) is not Unit.TIME


def value_of(column: Column, resource: Resource, sample: Sample | None = None) -> Fact:
    """The bare value of a cell, or ``None`` where it is not known."""
    key = key_of(column)
    if column.source is Source.FACT:
        return resource.facts.get(key)
    if column.source is Source.FIELD:
        read = _FIELDS.get(key)
        return read(resource) if read else None
    return sample.values.get(key) if sample else None


def text_of(
    column: Column,
    resource: Resource,
    sample: Sample | None = None,
    recent: Sequence[Sample] = (),
    *,
    now: float,
    stale: float | None = None,
    glyphs: Glyphs = UNICODE,
) -> str:
    """The text of a cell, safe to print and not yet cut to its width.

    Args:
        column: which cell.
        resource: of what.
        sample: its newest measurement.
        recent: its last measurements, oldest first; for sparklines.
        now: the moment ages count to.
        stale: since when the resource may be different from what is known.
        glyphs: the shapes to use.
    """
    if column.source is Source.HISTORY:
        return _history(column, recent, glyphs)
    if column.source is Source.FIELD and key_of(column) == "state":
        return state_text(resource, now=now, stale=stale, glyphs=glyphs)
    if column.source is Source.FIELD and key_of(column) == "standing":
        return f"{glyphs.of(tone_of(resource.state, resource.health))} {neutral(resource.status, glyphs)}"
    if column.source is Source.FIELD and key_of(column) == "clock":
        return clock(resource.created, now)
    return fact_text(value_of(column, resource, sample), unit_of(column), now=now, glyphs=glyphs)


def fact_text(value: Fact, unit: Unit, *, now: float, glyphs: Glyphs = UNICODE) -> str:
    """A known thing as safe text: numbers in their unit, lists with commas, truth as yes and no."""
    if isinstance(value, str):
        return neutral(value, glyphs)
    if value is None:
        return "" if unit is Unit.NONE else NOTHING
    if isinstance(value, list):
        return neutral(", ".join(value), glyphs)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value}" if unit is Unit.NONE and isinstance(value, int) else _quantity(value, unit, now, glyphs)


def state_text(resource: Resource, *, now: float = 0.0, stale: float | None = None, glyphs: Glyphs = UNICODE) -> str:
    """A shape and a word. When stale, the age of the news comes before the word, so that cutting spares it."""
    word = resource.state.value.replace("_", " ")
    if stale is not None:
        since = f"{age(stale, now)} ago" if stale > 0 else "stale"
        return f"{glyphs.idle} {since}, {word}"
    if resource.state is State.RUNNING and resource.health is Health.FAULT:
        word = "unhealthy"
    return f"{glyphs.of(tone_of(resource.state, resource.health))} {word}"


def clock(moment: float | None, now: float) -> str:
    """When something happened, by this machine's clock: the time, and before it the day if it was not today."""
    if moment is None:
        return NOTHING
    try:
        at, today = time.localtime(moment), time.localtime(now)
    except (OverflowError, OSError, ValueError):  # a moment no calendar has
        return NOTHING
    if at[:3] == today[:3]:
        return time.strftime("%H:%M:%S", at)
    return time.strftime("%b %d %H:%M" if at.tm_year == today.tm_year else "%Y-%m-%d", at)


def sort_key(column: Column, resource: Resource, sample: Sample | None = None) -> SortKey | None:
    """What a column sorts by; ``None``, for the unknown, belongs last in either direction."""
    if column.source is Source.FIELD:
        match key_of(column):
            case "state" | "standing" as field:
                word = resource.state if field == "state" else resource.status
                return (1, f"{_URGENCY[tone_of(resource.state, resource.health)]}{word}")
            case "health":
                return (0, float(_HEALTHS[resource.health]))
    value = value_of(column, resource, sample)
    match value:
        case None:
            return None
        case bool() | int() | float():
            return number_key(value)
        case list():
            return (1, natural(", ".join(value))) if value else None
        case _:
            return (1, natural(value)) if value else None


def number_key(value: float) -> SortKey | None:
    """The order of a number; what is no number is unknown."""
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    return None if math.isnan(number) else (0, number)


def natural(text: str) -> str:
    """A form of the text whose plain order puts ``web2`` before ``web10`` and ignores case."""
    folded = text[:_COMPARED].casefold()
    return folded if folded.isalpha() else _DIGITS.sub(_counted, folded)


def neutral(text: str, glyphs: Glyphs = UNICODE) -> str:
    """The text with everything that could move the cursor, hide or reorder letters made visible."""
    if text.isascii() and text.isprintable():
        return text
    return _neutral(text, glyphs.replacement)


def fit(text: str, width: int, *, right: bool = False, glyphs: Glyphs = UNICODE) -> str:
    """The text in exactly ``width`` cells: padded, or cut with a mark that says so. Wide characters count twice."""
    length = len(text) if text.isascii() else cell_len(text)
    if length == width:
        return text
    if length < width:
        return " " * (width - length) + text if right else text + " " * (width - length)
    return _cut(text, width, glyphs.cut)


def _quantity(value: float, unit: Unit, now: float, glyphs: Glyphs) -> str:
    try:
        return quantity(float(value), unit, now=now, glyphs=glyphs)
    except OverflowError:
        return NOTHING


def _history(column: Column, recent: Sequence[Sample], glyphs: Glyphs) -> str:
    key = key_of(column)
    if not recent:
        return ""
    values = [sample.values.get(key) for sample in islice(recent, max(0, len(recent) - max(1, column.width)), None)]
    ceiling = None
    if column.unit is Unit.PERCENT:
        # Small shares must look small: rows are compared with each other by eye.
        ceiling = max(100.0, max((value for value in values if value is not None), default=0.0))
    return spark(values, ceiling=ceiling, glyphs=glyphs).rjust(column.width)


def _counted(digits: re.Match[str]) -> str:
    """Digits led by how many they are, so that a longer number is a greater one; of any length."""
    significant = digits[0].lstrip("0")
    return f"0{chr(len(significant) + 1)}{significant}"


@lru_cache(maxsize=4096)
def _neutral(text: str, replacement: str) -> str:
    # Variation selectors only choose a picture, and terminals disagree on the width they give: they are left out.
    plain = _VARIATIONS.sub("", unicodedata.normalize("NFC", text))
    return "".join(replacement if unicodedata.category(char) in _FORBIDDEN else char for char in plain)


@lru_cache(maxsize=4096)
def _cut(text: str, width: int, mark: str) -> str:
    if width <= 0:
        return ""
    kept: list[str] = []
    room = width - 1
    for char in text:
        cells = 1 if char.isascii() else cell_len(char)
        if cells > room:
            break
        kept.append(char)
        room -= cells
    # A wide character that does not fit leaves a cell over.
    return "".join(kept) + mark + " " * room
