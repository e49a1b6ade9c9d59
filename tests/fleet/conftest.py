"""A whole fleet on the fake backend, in a folder of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from backends.contract.model import ResourceId
from backends.registry import Registry
from fleet.paths import Paths
from fleet.service import LocalFleet
from fleet.settings import Settings
from tests.fakes.backend import FakeBackend


async def eventually(condition: Callable[[], object], limit: float = 10.0) -> None:
    """Return when the condition holds; fail after ``limit`` seconds."""
    async with asyncio.timeout(limit):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def fake() -> FakeBackend:
    return FakeBackend()


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
async def fleet(fake: FakeBackend, settings: Settings, tmp_path: Path) -> AsyncIterator[LocalFleet]:
    opened = await LocalFleet.open(
        Paths.under(tmp_path / "home"), settings, registry=Registry({"fake": fake}), environment={}, version="test"
    )
    try:
        async with asyncio.timeout(10):
            await opened.ready()
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def web(fleet: LocalFleet, fake: FakeBackend) -> ResourceId:
    """A running container."""
    return fake.world.named("web-0")
