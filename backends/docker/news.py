"""An engine's events in words, and what they say should be looked at again. Pure."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from backends.contract.model import Event, ResourceId, Severity
from backends.docker.kinds import CONTAINER, IMAGE, NETWORK, VOLUME
from backends.docker.reasons import ASKED, KILLED, exit_reason

KINDS = (CONTAINER, IMAGE, VOLUME, NETWORK)
ACTIONS = (
    "create",
    "start",
    "die",
    "died",
    "stop",
    "kill",
    "restart",
    "pause",
    "unpause",
    "rename",
    "update",
    "oom",
    "destroy",
    "remove",
    "health_status",
    "pull",
    "tag",
    "untag",
    "delete",
    "import",
    "load",
    "connect",
    "disconnect",
    "prune",
)
"""What is asked for: all but the running of commands, which health checks do every few seconds."""
_GONE = frozenset({"destroy", "remove"})
_PLAIN = {
    "create": "was created",
    "start": "started",
    "stop": "was stopped",
    "restart": "was restarted",
    "pause": "was paused",
    "unpause": "goes on",
    "update": "got other limits",
    "destroy": "was removed",
    "remove": "was removed",
    "pull": "was pulled",
    "tag": "was tagged",
    "untag": "lost a tag",
    "delete": "was deleted",
    "import": "was imported",
    "load": "was loaded",
    "connect": "was joined by a container",
    "disconnect": "was left by a container",
}


class News(NamedTuple):
    """What a burst of events amounts to."""

    events: tuple[Event, ...]
    touched: frozenset[str]
    """Containers to look at again, those that are gone too."""
    stale: frozenset[str]
    """Kinds to list again."""


def digest(connection: str, burst: Sequence[Mapping[str, Any]]) -> News:
    """Make sense of events in the order they came. What is not understood is left out."""
    events: list[Event] = []
    touched: set[str] = set()
    stale: set[str] = set()
    for raw in burst:
        kind, action = str(raw.get("Type") or ""), _action(raw)
        actor = raw.get("Actor") or {}
        native = str(actor.get("ID") or raw.get("id") or "")
        if kind not in KINDS or not native:
            continue
        attributes = actor.get("Attributes") or {}
        if kind == CONTAINER:
            touched.add(native)
        else:
            stale.add(kind)
            if kind == NETWORK and attributes.get("container"):
                touched.add(str(attributes["container"]))
        event = _event(connection, raw, ResourceId(connection, kind, native), action, attributes)
        if event is not None:
            events.append(event)
    return News(tuple(events), frozenset(touched), frozenset(stale))


def _event(
    connection: str, raw: Mapping[str, Any], identity: ResourceId, action: str, attributes: Mapping[str, Any]
) -> Event | None:
    name = str(attributes.get("name") or identity.native.removeprefix("sha256:")[:12])
    if identity.kind == VOLUME:
        name = identity.native[:40]
    said = _words(identity.kind, action, raw, attributes)
    if said is None:
        return None
    text, severity = said
    nanoseconds = raw.get("timeNano")
    at = nanoseconds / 1e9 if isinstance(nanoseconds, int) else float(raw.get("time") or time.time())
    return Event(connection, at, _verb(action), f"{_named(identity.kind, name)} {text}", identity, severity)


def _named(kind: str, name: str) -> str:
    return name if kind == CONTAINER else f"{kind.capitalize()} {name}"


def _verb(action: str) -> str:
    return {"died": "die", "remove": "destroy"}.get(action, action)


def _words(
    kind: str, action: str, raw: Mapping[str, Any], attributes: Mapping[str, Any]
) -> tuple[str, Severity] | None:
    """What happened and how loud it is; ``None`` for what is not worth a line."""
    if action in ("die", "died"):
        return _died(attributes)
    if action == "health_status":
        return _health(raw, attributes)
    if action == "oom":
        return "ran out of memory.", Severity.FAULT
    text = _about(kind, action, attributes) or _PLAIN.get(action)
    return (f"{text}.", Severity.INFO) if text else None


def _about(kind: str, action: str, attributes: Mapping[str, Any]) -> str | None:
    """What happened, where the event says more than that it did."""
    if action == "kill":
        return f"was sent signal {attributes.get('signal', '?')}"
    if action == "rename":
        return f"got its name; it was called {str(attributes.get('oldName') or '?').removeprefix('/')}"
    if action == "create" and kind == CONTAINER and attributes.get("image"):
        return f"was created from {attributes['image']}"
    return None


def _died(attributes: Mapping[str, Any]) -> tuple[str, Severity]:
    text = str(attributes.get("exitCode", attributes.get("containerExitCode", "")))
    code = int(text) if text.lstrip("-").isdigit() else None
    if code is None:
        return "ended.", Severity.INFO
    if code == 0:
        return "ended well (exit code 0).", Severity.INFO
    severity = Severity.INFO if code in ASKED else Severity.WARNING if code == KILLED else Severity.FAULT
    reason = exit_reason(code) or ""
    return f"ended. {reason}", severity


def _health(raw: Mapping[str, Any], attributes: Mapping[str, Any]) -> tuple[str, Severity] | None:
    text = f"{raw.get('Action') or raw.get('status') or ''} {attributes.get('health_status') or ''}"
    if "unhealthy" in text:
        return "failed its health check.", Severity.FAULT
    if "healthy" in text:
        return "passed its health check.", Severity.INFO
    return None


def _action(raw: Mapping[str, Any]) -> str:
    """The bare action: some carry what they are about behind a colon."""
    return str(raw.get("Action") or raw.get("status") or "").partition(":")[0].strip()
