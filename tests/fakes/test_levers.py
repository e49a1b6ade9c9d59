"""The fake's levers do what tests rely on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from backends.contract.errors import BackendError, NeedsAuth, Unreachable
from backends.contract.model import ConnectionSpec, Health, LogQuery, State
from backends.contract.operation import verbs_by_id
from quarterdeck.testing import BareContext, Heard
from tests.fakes.backend import FakeBackend, FakeSession

CONTAINERS = frozenset({"container"})


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend(resources=20)


@pytest.fixture
async def session(backend: FakeBackend, tmp_path: Path) -> AsyncIterator[FakeSession]:
    session = await backend.open(ConnectionSpec(id="fake", backend="fake"), BareContext(tmp_path))
    yield session
    await session.close()
    assert not backend.world.sessions
    assert not backend.world.listeners


def test_ten_thousand_resources_over_four_connections_are_always_the_same() -> None:
    first, second = (FakeBackend(resources=10_000, connections=4) for _ in range(2))
    containers = [key for world in first.worlds.values() for key in world.resources if key.kind == "container"]
    assert len(containers) == len(set(containers)) == 10_000
    assert [world.resources for world in first.worlds.values()] == [w.resources for w in second.worlds.values()]


async def test_going_offline_cuts_streams_and_coming_back_lets_new_sessions_in(
    backend: FakeBackend, session: FakeSession, tmp_path: Path
) -> None:
    async with asyncio.timeout(10), aclosing(session.watch()) as news:
        backend.world.churn(1)
        asyncio.get_running_loop().call_soon(backend.world.go_offline)
        with pytest.raises(Unreachable):
            async for _ in news:
                pass
    spec = ConnectionSpec(id="fake", backend="fake")
    with pytest.raises(Unreachable):
        await backend.open(spec, BareContext(tmp_path))
    backend.world.come_back()
    again = await backend.open(spec, BareContext(tmp_path))
    assert await again.resources(CONTAINERS)
    with pytest.raises(Unreachable):
        await session.resources(CONTAINERS)
    await again.close()


async def test_a_method_fails_a_number_of_times_and_then_works(backend: FakeBackend, session: FakeSession) -> None:
    backend.world.fail("resources", NeedsAuth("Who are you?"), times=2)
    for _ in range(2):
        with pytest.raises(NeedsAuth):
            await session.resources(CONTAINERS)
    assert await session.resources(CONTAINERS)


async def test_changes_come_at_a_rate(backend: FakeBackend, session: FakeSession) -> None:
    backend.world.rate = 500
    seen = 0
    async with asyncio.timeout(10), aclosing(session.watch()) as news:
        async for change in news:
            seen += len(change.resources)
            if seen > 50:
                break


async def test_logs_come_at_a_rate_without_a_gap(backend: FakeBackend, session: FakeSession) -> None:
    backend.world.log_rate = 20_000
    texts: list[str] = []
    identity = backend.world.named("web-0")
    async with asyncio.timeout(10), aclosing(session.logs(identity, LogQuery(tail=None))) as batches:
        async for batch in batches:
            texts += [line.text for line in batch]
            if len(texts) > 5_000:
                break
    assert [int(text[:8]) for text in texts] == list(range(len(texts)))


async def test_a_removed_container_comes_back_by_its_undo(backend: FakeBackend, session: FakeSession) -> None:
    verbs = verbs_by_id(backend.verbs())
    identity = backend.world.named("web-0")
    before = backend.world.get(identity)
    outcome = await verbs["container.remove"].run(session, before, {}, Heard())
    assert identity not in backend.world.resources
    assert outcome.undo is not None
    await verbs["container.restore"].run(session, before, outcome.undo.arguments, Heard())
    assert backend.world.get(identity) == before


async def test_sick_and_turned_resources_say_so(backend: FakeBackend, session: FakeSession) -> None:
    identity = backend.world.named("web-0")
    backend.world.turn(identity, State.FAILED, exit_code=137)
    backend.world.sicken(backend.world.named("fake"), Health.FAULT, "Disk / is full.")
    found = {resource.id: resource for resource in await session.resources(CONTAINERS | {"host"})}
    assert found[identity].health is Health.FAULT
    assert "137" in (found[identity].reason or "")
    assert found[backend.world.named("fake")].reason == "Disk / is full."


async def test_a_command_that_is_not_known_ends_with_127(backend: FakeBackend, session: FakeSession) -> None:
    heard = Heard()
    resource = backend.world.get(backend.world.named("web-0"))
    run = verbs_by_id(backend.verbs())["container.exec"].run
    assert (await run(session, resource, {"command": ["nothing"]}, heard)).exit_code == 127
    assert b"not found" in heard.err
    backend.world.fail("run", RuntimeError("a bug"))
    with pytest.raises(RuntimeError):
        await run(session, resource, {"command": ["true"]}, heard)
    await session.close()
    with pytest.raises(BackendError):
        await session.resources(CONTAINERS)
