"""How a filter reads ``field:value``: which field is meant, what its texts and numbers are."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple, Protocol

from backends.contract.model import Column, Fact, Resource, Sample, Source, Unit
from widgets.cells import unit_of, value_of


class Read(Protocol):
    """The part of a filter's subject that fields are read from."""

    @property
    def resource(self) -> Resource:
        """The resource itself."""

    @property
    def sample(self) -> Sample | None:
        """Its newest measurement."""


class FieldTest(NamedTuple):
    """Asks a field; ``None`` means that the resource has no such field."""

    test: Callable[[Read, float], bool | None]
    moving: bool


class Comparison(NamedTuple):
    """Asks a number."""

    test: Callable[[Read, float], bool]
    moving: bool


_FIXED: dict[str, Callable[[Resource], Sequence[str]]] = {
    "host": lambda resource: (resource.id.connection,),
    "connection": lambda resource: (resource.id.connection,),
    "state": lambda resource: (resource.state.value, resource.status),
    "health": lambda resource: (resource.health.value,),
    "kind": lambda resource: (resource.id.kind,),
    "name": lambda resource: (resource.name,),
    "id": lambda resource: (resource.id.native,),
}
_SPARE: dict[str, Callable[[Resource], Sequence[str]]] = {
    "status": lambda resource: (resource.status,),
    "reason": lambda resource: (resource.reason or "",),
    "parent": lambda resource: (resource.parent.native if resource.parent else "",),
}
_MOMENTS: dict[str, Callable[[Resource], float | None]] = {
    "age": lambda resource: resource.created,
    "created": lambda resource: resource.created,
    "since": lambda resource: resource.since,
}
_LABELS = frozenset({"tag", "label"})
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_SPANS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_557_600}
_SIZES = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def field_test(name: str, wanted: Sequence[str], columns: Sequence[Column]) -> FieldTest | None:
    """A test whether the field has one of the texts in it; ``None`` while there is nothing to look for."""
    if not wanted:
        return None
    if name in _LABELS:
        pairs = [tuple(part.lower() for part in choice.partition("=")) for choice in wanted]
        return FieldTest(lambda subject, _now: any(_labelled(subject.resource, *pair) for pair in pairs), moving=False)
    matchers = [_matcher(choice) for choice in wanted]
    read, moving = _texts(name, columns)

    def test(subject: Read, _now: float) -> bool | None:
        texts = read(subject)
        return None if texts is None else any(match(text.lower()) for text in texts for match in matchers)

    return FieldTest(test, moving)


def comparison(name: str, sign: str, wanted: str, columns: Sequence[Column]) -> Comparison:
    """A test whether the field's number is on the right side of the one given; unknown numbers are on neither.

    Raises:
        ValueError: with a sentence, if ``wanted`` is no number.
    """
    column = None if name in _FIXED else _column(name, columns)
    timed = (name in _MOMENTS) if column is None else unit_of(column) is Unit.TIME
    limit = amount(wanted, Unit.TIME if timed else unit_of(column) if column else None)
    compare = _SIGNS[sign]

    def test(subject: Read, now: float) -> bool:
        number = _number(_value(name, column, subject))
        if number is None:
            return False
        return compare(now - number if timed else number, limit)

    return Comparison(test, moving=timed or column is None or column.source is not Source.FACT)


def amount(text: str, unit: Unit | None) -> float:
    """A typed number with its suffix, in the base of the unit; without a unit, whatever the suffix says.

    Raises:
        ValueError: with a sentence.
    """
    lowered = text.strip().lower()
    digits = lowered.rstrip("abcdefghijklmnopqrstuvwxyz/% ")
    suffix = lowered[len(digits) :].removesuffix("/s").strip(" %")
    try:
        number = float(digits)
        factor = _factor(suffix, unit)
    except (ValueError, KeyError) as error:
        raise ValueError(f"“{text}” is not a number to compare with; write it like 50, 1.5g or 3h.") from error
    return number * factor


def subsequence(needle: str, text: str) -> bool:
    """Whether the letters of the needle come in this order in the text."""
    position = 0
    for letter in needle:
        position = text.find(letter, position) + 1
        if not position:
            return False
    return True


def _factor(suffix: str, unit: Unit | None) -> float:
    if unit in {Unit.TIME, Unit.SECONDS} or (unit is None and suffix in {"s", "h", "d", "w", "y"}):
        return _SPANS[suffix]
    letter = suffix.removesuffix("b").removesuffix("i")
    thousand = 1000 if unit in {Unit.COUNT, Unit.PER_SECOND} else 1024
    return float(thousand ** _SIZES[letter])


def _column(name: str, columns: Sequence[Column]) -> Column | None:
    """The column of that id, key or title; failing that, the first whose id or title begins so."""
    for column in columns:
        if name in (column.id.lower(), column.key.lower(), column.title.lower()):
            return column
    for column in columns:
        if column.id.lower().startswith(name) or column.title.lower().startswith(name):
            return column
    return None


def _texts(name: str, columns: Sequence[Column]) -> tuple[Callable[[Read], Sequence[str] | None], bool]:
    fixed = _FIXED.get(name)
    if fixed is not None:
        return (lambda subject: fixed(subject.resource)), False
    column = _column(name, columns)
    spare = _SPARE.get(name)
    if column is None and spare is not None:
        return (lambda subject: spare(subject.resource)), False
    moving = column is None or column.source in {Source.METRIC, Source.HISTORY}
    return (lambda subject: _words(_value(name, column, subject))), moving


def _value(name: str, column: Column | None, subject: Read) -> Fact:
    if column is not None:
        return value_of(column, subject.resource, subject.sample)
    moment = _MOMENTS.get(name)
    if moment is not None:
        return moment(subject.resource)
    fact = subject.resource.facts.get(name)
    if fact is None and subject.sample is not None:
        return subject.sample.values.get(name)
    return fact


def _words(value: Fact) -> Sequence[str] | None:
    match value:
        case None:
            return None
        case bool():
            return ("yes", "true") if value else ("no", "false")
        case int() | float():
            return (f"{value:g}" if isinstance(value, float) else str(value),)
        case list():
            return value
        case _:
            return (value,)


def _number(value: Fact) -> float | None:
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return None


def _matcher(choice: str) -> Callable[[str], bool]:
    wanted = choice.lower()
    if wanted.startswith("="):
        exact = wanted[1:]
        return lambda text: text == exact
    if "*" in wanted:
        # Only the star is special: brackets and question marks are ordinary in names and images.
        pattern = wanted.replace("[", "[[]").replace("?", "[?]")
        return lambda text: fnmatchcase(text, pattern)
    return lambda text: wanted in text


def _labelled(resource: Resource, key: str, equals: str, value: str) -> bool:
    if equals:
        return any(
            known.lower() == key and _matcher(value)(content.lower()) if value else known.lower() == key
            for known, content in resource.labels.items()
        )
    return any(key in known.lower() or key in content.lower() for known, content in resource.labels.items())
