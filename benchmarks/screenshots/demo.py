"""The fleet that pictures show: two engines of a small shop, with something wrong, made of the tests' fake backend."""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final, NamedTuple

import msgspec
from typing_extensions import override

from backends.contract.kinds import HOST, PROCESS
from backends.contract.model import (
    ConnectionSpec,
    Discovery,
    Health,
    Kind,
    Resource,
    ResourceId,
    Sample,
    State,
)
from backends.contract.session import Attention, Context
from backends.docker.kinds import CONTAINERS, IMAGES
from benchmarks.screenshots.clock import Clock
from tests.fakes.backend import FakeBackend, FakeSession
from tests.fakes.world import ABILITIES, World

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
PAST: Final = 900
"""Seconds of measurements there are already when somebody first looks."""
STEP: Final = 2


class Row(NamedTuple):
    """A container in few words."""

    name: str
    image: str
    age: float
    load: float = 0.0
    """Percent of a core."""
    resident: float = 0.0
    """MiB."""
    ports: str = ""
    state: State = State.RUNNING
    reason: str | None = None

    @property
    def health(self) -> Health:
        """What follows from state and reason."""
        if self.state is State.FAILED:
            return Health.FAULT
        if self.state is not State.RUNNING:
            return Health.UNKNOWN
        return Health.WARNING if self.reason else Health.GOOD


BEHIND: Final = "Its health check failed 3 times: queue is 4,812 jobs behind."
KILLED: Final = "It ran out of memory and was killed (exit code 137)."
_ROWS: Final = {
    "laptop": (
        Row("shop-web-1", "shop/web:4.2", 5 * HOUR, 31, 212, "8080→80"),
        Row("shop-web-2", "shop/web:4.2", 5 * HOUR, 24, 205, "8081→80"),
        Row("shop-api", "shop/api:4.2", 5 * HOUR, 57, 388, "8000→8000"),
        Row("shop-worker", "shop/api:4.2", 2 * HOUR, 93, 447, reason=BEHIND),
        Row("shop-db", "postgres:17", 26 * DAY, 12, 702, "5432→5432"),
        Row("shop-cache", "redis:8", 26 * DAY, 2, 48),
        Row("shop-migrate", "shop/api:4.2", 5 * HOUR, state=State.STOPPED),
        Row("shop-mail", "mailpit:1.27", 9 * DAY, 0, 31, "8025→8025", State.PAUSED),
        Row("registry", "registry:3", 40 * DAY, 1, 22, "5000→5000"),
    ),
    "staging": (
        Row("edge", "caddy:2.10", 12 * DAY, 7, 61, "443→443"),
        Row("shop-web-1", "shop/web:4.1", 3 * DAY, 18, 198),
        Row("shop-web-2", "shop/web:4.1", 3 * DAY, 22, 201),
        Row("shop-api", "shop/api:4.1", 3 * DAY, 41, 356),
        Row("shop-search", "opensearch:3", 11 * MINUTE, state=State.FAILED, reason=KILLED),
        Row("shop-db", "postgres:17", 31 * DAY, 16, 911),
        Row("prometheus", "prom/prometheus:3", 12 * DAY, 9, 266, "9090→9090"),
        Row("grafana", "grafana:12", 12 * DAY, 3, 143, "3000→3000"),
        Row("loki", "grafana/loki:3", 12 * DAY, 6, 231),
    ),
}

_REQUESTS: Final = (
    (0.0, "shop-web-1", 'INFO  GET /cart 200 in 14 ms request=7f3a session="a81c"'),
    (0.4, "shop-api", "DEBUG cart 4411: 3 items, 62.80 EUR"),
    (1.1, "shop-web-2", "INFO  GET /products?page=2 200 in 22 ms request=7f3b"),
    (1.9, "shop-web-1", "INFO  POST /checkout 202 in 61 ms request=7f3c"),
    (2.0, "shop-api", "INFO  order 90217 accepted, payment by card"),
    (2.6, "shop-worker", "INFO  job 51877 charge-card started"),
    (4.4, "shop-worker", "\x1b[33mWARN\x1b[0m  job 51877 charge-card: the gateway answered after 1,730 ms"),
    (4.9, "shop-worker", "INFO  job 51877 charge-card done"),
    (5.2, "shop-web-2", "INFO  GET /orders/90217 200 in 9 ms request=7f3d"),
    (6.0, "shop-worker", "INFO  job 51878 send-mail started"),
    (7.5, "shop-worker", "\x1b[31mERROR\x1b[0m job 51878 send-mail: mail host refused the connection; try 1 of 5"),
    (8.1, "shop-api", "INFO  GET /health 200 in 1 ms"),
    (8.8, "shop-web-1", "INFO  GET / 200 in 6 ms request=7f3e"),
)
ROUND: Final = 9.0
ROUNDS: Final = 9


class DemoSession(FakeSession):
    """A session that has measured for a while already."""

    @override
    async def samples(self, attention: Attention, every: float) -> AsyncGenerator[Sequence[Sample], None]:
        told: set[ResourceId] = set()
        async with aclosing(super().samples(attention, every)) as batches:
            async for batch in batches:
                new = [sample.resource for sample in batch if sample.resource not in told]
                told.update(new)
                now = time.time()
                for back in range(PAST if new else 0, 0, -STEP):
                    yield [self._sample(resource, now - back) for resource in new]
                yield [self._sample(sample.resource, now) for sample in batch]

    def _sample(self, resource: ResourceId, at: float) -> Sample:
        return measured(self.world.resources[resource], at)


class Demo(FakeBackend):
    """The backend of the pictures."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(resources=0)
        self.worlds = {name: _world(name) for name in _ROWS}
        self._clock = clock

    @property
    @override
    def kinds(self) -> Sequence[Kind]:
        """Columns as the product has them."""
        return (HOST, CONTAINERS, IMAGES, PROCESS)

    @override
    def discover(self, context: Context) -> Discovery:
        return Discovery(
            tuple(ConnectionSpec(id=name, backend="fake", title=name.capitalize()) for name in self.worlds)
        )

    @override
    async def open(self, spec: ConnectionSpec, context: Context) -> DemoSession:
        world = self.worlds[spec.id]
        await world.enter("open", spec.id)
        session = DemoSession(world)
        world.sessions.add(session)
        return session

    def talk(self) -> None:
        """Let the containers of the laptop have written their logs."""
        world = self.worlds["laptop"]
        for number in range(ROUNDS):
            for at, name, text in _REQUESTS:
                with self._clock.ago((ROUNDS - number) * ROUND - at):
                    world.say(world.named(name), text)


def measured(resource: Resource, at: float) -> Sample:
    """Numbers that move as those of a working machine do, always the same at the same moment."""
    base = resource.facts
    phase = zlib.crc32(resource.name.encode()) % 628 / 100
    wave = math.sin(at / 41 + phase) * 0.35 + math.sin(at / 13 + 2 * phase) * 0.18 + math.sin(at / 5) * 0.06
    if resource.id.kind == "host":
        return _host_sample(resource, at, wave)
    cpu = max(0.1, _number(base.get("load")) * (1 + wave))
    memory = _number(base.get("resident")) * 1024**2 * (1 + wave / 9)
    values = {"cpu": cpu, "memory": memory, "memory_limit": 1024.0**3, "net_rx": 2_300 * cpu, "net_tx": 900 * cpu}
    return Sample(resource.id, at, values | {"pids": 3.0, "block_read": 40 * cpu, "block_write": 160 * cpu})


def _host_sample(resource: Resource, at: float, wave: float) -> Sample:
    total = 16.0 * 1024**3
    values = {f"core/{core}": max(1.0, 38 + 30 * math.sin(at / 17 + core)) for core in range(4)}
    used = total * (0.46 + wave / 12)
    values |= {"cpu": 34 + 26 * wave, "memory": used, "memory_total": total, "memory_percent": 100 * used / total}
    values |= {"load1": 1.4 + wave, "load5": 1.3, "load15": 1.1, "disk//": 61.0, "disk_fullest": 61.0}
    return Sample(
        resource.id, at, values | {"net_rx": 4e5 * (1 + wave), "net_tx": 9e4 * (1 + wave), "uptime": 31 * DAY}
    )


def _number(fact: object) -> float:
    return float(fact) if isinstance(fact, (int, float)) else 0.0


def _world(connection: str) -> World:
    world = World(connection, containers=0, processes=0)
    world.log_size = 0
    now = time.time()
    host = next(resource for resource in world.resources.values() if resource.id.kind == "host")
    world.resources[host.id] = msgspec.structs.replace(host, created=now - 31 * DAY, since=now - 31 * DAY)
    for row in _ROWS[connection]:
        resource = _container(connection, host.id, now, row)
        world.resources[resource.id] = resource
    return world


def _container(connection: str, host: ResourceId, now: float, row: Row) -> Resource:
    words = {State.RUNNING: "running", State.PAUSED: "paused", State.FAILED: "exited (137)"}
    project, dash, _ = row.name.partition("-")
    return Resource(
        id=ResourceId(connection, "container", f"{zlib.crc32(f'{connection}/{row.name}'.encode()):012x}"),
        name=row.name,
        state=row.state,
        status=words.get(row.state, "exited (0)"),
        health=row.health,
        reason=row.reason,
        abilities=ABILITIES[row.state],
        parent=host,
        labels={"stack": project},
        facts={
            "image": row.image,
            "project": project if dash else "",
            "restarts": 4 if row.state is State.FAILED else 0,
            "ports": [row.ports] if row.ports else [],
            "load": row.load,
            "resident": row.resident,
        },
        created=now - row.age,
        since=now - row.age,
    )
