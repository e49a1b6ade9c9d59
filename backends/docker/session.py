"""One live connection to an engine: what it can do, each part in a module of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from typing_extensions import override

from backends.contract.errors import BackendError, NotFound, Unsupported
from backends.contract.model import (
    JSON,
    Change,
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
    Inspectable,
    Logged,
    Measured,
    Session,
    Shellable,
    Terminal,
    Topped,
    Watched,
)
from backends.docker.client import Client
from backends.docker.endpoint import Endpoint
from backends.docker.kinds import CONTAINER
from backends.docker.logs import logs
from backends.docker.metering import samples
from backends.docker.programs import Programs
from backends.docker.roster import Roster
from backends.docker.saved import Shelf
from backends.docker.streams import Engine
from backends.docker.terminals import open_terminal
from backends.docker.watching import watch
from backends.lane import Lane

P = ParamSpec("P")
T = TypeVar("T")

SIZES_LIMIT = 5.0
"""Seconds a plan waits for the engine to add up sizes; without them it says nothing about bytes."""
SIZES_AGE = 30.0


class DockerSession(Session, Watched, Measured, Inspectable, Topped, Logged, Commandable, Shellable):
    """One live connection to an engine."""

    def __init__(self, connection: str, *, client: Client, engine: Engine, lane: Lane, folder: Path) -> None:
        self.connection = connection
        self.engine = engine
        self.endpoint = engine.endpoint
        self.roster = Roster(connection, engine, client, lane)
        self.shelf = Shelf(folder)
        self._client = client
        self._lane = lane
        self._programs = Programs(engine)
        self._sizes: tuple[float, Any] = (0.0, None)
        self._sizing = asyncio.Lock()

    @classmethod
    async def open(cls, spec: ConnectionSpec, folder: Path) -> DockerSession:
        """Connect: after this the engine has answered once.

        Raises:
            BackendError: if it does not, with what may help.
        """
        endpoint = Endpoint.of(spec.options)
        lane = Lane(spec.id)
        try:
            client = await lane.run(Client, endpoint)
        except BaseException:
            lane.close()
            raise
        engine = Engine(endpoint, client.version, client.tls)
        return cls(spec.id, client=client, engine=engine, lane=lane, folder=folder)

    async def call(self, method: Callable[Concatenate[Client, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a method of docker-py's client on the lane: ``await session.call(Client.pause, native)``."""
        return await self._lane.run(method, self._client, *args, **kwargs)

    @override
    async def resources(self, kinds: frozenset[str]) -> Sequence[Resource]:
        self._check()
        return await self.roster.resources(kinds)

    @override
    def watch(self) -> AsyncGenerator[Change, None]:
        return watch(self.connection, self.engine, self.roster)

    @override
    def samples(self, attention: Attention, every: float) -> AsyncGenerator[Sequence[Sample], None]:
        return samples(self.connection, self.engine, self.roster, attention, every)

    @override
    async def inspect(self, resource: ResourceId) -> JSON:
        self._check()
        described: JSON = await self.call(Client.inspect, resource.kind, resource.native)
        return described

    @override
    async def processes(self, resource: ResourceId) -> ProcessTable:
        self._check()
        table = await self.call(Client.top, self._container(resource))
        titles = tuple(str(title) for title in table.get("Titles") or ())
        rows = tuple(_fitted(row, len(titles)) for row in table.get("Processes") or ())
        return ProcessTable(titles, rows)

    @override
    def logs(self, resource: ResourceId, query: LogQuery) -> AsyncGenerator[Sequence[LogLine], None]:
        return logs(self.engine, resource, query)

    @override
    def run(self, resource: ResourceId, command: Command) -> AsyncGenerator[Output, None]:
        return self._programs.run(resource, command)

    @override
    async def terminal(self, resource: ResourceId, command: Command | None, size: Size) -> Terminal:
        self._check()
        return await open_terminal(self._programs, resource, command, size)

    @override
    async def close(self) -> None:
        if not self.engine.closed:
            await self._programs.close()
        await self.engine.close()
        self._lane.close()
        self._client.close()

    async def describe(self, native: str, *, sizes: bool = False) -> dict[str, Any]:
        """A container's full description, with the size of its own layer if the engine can tell soon."""
        path = f"/containers/{native}/json"
        if sizes:
            try:
                return dict(await self.engine.get(path, {"size": True}, limit=SIZES_LIMIT))
            except NotFound:
                raise
            except BackendError:
                pass
        return dict(await self.engine.get(path))

    async def sizes(self) -> Any:
        """What the engine's things take up on disk, or ``None`` when it cannot tell soon. Shared by plans in a row."""
        async with self._sizing:
            at, known = self._sizes
            if time.monotonic() - at > SIZES_AGE:
                try:
                    known = await self.engine.get("/system/df", limit=SIZES_LIMIT)
                except BackendError:
                    known = None
                self._sizes = (time.monotonic(), known)
            return known

    def _container(self, resource: ResourceId) -> str:
        if resource.kind != CONTAINER:
            raise Unsupported(f"There are no processes in a {resource.kind}.")
        return resource.native

    def _check(self) -> None:
        if self.engine.closed:
            raise self.engine.broken(ConnectionError())


def _fitted(row: Sequence[object], width: int) -> tuple[str, ...]:
    """A row with a cell per title: a command with blanks may have been cut into more."""
    cells = [str(cell) for cell in row]
    if len(cells) > width > 0:
        cells = [*cells[: width - 1], " ".join(cells[width - 1 :])]
    return tuple(cells + [""] * (width - len(cells)))
