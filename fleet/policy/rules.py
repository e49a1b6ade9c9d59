"""A policy rule, as the settings write it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from backends.contract.operation import Effect, Operation
from fleet.values import Actor, Verdict


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule. Every condition given must hold; one not given holds always. The first rule that fits answers.

    ``label`` is ``key`` or ``key=value``; label values, connections, kinds and verbs may be globs. ``command`` is a
    regular expression searched in the command line of ``exec`` and ``shell``. A rule loosens what protection demands
    only if it says ``protected = true`` itself.
    """

    decision: Annotated[
        Verdict, Meta(description="What to answer: allow, ask, typed (a word has to be typed) or deny.")
    ]
    effect: Annotated[Effect | None, Meta(description="Only operations of this effect: read, change or destroy.")] = (
        None
    )
    kind: Annotated[str, Meta(description="Only this kind of resource; may be a pattern.")] = "*"
    verb: Annotated[str, Meta(description="Only this verb: stop, remove, exec; may be a pattern.")] = "*"
    label: Annotated[
        str, Meta(description="Only resources with this label: key, or key=value, whose value may be a pattern.")
    ] = ""
    connection: Annotated[str, Meta(description="Only at this connection; may be a pattern: prod-*.")] = "*"
    actor: Annotated[
        Actor | None, Meta(description="Only when this one asks: person, runbook, assistant or agent.")
    ] = None
    command: Annotated[str, Meta(description="Only commands in which this regular expression is found.")] = ""
    protected: Annotated[
        bool | None,
        Meta(description="Only what is protected (true), or is not (false). Only true may loosen protection."),
    ] = None
    reason: Annotated[str, Meta(description="A sentence for whoever is asked or denied.")] = ""
    origin: Annotated[str, Meta(extra={"hidden": True})] = ""
    """File and line; never written by hand, filled in when settings are read."""

    def __post_init__(self) -> None:
        """Refuse a pattern that is none, where it stands."""
        try:
            re.compile(self.command)
        except re.error as error:
            raise ValueError(f"command is not a regular expression: {error}.") from error


class Question(NamedTuple):
    """What policy is asked about one target: an operation on it, by somebody."""

    operation: Operation
    actor: Actor
    command: str | None
    connection: str
    labels: Mapping[str, str]
    """The target's own, above those of its connection."""
    protected: bool


def fits(rule: Rule, question: Question) -> bool:
    """Whether every condition of the rule holds."""
    operation = question.operation
    return (
        rule.effect in (None, operation.effect)
        and fnmatchcase(operation.kind, rule.kind)
        and fnmatchcase(operation.verb, rule.verb)
        and rule.actor in (None, question.actor)
        and rule.protected in (None, question.protected)
        and fnmatchcase(question.connection, rule.connection)
        and (not rule.command or (question.command is not None and bool(re.search(rule.command, question.command))))
        and (not rule.label or has_label(question.labels, rule.label))
    )


def has_label(labels: Mapping[str, str], wanted: str) -> bool:
    """Whether ``key`` or ``key=value`` is among the labels; the value may be a glob."""
    key, equals, value = wanted.partition("=")
    if key not in labels:
        return False
    return not equals or fnmatchcase(labels[key], value)
