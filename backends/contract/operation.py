"""Operations and plans: the one way anything is done, whoever asks.

An :class:`Operation` is data, so that the interface, the CLI, the help and later the assistant show the same thing
without the backend's code. A :class:`Verb` joins it, inside the fleet, to the code that plans and runs it.
"""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum, auto
from typing import Any, NamedTuple, Protocol

import msgspec

from backends.contract.model import Ability, Fact, Resource, ResourceId

Arguments = Mapping[str, Any]
"""Parsed arguments by parameter id: text, numbers, booleans or lists of text."""


class Effect(StrEnum):
    """What an operation does to the world."""

    READ = auto()
    CHANGE = auto()
    DESTROY = auto()


class Confirm(StrEnum):
    """How much a person is asked before a single, unprotected resource is touched. Policy may only ask for more."""

    NONE = auto()
    ASK = auto()
    TYPED = auto()


class ParameterType(StrEnum):
    """What a parameter takes."""

    TEXT = auto()
    WORDS = auto()
    """A command line, split as a POSIX shell would, without running one."""
    INTEGER = auto()
    NUMBER = auto()
    BYTES = auto()
    """``512m``, ``2 GiB``, ``0``; parsed to an integer."""
    SECONDS = auto()
    CHOICE = auto()
    TOGGLE = auto()


class Parameter(msgspec.Struct, frozen=True):
    """One argument an operation can be given."""

    id: str
    label: str
    type: ParameterType = ParameterType.TEXT
    help: str = ""
    default: Fact = None
    choices: tuple[str, ...] = ()
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None

    def parse(self, text: str) -> Fact:
        """Turn what a person typed into a value.

        Raises:
            ValueError: with a sentence that says what would be right.
        """
        value = text.strip()
        if not value:
            if self.required:
                raise ValueError(f"{self.label} is needed.")
            return self.default
        return _PARSERS[self.type](self, value)


def _parse_words(parameter: Parameter, text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ValueError(f"{parameter.label}: a quotation mark is not closed.") from error


def _parse_number(parameter: Parameter, text: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise ValueError(f"{parameter.label} must be a number, not “{text}”.") from error
    if number != number:  # noqa: PLR0124 - the one value that differs from itself is "not a number"
        raise ValueError(f"{parameter.label} must be a number, not “{text}”.")
    if parameter.minimum is not None and number < parameter.minimum:
        raise ValueError(f"{parameter.label} must be at least {parameter.minimum:g}.")
    if parameter.maximum is not None and number > parameter.maximum:
        raise ValueError(f"{parameter.label} must be at most {parameter.maximum:g}.")
    return number


def _parse_integer(parameter: Parameter, text: str) -> int:
    try:
        whole = int(text)
    except ValueError as error:
        raise ValueError(f"{parameter.label} must be a whole number, not “{text}”.") from error
    _parse_number(parameter, text)
    return whole


_POWERS = {
    "": 0,
    "b": 0,
    "k": 1,
    "kb": 1,
    "kib": 1,
    "m": 2,
    "mb": 2,
    "mib": 2,
    "g": 3,
    "gb": 3,
    "gib": 3,
    "t": 4,
    "tb": 4,
    "tib": 4,
}


def parse_bytes(text: str) -> int:
    """Turn ``512m``, ``2 GiB`` or ``1048576`` into bytes; suffixes are powers of 1024, as Docker reads them.

    Raises:
        ValueError: with a sentence.
    """
    value = text.strip().lower()
    digits = value.rstrip("bkmgti ")
    suffix = value[len(digits) :].strip()
    try:
        amount = float(digits) * 1024 ** _POWERS[suffix]
        if amount < 0:
            raise ValueError(text)
        return int(amount)
    except (ValueError, KeyError, OverflowError) as error:
        raise ValueError(f"“{text}” is not a size; write it like 512m or 2 GiB.") from error


def _parse_choice(parameter: Parameter, text: str) -> str:
    for choice in parameter.choices:
        if choice.lower() == text.lower():
            return choice
    raise ValueError(f"{parameter.label} must be one of {', '.join(parameter.choices)}.")


_YES, _NO = frozenset({"yes", "y", "true", "on", "1"}), frozenset({"no", "n", "false", "off", "0"})


def _parse_toggle(parameter: Parameter, text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise ValueError(f"{parameter.label} must be yes or no.")


_PARSERS: dict[ParameterType, Callable[[Parameter, str], Fact]] = {
    ParameterType.TEXT: lambda _parameter, text: text,
    ParameterType.WORDS: _parse_words,
    ParameterType.INTEGER: _parse_integer,
    ParameterType.NUMBER: _parse_number,
    ParameterType.SECONDS: _parse_number,
    ParameterType.BYTES: lambda _parameter, text: parse_bytes(text),
    ParameterType.CHOICE: _parse_choice,
    ParameterType.TOGGLE: _parse_toggle,
}


class Operation(msgspec.Struct, frozen=True):
    """A verb that can be done to resources of a kind, as data."""

    kind: str
    verb: str
    """The word of the CLI and the command line: ``stop``. With the kind it is the operation's name."""
    title: str
    key: str = ""
    """Default key in lists, in Textual's spelling; users may re-key it."""
    needs: Ability = Ability.NONE
    effect: Effect = Effect.CHANGE
    confirm: Confirm = Confirm.NONE
    parameters: tuple[Parameter, ...] = ()
    help: str = ""
    refusal: str = ""
    """Why not, when the ability is missing; may use ``{name}`` and ``{status}``."""
    many: bool = True
    """Whether it makes sense on several resources at once."""
    hidden: bool = False
    """Reached only as the undo of another operation; in no menu."""
    group: str = ""
    """Operations of a kind with the same group never apply at the same time and may share a key (pause, resume)."""

    @property
    def id(self) -> str:
        """``container.stop``: unique within a backend, and the id users re-key by."""
        return f"{self.kind}.{self.verb}"

    def blocked(self, resource: Resource) -> str | None:
        """The sentence that says why this cannot be done to the resource now, or ``None`` when it can."""
        if self.needs in resource.abilities:
            return None
        status = resource.status or resource.state.value
        refusal = self.refusal or "{title} is not possible: {name} is {status}."
        return refusal.format(name=resource.name, status=status, title=self.title)

    def parse(self, given: Mapping[str, str]) -> dict[str, Fact]:
        """Turn typed arguments into values, with defaults for those not given.

        Raises:
            ValueError: with a sentence, for an unknown or unreadable argument.
        """
        known = {parameter.id: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                raise ValueError(f"{self.title} has no argument “{name}”; it knows {', '.join(known) or 'none'}.")
        return {name: parameter.parse(given.get(name, "")) for name, parameter in known.items()}


class Undo(msgspec.Struct, frozen=True):
    """How to take an operation back: another operation, ready to be planned."""

    title: str
    verb: str
    targets: tuple[ResourceId, ...]
    arguments: Mapping[str, Fact] = {}
    loses: str = ""
    """What cannot come back even so, as a sentence."""


class Step(msgspec.Struct, frozen=True):
    """What a plan does to one target."""

    target: ResourceId
    name: str
    does: str
    """Verb phrase: ``stops, with 10 s to end by itself``."""
    call: str
    """The equivalent command or the exact call, for people to check and copy. Holds no secret."""
    dependants: tuple[str, ...] = ()
    """What else is touched: volumes removed, containers that lose their network."""
    frees: int | None = None
    """Bytes given back, where known."""
    undo: str = ""
    """How it can be undone, as a phrase; empty means it cannot."""


class Plan(msgspec.Struct, frozen=True):
    """What an operation would do, before it does it."""

    kind: str
    verb: str
    title: str
    effect: Effect
    steps: tuple[Step, ...]
    arguments: Mapping[str, Fact] = {}
    warnings: tuple[str, ...] = ()

    @property
    def reversible(self) -> bool:
        """Whether every step says how it can be undone."""
        return bool(self.steps) and all(step.undo for step in self.steps)


class Outcome(msgspec.Struct, frozen=True):
    """How an operation on one target ended well. One that ends badly raises instead."""

    summary: str
    undo: Undo | None = None
    exit_code: int | None = None
    """For commands: a command that ran and ended non-zero is an outcome, not an error."""


class Report(Protocol):
    """What a running verb tells about itself. Both calls return at once."""

    def progress(self, done: float | None, text: str) -> None:
        """Say how far it is: ``done`` from 0 to 1, or ``None`` when that cannot be known."""

    def output(self, data: bytes, *, error: bool = False) -> None:
        """Hand on a piece of output, raw."""


PlanStep = Callable[[Any, Resource, Arguments], Awaitable[Step]]
RunStep = Callable[[Any, Resource, Arguments, Report], Awaitable[Outcome]]


class Verb(NamedTuple):
    """An operation with the code behind it. Both functions get the session that opened the connection.

    ``plan`` looks, and changes nothing. ``run`` does it to one resource, may be cancelled, and raises
    ``BackendError`` with what happened; doing it twice is harmless wherever the engine allows.
    """

    operation: Operation
    plan: PlanStep
    run: RunStep


def verbs_by_id(verbs: Sequence[Verb]) -> dict[str, Verb]:
    """The verbs by their operation's id.

    Raises:
        ValueError: if two have the same id.
    """
    table = {verb.operation.id: verb for verb in verbs}
    if len(table) != len(verbs):
        raise ValueError("Two verbs of a backend share an id.")
    return table
