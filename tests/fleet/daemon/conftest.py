"""Short folders for sockets, a served fleet, and a way to wait for what must come."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fleet.daemon.client import RemoteFleet, attached_fleet
from fleet.daemon.server import FleetServer
from tests.fleet.daemon.memory import MemoryFleet


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="qd-", dir="/tmp") as folder:
        yield Path(folder)


class Served:
    """A memory fleet behind its socket, in this process."""

    def __init__(self, path: Path, fleet: MemoryFleet, server: FleetServer) -> None:
        self.path = path
        self.fleet = fleet
        self.server = server

    @asynccontextmanager
    async def client(self) -> AsyncIterator[RemoteFleet]:
        async with attached_fleet(self.path) as fleet:
            yield fleet


@asynccontextmanager
async def serving(path: Path, fleet: MemoryFleet | None = None, **options: object) -> AsyncIterator[Served]:
    fleet = fleet or MemoryFleet()
    server = FleetServer(fleet, path, **options)  # type: ignore[arg-type] # tests hand on what the server takes
    ready = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(server.serve(ready.set))
        await ready.wait()
        try:
            yield Served(path, fleet, server)
        finally:
            server.stop()
            await serving


@pytest.fixture
async def served(home: Path) -> AsyncIterator[Served]:
    async with serving(home / "d.sock") as served:
        yield served
