"""What a session tells by itself, and what its lists cost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from backends.contract.model import Change, Event, Health, Resource, ResourceId, Severity, State
from backends.docker import roster as roster_module
from backends.docker.session import DockerSession
from tests.backends.docker.conftest import Find
from tests.bed.docker import DockerEngine

pytestmark = pytest.mark.engine
CONTAINERS = frozenset({"container"})


class Told:
    """Everything a watch has told so far."""

    def __init__(self) -> None:
        self.resources: dict[ResourceId, Resource] = {}
        self.gone: set[ResourceId] = set()
        self.events: list[Event] = []
        self.stale: set[str] = set()
        self._news = asyncio.Event()

    def learn(self, change: Change) -> None:
        self.resources |= {resource.id: resource for resource in change.resources}
        self.gone |= set(change.gone)
        self.events += change.events
        self.stale |= change.stale
        self._news.set()

    def named(self, name: str) -> Resource | None:
        return next((resource for resource in self.resources.values() if resource.name == name), None)

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(30):
            while not condition():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def told(session: DockerSession) -> AsyncIterator[Told]:
    heard = Told()

    async def listen() -> None:
        async with aclosing(session.watch()) as news:
            async for change in news:
                heard.learn(change)

    async with asyncio.TaskGroup() as group:
        listener = group.create_task(listen())
        async with asyncio.timeout(30):
            while not session.roster.watched:
                await asyncio.sleep(0.01)
        yield heard
        listener.cancel()


async def test_a_container_s_life_is_told(session: DockerSession, engine: DockerEngine) -> None:
    await session.resources(frozenset({"container", "image", "stack"}))
    async with told(session) as heard:
        native = await engine.run(
            "--label", "com.docker.compose.project=shop", name="web", command=("sh", "-c", "sleep 0.5; exit 3")
        )
        await heard.until(lambda: (web := heard.named("web")) and web.state is State.FAILED)
        web, stack = heard.named("web"), heard.named("shop")
        assert web is not None
        assert stack is not None
        assert (web.health, web.facts["exit_code"]) == (Health.FAULT, 3)
        assert (stack.health, stack.status) == (Health.FAULT, "0 of 1 running")
        died = next(event for event in heard.events if event.verb == "die")
        assert died.severity is Severity.FAULT
        assert died.text == "web ended. It failed with exit code 3."
        await engine.docker("rm", "web")
        await heard.until(lambda: any(identity.native == native for identity in heard.gone))
        assert ResourceId("bed", "stack", "shop") in heard.gone
    assert native


async def test_things_others_use_follow_their_users(session: DockerSession, engine: DockerEngine) -> None:
    await session.resources(frozenset({"container", "image"}))
    async with told(session) as heard:
        await engine.create(name="web")
        await heard.until(lambda: (image := heard.named("quarterdeck-test:1")) and image.facts["used_by"] == 1)
        await engine.docker("volume", "create", "kept")
        await heard.until(lambda: "volume" in heard.stale)


async def test_a_failing_health_check_is_told_with_its_last_words(session: DockerSession, engine: DockerEngine) -> None:
    async with told(session) as heard:
        check = (
            "--health-cmd",
            "echo one; echo no route; exit 1",
            "--health-interval",
            "100ms",
            "--health-retries",
            "1",
        )
        await engine.run(*check, name="web")
        await heard.until(lambda: (web := heard.named("web")) and web.health is Health.FAULT)
        web = heard.named("web")
        assert web is not None
        assert "no route" in (web.reason or "")
        assert not [event for event in heard.events if event.verb.startswith("exec")]


async def test_memory_that_ran_out_is_named(session: DockerSession, engine: DockerEngine, find: Find) -> None:
    script = "head -c 200000000 /dev/zero | tail"
    await engine.run("--memory", "16m", "--memory-swap", "16m", name="web", command=("sh", "-c", script))
    await engine.docker("wait", "web")
    web = await find("web")
    if web.reason is None or "out of memory" not in web.reason:
        pytest.skip(f"This kernel does not tell the engine about it: {web.reason}")
    assert web.health is Health.FAULT


async def test_a_steady_engine_is_listed_without_inspecting(
    session: DockerSession, engine: DockerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        await engine.create(name=f"web{number}")
    await engine.run(name="live")
    asked: Counter[str] = Counter()
    get = session.engine.get

    async def counted(path: str, *arguments: Any, **named: Any) -> Any:
        asked[path.rpartition("/")[2]] += 1
        return await get(path, *arguments, **named)

    monkeypatch.setattr(session.engine, "get", counted)
    await session.resources(CONTAINERS)
    assert asked["json"] == 6
    before = {r.id: r for r in await session.resources(CONTAINERS)}
    assert asked["json"] == 6
    assert {r.id: r for r in await session.resources(CONTAINERS)} == before
    await engine.docker("pause", "live")
    await session.resources(CONTAINERS)
    assert asked["json"] == 7


async def test_of_many_containers_the_rest_is_inspected_little_by_little(
    session: DockerSession, engine: DockerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster_module, "FIRST", 1)
    monkeypatch.setattr(roster_module, "TRICKLE", 1)
    for number in range(4):
        await engine.create(name=f"web{number}")
    first = await session.resources(CONTAINERS)
    assert sum("restarts" in resource.facts for resource in first) == 1
    async with told(session) as heard:
        await heard.until(lambda: len(heard.resources) == 3)
    assert all("restarts" in resource.facts for resource in await session.resources(CONTAINERS))
