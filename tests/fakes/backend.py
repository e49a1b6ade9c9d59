"""A backend in memory that keeps the contract, with levers for whatever a test wants to happen.

``FakeBackend(resources=10_000, connections=4)`` answers at once and always the same. Each connection has a ``World``:
``backend.worlds["fake"].go_offline()``, ``.fail("resources", Unreachable("…"))``, ``.churn(200)``,
``.say(id, "line")``.
"""

from __future__ import annotations

import asyncio
import math
import time
import zlib
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from typing import Any, TypeVar

from typing_extensions import override

from backends.contract.errors import Conflict, Unreachable
from backends.contract.model import (
    JSON,
    Ability,
    Change,
    Command,
    ConnectionSpec,
    Discovery,
    Kind,
    LogLine,
    LogQuery,
    Missing,
    Output,
    ProcessTable,
    Resource,
    ResourceId,
    Sample,
    Size,
)
from backends.contract.operation import Operation, Verb
from backends.contract.session import (
    Attention,
    Backend,
    Commandable,
    Context,
    Inspectable,
    Logged,
    Measured,
    Session,
    Shellable,
    Topped,
    Watched,
)
from tests.fakes import lines, programs
from tests.fakes.kinds import KINDS
from tests.fakes.verbs import VERBS
from tests.fakes.world import EPOCH, World

T = TypeVar("T")
TICK = 0.05
"""Seconds between the batches of things that come at a rate."""
IDLE = 0.5
"""Seconds after which a stream looks whether it has been given a rate."""


class FakeSession(Session, Watched, Measured, Inspectable, Topped, Logged, Commandable, Shellable):
    """A connection to a ``World``."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.terminals: list[programs.FakeTerminal] = []
        self._ended = asyncio.Event()
        self._why: Exception = Unreachable(f"{world.connection} is closed.")
        self._queues: set[asyncio.Queue[Any]] = set()

    async def enter(self, method: str, about: str = "") -> None:
        """Begin a call, unless this session is over or the test wants it to fail."""
        if self._ended.is_set():
            raise self._why
        await self.world.enter(method, about)

    def cut(self, error: Exception) -> None:
        """Break: whatever is under way raises the error, and so does whatever comes."""
        if not self._ended.is_set():
            self._why = error
            self._ended.set()
        for queue in self._queues:
            queue.put_nowait(None)
        for terminal in self.terminals:
            terminal.end(None)

    @override
    async def resources(self, kinds: frozenset[str]) -> Sequence[Resource]:
        await self.enter("resources", ",".join(sorted(kinds)))
        return [resource for resource in self.world.resources.values() if resource.id.kind in kinds]

    @override
    async def watch(self) -> AsyncGenerator[Change, None]:
        await self.enter("watch")
        with self._fed(self.world.listeners) as queue:
            pace = Pace()
            while True:
                if change := await self._next(queue, rate=self.world.rate):
                    yield change
                self.world.churn(pace.due(self.world.rate))

    @override
    async def samples(self, attention: Attention, every: float) -> AsyncGenerator[Sequence[Sample], None]:
        await self.enter("samples")
        while True:
            attended = attention.resources
            found = [self.world.resources.get(identity) for identity in sorted(attended)]
            able = [resource for resource in found if resource and Ability.METRICS in resource.abilities]
            if able:
                await self.enter("sample")
                now = time.time()
                yield [measured(resource.id, now) for resource in able]
            await self._pause(attention, attended, every if attended else None)

    @override
    async def inspect(self, resource: ResourceId) -> JSON:
        await self.enter("inspect", resource.native)
        found = self.world.get(resource)
        facts: dict[str, JSON] = {key: str(value) for key, value in found.facts.items()}
        return {
            "Id": resource.native,
            "Name": found.name,
            "State": {"Status": found.state.value, "Since": found.since},
            "Labels": dict(found.labels),
            "Config": {"Env": ["PATH=/bin", "PASSWORD=hunter2"], "Facts": facts},
        }

    @override
    async def processes(self, resource: ResourceId) -> ProcessTable:
        await self.enter("processes", resource.native)
        self._need(resource, Ability.PROCESSES)
        shown = ["init", *sorted(self.world.running)]
        return ProcessTable(("PID", "USER", "COMMAND"), tuple((str(i), "root", c) for i, c in enumerate(shown, 1)))

    @override
    async def logs(self, resource: ResourceId, query: LogQuery) -> AsyncGenerator[Sequence[LogLine], None]:
        await self.enter("logs", resource.native)
        self._need(resource, Ability.LOGS)
        with self._fed(self.world.readers[resource]) as queue:
            if past := _part(self.world.log(resource), query):
                yield past
            pace, number = Pace(), self.world.log_size
            while query.follow:
                if said := await self._next(queue, rate=self.world.log_rate):
                    yield [said]
                if due := pace.due(self.world.log_rate):
                    now, hostile = time.time(), self.world.hostile
                    yield [lines.line(resource, number + index, now, hostile=hostile) for index in range(due)]
                    number += due

    @override
    async def run(self, resource: ResourceId, command: Command) -> AsyncGenerator[Output, None]:
        await self.enter("run", resource.native)
        self._need(resource, Ability.RUN)
        async with aclosing(programs.run(self.world, command, self._ended)) as outputs:
            async for output in outputs:
                yield output
        if self._ended.is_set():
            raise self._why

    @override
    async def terminal(self, resource: ResourceId, command: Command | None, size: Size) -> programs.FakeTerminal:
        await self.enter("terminal", resource.native)
        self._need(resource, Ability.SHELL)
        opened = programs.FakeTerminal(self.world, command, size)
        self.terminals.append(opened)
        return opened

    @override
    async def close(self) -> None:
        self.cut(Unreachable(f"{self.world.connection} is closed."))
        self.world.sessions.discard(self)

    def _need(self, identity: ResourceId, ability: Ability) -> None:
        if ability not in self.world.get(identity).abilities:
            raise Conflict(f"{identity.native} is in no state for that.")

    @contextmanager
    def _fed(self, receivers: set[asyncio.Queue[T]]) -> Iterator[asyncio.Queue[T]]:
        """A queue among the receivers of some news, as long as the block lasts."""
        queue: asyncio.Queue[T] = asyncio.Queue()
        receivers.add(queue)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            receivers.discard(queue)
            self._queues.discard(queue)

    async def _next(self, queue: asyncio.Queue[T], *, rate: float) -> T | None:
        """What comes next, or ``None`` when it is time to look whether something is due."""
        try:
            async with asyncio.timeout(TICK if rate else IDLE):
                item = await queue.get()
        except TimeoutError:
            item = None
        if self._ended.is_set():
            raise self._why
        return item

    async def _pause(self, attention: Attention, attended: frozenset[ResourceId], limit: float | None) -> None:
        """Wait until the next measurement, or until attention moves or the session is over."""

        async def moved() -> None:
            if attention.resources == attended:
                await attention.changed()

        async with asyncio.TaskGroup() as group:
            tasks = {group.create_task(moved()), group.create_task(_over(self._ended))}
            await asyncio.wait(tasks, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
        if self._ended.is_set():
            raise self._why


class Pace:
    """Turns a rate into numbers of things that are due."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._owed = 0.0

    def due(self, rate: float) -> int:
        """How many have become due since the last call."""
        now = time.monotonic()
        self._owed += rate * (now - self._last)
        self._last = now
        whole = int(self._owed)
        self._owed -= whole
        return whole


class FakeBackend(Backend):
    """The backend ``fake``. Its connections are ``fake``, or ``fake-1`` to ``fake-N`` when there are several."""

    def __init__(
        self, *, resources: int = 10, connections: int = 1, processes: int = 40, seed: int = 7, missing: bool = False
    ) -> None:
        names = ["fake"] if connections == 1 else [f"fake-{number}" for number in range(1, connections + 1)]
        shares = [resources // connections + (index < resources % connections) for index in range(connections)]
        self.worlds: dict[str, World] = {
            name: World(name, containers=share, first=sum(shares[:index]), processes=processes, seed=seed + index)
            for index, (name, share) in enumerate(zip(names, shares, strict=True))
        }
        self._missing = missing

    @property
    def world(self) -> World:
        """The world of the first connection."""
        return next(iter(self.worlds.values()))

    @property
    @override
    def id(self) -> str:
        return "fake"

    @property
    @override
    def title(self) -> str:
        return "Fake"

    @property
    @override
    def kinds(self) -> Sequence[Kind]:
        return KINDS

    @property
    @override
    def operations(self) -> Sequence[Operation]:
        return tuple(verb.operation for verb in VERBS)

    @override
    def discover(self, context: Context) -> Discovery:
        missing = (Missing("fake", "There is no second fake.", "Make one."),) if self._missing else ()
        found = tuple(ConnectionSpec(id=name, backend="fake", title=name.capitalize()) for name in self.worlds)
        return Discovery(connections=found, missing=missing)

    @override
    def verbs(self) -> Sequence[Verb]:
        return VERBS

    @override
    async def open(self, spec: ConnectionSpec, context: Context) -> FakeSession:
        world = self.worlds[spec.id]
        await world.enter("open", spec.id)
        session = FakeSession(world)
        world.sessions.add(session)
        return session


BACKEND = FakeBackend()


def measured(identity: ResourceId, now: float) -> Sample:
    """Numbers that move gently, and are the same for the same resource and moment."""
    phase = zlib.crc32(identity.native.encode()) % 1000
    wave = 0.5 + 0.5 * math.sin(now / 7 + phase)
    if identity.kind == "process":
        return Sample(identity, now, {"cpu": 100 * wave, "memory": 1e6 * phase, "threads": 3})
    if identity.kind == "container":
        limit = 512.0 * 1024 * 1024
        values = {"cpu": phase / 10 * wave, "memory": limit * (0.2 + 0.5 * wave), "memory_limit": limit}
        return Sample(identity, now, values | {"net_rx": 1e5 * wave, "net_tx": 5e4 * wave, "pids": 1.0 + phase % 9})
    total = 16.0 * 1024**3
    used = total * (0.3 + 0.3 * wave)
    values = {f"core/{core}": 100 * (0.5 + 0.5 * math.sin(now / 5 + core)) for core in range(4)}
    values |= {"cpu": 80 * wave, "memory": used, "memory_total": total, "memory_percent": 100 * used / total}
    values |= {"load1": 4 * wave, "load5": 2.0, "load15": 1.5, "disk//": 61.0, "disk_fullest": 61.0}
    return Sample(identity, now, values | {"net_rx": 1e6 * wave, "net_tx": 2e5 * wave, "uptime": now - EPOCH})


def _part(log: Sequence[LogLine], query: LogQuery) -> Sequence[LogLine]:
    since = -math.inf if query.since is None else query.since
    until = math.inf if query.until is None else query.until
    fitting = [line for line in log if since <= (line.at or 0) <= until]
    return fitting if query.tail is None else fitting[len(fitting) - min(query.tail, len(fitting)) :]


async def _over(ended: asyncio.Event) -> None:
    await ended.wait()
