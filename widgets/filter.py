r"""The filter people type over a table, and on the command line.

::

    web            the text is somewhere in the name, state or facts
    "two words"    the same, with a blank in it
    ~wb1           the letters come in this order in the name
    re:^web\d+$     a regular expression finds something; ^ and $ are the ends of each text
    !web           not so: goes before any of the others
    state:running  the field has this text in it; a,b for either, * for anything, =x for exactly x
    label:env=prod the label env has prod in it; also tag:
    cpu:>50        a number compares: > >= < <= =, with sizes (mem:>1g) and spans (age:>1d)

Blanks between them mean *and*. A field is ``host``, ``state``, ``health``, ``kind``, ``name``, ``id``, ``label`` or any
column, fact or metric; a word with a colon that is no field of a resource (``nginx:latest``) is looked for as text.
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import NamedTuple, Protocol

from backends.contract.model import Column, Resource, Sample
from widgets.filter_fields import comparison, field_test, subsequence


class Subject(Protocol):
    """What a filter is asked about. A table prepares the haystack once per resource."""

    @property
    def resource(self) -> Resource:
        """The resource itself."""

    @property
    def sample(self) -> Sample | None:
        """Its newest measurement."""

    @property
    def haystack(self) -> str:
        """What ``haystack(resource)`` says."""


Test = Callable[[Subject, float], bool]


class Form(Enum):
    """How a term is written, as far as narrowing must know."""

    PLAIN = auto()
    FUZZY = auto()
    OTHER = auto()


class Term(NamedTuple):
    """One word of a filter."""

    raw: str
    test: Test
    form: Form = Form.OTHER
    needle: str = ""
    moving: bool = False
    """Whether the answer may change while the resource does not: metrics and ages."""
    problem: str = ""

    def covered_by(self, other: Term) -> bool:
        """Whether all that passes ``other`` passes this too, as far as can be told from their text."""
        if self.raw == other.raw:
            return True
        return self.form is other.form and self.form is not Form.OTHER and self.needle in other.needle


class Filter(NamedTuple):
    """A filter ready to be asked."""

    text: str = ""
    terms: tuple[Term, ...] = ()

    @property
    def problem(self) -> str:
        """A sentence on what cannot be understood yet, or nothing. Such a filter lets nothing through."""
        return next((term.problem for term in self.terms if term.problem), "")

    @property
    def moving(self) -> bool:
        """Whether measurements or the passing of time can change the result."""
        return any(term.moving for term in self.terms)

    def test(self, subject: Subject, now: float) -> bool:
        """Whether a prepared subject passes."""
        for term in self.terms:  # noqa: SIM110 - a generator here costs a third more, ten thousand times per key
            if not term.test(subject, now):
                return False
        return True

    def matches(self, resource: Resource, sample: Sample | None = None, *, now: float | None = None) -> bool:
        """Whether a resource passes."""
        return self.test(_Bare(resource, sample, haystack(resource)), time.time() if now is None else now)

    def narrows(self, earlier: Filter) -> bool:
        """Whether everything this lets through passed the earlier filter as well."""
        return all(any(old.covered_by(new) for new in self.terms) for old in earlier.terms)


class _Bare(NamedTuple):
    resource: Resource
    sample: Sample | None
    haystack: str


def haystack(resource: Resource) -> str:
    """All the texts of a resource, in lower case and one per line."""
    identity = resource.id
    parts = [resource.name, identity.native, identity.connection, resource.state.value, resource.status]
    for fact in resource.facts.values():
        if isinstance(fact, str):
            parts.append(fact)
        elif isinstance(fact, list):
            parts.extend(fact)
    parts.extend([f"{key}={value}" for key, value in resource.labels.items()])
    return "\n".join(parts).lower()


_WORD = re.compile(r'(?:"[^"]*"?|[^\s"])+')


def parse(text: str, columns: Sequence[Column] = ()) -> Filter:
    """Read a filter; takes anything, since it is asked after every keystroke.

    Args:
        text: as typed. What is only begun (``cpu:>``) does not count yet; what is wrong lets nothing through.
        columns: those of the kind, so that fields may be named by column and numbers be read in its unit.
    """
    terms = [_term(word, columns) for word in _WORD.findall(text)]
    return Filter(text, tuple(term for term in terms if term is not None))


def _term(raw: str, columns: Sequence[Column]) -> Term | None:
    body = raw.lstrip("!")
    term = _positive(raw, body, columns) if body.strip('"') else None
    if term is None or term.problem or (len(raw) - len(body)) % 2 == 0:
        return term
    test = term.test
    return Term(raw, lambda subject, now: not test(subject, now), moving=term.moving)


def _positive(raw: str, body: str, columns: Sequence[Column]) -> Term | None:
    if body.startswith('"'):
        return _plain(raw, _unquoted(body))
    if body.startswith("~"):
        return _fuzzy(raw, _unquoted(body[1:]))
    name, colon, value = body.partition(":")
    if not colon or not name or '"' in name:
        return _plain(raw, _unquoted(body))
    if name.lower() == "re":
        return _regular(raw, _unquoted(value))
    return _field(raw, name.lower(), value, columns)


def _plain(raw: str, text: str) -> Term | None:
    needle = text.lower()
    return Term(raw, lambda subject, _now: needle in subject.haystack, Form.PLAIN, needle) if needle else None


def _fuzzy(raw: str, text: str) -> Term | None:
    needle = text.lower()
    if not needle:
        return None
    return Term(raw, lambda subject, _now: subsequence(needle, subject.resource.name.lower()), Form.FUZZY, needle)


def _regular(raw: str, text: str) -> Term | None:
    if not text:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pattern = re.compile(text, re.IGNORECASE | re.MULTILINE)
    except (re.error, OverflowError, RecursionError) as error:
        return _broken(raw, f"The regular expression is not complete: {error}.")
    return Term(raw, lambda subject, _now: pattern.search(subject.haystack) is not None)


def _field(raw: str, name: str, value: str, columns: Sequence[Column]) -> Term | None:
    sign = next((sign for sign in (">=", "<=", ">", "<") if value.startswith(sign)), "")
    wanted = _unquoted(value[len(sign) :])
    if not wanted.strip("="):
        return None
    if sign:
        try:
            compared = comparison(name, sign, wanted, columns)
        except ValueError as error:
            return _broken(raw, str(error))
        return Term(raw, compared.test, moving=compared.moving)
    choices = [wanted] if value.startswith('"') else wanted.split(",")
    looked = field_test(name, [choice for choice in choices if choice.strip("=")], columns)
    if looked is None:
        return None
    literal = _unquoted(raw.lstrip("!")).lower()

    def test(subject: Subject, now: float) -> bool:
        answer = looked.test(subject, now)
        return literal in subject.haystack if answer is None else answer

    return Term(raw, test, moving=looked.moving)


def _broken(raw: str, problem: str) -> Term:
    return Term(raw, lambda _subject, _now: False, problem=problem)


def _unquoted(text: str) -> str:
    return text.replace('"', "")
