"""A session with the test bed's engine, and a clean engine for each test that asks for one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from backends.contract.model import ConnectionSpec, Resource
from backends.docker import BACKEND
from backends.docker.session import DockerSession
from quarterdeck.testing import BareContext
from tests.bed.docker import DockerEngine

Find = Callable[[str], Awaitable[Resource]]


@pytest.fixture
async def engine(docker_engine: DockerEngine) -> AsyncIterator[DockerEngine]:
    """The engine, empty but for its image."""
    await docker_engine.clear()
    yield docker_engine
    await docker_engine.clear()


@pytest.fixture
async def session(engine: DockerEngine, tmp_path: Path) -> AsyncIterator[DockerSession]:
    """An open connection to the engine."""
    opened = await open_session(engine, tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def find(session: DockerSession) -> Find:
    """Looks a container up by name, as it is now."""

    async def look(name: str) -> Resource:
        found = await session.resources(frozenset({"container"}))
        return next(resource for resource in found if resource.name == name)

    return look


async def open_session(engine: DockerEngine, folder: Path) -> DockerSession:
    """A connection to the engine."""
    spec = ConnectionSpec(id="bed", backend="docker", options={"host": engine.host, "cli": "docker"})
    opened = await BACKEND.open(spec, BareContext(folder))
    assert isinstance(opened, DockerSession)
    return opened
