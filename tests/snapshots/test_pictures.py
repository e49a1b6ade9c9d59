"""One picture per state that matters, in a small and in a usual terminal."""

from __future__ import annotations

import pytest
from msgspec import structs

from backends.contract.model import ResourceId
from fleet.values import Approval, Delta, Request
from screens.desk import Place
from screens.listing import Listing
from tests.snapshots.conftest import Scene, Studio
from tests.widgets.waiting import screen_text, until

CONTAINERS = Place("resources", kind="container")
pytestmark = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
Size = tuple[int, int]


def container(scene: Scene, name: str) -> ResourceId:
    return scene.fake.world.named(name)


def point_at(scene: Scene, name: str) -> None:
    assert isinstance(scene.app.screen, Listing)
    scene.app.screen.table.move_to(container(scene, name))


async def do(scene: Scene, verb: str, name: str, **arguments: object) -> None:
    request = Request(verb, (container(scene, name),), arguments=arguments)  # type: ignore[arg-type]  # plain values
    prepared = await scene.fleet.prepare(request)
    job = await scene.fleet.perform(request, Approval(prepared.token, prepared.decision.word))
    await scene.fleet.wait(job.id)


async def test_overview(studio: Studio, size: Size) -> None:
    async with studio(Place("overview"), size) as scene:
        await scene.shows("queue-4", "92%")
        assert await scene.matches()


async def test_containers(studio: Studio, size: Size) -> None:
    async with studio(CONTAINERS, size) as scene:
        await scene.shows("web-0", "cron-9")
        point_at(scene, "queue-4")
        await scene.pilot.press("j", "space", "j")
        await scene.shows("1 marked")
        assert await scene.matches()


async def test_containers_of_a_lost_connection(studio: Studio, size: Size) -> None:
    async with studio(CONTAINERS, size) as scene:
        await scene.shows("web-0")
        scene.fake.world.go_offline()
        await scene.shows("fake offline", "Cannot reach fake.")
        assert await scene.matches()


@pytest.mark.parametrize("tab", ["overview", "inspect"])
async def test_a_container(studio: Studio, size: Size, tab: str) -> None:
    async with studio(CONTAINERS, size) as scene:
        await scene.shows("web-0")
        point_at(scene, "web-0")
        await scene.pilot.press("enter" if tab == "overview" else "i")
        await scene.shows("shop0" if tab == "overview" else "Config")
        if tab == "overview" and size[0] >= 120:
            await scene.shows("now 92%", "now 342M", "now 91K/s", "now 46K/s")  # the charts come after the facts
        assert await scene.matches()


async def test_logs(studio: Studio, size: Size) -> None:
    async with studio(CONTAINERS, size) as scene:
        await scene.shows("web-0")
        point_at(scene, "web-0")
        await scene.pilot.press("l")
        await scene.shows("00000049", "following")
        await scene.pilot.press("slash", *"ERROR", "enter")
        await scene.shows("“ERROR”")
        assert await scene.matches()


@pytest.mark.parametrize("key", ["S", "D"])
async def test_a_plan(studio: Studio, size: Size, key: str) -> None:
    async with studio(CONTAINERS, size) as scene:
        await scene.shows("web-0")
        point_at(scene, "web-0")
        await scene.pilot.press(key)
        await scene.shows("n  leave it")
        assert await scene.matches()


async def test_help(studio: Studio, size: Size) -> None:
    async with studio(CONTAINERS, size) as scene:
        await scene.shows("web-0")
        await scene.pilot.press("question_mark")
        await scene.shows("Filter")
        assert await scene.matches()


async def test_palette(studio: Studio, size: Size) -> None:
    async with studio(CONTAINERS, size) as scene:
        await scene.shows("web-0")
        await scene.pilot.press("ctrl+p", *"web")
        await scene.shows("web-0")
        assert await scene.matches()


async def test_connections_with_one_lost(studio: Studio, size: Size) -> None:
    async with studio(Place("connections"), size, links=2) as scene:
        scene.fake.worlds["fake-2"].go_offline()
        await scene.shows("● online", "✖ offline", "fleet")
        known = scene.fleet.inventory.connections.values()  # how long a list took is the one thing that was measured
        scene.fleet._publish(Delta(connections=tuple(structs.replace(link, latency=0.012) for link in known)))
        if size[0] > 80:
            await until(scene.pilot, lambda: "\n".join(screen_text(scene.pilot)).count("12ms") == 2)
        assert await scene.matches()


async def test_jobs(studio: Studio, size: Size) -> None:
    async with studio(Place("jobs"), size) as scene:
        await do(scene, "restart", "web-0")
        await do(scene, "exec", "db-1", command=["false"])
        await scene.shows("● done", "✖ failed")
        assert await scene.matches()


async def test_settings(studio: Studio, size: Size) -> None:
    async with studio(Place("settings"), size) as scene:
        await scene.shows("theme")
        assert await scene.matches()
