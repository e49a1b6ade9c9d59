"""Resources, connections and the rest as ``--json`` shows them."""

from __future__ import annotations

from typing import Any

from app.cli.console import moment
from backends.contract.errors import Failure
from backends.contract.model import Ability, Event, LogLine, Resource, Sample
from fleet.values import Connection, Entry, Job, JobRow, Prepared


def resource(known: Resource, *, sample: Sample | None = None, stale: float | None = None) -> dict[str, Any]:
    """A resource. ``metrics`` is null where nothing was measured; ``stale_since`` where what is known is current."""
    return {
        "id": str(known.id),
        "connection": known.id.connection,
        "kind": known.id.kind,
        "native": known.id.native,
        "name": known.name,
        "state": known.state.value,
        "status": known.status,
        "health": known.health.value,
        "reason": known.reason,
        "abilities": [ability.name.lower() for ability in Ability if ability in known.abilities and ability.name],
        "parent": str(known.parent) if known.parent else None,
        "labels": dict(known.labels),
        "facts": dict(known.facts),
        "created": moment(known.created),
        "since": moment(known.since),
        "stale_since": moment(stale),
        "metrics": dict(sample.values) if sample else None,
        "measured": moment(sample.at) if sample else None,
    }


def connection(known: Connection) -> dict[str, Any]:
    """A connection. Its options stay out: they may say where secrets are."""
    return {
        "id": known.spec.id,
        "backend": known.spec.backend,
        "title": known.spec.title,
        "state": known.state.value,
        "since": moment(known.since),
        "reason": known.reason,
        "hint": known.hint,
        "retry_at": moment(known.retry_at),
        "seen": moment(known.seen),
        "latency": known.latency,
        "protected": known.spec.protected,
        "presence": known.spec.presence.value,
        "labels": dict(known.spec.labels),
    }


def log(line: LogLine, name: str) -> dict[str, Any]:
    """A line of a log, its escapes untouched."""
    return {
        "resource": str(line.source) if line.source else None,
        "name": name,
        "at": moment(line.at),
        "stream": line.stream.value,
        "text": line.text,
    }


def event(known: Event) -> dict[str, Any]:
    """An event."""
    return {
        "at": moment(known.at),
        "connection": known.connection,
        "verb": known.verb,
        "severity": known.severity.value,
        "resource": str(known.resource) if known.resource else None,
        "text": known.text,
    }


def plan(prepared: Prepared) -> dict[str, Any]:
    """A plan with what policy makes of it."""
    known, decision = prepared.plan, prepared.decision
    return {
        "kind": known.kind,
        "verb": known.verb,
        "title": known.title,
        "effect": known.effect.value,
        "arguments": dict(known.arguments),
        "steps": [
            {
                "resource": str(step.target),
                "name": step.name,
                "does": step.does,
                "call": step.call,
                "dependants": list(step.dependants),
                "frees": step.frees,
                "undo": step.undo or None,
            }
            for step in known.steps
        ],
        "warnings": list(known.warnings),
        "reversible": known.reversible,
        "decision": {
            "verdict": decision.verdict.value,
            "reason": decision.reason,
            "word": decision.word or None,
        },
    }


def job(known: Job) -> dict[str, Any]:
    """A job, its rows included."""
    return {
        "id": known.id,
        "entry": known.entry,
        "title": known.title,
        "verb": known.verb,
        "actor": known.actor.value,
        "state": known.state.value,
        "started": moment(known.started),
        "ended": moment(known.ended),
        "undo": known.undo,
        "rows": [row(each) for each in known.rows],
    }


def row(known: JobRow) -> dict[str, Any]:
    """A job's work on one resource."""
    return {
        "resource": str(known.target),
        "name": known.name,
        "state": known.state.value,
        "text": known.text,
        "exit_code": known.exit_code,
        "error": failure(known.failure),
    }


def failure(known: Failure | None) -> dict[str, Any] | None:
    """An error."""
    if known is None:
        return None
    return {"kind": known.kind, "message": known.message, "hint": known.hint}


def entry(known: Entry) -> dict[str, Any]:
    """An entry of the journal."""
    return {
        "id": known.id,
        "at": moment(known.at),
        "ended": moment(known.ended),
        "actor": known.actor.value,
        "door": known.door,
        "verb": known.verb,
        "title": known.title,
        "targets": [str(target) for target in known.targets],
        "names": list(known.names),
        "calls": list(known.calls),
        "state": known.state.value,
        "summary": known.summary,
        "exit_code": known.exit_code,
        "undo": known.undo,
        "digest": known.digest,
    }
