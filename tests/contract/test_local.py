"""This machine keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar

import pytest

from backends.contract.model import ConnectionSpec, Resource
from backends.contract.session import Backend, Session
from quarterdeck.testing import BackendContract, BareContext

LINES = "".join(f"2026-01-02T03:04:{second:02d}+00:00 host unit[1]: line {second}\n" for second in range(20))


class TestLocal(BackendContract):
    entry: ClassVar[str] = "backends.local:BACKEND"
    forbidden: ClassVar[tuple[str, ...]] = ("psutil", "docker", "aiohttp", "textual", "rich")

    @pytest.fixture
    async def session(self, backend: Backend, tmp_path: Path) -> AsyncIterator[Session]:
        log = tmp_path / "syslog"
        log.write_text(LINES)
        spec = ConnectionSpec(id="local", backend="local", options={"log": str(log)})
        session = await backend.open(spec, BareContext(tmp_path))
        yield session
        await session.close()

    @pytest.fixture
    async def specimen(self, session: Session) -> Resource:
        (host,) = await session.resources(frozenset({"host"}))
        return host
