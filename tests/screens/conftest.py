"""A cockpit on an inline fleet with the fake backend, driven by its keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from textual.pilot import Pilot

from app.tui import Cockpit
from backends.registry import Registry
from fleet.paths import Paths
from fleet.service import LocalFleet
from fleet.settings import Settings
from screens.desk import Place
from tests.fakes.backend import FakeBackend

LIST = Place("resources", kind="container")


class Driven(NamedTuple):
    """What a test of a screen holds in its hands."""

    app: Cockpit
    pilot: Pilot[Any]
    fake: FakeBackend
    fleet: LocalFleet


Factory = Callable[..., AbstractAsyncContextManager[Driven]]


@pytest.fixture
def cockpit(tmp_path: Path) -> Factory:
    """Opens a cockpit at a place; everything known has arrived when it is entered."""

    @asynccontextmanager
    async def opened(
        place: Place = LIST,
        *,
        size: tuple[int, int] = (120, 40),
        settings: Settings | None = None,
        fake: FakeBackend | None = None,
    ) -> AsyncIterator[Driven]:
        backend = fake or FakeBackend()
        wanted = settings or Settings()
        registry = Registry({"fake": backend})
        paths = Paths.under(tmp_path)
        fleet = await LocalFleet.open(paths, wanted, registry=registry, environment={})
        try:
            await fleet.ready()
            app = Cockpit(fleet, wanted, place=place, paths=paths)
            async with app.run_test(size=size) as pilot:
                await pilot.pause()
                yield Driven(app, pilot, backend, fleet)
        finally:
            await fleet.close()

    return opened
