"""Measures the containers somebody looks at.

An engine answers a single question for numbers only after a second or two, so a stream per container is cheapest,
as long as they are few. Beyond that the others take turns with single questions.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from backends.contract.errors import Conflict, NotFound, Refused
from backends.contract.model import ResourceId, Sample
from backends.contract.session import Attention
from backends.docker.crew import Crew
from backends.docker.kinds import CONTAINER
from backends.docker.roster import Roster, together
from backends.docker.stats import Counters, counters, measured
from backends.docker.streams import Engine, JsonLines

STREAMS = 60
"""Containers measured by a stream each."""
TURN = 30
"""Containers asked at a time when taking turns."""
REST = 2.0
"""Seconds before a container whose stream ended is tried again."""


async def samples(
    connection: str, engine: Engine, roster: Roster, attention: Attention, every: float
) -> AsyncGenerator[Sequence[Sample], None]:
    """Samples of the containers attended to that run, about every ``every`` seconds."""
    async with Crew(f"{connection} (measurements)") as crew:
        meter = Meter(connection, engine, roster, crew, every)
        crew.start(_follow(attention, crew), "attention")
        crew.start(meter.take_turns(), "turns")
        while True:
            meter.attend(attention.resources)
            await meter.pause()
            crew.check()
            if batch := meter.batch():
                yield batch


async def _follow(attention: Attention, crew: Crew) -> None:
    while True:
        await attention.changed()
        crew.stirred.set()


class Meter:
    """The measurements of one connection: who is streamed, who takes turns, and the newest numbers."""

    def __init__(self, connection: str, engine: Engine, roster: Roster, crew: Crew, every: float) -> None:
        self._connection = connection
        self._engine = engine
        self._roster = roster
        self._crew = crew
        self._every = every
        self._streams: dict[str, asyncio.Task[None]] = {}
        self._turns: deque[str] = deque()
        self._asked: dict[str, float] = {}
        self._resting: dict[str, float] = {}
        self._before: dict[str, Counters] = {}
        self._newest: dict[str, Sample] = {}
        self._wanted: frozenset[str] = frozenset()
        self._queued = asyncio.Event()

    def attend(self, resources: frozenset[ResourceId]) -> None:
        """Begin to measure what is looked at now and cease to measure the rest."""
        self._wanted = frozenset(
            r.native for r in resources if r.kind == CONTAINER and r.connection == self._connection
        )
        for native in [native for native in self._streams if native not in self._wanted]:
            self._streams.pop(native).cancel()
        for known in (self._before, self._newest, self._resting, self._asked):
            for native in [native for native in known if native not in self._wanted]:
                del known[native]
        running = sorted(native for native in self._wanted if native not in self._streams and self._ready(native))
        room = max(0, STREAMS - len(self._streams))
        for native in running[:room]:
            self._streams[native] = self._crew.start(self._stream(native), f"stats {native[:12]}")
        self._queue(running[room:])

    async def pause(self) -> None:
        """Wait until the next batch is due, or until attention moved or a task failed."""
        try:
            async with asyncio.timeout(self._every):
                await self._crew.stirred.wait()
        except TimeoutError:
            return
        self._crew.stirred.clear()

    def batch(self) -> list[Sample]:
        """The newest samples not given out yet."""
        batch = list(self._newest.values())
        self._newest.clear()
        return batch

    async def take_turns(self) -> None:
        """Measure those without a stream, some at a time."""
        while True:
            while not self._turns:
                self._queued.clear()
                await self._queued.wait()
            some = [self._turns.popleft() for _ in range(min(TURN, len(self._turns)))]
            await together(self._ask(native) for native in some)

    def _queue(self, natives: Sequence[str]) -> None:
        """Let those take turns that are due, the longest unasked first; who waits already keeps the place."""
        due = time.monotonic() - self._every
        waiting = [native for native in self._turns if native in natives]
        others = [n for n in natives if n not in waiting and self._asked.get(n, 0.0) <= due]
        self._turns = deque(waiting + sorted(others, key=lambda native: self._asked.get(native, 0.0)))
        if self._turns:
            self._queued.set()

    def _ready(self, native: str) -> bool:
        return self._roster.runs(native) and time.monotonic() >= self._resting.get(native, 0.0)

    async def _stream(self, native: str) -> None:
        """Learn from a container's stream until it stops running or is gone."""
        lines = JsonLines()
        try:
            async with self._engine.stream(f"/containers/{native}/stats", {"stream": True}) as stream:
                while data := await stream.read():
                    for raw in lines.feed(data):
                        if not self._learn(native, raw):
                            return
        except (NotFound, Conflict, Refused):
            return
        finally:
            if self._streams.get(native) is asyncio.current_task():
                del self._streams[native]
                self._resting[native] = time.monotonic() + REST

    async def _ask(self, native: str) -> None:
        self._asked[native] = time.monotonic()
        question = {"stream": False, "one-shot": True}
        try:
            raw = await self._engine.get(f"/containers/{native}/stats", question)
        except (NotFound, Conflict, Refused):
            return
        if raw and native in self._wanted:
            self._learn(native, raw)

    def _learn(self, native: str, raw: Mapping[str, Any]) -> bool:
        """Turn an answer into a sample; false when the container does not run."""
        now = counters(raw)
        if now is None:
            return False
        values = measured(raw, now, self._before.get(native))
        self._before[native] = now
        if values:
            identity = ResourceId(self._connection, CONTAINER, native)
            self._newest[native] = Sample(identity, time.time(), values)
        return True
