"""A session on this very machine, and children to do things to."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from backends.contract.model import ConnectionSpec, Resource
from backends.local import BACKEND
from backends.local.session import LocalSession
from quarterdeck.testing import BareContext

Spawn = Callable[[str], Awaitable[Resource]]
READY = "import signal,sys,time; {}; print('ready', flush=True)\nwhile True: time.sleep(60)"


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[LocalSession]:
    spec = ConnectionSpec(id="local", backend="local", options={"log": str(tmp_path / "log")})
    (tmp_path / "log").write_text("one\ntwo\nthree\n")
    session = await BACKEND.open(spec, BareContext(tmp_path))
    assert isinstance(session, LocalSession)
    yield session
    await session.close()


@pytest.fixture
async def spawn(session: LocalSession) -> AsyncIterator[Spawn]:
    """Starts a Python child after the given statement has run, and finds it in the list."""
    children: list[asyncio.subprocess.Process] = []

    async def start(statement: str) -> Resource:
        code = READY.format(statement or "pass")
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
        children.append(child)
        assert child.stdout is not None
        assert await child.stdout.readline() == b"ready\n"
        reading = await session.lane.run(session.client.processes)
        assert child.pid in {process.pid for process in reading.processes}
        found = await session.resources(frozenset({"process"}))
        return next(resource for resource in found if resource.id.native == str(child.pid))

    yield start
    for child in children:
        if child.returncode is None:
            child.kill()
        await child.wait()
        await asyncio.sleep(0)
