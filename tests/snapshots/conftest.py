"""A cockpit in which nothing moves: the clock stands, measurements are given, and no number is drawn by chance."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

import pytest
from pytest_textual_snapshot import SVGImageExtension  # type: ignore[import-untyped]  # it ships no types
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from textual.widgets import Input
from typing_extensions import override

from app.tui import Cockpit
from backends.contract.model import Ability, ConnectionSpec, Sample
from backends.contract.session import Attention, Context
from backends.registry import Registry
from fleet.paths import Paths
from fleet.service import LocalFleet
from fleet.settings import Settings
from fleet.settings.model import Monitoring
from fleet.values import Delta, FleetStatus
from screens import connections, cost
from screens.cost import cost_text
from screens.desk import Place
from tests.fakes.backend import FakeBackend, FakeSession, measured
from tests.fakes.world import EPOCH
from tests.widgets.waiting import screen_text, until
from widgets.resource_table import ResourceTable

NOW: Final = EPOCH + 3 * 86400 + 3600
"""When every picture is taken."""
MINUTE: Final = range(-58, 1, 2)
STILL: Final = 4
"""Looks in a row that see the same before the screen counts as at rest, on a busy machine too."""


class StillSession(FakeSession):
    """A session whose resources are measured only by whoever makes the picture."""

    @override
    async def samples(self, attention: Attention, every: float) -> AsyncGenerator[Sequence[Sample], None]:
        await self._ended.wait()
        yield ()
        raise self._why


class StillBackend(FakeBackend):
    """The fake backend with such sessions."""

    @override
    async def open(self, spec: ConnectionSpec, context: Context) -> FakeSession:
        world = self.worlds[spec.id]
        await world.enter("open", spec.id)
        session = StillSession(world)
        world.sessions.add(session)
        return session


class Scene(NamedTuple):
    """What is in front of the camera."""

    app: Cockpit
    pilot: Pilot[Any]
    fake: StillBackend
    fleet: LocalFleet
    picture: SnapshotAssertion

    async def shows(self, *texts: str) -> None:
        """Wait until all texts are on the screen."""
        try:
            await until(self.pilot, lambda: all(text in "\n".join(screen_text(self.pilot)) for text in texts))
        except TimeoutError:
            raise AssertionError("\n".join([f"{texts} did not come:", *screen_text(self.pilot)])) from None

    async def matches(self) -> bool:
        """Whether the screen, once it has come to rest, is the picture that was looked at."""
        for line in self.app.screen.query(Input):
            line.cursor_blink = False
        before, still = "", 0
        while still < STILL:
            now = self.app.export_screenshot()
            before, still = now, still + 1 if now == before else 0
            await self.pilot.pause(0.15)
        return bool(self.app.export_screenshot() == self.picture)


Studio = Callable[..., AbstractAsyncContextManager[Scene]]


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion) -> Studio:
    """Opens a cockpit at a place, with a minute of measurements behind it."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(time, "time", lambda: NOW)
    assert ResourceTable.__init__.__kwdefaults__
    monkeypatch.setitem(ResourceTable.__init__.__kwdefaults__, "clock", lambda: NOW)
    monkeypatch.setattr(cost, "resident", lambda: 58_000_000)
    monkeypatch.setattr(cost, "os", SimpleNamespace(getpid=lambda: 4712))
    monkeypatch.setattr(connections, "cost_text", lambda _lag, _status, *, wide: cost_text(0.0, STATUS, wide=wide))

    @asynccontextmanager
    async def opened(place: Place, size: tuple[int, int], *, links: int = 1) -> AsyncIterator[Scene]:
        fake = StillBackend(connections=links)
        settings = Settings(monitor=Monitoring(first_retry=3600.0, last_retry=3600.0))  # a lost link stays lost
        registry = Registry({"fake": fake})
        fleet = await LocalFleet.open(Paths.under(tmp_path), settings, registry=registry, environment={})
        try:
            await fleet.ready()
            able = [r for r in fleet.inventory.all() if Ability.METRICS in r.abilities]
            fleet._publish(Delta(samples=tuple(measured(r.id, NOW + second) for second in MINUTE for r in able)))
            app = Cockpit(fleet, settings, place=place)
            async with app.run_test(size=size) as pilot:
                await pilot.pause()
                yield Scene(app, pilot, fake, fleet, snapshot.use_extension(SVGImageExtension))
        finally:
            await fleet.close()

    return opened


STATUS: Final = FleetStatus(
    version="1.2.3",
    pid=4711,
    started=NOW - 7300,
    inline=False,
    clients=2,
    channels=5,
    lag=0.002,
    rss=60_000_000,
    jobs=1,
    shells=0,
    resources=42,
)
