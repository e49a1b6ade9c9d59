"""The open connection to this machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from backends.contract.errors import NotFound, Unreachable, Unsupported
from backends.contract.model import (
    JSON,
    Ability,
    Command,
    ConnectionSpec,
    LogLine,
    LogQuery,
    Output,
    ProcessTable,
    Resource,
    ResourceId,
    Sample,
    Size,
)
from backends.contract.session import (
    Attention,
    Commandable,
    Context,
    Inspectable,
    Logged,
    Measured,
    Session,
    Shellable,
    Topped,
)
from backends.lane import Lane
from backends.local import translate
from backends.local.gpu import Cards
from backends.local.logs import Log, find_log
from backends.local.programs import Programs
from backends.local.readings import HostFacts, HostReading
from backends.local.terminals import LocalTerminal, open_terminal

if TYPE_CHECKING:
    from backends.local.client import Client

FRESH: Final = 0.5
"""Seconds for which a list of processes is good enough to be shown again."""
SETTLED: Final = 0.5
"""Seconds between two readings whose difference says something."""
WARM_UP: Final = 0.25
"""Seconds until the first numbers of a stream that has nothing to compare with."""
ABLE: Final = Ability.SHELL | Ability.RUN | Ability.METRICS | Ability.INSPECT | Ability.PROCESSES


async def open_session(spec: ConnectionSpec, context: Context) -> LocalSession:
    """Import the SDK, on the lane, and look once.

    Raises:
        Unsupported: where psutil does not know the system.
    """
    lane = Lane(spec.id, patience=30.0)
    try:
        client = await lane.run(_client)
        facts = await lane.run(client.facts)
    except (ImportError, NotImplementedError) as error:
        lane.close()
        raise Unsupported(f"psutil cannot measure this system: {error}.") from error
    programs = Programs(context.environment)
    log = await find_log(programs, context.environment, spec.options.get("log", ""))
    return LocalSession(spec.id, lane=lane, client=client, facts=facts, programs=programs, log=log, context=context)


def _client() -> Client:
    from backends.local.client import Client  # the SDK's only importer, and not before it is needed

    return Client()


class LocalSession(Session, Measured, Inspectable, Topped, Logged, Commandable, Shellable):
    """This machine, measured through psutil on a lane; programs and terminals run on the loop."""

    def __init__(
        self,
        connection: str,
        *,
        lane: Lane,
        client: Client,
        facts: HostFacts,
        programs: Programs,
        log: Log | None,
        context: Context,
    ) -> None:
        self.connection = connection
        self.client = client
        self.lane = lane
        self._facts = facts
        self._programs = programs
        self._log = log
        self._environment = context.environment
        self._cards = Cards(context.environment)
        self._terminals: set[LocalTerminal] = set()
        self._ended = asyncio.Event()
        self._abilities = ABLE | (Ability.LOGS if log is not None else Ability.NONE)

    @override
    async def resources(self, kinds: frozenset[str]) -> Sequence[Resource]:
        self._alive()
        found: list[Resource] = []
        if "host" in kinds:
            reading = await self.lane.run(self.client.host)
            found.append(translate.host(self.connection, self._facts, reading, abilities=self._abilities))
        if "process" in kinds:
            seen = await self.lane.run(self.client.processes, age=FRESH)
            found += [translate.process(self.connection, each, seen.cpu.get(each.key)) for each in seen.processes]
        return found

    @override
    async def samples(self, attention: Attention, every: float) -> AsyncGenerator[Sequence[Sample], None]:
        before: HostReading | None = None
        while True:
            self._alive()
            attended = attention.resources
            batch: list[Sample] = []
            if translate.host_id(self.connection) in attended:
                if before is None:
                    before = await self.lane.run(self.client.host)
                    await asyncio.sleep(WARM_UP)
                now = await self.lane.run(self.client.host)
                cards = await self._cards.values()
                batch.append(translate.host_sample(self.connection, now, before, cards))
                if now.moment - before.moment >= SETTLED:
                    before = now
            batch += await self._process_samples(attended)
            if batch:
                yield batch
            await self._pause(attention, attended, every if attended else None)

    @override
    async def inspect(self, resource: ResourceId) -> JSON:
        self._alive()
        if resource.kind == "process":
            return await self.lane.run(self.client.describe_process, pid_of(resource))
        self._need_host(resource)
        return await self.lane.run(self.client.describe, self._facts)

    @override
    async def processes(self, resource: ResourceId) -> ProcessTable:
        self._alive()
        self._need_host(resource)
        return translate.process_table(await self.lane.run(self.client.processes))

    @override
    async def logs(self, resource: ResourceId, query: LogQuery) -> AsyncGenerator[Sequence[LogLine], None]:
        self._alive()
        self._need_host(resource)
        if self._log is None:
            raise Unsupported(
                "This machine has no log we can read: no journal, no syslog.", hint="Is your user in the group `adm`?"
            )
        async with aclosing(self._log.read(resource, query)) as batches:
            async for batch in batches:
                self._alive()
                yield batch

    @override
    async def run(self, resource: ResourceId, command: Command) -> AsyncGenerator[Output, None]:
        self._alive()
        self._need_host(resource)
        async with aclosing(self._programs.run(command)) as outputs:
            async for output in outputs:
                yield output

    @override
    async def terminal(self, resource: ResourceId, command: Command | None, size: Size) -> LocalTerminal:
        self._alive()
        self._need_host(resource)
        opened = await open_terminal(command, self._environment, size)
        self._terminals = {terminal for terminal in self._terminals if terminal.code is None} | {opened}
        return opened

    @override
    async def close(self) -> None:
        self._ended.set()
        self.lane.close()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._programs.close())
            for terminal in self._terminals:
                group.create_task(_hang_up(terminal))

    def _alive(self) -> None:
        if self._ended.is_set():
            raise Unreachable(f"{self.connection} is closed.")

    def _need_host(self, resource: ResourceId) -> None:
        if resource != translate.host_id(self.connection):
            raise NotFound(f"There is no {resource.kind} {resource.native} that allows this.")

    async def _process_samples(self, attended: frozenset[ResourceId]) -> list[Sample]:
        wanted = {identity.native for identity in attended if identity.kind == "process"}
        if not wanted:
            return []
        seen = await self.lane.run(self.client.processes, age=FRESH)
        at = time.time()
        return [
            translate.process_sample(self.connection, each, seen.cpu.get(each.key), at)
            for each in seen.processes
            if str(each.pid) in wanted
        ]

    async def _pause(self, attention: Attention, attended: frozenset[ResourceId], limit: float | None) -> None:
        """Wait until the next measurement is due, attention moves, or the session is closed."""

        async def moved() -> None:
            if attention.resources == attended:
                await attention.changed()

        async def closed() -> None:
            await self._ended.wait()

        async with asyncio.TaskGroup() as group:
            tasks = {group.create_task(moved()), group.create_task(closed())}
            await asyncio.wait(tasks, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()


def pid_of(resource: ResourceId) -> int:
    """The number of a process.

    Raises:
        NotFound: if the id is none of a process.
    """
    if resource.kind != "process" or not resource.native.isdecimal() or int(resource.native) > 2**31 - 1:
        raise NotFound(f"There is no process {resource.native}.")
    return int(resource.native)


async def _hang_up(terminal: LocalTerminal) -> None:
    await terminal.close()
