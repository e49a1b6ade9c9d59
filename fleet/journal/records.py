"""Entries as rows: what is written when an operation begins and ends, redacted, and how it is read back."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from backends.contract.model import Fact, ResourceId
from backends.contract.operation import Plan
from fleet.redaction import redact, redact_json
from fleet.values import Actor, Entry, EntryState, JournalQuery, Request

COLUMNS = (
    "id, at, actor, door, verb, title, targets, names, calls, state, ended, summary, exit_code, undo, digest, "
    "CASE WHEN plan = '' THEN NULL ELSE json_extract(plan, '$.arguments') END"
)


class Draft(msgspec.Struct, frozen=True):
    """What is known of an operation before it begins. Secrets are masked when it is written."""

    at: float
    actor: Actor
    door: str
    verb: str
    title: str
    targets: tuple[ResourceId, ...] = ()
    names: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    plan: Plan | None = None

    @classmethod
    def of(cls, request: Request, plan: Plan, at: float) -> Draft:
        """The draft of a planned request."""
        return cls(
            at=at,
            actor=request.actor,
            door=request.door,
            verb=f"{plan.kind}.{plan.verb}",
            title=plan.title,
            targets=request.targets,
            names=tuple(step.name for step in plan.steps),
            calls=tuple(step.call for step in plan.steps),
            plan=plan,
        )


class Ending(msgspec.Struct, frozen=True):
    """How an operation ended. ``OPEN`` with an ending means that nobody knows."""

    state: EntryState
    ended: float | None
    summary: str = ""
    exit_code: int | None = None
    undo: str | None = None


def plain(text: str) -> str:
    """The text as it can be stored: names of files may hold bytes that are no text at all."""
    return text.encode("utf-8", "replace").decode()


def masked(text: str) -> str:
    """Text as it may be stored."""
    return redact(plain(text))


def resource_key(resource: ResourceId) -> str:
    """A resource as one column, unlike its ``str`` never ambiguous."""
    return msgspec.json.encode([plain(part) for part in (resource.connection, resource.kind, resource.native)]).decode()


def resource_of(key: str) -> ResourceId:
    """The resource behind a key."""
    return msgspec.json.decode(key, type=ResourceId)


def begin_row(draft: Draft, owner: str) -> dict[str, Any]:
    """The columns of an entry that begins."""
    return {
        "at": float(draft.at),
        "actor": draft.actor.value,
        "door": masked(draft.door),
        "verb": plain(draft.verb),
        "title": masked(draft.title),
        "targets": _json([resource_key(target) for target in draft.targets]),
        "names": _json([masked(name) for name in draft.names]),
        "calls": _json([masked(call) for call in draft.calls]),
        "plan": _plan(draft.plan),
        "owner": owner,
        "state": EntryState.OPEN.value,
    }


def entry_of(row: Sequence[Any]) -> Entry:
    """An entry from the `COLUMNS` of its row."""
    identity, at, actor, door, verb, title, targets, names, calls, state, *rest = row
    ended, summary, exit_code, undo, digest, arguments = rest
    return Entry(
        id=identity,
        at=at,
        actor=Actor(actor),
        door=door,
        verb=verb,
        title=title,
        targets=tuple(resource_of(key) for key in msgspec.json.decode(targets, type=list[str])),
        names=msgspec.json.decode(names, type=tuple[str, ...]),
        calls=msgspec.json.decode(calls, type=tuple[str, ...]),
        state=EntryState(state),
        ended=ended,
        summary=summary,
        exit_code=exit_code,
        undo=undo,
        digest=digest,
        arguments=msgspec.json.decode(arguments or "{}", type=dict[str, Fact]),
    )


def find(connection: sqlite3.Connection, query: JournalQuery, *, searchable: bool) -> list[Entry]:
    """The entries a query asks for, newest first."""
    conditions: list[str] = []
    values: list[Any] = []
    if query.before is not None:
        conditions.append("id < ?")
        values.append(query.before)
    if query.since is not None:
        conditions.append("at >= ?")
        values.append(query.since)
    if query.resource is not None:
        conditions.append("id IN (SELECT entry FROM target WHERE resource = ?)")
        values.append(resource_key(query.resource))
    if query.text:
        condition, words = _text_condition(plain(query.text), searchable=searchable)
        conditions.append(condition)
        values += words
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    statement = f"SELECT {COLUMNS} FROM entry {where} ORDER BY id DESC LIMIT ?"  # noqa: S608 - only our own words
    return [entry_of(row) for row in connection.execute(statement, (*values, query.limit))]


def _text_condition(text: str, *, searchable: bool) -> tuple[str, list[str]]:
    if searchable and len(text) >= 3 and "\0" not in text:  # trigrams know nothing shorter
        phrase = '"' + text.replace('"', '""') + '"'
        return "id IN (SELECT rowid FROM search WHERE search MATCH ?)", [phrase]
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    columns = ("title", "names", "calls", "summary")
    return f"({' OR '.join(f'{column} LIKE ? ESCAPE ?' for column in columns)})", [f"%{escaped}%", "\\"] * 4


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _plan(plan: Plan | None) -> str:
    if plan is None:
        return ""
    return _json(redact_json(msgspec.to_builtins(_cleaned(msgspec.to_builtins(plan)))))


def _cleaned(value: Any) -> Any:
    """Replace what no encoder takes, anywhere in plain data."""
    match value:
        case str():
            return plain(value)
        case dict():
            return {_cleaned(key): _cleaned(item) for key, item in value.items()}
        case list() | tuple():
            return [_cleaned(item) for item in value]
        case _:
            return value
