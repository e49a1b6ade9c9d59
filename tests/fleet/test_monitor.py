"""The monitor: what is known follows the world, trouble is news, and nothing known is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from backends.contract.errors import NeedsAuth, Unreachable
from backends.contract.model import Health, ResourceId, State
from backends.registry import Registry
from fleet.journal import read_cached_inventory
from fleet.paths import Paths
from fleet.service import LocalFleet
from fleet.settings import Settings
from fleet.settings.model import ConnectionSettings, Monitoring
from fleet.values import ConnectionState, EventQuery, Interest
from tests.fakes.backend import FakeBackend
from tests.fleet.conftest import eventually

QUICK = Settings(monitor=Monitoring(list_every=0.2, first_retry=0.05, last_retry=0.2))


def stands(fleet: LocalFleet, name: str = "fake") -> ConnectionState:
    return fleet.inventory.connections[name].state


async def test_everything_is_known_when_the_fleet_is_ready(fleet: LocalFleet, fake: FakeBackend) -> None:
    assert stands(fleet) is ConnectionState.ONLINE
    lasting = {i for i, r in fake.world.resources.items() if r.id.kind != "process"}
    assert {resource.id for resource in fleet.inventory.all()} == lasting


async def test_events_change_what_is_known_and_are_recorded(
    fleet: LocalFleet, fake: FakeBackend, web: ResourceId
) -> None:
    fake.world.turn(web, State.FAILED, exit_code=137)
    await eventually(lambda: fleet.inventory.get(web).state is State.FAILED)  # type: ignore[union-attr] # known above
    fake.world.drop(web)
    await eventually(lambda: fleet.inventory.get(web) is None)
    assert fleet.inventory.events
    await fleet.close()


@pytest.mark.parametrize("settings", [QUICK])
async def test_a_lost_connection_keeps_its_rows_with_age_and_reason_and_comes_back(
    fleet: LocalFleet, fake: FakeBackend, web: ResourceId
) -> None:
    fake.world.go_offline(Unreachable("The cable is out.", hint="Plug it in."))
    await eventually(lambda: stands(fleet) is ConnectionState.OFFLINE)
    connection = fleet.inventory.connections["fake"]
    assert (connection.reason, connection.hint) == ("The cable is out.", "Plug it in.")
    assert connection.retry_at is not None
    assert fleet.inventory.get(web) is not None
    assert fleet.inventory.stale(web) == connection.seen
    fake.world.come_back()
    await eventually(lambda: stands(fleet) is ConnectionState.ONLINE)
    assert fleet.inventory.stale(web) is None
    assert fleet.inventory.connections["fake"].reason is None


async def test_refused_credentials_are_never_retried_until_somebody_asks(fake: FakeBackend, tmp_path: Path) -> None:
    fake.world.fail("open", NeedsAuth("The password is wrong."))
    fleet = await LocalFleet.open(Paths.under(tmp_path), QUICK, registry=Registry({"fake": fake}), environment={})
    try:
        await fleet.ready()
        assert stands(fleet) is ConnectionState.NEEDS_AUTH
        tries = sum(method == "open" for method, *_ in fake.world.calls)
        await asyncio.sleep(0.6)  # several back-offs long
        assert sum(method == "open" for method, *_ in fake.world.calls) == tries
        fake.world.heal()
        await fleet.retry("fake")
        await eventually(lambda: stands(fleet) is ConnectionState.ONLINE)
    finally:
        await fleet.close()


@pytest.mark.parametrize("settings", [QUICK])
async def test_a_slow_list_repairs_what_events_missed(fleet: LocalFleet, fake: FakeBackend, web: ResourceId) -> None:
    del fake.world.resources[web]  # nobody tells
    await eventually(lambda: fleet.inventory.get(web) is None)


async def test_a_backend_that_breaks_in_a_stream_only_degrades_the_connection(
    fleet: LocalFleet, fake: FakeBackend, web: ResourceId
) -> None:
    fake.world.fail("sample", ZeroDivisionError())
    await fleet.attend("test", Interest(resources=frozenset({web})))
    await eventually(lambda: stands(fleet) is ConnectionState.DEGRADED)
    assert "did not expect" in (fleet.inventory.connections["fake"].reason or "")
    assert fleet.inventory.stale(web) is None


async def test_trouble_at_one_connection_is_not_the_end_of_the_others(tmp_path: Path) -> None:
    fake = FakeBackend(resources=30, connections=3)
    fleet = await LocalFleet.open(Paths.under(tmp_path), QUICK, registry=Registry({"fake": fake}), environment={})
    try:
        await fleet.ready()
        fake.worlds["fake-2"].go_offline()
        await eventually(lambda: stands(fleet, "fake-2") is ConnectionState.OFFLINE)
        other = next(iter(r.id for r in fleet.inventory.at("fake-3") if r.id.kind == "container"))
        fake.worlds["fake-3"].sicken(other, Health.FAULT, "It coughs.")
        await eventually(lambda: fleet.inventory.get(other).health is Health.FAULT)  # type: ignore[union-attr] # there
        assert stands(fleet, "fake-1") is ConnectionState.ONLINE
    finally:
        await fleet.close()


async def test_only_what_is_looked_at_is_measured(fleet: LocalFleet, web: ResourceId) -> None:
    assert fleet.inventory.sample(web) is None
    await fleet.attend("test", Interest(resources=frozenset({web})))
    await eventually(lambda: fleet.inventory.sample(web))
    measured = {r.id for r in fleet.inventory.all() if fleet.inventory.sample(r.id)}
    hosts = set(fleet.inventory.of_kind("host"))
    assert measured <= {web} | hosts


async def test_volatile_kinds_are_known_only_while_looked_at(fleet: LocalFleet) -> None:
    assert not fleet.inventory.of_kind("process")
    await fleet.attend("test", Interest(kinds=frozenset({("fake", "process")})))
    await eventually(lambda: len(fleet.inventory.of_kind("process")) > 10)
    await fleet.attend("test", Interest())
    await eventually(lambda: not fleet.inventory.of_kind("process"))


async def test_a_disabled_connection_is_never_opened(fake: FakeBackend, tmp_path: Path) -> None:
    settings = Settings(connection=[ConnectionSettings(id="fake", backend="fake", disabled=True)])
    fleet = await LocalFleet.open(Paths.under(tmp_path), settings, registry=Registry({"fake": fake}), environment={})
    try:
        await fleet.ready()
        assert stands(fleet) is ConnectionState.DISABLED
        assert not any(method == "open" for method, *_ in fake.world.calls)
    finally:
        await fleet.close()


async def test_the_next_start_finds_what_was_known(fake: FakeBackend, tmp_path: Path) -> None:
    paths = Paths.under(tmp_path)
    fleet = await LocalFleet.open(paths, Settings(), registry=Registry({"fake": fake}), environment={})
    await fleet.ready()
    known = {resource.id for resource in fleet.inventory.all()}
    await fleet.close()
    cached = read_cached_inventory(paths.inventory_cache)
    assert {resource.id for resource in cached.resources} == known
    assert [connection.spec.id for connection in cached.connections] == ["fake"]
    assert [backend.id for backend in cached.backends] == ["fake"]


async def test_events_are_kept_in_the_journal(fleet: LocalFleet, fake: FakeBackend, web: ResourceId) -> None:
    fake.world.turn(web, State.FAILED, exit_code=1)
    async with asyncio.timeout(10):
        while not await fleet.events(EventQuery(resource=web)):
            await asyncio.sleep(0.05)


async def test_ten_thousand_resources_arrive_and_two_hundred_changes_a_second_are_followed(tmp_path: Path) -> None:
    fake = FakeBackend(resources=10_000, connections=4)
    fleet = await LocalFleet.open(Paths.under(tmp_path), Settings(), registry=Registry({"fake": fake}), environment={})
    try:
        async with asyncio.timeout(60):
            await fleet.ready()
        assert len(fleet.inventory.of_kind("container")) == 10_000
        changed: set[ResourceId] = set()
        fleet.subscribe(lambda delta: changed.update(resource.id for resource in delta.resources))
        for world in fake.worlds.values():
            world.rate = 50
        await eventually(lambda: len(changed) > 100, 20)
    finally:
        await fleet.close()


async def test_settings_about_a_found_connection_add_to_what_was_found(fake: FakeBackend, tmp_path: Path) -> None:
    settings = Settings(connection=[ConnectionSettings(id="fake", backend="fake", protected=True, labels={"env": "p"})])
    fleet = await LocalFleet.open(Paths.under(tmp_path), settings, registry=Registry({"fake": fake}), environment={})
    try:
        await fleet.ready()
        spec = fleet.inventory.connections["fake"].spec
        assert (spec.title, spec.protected, spec.labels) == ("Fake", True, {"env": "p"})
    finally:
        await fleet.close()


async def test_news_of_a_kind_is_confirmed_by_a_list_soon_after(
    fleet: LocalFleet, fake: FakeBackend, web: ResourceId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet.keeper.CONFIRM_AFTER", 0.1)
    other = fake.world.named("db-1")
    del fake.world.resources[other]  # nobody tells; the slow list is half a minute away
    fake.world.turn(web, State.FAILED, exit_code=1)
    await eventually(lambda: fleet.inventory.get(other) is None)
