"""What a fake connection is connected to: resources in memory, and levers for tests."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from backends.contract.errors import Conflict, NotFound, Unreachable
from backends.contract.model import Ability, Change, Event, Health, LogLine, Resource, ResourceId, Severity, State
from tests.fakes import lines

ALIVE = (
    Ability.STOP
    | Ability.RESTART
    | Ability.PAUSE
    | Ability.SIGNAL
    | Ability.SHELL
    | Ability.RUN
    | Ability.METRICS
    | Ability.PROCESSES
)
ALWAYS = Ability.RENAME | Ability.REMOVE | Ability.LOGS | Ability.INSPECT
ABILITIES: Mapping[State, Ability] = {
    State.RUNNING: ALWAYS | ALIVE,
    State.PAUSED: ALWAYS | Ability.RESUME | Ability.STOP | Ability.METRICS,
    State.STOPPED: ALWAYS | Ability.START | Ability.RESTART,
    State.FAILED: ALWAYS | Ability.START | Ability.RESTART,
    State.CREATED: ALWAYS | Ability.START,
}
STATES = (State.RUNNING,) * 7 + (State.STOPPED, State.PAUSED, State.FAILED)
SERVICES = ("web", "db", "cache", "worker", "queue", "proxy", "search", "mail", "auth", "cron")
EPOCH = 1_700_000_000.0
"""When the fake's resources were made; fixed, so that pictures do not change."""


class Cuttable(Protocol):
    """A session that can be broken."""

    def cut(self, error: Exception) -> None:
        """Break it."""


class World:
    """The other side of one fake connection. Everything here may be called while sessions are open."""

    def __init__(self, connection: str, *, containers: int, first: int = 0, processes: int = 40, seed: int = 7) -> None:
        self.connection = connection
        self.resources: dict[ResourceId, Resource] = {}
        self.removed: dict[ResourceId, Resource] = {}
        self.calls: list[tuple[str, str]] = []
        """Every call a session got: method or verb, and the native id it was about."""
        self.rate = 0.0
        """Changes of state per second while somebody watches."""
        self.log_rate = 0.0
        """Lines per second a followed log brings."""
        self.log_size = 50
        """Lines a log holds from the beginning."""
        self.hostile = False
        """Whether logs hold the worst that programs print."""
        self.random = random.Random(seed)
        self.down: Exception | None = None
        self.running: set[str] = set()
        """The arguments of the endless programs that run, joined by blanks."""
        self._failures: dict[str, deque[Exception | None]] = defaultdict(deque)
        self._always: dict[str, Exception] = {}
        self._delays: dict[str, float] = {}
        self.sessions: set[Cuttable] = set()
        """The sessions that are open; for tests that nothing leaks."""
        self.listeners: set[asyncio.Queue[Change]] = set()
        """Who watches."""
        self.readers: dict[ResourceId, set[asyncio.Queue[LogLine]]] = defaultdict(set)
        """Who reads the log of a resource."""
        self._said: dict[ResourceId, list[LogLine]] = defaultdict(list)
        self._build(containers, first, processes)

    # -- levers ---------------------------------------------------------------------------------------------------

    def fail(self, method: str, error: Exception, *, times: int | None = None) -> None:
        """Let a method of the session (or ``open``, or a verb) raise, always or a number of times."""
        if times is None:
            self._always[method] = error
        else:
            self._failures[method].extend([error] * times)

    def heal(self, method: str | None = None) -> None:
        """Let a method, or all, work again."""
        for table in (self._failures, self._always, self._delays):
            table.clear() if method is None else table.pop(method, None)

    def delay(self, method: str, seconds: float) -> None:
        """Let a method take that long."""
        self._delays[method] = seconds

    def go_offline(self, error: Exception | None = None) -> None:
        """Cut every session and refuse new ones."""
        self.down = error or Unreachable(f"Cannot reach {self.connection}.", hint="Is it running?")
        self.cut(self.down)

    def cut(self, error: Exception | None = None) -> None:
        """Cut every session; new ones can be opened."""
        for session in tuple(self.sessions):
            session.cut(error or Unreachable(f"The link to {self.connection} broke."))
        self.sessions.clear()

    def come_back(self) -> None:
        """Answer again; sessions that were cut stay cut."""
        self.down = None

    def put(self, resource: Resource, *, event: str = "", severity: Severity = Severity.INFO) -> None:
        """Add or change a resource and tell whoever watches."""
        self.resources[resource.id] = resource
        events = (self._event(resource.id, event, severity),) if event else ()
        self._tell(Change(resources=(resource,), events=events))

    def drop(self, identity: ResourceId) -> None:
        """Take a resource away and tell whoever watches."""
        self.removed[identity] = self.resources.pop(identity)
        self._tell(Change(gone=(identity,), events=(self._event(identity, "remove", Severity.INFO),)))

    def turn(self, identity: ResourceId, state: State, *, exit_code: int = 0) -> Resource:
        """Bring a resource into a state, with the abilities and words that belong to it."""
        turned = _in_state(self.get(identity), state, exit_code, time.time())
        self.put(turned, event=state.value, severity=Severity.FAULT if state is State.FAILED else Severity.INFO)
        return turned

    def sicken(self, identity: ResourceId, health: Health, reason: str) -> None:
        """Make a resource deserve a look."""
        self.put(msgspec.structs.replace(self.get(identity), health=health, reason=reason), event="health")

    def churn(self, count: int) -> None:
        """Let that many containers, drawn by the seed, stop or start, as one change."""
        pool = [identity for identity in self.resources if identity.kind == "container"]
        turned: dict[ResourceId, Resource] = {}
        for identity in self.random.choices(pool, k=count) if pool else ():
            resource = self.resources[identity]
            state = State.STOPPED if resource.state is State.RUNNING else State.RUNNING
            turned[identity] = self.resources[identity] = _in_state(resource, state, 0, time.time())
        if turned:
            self._tell(Change(resources=tuple(turned.values())))

    def say(self, identity: ResourceId, *texts: str) -> None:
        """Let a resource print lines now."""
        for text in texts:
            said = LogLine(text, time.time(), source=identity)
            self._said[identity].append(said)
            for queue in self.readers[identity]:
                queue.put_nowait(said)

    def get(self, identity: ResourceId) -> Resource:
        """A resource.

        Raises:
            NotFound: if there is none.
        """
        if identity not in self.resources:
            raise NotFound(f"{identity.native} is gone.")
        return self.resources[identity]

    def named(self, name: str) -> ResourceId:
        """The id of the container or host of that name."""
        return next(identity for identity, resource in self.resources.items() if resource.name == name)

    # -- what sessions use ----------------------------------------------------------------------------------------

    async def enter(self, method: str, about: str = "") -> None:
        """Note a call; then wait, fail or go on, as the test wants."""
        self.calls.append((method, about))
        if delay := self._delays.get(method):
            await asyncio.sleep(delay)
        if self.down is not None:
            raise self.down
        if self._failures[method] and (error := self._failures[method].popleft()):
            raise error
        if method in self._always:
            raise self._always[method]

    def log(self, identity: ResourceId) -> list[LogLine]:
        """All lines so far."""
        made = [lines.line(identity, number, EPOCH + number, hostile=self.hostile) for number in range(self.log_size)]
        return made + self._said[identity]

    def rename(self, identity: ResourceId, name: str) -> None:
        """Give a container another name; names are unique."""
        if any(other.name == name and key != identity for key, other in self.resources.items()):
            raise Conflict(f"The name “{name}” is taken.", hint="Choose another.")
        self.put(msgspec.structs.replace(self.get(identity), name=name), event="rename")

    def _tell(self, change: Change) -> None:
        for queue in self.listeners:
            queue.put_nowait(change)

    def _event(self, identity: ResourceId, verb: str, severity: Severity) -> Event:
        return Event(self.connection, time.time(), verb, f"{identity.native}: {verb}", identity, severity)

    def _build(self, containers: int, first: int, processes: int) -> None:
        host = _host(self.connection)
        self.resources[host.id] = host
        made: Iterable[Resource] = (_container(self.connection, first + index, host.id) for index in range(containers))
        self.resources.update((resource.id, resource) for resource in made)
        images = SERVICES if containers else ()
        self.resources.update((image.id, image) for image in (_image(self.connection, name) for name in images))
        some = (_process(self.connection, pid, host.id) for pid in range(1, processes + 1))
        self.resources.update((process.id, process) for process in some)


def _container(connection: str, index: int, host: ResourceId) -> Resource:
    service = SERVICES[index % len(SERVICES)]
    state = STATES[index % len(STATES)]
    plain = Resource(
        id=ResourceId(connection, "container", f"{index:012x}"),
        name=f"{service}-{index}",
        state=state,
        parent=host,
        labels={"stack": f"shop{index % 5}", "service": service},
        facts={
            "image": f"{service}:1.{index % 9}",
            "ports": [f"{8000 + index % 1000}→80"],
            "volumes": [f"{service}-data"],
        },
        created=EPOCH + index,
    )
    settled = _in_state(plain, state, 137 if state is State.FAILED else 0, EPOCH + index)
    if state is State.RUNNING and index % 25 == 4:
        return msgspec.structs.replace(settled, health=Health.WARNING, reason="Its health check failed 3 times.")
    return settled


def _in_state(resource: Resource, state: State, exit_code: int, now: float) -> Resource:
    words = {State.RUNNING: "Up", State.PAUSED: "Up (paused)", State.CREATED: "Created"}
    failed = state is State.FAILED
    return msgspec.structs.replace(
        resource,
        state=state,
        status=words.get(state, f"Exited ({exit_code})"),
        health=Health.FAULT if failed else Health.GOOD if state is State.RUNNING else Health.UNKNOWN,
        reason=f"It ran out of memory and was killed (exit code {exit_code})." if failed else None,
        abilities=ABILITIES[state],
        since=now,
    )


def _host(connection: str) -> Resource:
    return Resource(
        id=ResourceId(connection, "host", "this"),
        name=connection,
        state=State.RUNNING,
        status="up",
        health=Health.GOOD,
        abilities=ALIVE & ~(Ability.STOP | Ability.RESTART | Ability.PAUSE | Ability.SIGNAL)
        | Ability.INSPECT
        | Ability.LOGS,
        facts={"hostname": connection, "os": "Fake Linux 12", "kernel": "6.1.0", "cores": 4, "cpu_model": "Fake CPU"},
        created=EPOCH,
        since=EPOCH,
    )


def _image(connection: str, name: str) -> Resource:
    return Resource(
        id=ResourceId(connection, "image", f"sha256:{name}"),
        name=f"{name}:1.0",
        state=State.PRESENT,
        abilities=Ability.REMOVE | Ability.INSPECT,
        facts={"size": 50_000_000 + len(name) * 1_000_000},
        created=EPOCH,
    )


def _process(connection: str, pid: int, host: ResourceId) -> Resource:
    return Resource(
        id=ResourceId(connection, "process", str(pid)),
        name="init" if pid == 1 else f"task{pid}",
        state=State.RUNNING,
        status="sleeping",
        abilities=Ability.SIGNAL | Ability.INSPECT,
        parent=host,
        facts={
            "pid": pid,
            "ppid": str(pid // 2) if pid > 1 else None,
            "user": "root" if pid < 10 else "user",
            "cpu": float(pid * 37 % 101),
            "memory": pid * 1_048_576,
            "threads": 1 + pid % 4,
            "nice": 0,
            "command": f"/usr/bin/task{pid} --number {pid}",
        },
        created=EPOCH + pid,
    )
