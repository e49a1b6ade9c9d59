"""A home of its own for every test, and containers to look at."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bed.docker import DockerEngine
from tests.live.terminal import Home, opened_home

QUICK = """
[monitor]
first_retry = 0.2
last_retry = 1.0

[daemon]
linger = 0.5
"""


@pytest.fixture
async def home() -> AsyncIterator[Home]:
    """A home without any engine."""
    with tempfile.TemporaryDirectory(prefix="qd-live-") as folder:  # short: a socket's path has a limit
        async with opened_home(Path(folder), DOCKER_HOST=f"unix://{folder}/none.sock") as home:
            home.settings(QUICK)
            yield home


@pytest.fixture
async def docker_home(docker_engine: DockerEngine) -> AsyncIterator[Home]:
    """A home whose engine is the bed's, without containers at first."""
    await docker_engine.clear()
    with tempfile.TemporaryDirectory(prefix="qd-live-") as folder:
        async with opened_home(Path(folder), DOCKER_HOST=docker_engine.host) as home:
            home.settings(QUICK)
            yield home
    if docker_engine.pid is None:
        await docker_engine.start()
    await docker_engine.clear()
