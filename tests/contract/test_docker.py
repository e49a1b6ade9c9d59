"""The Docker backend against the one suite, with a real dockerd."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from typing_extensions import override

from backends.contract.model import ConnectionSpec, Resource
from backends.contract.operation import Operation
from backends.contract.session import Backend, Session
from quarterdeck.testing import BackendContract, BareContext
from tests.bed.docker import DockerEngine

_TALK = 'echo one; echo two >&2; echo three; trap "exit 0" TERM; while :; do sleep 1; done'


@pytest.mark.engine
class TestDocker(BackendContract):
    """Docker keeps the contract."""

    entry: ClassVar[str] = "backends.docker:BACKEND"
    forbidden: ClassVar[tuple[str, ...]] = ("docker", "aiohttp", "requests")

    @pytest.fixture
    async def session(self, backend: Backend, docker_engine: DockerEngine, tmp_path: Path) -> AsyncIterator[Session]:
        self.engine = docker_engine
        spec = ConnectionSpec(id="bed", backend="docker", options={"host": docker_engine.host})
        session = await backend.open(spec, BareContext(tmp_path))
        yield session
        await session.close()

    @pytest.fixture
    async def specimen(self, session: Session) -> Resource:
        """A container that talks, beside another; both are made once, because no check may change them for good."""
        there = (await self.engine.docker("ps", "--format", "{{.Names}}")).split()
        if "web" not in there:
            await self.engine.clear()
            label = ("--label", "com.docker.compose.project=shop")
            await self.engine.run(*label, name="web", command=("sh", "-c", _TALK))
            await self.engine.run("--volume", "kept:/data", name="other")
        return await self._talked(session)

    async def _talked(self, session: Session) -> Resource:
        """The specimen, once its log has its three lines."""
        async with asyncio.timeout(self.patience):
            while "three" not in await self.engine.docker("logs", "web"):
                await asyncio.sleep(0.05)
        found = await session.resources(frozenset({"container"}))
        return next(resource for resource in found if resource.name == "web")

    @override
    def arguments(self, operation: Operation, resource: Resource) -> Mapping[str, str]:
        return {"memory": "64m"} if operation.verb == "update" else super().arguments(operation, resource)

    @override
    async def stir(self, session: Session, specimen: Resource) -> None:
        await self.engine.docker("pause", specimen.name)
        await self.engine.docker("unpause", specimen.name)
