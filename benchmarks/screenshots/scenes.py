"""What each picture shows, and the keys that lead there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from textual.pilot import Pilot

from app.tui import Cockpit
from backends.contract.errors import Unreachable
from backends.contract.model import ResourceId
from backends.registry import Registry
from benchmarks.screenshots.clock import Clock
from benchmarks.screenshots.demo import Demo
from fleet.paths import Paths
from fleet.service import LocalFleet
from fleet.settings import Settings
from screens.desk import Place

WIDE, SMALL = (120, 40), (80, 24)
PATIENCE: Final = 15.0
LIST: Final = Place("resources", kind="container")


@dataclass(frozen=True, slots=True)
class Stage:
    """An app that is shown, and what it stands on."""

    app: Cockpit
    pilot: Pilot[Any]
    fleet: LocalFleet
    demo: Demo | None = None

    async def until(self, shown: Callable[[], bool]) -> None:
        """Wait until something is so, and painted.

        Raises:
            TimeoutError: if it does not become so.
        """
        async with asyncio.timeout(PATIENCE):
            while not shown():
                await self.pilot.pause(0.05)
        await self.pilot.pause(0.1)

    async def until_text(self, *texts: str) -> None:
        """Wait until texts are on the screen."""
        await self.until(lambda: all(text in self.text for text in texts))

    @property
    def text(self) -> str:
        """The text on the screen."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())  # noqa: SLF001 - as a user sees it

    def measured(self, name: str) -> bool:
        """Whether a container of that name has been measured."""
        inventory = self.fleet.inventory
        return any(r.name == name and inventory.sample(r.id) for r in inventory.of_kind("container").values())

    async def press(self, *keys: str) -> None:
        """Press keys, each when the one before has settled."""
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause(0.05)


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture."""

    name: str
    size: tuple[int, int]
    place: Place
    lead: Callable[[Stage], Awaitable[None]]
    real: bool = False
    """Whether a real engine is behind it."""


@asynccontextmanager
async def demo_stage(scene: Scene, folder: Path, clock: Clock) -> AsyncIterator[Stage]:
    """The fleet of the pictures, and an app that shows it."""
    demo = Demo(clock)
    demo.talk()
    async with _opened(scene, folder, Registry({"fake": demo}), {}, demo) as stage:
        yield stage


@asynccontextmanager
async def _opened(
    scene: Scene, folder: Path, registry: Registry, environment: Mapping[str, str], demo: Demo | None
) -> AsyncIterator[Stage]:
    settings, paths = Settings(), Paths.under(folder)
    fleet = await LocalFleet.open(paths, settings, registry=registry, environment=environment)
    try:
        await fleet.ready()
        app = Cockpit(fleet, settings, place=scene.place, paths=paths)
        async with app.run_test(size=scene.size) as pilot:
            await pilot.pause(0.3)
            yield Stage(app, pilot, fleet, demo)
    finally:
        await fleet.close()


@asynccontextmanager
async def real_stage(scene: Scene, folder: Path) -> AsyncIterator[Stage]:
    """A dockerd of its own with the containers of a small shop.

    Raises:
        Unavailable: if none can be started here.
    """
    from backends.docker import BACKEND
    from tests.bed import docker

    async with docker.running() as engine:
        for image in ("shop/web:4.2", "shop/api:4.2"):
            await engine.docker("tag", docker.IMAGE, image)
        for words in _SHOP:
            await engine.docker("run", "--detach", "--label", "com.docker.compose.project=shop", *words)
        environment = {"DOCKER_HOST": engine.host, "HOME": str(folder)}
        async with _opened(scene, folder / "home", Registry({"docker": BACKEND}), environment, None) as stage:
            yield stage


_SERVE: Final = (
    "sh",
    "-c",
    "echo ready; trap 'exit 0' TERM; while :; do i=0; while [ $i -lt 9000 ]; do i=$((i+1)); done; sleep 0.2; done",
)
_SHOP: Final = (
    ("--name", "shop-api", "--volume", "shop-files:/srv", "shop/api:4.2", *_SERVE),
    ("--name", "shop-web", "--hostname", "shop-web", "--volume", "shop-files:/srv", "shop/web:4.2", *_SERVE),
    ("--name", "shop-migrate", "--volume", "shop-data:/var/lib/data", "shop/api:4.2", "sh", "-c", "echo migrated"),
)


async def _overview(stage: Stage) -> None:
    await stage.until_text("shop-search", "shop-worker")
    await stage.pilot.pause(2.5)


async def _containers(stage: Stage) -> None:
    await stage.until(lambda: stage.measured("shop-api"))
    await stage.pilot.pause(1)
    await _move_to(stage, "shop-api")


async def _logs(stage: Stage) -> None:
    await _move_to(stage, "shop-worker")
    await stage.press("l")
    await stage.until_text("charge-card")
    await stage.press("t", "slash", *"mail", "enter")
    await stage.pilot.pause(0.3)


async def _merged(stage: Stage) -> None:
    for name in ("shop-api", "shop-web-1", "shop-web-2", "shop-worker"):
        await _move_to(stage, name)
        await stage.press("space")
    await stage.press("l")
    await stage.until_text("charge-card", "order 90217")
    await stage.press("t")
    await stage.pilot.pause(0.3)


async def _metrics(stage: Stage) -> None:
    await _move_to(stage, "shop-worker")
    await stage.pilot.pause(1)
    await stage.press("m")
    await stage.until_text("CPU", "Memory")
    await stage.pilot.pause(2.5)
    await stage.press("1")
    await stage.pilot.pause(1)


async def _palette(stage: Stage) -> None:
    await _move_to(stage, "shop-api")
    await stage.press("ctrl+p")
    await stage.press(*"re")
    await stage.pilot.pause(0.3)


async def _help(stage: Stage) -> None:
    await _move_to(stage, "shop-api")
    await stage.press("question_mark")
    await stage.pilot.pause(0.3)


async def _lost(stage: Stage) -> None:
    assert stage.demo is not None
    await _move_to(stage, "loki")
    why = Unreachable("Cannot reach staging: the connection timed out.", hint="Is the machine up, and the VPN?")
    stage.demo.worlds["staging"].go_offline(why)
    await stage.until_text("ago")
    await stage.pilot.pause(2.2)


async def _plan(stage: Stage) -> None:
    await stage.until_text("shop-migrate", "exited")
    await stage.until(lambda: stage.measured("shop-web"))
    await _move_to(stage, "shop-migrate")
    await stage.press("D")
    await stage.until_text("docker rm")


async def _shell(stage: Stage) -> None:
    await _move_to(stage, "shop-web")
    await stage.press("s")
    await stage.until_text("/ #")
    for line in ("hostname; ls", "cat /etc/passwd", "touch /srv/cart.json; ls -l /srv", "ps | head -4"):
        await stage.pilot.press(*(_KEYS.get(letter, letter) for letter in line), "enter")
        await stage.pilot.pause(0.6)


_KEYS: Final = {" ": "space", "/": "slash", "-": "minus", "|": "vertical_line", ";": "semicolon", ".": "full_stop"}


async def _move_to(stage: Stage, name: str) -> None:
    """Put the cursor on the resource of that name; of two, on the one that comes first."""
    from widgets.resource_table import ResourceTable

    def found() -> ResourceId | None:
        kind = stage.fleet.inventory.of_kind("container").values()
        return min((resource.id for resource in kind if resource.name == name), default=None)

    await stage.until(lambda: found() is not None and bool(stage.app.screen.query(ResourceTable)))
    table = next(table for table in stage.app.screen.query(ResourceTable) if table.display)
    wanted = found()
    assert wanted is not None
    await stage.until(lambda: table.move_to(wanted) is not False)
    await stage.pilot.pause(0.05)


SCENES: Final = (
    Scene("overview", WIDE, Place("overview"), _overview),
    Scene("containers-120x40", WIDE, LIST, _containers),
    Scene("containers-80x24", SMALL, LIST, _containers),
    Scene("logs", WIDE, LIST, _logs),
    Scene("merged-logs", WIDE, LIST, _merged),
    Scene("metrics", WIDE, LIST, _metrics),
    Scene("palette", WIDE, LIST, _palette),
    Scene("help", WIDE, LIST, _help),
    Scene("connection-lost", WIDE, LIST, _lost),
    Scene("shell", WIDE, LIST, _shell, real=True),
    Scene("plan", WIDE, LIST, _plan, real=True),
)
