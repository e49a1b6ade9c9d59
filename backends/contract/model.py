"""Nouns: what a backend brings and what everyone else talks about.

All values are frozen and encodable by msgspec, because the fleet runs in a process of its own (design, rule 11) and
the journal keeps them. ``None`` means *not measured*, never zero. Times are seconds since the epoch (float, UTC).
The most numerous are out of the garbage collector's sight (``gc=False``): values cannot form a cycle, and walking ten
thousand of them would stall a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, Flag, StrEnum, auto

import msgspec
from typing_extensions import override

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]
"""Anything JSON can say."""

Fact = None | bool | int | float | str | list[str]
"""One known thing about a resource: plain, so that it can be shown, filtered, sorted and stored."""


class State(StrEnum):
    """What a resource is doing, in one vocabulary for all technologies."""

    RUNNING = auto()
    STARTING = auto()
    STOPPING = auto()
    PAUSED = auto()
    STOPPED = auto()
    CREATED = auto()
    FAILED = auto()
    PRESENT = auto()
    """For things that do not run (an image, a volume): it exists and nobody uses it right now."""
    IN_USE = auto()
    UNKNOWN = auto()
    """The engine said something we have not heard of, or nothing at all."""


class Health(StrEnum):
    """Whether somebody should look at it. ``FAULT`` is what the faults-only filter shows; ``WARNING`` too."""

    GOOD = auto()
    WARNING = auto()
    FAULT = auto()
    UNKNOWN = auto()
    """Nothing says that it is well or ill: a stopped container, a host not yet measured."""


class Ability(Flag):
    """What can be done with one resource right now. A flag on the resource, because two of a kind may differ."""

    NONE = 0
    START = auto()
    STOP = auto()
    RESTART = auto()
    PAUSE = auto()
    RESUME = auto()
    SIGNAL = auto()
    RENAME = auto()
    REMOVE = auto()
    UPDATE = auto()
    SHELL = auto()
    RUN = auto()
    LOGS = auto()
    METRICS = auto()
    INSPECT = auto()
    PROCESSES = auto()
    FILES = auto()
    FORWARD = auto()
    SNAPSHOT = auto()
    CONSOLE = auto()
    EDIT = auto()

    @classmethod
    @override
    def _missing_(cls, value: object) -> Ability:
        """A combination by its number.

        Decoding asks for one per resource, and the enum's own way builds it anew each time: three quarters of the time
        to read an inventory.
        """
        known = cls._value2member_map_.get(value)
        return known if isinstance(known, cls) else super()._missing_(value)


class Area(StrEnum):
    """Where a kind is found in the interface: one digit key each."""

    HOSTS = "hosts"
    CONTAINERS = "containers"
    MACHINES = "machines"
    RUNTIMES = "runtimes"
    TUNNELS = "tunnels"


class Unit(StrEnum):
    """What a number means, so that it is shown and compared rightly."""

    NONE = auto()
    PERCENT = auto()
    """0 to 100 of the whole, or 100 per core where the metric says so."""
    BYTES = auto()
    BYTES_PER_SECOND = auto()
    COUNT = auto()
    PER_SECOND = auto()
    SECONDS = auto()
    CELSIUS = auto()
    TIME = auto()
    """A moment; shown as an age or a clock time."""


class Source(StrEnum):
    """Where a column takes its value from."""

    FACT = auto()
    METRIC = auto()
    HISTORY = auto()
    """The last minutes of a metric, drawn as a sparkline."""
    FIELD = auto()
    """A field of the resource itself: name, state, connection, created, since."""


class ResourceId(msgspec.Struct, frozen=True, order=True, array_like=True, cache_hash=True, gc=False):
    """What names a resource for ever: the connection, the kind, and the name the engine knows it by."""

    connection: str
    kind: str
    native: str

    @override
    def __str__(self) -> str:
        return f"{self.connection}/{self.kind}/{self.native}"


class Metric(msgspec.Struct, frozen=True):
    """A number a kind can be measured by.

    A sample's key is the metric's ``id``, or ``id/part`` when ``parts`` is set (one value per core, disk or interface).
    ``limit`` names the metric that is this one's ceiling (memory used → memory limit), ``ceiling`` a fixed one.
    """

    id: str
    title: str
    unit: Unit = Unit.NONE
    parts: bool = False
    limit: str | None = None
    ceiling: float | None = None
    warning: float | None = None
    """From here on the value deserves a look, in the metric's own unit."""
    fault: float | None = None
    charted: bool = False
    """Shown as a chart on the resource's overview."""


class Column(msgspec.Struct, frozen=True):
    """One column a kind offers. ``key`` names the fact, metric or field; the rest says how it is drawn."""

    id: str
    title: str
    source: Source = Source.FACT
    key: str = ""
    unit: Unit = Unit.NONE
    width: int = 10
    """Cells at least; text columns with ``grow`` share what is left."""
    grow: int = 0
    right: bool = False
    shown: bool = True
    """In the default set; the others wait in the column picker."""
    rank: int = 5
    """When the terminal is narrow, the highest ranks go first; 0 never goes."""


class Kind(msgspec.Struct, frozen=True):
    """A class of resource as a backend declares it: everything a screen needs to show it."""

    id: str
    title: str
    plural: str
    area: Area
    columns: tuple[Column, ...]
    aliases: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = ()
    sort: str = "name"
    """Column id to sort by at first; a leading ``-`` reverses it."""
    parent_field: str | None = None
    """For kinds that form a tree (processes): the fact that holds the parent's native id."""
    order: int = 50
    """Among the kinds of an area, the lowest comes first."""
    always: bool = False
    """Measured even while nobody looks, for history and alarms (hosts): only for kinds with few resources."""
    volatile: bool = False
    """Comes and goes by the second (processes): listed only while somebody looks, never cached."""


class Resource(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing at a connection, as last seen. Holds no SDK object."""

    id: ResourceId
    name: str
    state: State
    status: str = ""
    """The engine's own words for the state, for people."""
    health: Health = Health.UNKNOWN
    reason: str | None = None
    """One sentence on what is wrong, when something is: exit code, OOM, failing health check."""
    abilities: Ability = Ability.NONE
    parent: ResourceId | None = None
    labels: Mapping[str, str] = {}
    facts: Mapping[str, Fact] = {}
    created: float | None = None
    since: float | None = None
    """When it entered its present state."""


class Sample(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Measured numbers of one resource at one time. A metric that was not measured is absent."""

    resource: ResourceId
    at: float
    values: Mapping[str, float]


class Severity(StrEnum):
    """How loud an event is."""

    INFO = auto()
    WARNING = auto()
    FAULT = auto()


class Event(msgspec.Struct, frozen=True):
    """Something that happened at a connection, as its engine reported it."""

    connection: str
    at: float
    verb: str
    text: str
    resource: ResourceId | None = None
    severity: Severity = Severity.INFO


class Change(msgspec.Struct, frozen=True):
    """News from a session's watch. Any part may be empty; ``stale`` asks the monitor to list those kinds again."""

    resources: tuple[Resource, ...] = ()
    gone: tuple[ResourceId, ...] = ()
    events: tuple[Event, ...] = ()
    stale: frozenset[str] = frozenset()


class Stream(StrEnum):
    """Which way a piece of output came."""

    OUT = auto()
    ERR = auto()
    NOTE = auto()
    """Our own remark inside a stream: lines dropped, source restarted. Never the program's words."""


class LogLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One line of a log, without its line end; ANSI escapes untouched. Undecodable bytes are U+FFFD."""

    text: str
    at: float | None = None
    stream: Stream = Stream.OUT
    source: ResourceId | None = None


class LogQuery(msgspec.Struct, frozen=True):
    """Which part of a log. ``tail=None`` is everything; ``since`` and ``until`` are inclusive moments."""

    follow: bool = True
    tail: int | None = 200
    since: float | None = None
    until: float | None = None


class Command(msgspec.Struct, frozen=True):
    """A program to run at a resource. Never a shell line: whoever wants a shell says ``("sh", "-c", line)``."""

    argv: tuple[str, ...]
    user: str | None = None
    cwd: str | None = None
    env: Mapping[str, str] = {}
    stdin: bytes = b""
    timeout: float | None = None
    """Seconds until the signal ladder (INT, TERM, KILL) starts; ``None`` waits for ever."""


class Output(msgspec.Struct, frozen=True, array_like=True):
    """A piece of a running command's output, or, last and once, its exit code."""

    stream: Stream = Stream.OUT
    data: bytes = b""
    exit_code: int | None = None


class CommandResult(msgspec.Struct, frozen=True):
    """A finished command. ``truncated`` counts the bytes that were thrown away to keep the rest bounded."""

    exit_code: int
    out: bytes = b""
    err: bytes = b""
    truncated: int = 0
    seconds: float = 0.0


class Size(msgspec.Struct, frozen=True):
    """A terminal's size in cells."""

    columns: int = 80
    rows: int = 24


class ProcessTable(msgspec.Struct, frozen=True):
    """Processes inside a resource, as its engine lists them."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Presence(Enum):
    """How a connection came to be known."""

    FOUND = "found"
    CONFIGURED = "configured"


class ConnectionSpec(msgspec.Struct, frozen=True):
    """One endpoint of a backend, as configured or found. Secrets stand here only as references."""

    id: str
    backend: str
    title: str = ""
    options: Mapping[str, str] = {}
    labels: Mapping[str, str] = {}
    protected: bool = False
    presence: Presence = Presence.FOUND


class Missing(msgspec.Struct, frozen=True):
    """An engine this machine does not have, and how to get it. Both are sentences."""

    backend: str
    what: str
    remedy: str


class Discovery(msgspec.Struct, frozen=True):
    """What a backend finds by looking around, without opening anything."""

    connections: tuple[ConnectionSpec, ...] = ()
    missing: tuple[Missing, ...] = ()
