"""Fixtures that start real engines once per test run. Loaded for all tests by ``tests/conftest.py``."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.bed import docker


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def docker_engine() -> AsyncIterator[docker.DockerEngine]:
    """A real dockerd. Skips where none can be started; ``QUARTERDECK_BED=required`` makes that a failure."""
    try:
        async with docker.running() as engine:
            yield engine
    except docker.Unavailable as error:
        if os.environ.get("QUARTERDECK_BED") == "required":
            pytest.fail(str(error))
        pytest.skip(str(error))
