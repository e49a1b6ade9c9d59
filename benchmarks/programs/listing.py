"""Lists the containers of an engine in three ways in turns, through a relay that counts what is asked; prints JSON."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Final

import docker

from backends.contract.model import ConnectionSpec
from backends.docker import BACKEND
from quarterdeck.testing import BareContext

INSPECTION: Final = re.compile(rb"GET [^ ]*/containers/[0-9a-f]{12,}/json")


class Relay:
    """Passes on what goes to an engine and counts the inspections in it."""

    def __init__(self, target: Path) -> None:
        self.inspections = 0
        self._target = target

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        far_reader, far_writer = await asyncio.open_unix_connection(self._target)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pass(reader, far_writer, count=True))
            group.create_task(self._pass(far_reader, writer, count=False))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, count: bool) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                self.inspections += len(INSPECTION.findall(data)) if count else 0
                writer.write(data)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def relayed(relay: Relay, folder: Path) -> AsyncIterator[Path]:
    """A socket that leads through the relay."""
    path = folder / "relay.sock"
    server = await asyncio.start_unix_server(relay.serve, path)
    try:
        yield path
    finally:
        server.close()


async def measure(target: Path, size: int, times: int) -> dict[str, float]:
    """Milliseconds of one list in each way, and inspections per refresh of ours."""
    with tempfile.TemporaryDirectory(prefix="qd-bench-") as name:
        folder = Path(name)
        relay = Relay(target)
        async with relayed(relay, folder) as path:
            inspections = await _inspections(relay, path, folder, size)
        return {**await _times(target, folder, times), "inspections": inspections}


async def _inspections(relay: Relay, path: Path, folder: Path, size: int) -> float:
    """Inspections of a refresh, once everything has been seen."""
    session = await BACKEND.open(_spec(path), BareContext(folder))
    try:
        async with asyncio.timeout(120):
            while relay.inspections < size:  # some are looked at a little later
                await session.resources(frozenset({"container"}))
        before = relay.inspections
        for _ in range(5):
            await session.resources(frozenset({"container"}))
        return (relay.inspections - before) / 5
    finally:
        await session.close()


async def _times(target: Path, folder: Path, times: int) -> dict[str, float]:
    session = await BACKEND.open(_spec(target), BareContext(folder))
    client = docker.DockerClient(base_url=f"unix://{target}")
    ours: list[float] = []
    low: list[float] = []
    theirs: list[float] = []
    try:
        for _ in range(5):
            await session.resources(frozenset({"container"}))
        for number in range(times):
            began = time.perf_counter()
            await session.resources(frozenset({"container"}))
            ours.append(time.perf_counter() - began)
            low.append(_timed(lambda: client.api.containers(all=True)))
            if number % 4 == 0:
                theirs.append(_timed(lambda: client.containers.list(all=True)))
    finally:
        client.close()
        await session.close()
    return {name: median(values) * 1000 for name, values in (("ours", ours), ("low", low), ("theirs", theirs))}


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _spec(path: Path) -> ConnectionSpec:
    return ConnectionSpec(id="bench", backend="docker", options={"host": f"unix://{path}"})


if __name__ == "__main__":
    host, size, times = sys.argv[1:]
    print(json.dumps(asyncio.run(measure(Path(host.removeprefix("unix://")), int(size), int(times)))))
