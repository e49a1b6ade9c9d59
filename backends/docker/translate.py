"""Docker's words for a container into ours. Pure: what comes in is what the engine said, what comes out is frozen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from backends.contract.model import Ability, Fact, Health, Resource, ResourceId, State
from backends.docker import wording
from backends.docker.kinds import CONTAINER, STACK
from backends.docker.moments import age, moment
from backends.docker.reasons import exit_reason, exit_verdict

Row = Mapping[str, Any]
"""One entry of a list the engine gave."""

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
_PODMAN_PROJECT = "io.podman.compose.project"
_NOISE = frozenset(
    f"com.docker.compose.{name}"
    for name in ("config-hash", "container-number", "depends_on", "image", "oneoff", "replace", "version")
)
"""Labels compose keeps its own books in; inspecting still shows them."""
SETTLING = 120.0
"""Seconds after a restart during which a container still deserves a look."""

_STATES = {
    "running": State.RUNNING,
    "created": State.CREATED,
    "configured": State.CREATED,
    "initialized": State.CREATED,
    "paused": State.PAUSED,
    "restarting": State.STARTING,
    "removing": State.STOPPING,
    "stopping": State.STOPPING,
    "exited": State.STOPPED,
    "stopped": State.STOPPED,
    "dead": State.FAILED,
}
_ALWAYS = Ability.INSPECT | Ability.LOGS
_LIVE = (
    _ALWAYS
    | Ability.STOP
    | Ability.RESTART
    | Ability.SIGNAL
    | Ability.RENAME
    | Ability.REMOVE
    | Ability.UPDATE
    | Ability.METRICS
    | Ability.PROCESSES
)
_STILL = _ALWAYS | Ability.START | Ability.RESTART | Ability.RENAME | Ability.REMOVE | Ability.UPDATE
_ABILITIES = {
    State.RUNNING: _LIVE | Ability.PAUSE | Ability.SHELL | Ability.RUN,
    State.PAUSED: _LIVE | Ability.RESUME,
    State.STARTING: _ALWAYS | Ability.STOP | Ability.RESTART | Ability.RENAME | Ability.REMOVE | Ability.UPDATE,
    State.STOPPING: Ability.INSPECT,
    State.CREATED: _STILL,
    State.STOPPED: _STILL,
    State.FAILED: _STILL,
    State.UNKNOWN: _ALWAYS | Ability.REMOVE,
}
_DEAD = Ability.INSPECT | Ability.REMOVE

_CODE = re.compile(r"\((-?\d+)\)")
_HEALTH = re.compile(r"\((?:health: )?(healthy|unhealthy|starting)\)")


class Detail(NamedTuple):
    """What only inspecting tells, and what of it is worth keeping for ten thousand containers."""

    exit_code: int
    oom: bool
    error: str
    restarts: int
    started: float | None
    finished: float | None
    failing: int
    complaint: str
    """The last line a failing health check printed."""


class Uses(NamedTuple):
    """What a container needs, so that images, volumes and networks can say who uses them."""

    image: str
    volumes: tuple[str, ...]
    networks: tuple[str, ...]


class Look(NamedTuple):
    """What makes a container worth inspecting again when it changes: its state, without its age."""

    state: str
    words: str
    age: float | None


def look(row: Row) -> Look:
    """How a listed container looks from outside."""
    status = str(row.get("Status") or "")
    words = " ".join(re.findall(r"\([^)]*\)", status))
    return Look(str(row.get("State") or "").lower(), words, age(status))


def unchanged(before: Look, now: Look) -> bool:
    """Whether what was learnt by inspecting is still true: the same state, and no younger than it was."""
    if (before.state, before.words) != (now.state, now.words):
        return False
    return before.age is None or now.age is None or now.age >= before.age


def troubled(row: Row) -> bool:
    """Whether inspecting would explain something that is wrong."""
    at = look(row)
    if at.state in ("restarting", "dead", "created"):
        return True
    code = _code(at.words)
    return "unhealthy" in at.words or (code is not None and code != 0)


def detail(inspected: Mapping[str, Any]) -> Detail:
    """The few things worth keeping of a full description."""
    state = inspected.get("State") or {}
    health = state.get("Health") or state.get("Healthcheck") or {}
    log = health.get("Log") or ()
    return Detail(
        exit_code=int(state.get("ExitCode") or 0),
        oom=bool(state.get("OOMKilled")),
        error=str(state.get("Error") or ""),
        restarts=int(inspected.get("RestartCount") or 0),
        started=moment(state.get("StartedAt")),
        finished=moment(state.get("FinishedAt")),
        failing=int(health.get("FailingStreak") or 0),
        complaint=_last_line(str(log[-1].get("Output") or "")) if log else "",
    )


def native(row: Row) -> str:
    """The id of a listed container."""
    return str(row.get("Id") or "")


def uses(row: Row) -> Uses:
    """What a listed container uses."""
    networks = (row.get("NetworkSettings") or {}).get("Networks") or {}
    return Uses(
        image=str(row.get("ImageID") or ""),
        volumes=tuple(str(m.get("Name")) for m in row.get("Mounts") or () if m.get("Type") == "volume"),
        networks=tuple(str((settings or {}).get("NetworkID") or name) for name, settings in networks.items()),
    )


def container(connection: str, row: Row, known: Detail | None, now: float) -> Resource:
    """A listed container, with what inspecting told of it if it was inspected."""
    at = look(row)
    labels = {str(k): str(v) for k, v in (row.get("Labels") or {}).items()}
    state, health, reason = _verdict(at, known, now)
    project = labels.get(PROJECT) or labels.get(_PODMAN_PROJECT)
    return Resource(
        id=ResourceId(connection, CONTAINER, native(row)),
        name=_name(row),
        state=state,
        status=_status(at, known),
        health=health,
        reason=reason,
        abilities=_DEAD if at.state == "dead" else _ABILITIES.get(state, _ALWAYS),
        parent=ResourceId(connection, STACK, project) if project else None,
        labels={key: value for key, value in labels.items() if key not in _NOISE},
        facts=_facts(row, labels, known, at),
        created=_number(row.get("Created")),
        since=_since(at, known),
    )


def containers(connection: str, rows: Sequence[Row], known: Mapping[str, Detail], now: float) -> list[Resource]:
    """All listed containers; meant for a lane, because ten thousand take a while."""
    return [container(connection, row, known.get(native(row)), now) for row in rows]


def _verdict(at: Look, known: Detail | None, now: float) -> tuple[State, Health, str | None]:
    state = _STATES.get(at.state, State.UNKNOWN)
    code = known.exit_code if known else _code(at.words)
    oom = bool(known and known.oom)
    if at.state == "restarting":
        return state, *_restarting(code, oom=oom, restarts=known.restarts if known else 0)
    if state is State.RUNNING:
        return state, *_running(at, known, now)
    if state is State.CREATED and known and (known.error or known.exit_code):
        return State.FAILED, Health.FAULT, f"It could not be started: {_complaint(known.error)}"
    if at.state == "dead":
        return state, Health.FAULT, "It is half removed: the engine could not clean it up. Remove it again."
    if state is State.STOPPED:
        stands, health = exit_verdict(code, oom=oom)
        return stands, health, exit_reason(code, oom=oom) if code is not None else None
    return state, Health.UNKNOWN, None


def _restarting(code: int | None, *, oom: bool, restarts: int) -> tuple[Health, str]:
    why = exit_reason(code, oom=oom) if code is not None else None
    again = f" It was restarted {restarts} times." if restarts > 1 else ""
    health = Health.FAULT if code or oom else Health.WARNING
    return health, f"It ends and is restarted again and again. {why or 'It ends with exit code 0.'}{again}"


def _running(at: Look, known: Detail | None, now: float) -> tuple[Health, str | None]:
    words = _health_words(at)
    if words == "unhealthy":
        said = f": {known.complaint}" if known and known.complaint else ""
        times = f" {known.failing} times in a row" if known and known.failing > 1 else ""
        return Health.FAULT, _ended(f"Its health check failed{times}{said}")
    if known and known.restarts and known.started and now - known.started < SETTLING:
        plural = "once" if known.restarts == 1 else f"{known.restarts} times"
        return Health.WARNING, f"It was restarted {plural}, the last time less than two minutes ago."
    return (Health.UNKNOWN if words == "starting" else Health.GOOD), None


def _complaint(error: str) -> str:
    """The part of a start's failure that says what was wrong; the rest is the way it took through the engine."""
    text = " ".join(error.split())
    for marker in ("unable to start container process: ", "OCI runtime create failed: "):
        _, found, rest = text.rpartition(marker)
        if found:
            text = rest
            break
    return _ended(text.removesuffix(": unknown") or "the engine gave no reason")


def _status(at: Look, known: Detail | None) -> str:
    """The engine's words without the age, which would be wrong a minute later; ``since`` holds it."""
    words = _health_words(at)
    if words:
        return f"{at.state} ({words})" if words != "starting" else f"{at.state} (health not yet known)"
    code = known.exit_code if known else _code(at.words)
    if at.state in ("exited", "restarting", "stopped") and code is not None:
        return f"{at.state} ({code})"
    return at.state or "unknown"


def _since(at: Look, known: Detail | None) -> float | None:
    if known is None:
        return None
    return known.started if at.state in ("running", "paused") else known.finished


def _facts(row: Row, labels: Mapping[str, str], known: Detail | None, at: Look) -> dict[str, Fact]:
    networks = (row.get("NetworkSettings") or {}).get("Networks") or {}
    addresses = [str(s["IPAddress"]) for s in networks.values() if s and s.get("IPAddress")]
    code = known.exit_code if known else _code(at.words)
    ended = at.state in ("exited", "stopped", "restarting")
    facts: dict[str, Fact] = {
        "image": wording.image(str(row.get("Image") or "")),
        "ports": wording.ports(row.get("Ports") or ()),
        "project": labels.get(PROJECT) or labels.get(_PODMAN_PROJECT),
        "service": labels.get(SERVICE),
        "restarts": known.restarts if known else None,
        "exit_code": code if ended else None,
        "command": wording.command(row.get("Command")),
        "networks": sorted(networks) or None,
        "mounts": wording.mounts(row.get("Mounts") or ()) or None,
        "ip": addresses[0] if addresses else None,
    }
    return {key: value for key, value in facts.items() if value not in (None, "")}


def _name(row: Row) -> str:
    """The container's own name: the others are links, which hold a second slash."""
    names = [str(name).removeprefix("/") for name in row.get("Names") or ()]
    own = [name for name in names if "/" not in name]
    return (own or names or [native(row)[:12]])[0]


def _code(words: str) -> int | None:
    found = _CODE.search(words)
    return int(found.group(1)) if found else None


def _health_words(at: Look) -> str:
    found = _HEALTH.search(at.words)
    return found.group(1) if found else ""


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and value > 0 else moment(value)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
