"""The fake keeps the contract, so that what is tested on it holds for real backends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from typing_extensions import override

from backends.contract.model import Command, ConnectionSpec, Resource
from backends.contract.session import Backend, Session
from quarterdeck.testing import BackendContract, BareContext
from tests.fakes.backend import FakeBackend, FakeSession


class TestFake(BackendContract):
    entry: ClassVar[str] = "tests.fakes.backend:BACKEND"
    forbidden: ClassVar[tuple[str, ...]] = ("docker", "psutil", "textual", "pytest", "aiohttp")
    interval: ClassVar[float] = 0.02
    shell_question: ClassVar[bytes] = b"echo hello there\n"
    shell_answer: ClassVar[bytes] = b"\r\nhello there"
    size_question: ClassVar[bytes] = b"size\n"

    @pytest.fixture
    @override
    def backend(self) -> Backend:
        return FakeBackend(resources=20)

    @pytest.fixture
    async def session(self, backend: Backend, tmp_path: Path) -> AsyncIterator[Session]:
        session = await backend.open(ConnectionSpec(id="fake", backend="fake"), BareContext(tmp_path))
        yield session
        await session.close()

    @pytest.fixture
    async def specimen(self, session: Session) -> Resource:
        found = await session.resources(frozenset({"container"}))
        return next(resource for resource in found if resource.name == "web-0")

    @override
    def printing(self, out: str, err: str) -> Command:
        return Command(argv=("print", out, err))

    @override
    def endless(self, marker: str) -> Command:
        return Command(argv=("endless", marker))

    @override
    def deaf(self, marker: str) -> Command:
        return Command(argv=("endless", marker))

    @override
    def parting(self, word: str, code: int) -> Command:
        return Command(argv=("part", word, str(code)))

    @override
    def reciting(self, variable: str, env: Mapping[str, str]) -> Command:
        return Command(argv=("recite", variable), env=env, cwd=self.working_folder)

    @override
    async def stir(self, session: Session, specimen: Resource) -> None:
        assert isinstance(session, FakeSession)
        session.world.say(specimen.id, "stirred")
        session.world.put(specimen, event="stir")
        await asyncio.sleep(0)
