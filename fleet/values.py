"""What the fleet and its clients tell each other: plain, frozen, encodable."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, auto

import msgspec

from backends.contract.errors import Failure
from backends.contract.model import (
    Command,
    ConnectionSpec,
    Event,
    Fact,
    Kind,
    LogLine,
    Missing,
    Output,
    Resource,
    ResourceId,
    Sample,
    Severity,
)
from backends.contract.operation import Operation, Plan


class ConnectionState(StrEnum):
    """Where a connection stands."""

    CONNECTING = "connecting"
    ONLINE = "online"
    DEGRADED = "degraded"
    """It answers, but something it should do fails: no events, no samples."""
    NEEDS_AUTH = "needs-auth"
    OFFLINE = "offline"
    DISABLED = "disabled"


class Connection(msgspec.Struct, frozen=True):
    """A connection as it stands now."""

    spec: ConnectionSpec
    state: ConnectionState
    since: float
    reason: str | None = None
    hint: str | None = None
    retry_at: float | None = None
    seen: float | None = None
    """When its resources were last known to be true; the age of greyed rows counts from here."""
    latency: float | None = None
    """Seconds the last list took."""


class Actor(StrEnum):
    """Who asks."""

    PERSON = auto()
    RUNBOOK = auto()
    ASSISTANT = auto()
    AGENT = auto()


class Request(msgspec.Struct, frozen=True):
    """Something to be done: the one shape every door hands to the gate."""

    verb: str
    targets: tuple[ResourceId, ...]
    arguments: Mapping[str, Fact] = {}
    actor: Actor = Actor.PERSON
    door: str = "key"
    """Through which door it came: key, palette, cli, undo …; for the journal."""
    undoes: int | None = None
    """The journal entry this takes back; once it has, that entry cannot be undone again."""


class Verdict(StrEnum):
    """What policy says of a plan."""

    ALLOW = auto()
    ASK = auto()
    TYPED = auto()
    DENY = auto()


class Decision(msgspec.Struct, frozen=True):
    """Policy's answer, with the sentence that explains it."""

    verdict: Verdict
    reason: str
    word: str = ""
    """What has to be typed, when ``verdict`` is ``TYPED``."""


class Prepared(msgspec.Struct, frozen=True):
    """A plan and what policy makes of it. The token stands for exactly this plan: if the world moves, it is void."""

    plan: Plan
    decision: Decision
    token: str


class Approval(msgspec.Struct, frozen=True):
    """A person's yes to a prepared plan."""

    token: str
    typed: str = ""


class JobState(StrEnum):
    """Where a job, or one row of it, stands."""

    WAITING = auto()
    RUNNING = auto()
    DONE = auto()
    FAILED = auto()
    CANCELLED = auto()


class JobRow(msgspec.Struct, frozen=True):
    """A job's work on one resource."""

    target: ResourceId
    name: str
    state: JobState = JobState.WAITING
    progress: float | None = None
    text: str = ""
    exit_code: int | None = None
    failure: Failure | None = None
    started: float | None = None
    ended: float | None = None


class Job(msgspec.Struct, frozen=True):
    """A running or finished operation. ``entry`` is its line in the journal."""

    id: str
    entry: int
    title: str
    verb: str
    actor: Actor
    state: JobState
    rows: tuple[JobRow, ...]
    started: float
    ended: float | None = None
    undo: str | None = None
    """The title of what ``undo`` would do, when it can be undone."""


class JobOutput(msgspec.Struct, frozen=True, array_like=True):
    """A piece of a job's output."""

    target: ResourceId
    output: Output


class Shell(msgspec.Struct, frozen=True):
    """An interactive terminal the fleet keeps alive. ``ended`` and ``exit_code`` are set when its program is over."""

    id: str
    resource: ResourceId
    name: str
    started: float
    command: Command | None = None
    ended: float | None = None
    exit_code: int | None = None
    watchers: int = 0


class Interest(msgspec.Struct, frozen=True):
    """What one view looks at: resources to measure often, and volatile kinds to list at connections."""

    resources: frozenset[ResourceId] = frozenset()
    kinds: frozenset[tuple[str, str]] = frozenset()
    """Pairs of connection id and kind id; for volatile kinds only."""


class Delta(msgspec.Struct, frozen=True, omit_defaults=True):
    """What changed since the last delta. Applying it to an ``Inventory`` brings that up to date."""

    resources: tuple[Resource, ...] = ()
    gone: tuple[ResourceId, ...] = ()
    samples: tuple[Sample, ...] = ()
    connections: tuple[Connection, ...] = ()
    closed: tuple[str, ...] = ()
    """Connections that no longer exist."""
    missing: tuple[Missing, ...] | None = None
    jobs: tuple[Job, ...] = ()
    shells: tuple[Shell, ...] = ()
    ended_shells: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    fresh: bool = False
    """The first of a subscription: everything known so far is in this delta and those until ``complete``."""
    complete: bool = False

    def __bool__(self) -> bool:
        return self != Delta()


class BackendInfo(msgspec.Struct, frozen=True):
    """A backend as data: what the interface knows of it."""

    id: str
    title: str
    kinds: tuple[Kind, ...]
    operations: tuple[Operation, ...]


class Series(msgspec.Struct, frozen=True):
    """A metric over time: moments and values of equal length, oldest first."""

    times: tuple[float, ...] = ()
    values: tuple[float, ...] = ()


class EntryState(StrEnum):
    """How a journal entry stands. ``OPEN`` after a crash means: begun, outcome unknown."""

    OPEN = auto()
    DONE = auto()
    FAILED = auto()
    CANCELLED = auto()
    DENIED = auto()


class Entry(msgspec.Struct, frozen=True):
    """One operation in the journal."""

    id: int
    at: float
    actor: Actor
    door: str
    verb: str
    title: str
    targets: tuple[ResourceId, ...]
    names: tuple[str, ...]
    calls: tuple[str, ...]
    state: EntryState
    ended: float | None = None
    summary: str = ""
    exit_code: int | None = None
    undo: str | None = None
    digest: str = ""
    """This entry's link of the hash chain (hex SHA-256)."""
    arguments: Mapping[str, Fact] = {}
    """What the operation was given, secrets masked: to fill in the form when it is done again."""


class JournalQuery(msgspec.Struct, frozen=True):
    """Which entries, newest first."""

    limit: int = 200
    before: int | None = None
    """Only entries with a smaller id: the next page."""
    text: str = ""
    """Substring of title, names, calls or summary."""
    resource: ResourceId | None = None
    since: float | None = None


class EventQuery(msgspec.Struct, frozen=True):
    """Which events, newest first."""

    limit: int = 500
    resource: ResourceId | None = None
    connection: str | None = None
    since: float | None = None
    severity: Severity | None = None


class Verification(msgspec.Struct, frozen=True):
    """What checking the journal's hash chain found."""

    entries: int
    broken: int | None = None
    """Id of the first entry that does not fit, or ``None``."""
    reason: str = ""


class FleetStatus(msgspec.Struct, frozen=True):
    """What the fleet costs and holds right now."""

    version: str
    pid: int
    started: float
    inline: bool
    clients: int = 0
    channels: int = 0
    """Open streams, terminals and connections."""
    lag: float = 0.0
    """Worst event-loop delay of the last 10 s, seconds."""
    rss: int = 0
    """Resident memory, bytes."""
    jobs: int = 0
    shells: int = 0
    resources: int = 0


class LogBatch(msgspec.Struct, frozen=True, array_like=True):
    """Lines of one or several sources, in time order where merged."""

    lines: tuple[LogLine, ...]
