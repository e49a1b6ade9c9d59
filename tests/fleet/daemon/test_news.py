from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import msgspec
import pytest

from backends.contract.errors import Unreachable
from fleet.daemon import wire
from fleet.daemon.client import RemoteFleet
from fleet.journal import CachedInventory
from fleet.protocol import Fleet
from fleet.values import ConnectionState, Delta, Interest
from tests.fleet.daemon.conftest import Served, serving
from tests.fleet.daemon.memory import MemoryFleet, box, connection, job, sample
from tests.fleet.daemon.test_merge import known
from tests.fleet.daemon.waiting import until

A = box("a").id


async def test_two_clients_see_the_same_world_change(served: Served) -> None:
    async with served.client() as first, served.client() as second:
        assert first.catalogue.kinds.keys() == served.fleet.catalogue.kinds.keys()
        served.fleet.publish(Delta(resources=(box("a"), box("b")), samples=(sample("a", 1.0),), jobs=(job("x"),)))
        served.fleet.publish(Delta(gone=(box("b").id,)))
        for fleet in (first, second):
            await until(partial(same, fleet, served.fleet))
            assert fleet.inventory.get(A) == box("a")


async def test_the_first_change_after_silence_comes_alone_and_the_next_come_together(served: Served) -> None:
    async with served.client() as fleet:
        told: list[Delta] = []
        fleet.subscribe(told.append)
        await asyncio.sleep(0.15)
        for number in range(50):
            served.fleet.publish(Delta(resources=(box("a", created=float(number)),)))
            await asyncio.sleep(0.002)
        await until(lambda: told and told[-1].resources[0].created == 49.0)
        assert told[0].resources[0].created == 0.0
        assert len(told) < 10


async def test_a_listener_that_fails_or_leaves_disturbs_no_other(served: Served) -> None:
    async with served.client() as fleet:
        told: list[Delta] = []

        def broken(_delta: Delta) -> None:
            raise KeyError

        def once(_delta: Delta) -> None:
            end()

        fleet.subscribe(broken)
        end = fleet.subscribe(once)
        fleet.subscribe(told.append)
        served.fleet.publish(Delta(resources=(box("a"),)))
        await until(lambda: told)
        assert fleet.attached
        end()


async def test_views_of_two_clients_are_kept_apart(served: Served) -> None:
    look = Interest(resources=frozenset({A}))
    async with served.client() as first, served.client() as second:
        await first.attend("table", look)
        await second.attend("table", look)
        assert len(served.fleet.interests) == 2
        await first.attend("table", Interest())
        assert list(served.fleet.interests.values()) == [look]


async def test_the_last_word_on_a_view_counts(served: Served) -> None:
    async with served.client() as fleet, asyncio.TaskGroup() as group:
        for number in range(100):
            group.create_task(fleet.attend("table", Interest(resources=frozenset({box(str(number)).id}))))
    async with served.client() as fleet:
        async with asyncio.TaskGroup() as group:
            for number in range(100):
                group.create_task(fleet.attend("table", Interest(resources=frozenset({box(str(number)).id}))))
        assert list(served.fleet.interests.values()) == [Interest(resources=frozenset({box("99").id}))]


async def test_ten_thousand_resources_arrive_in_pieces(served: Served) -> None:
    served.fleet.publish(Delta(resources=tuple(box(f"{number:064x}") for number in range(10_000))))
    fleet = RemoteFleet(served.path)
    pieces: list[int] = []
    fleet.subscribe(lambda delta: pieces.append(len(delta.resources)))
    await fleet.connect()
    assert len(fleet.inventory) == 10_000
    assert max(pieces) <= 1000
    await fleet.close()


async def test_a_lost_daemon_is_told_and_found_again(home: Path) -> None:
    path = home / "d.sock"
    async with serving(path) as served:
        served.fleet.publish(Delta(resources=(box("a"),)))
        fleet = RemoteFleet(path)
        await fleet.connect()
        await fleet.attend("table", Interest(resources=frozenset({A})))
        seen: list[bool] = []
        fleet.subscribe(lambda _delta: seen.append(fleet.attached))
        waiting = []
        async with asyncio.TaskGroup() as group:
            waiting.append(group.create_task(raises(fleet)))
            await fleet.inspect(A)
            served.server.stop()
        await until(lambda: False in seen)
    assert fleet.inventory.get(A), "what was known stays readable"
    assert "The fleet daemon" in str(fleet.trouble)
    with pytest.raises(Unreachable):
        await fleet.inspect(A)
    again = MemoryFleet()
    again.publish(Delta(resources=(box("b"),)))
    async with serving(path, again):
        await until(lambda: fleet.attached and fleet.inventory.get(box("b").id))
        assert fleet.inventory.get(A) is None
        assert fleet.trouble is None
        await until(lambda: list(again.interests.values()) == [Interest(resources=frozenset({A}))])
        await fleet.close()
    assert not fleet.attached


def same(one: Fleet, other: Fleet) -> bool:
    return known(one.inventory) == known(other.inventory)


async def raises(fleet: RemoteFleet) -> None:
    with pytest.raises(Unreachable):
        await fleet.wait("x")


async def test_what_a_connection_leaves_behind_is_forgotten_in_the_replica(served: Served) -> None:
    async with served.client() as fleet:
        served.fleet.publish(Delta(resources=(box("a", "barn"),), connections=(connection("barn"),)))
        await until(lambda: len(fleet.inventory) == 1)
        served.fleet.publish(Delta(closed=("barn",)))
        served.fleet.publish(Delta(connections=(connection("barn"),)))
        await until(lambda: len(fleet.inventory) == 0)
        await until(lambda: "barn" in fleet.inventory.connections)


async def test_nothing_more_is_pushed_before_the_last_was_taken(served: Served) -> None:
    from tests.fleet.daemon.test_streams import greet

    reader, writer = await asyncio.open_unix_connection(served.path)
    await greet(reader, writer)
    writer.write(wire.pack(wire.Subscribe()))
    assert isinstance(await heard(reader), wire.Book)
    assert isinstance(await heard(reader), wire.Push)
    for number in range(5):
        served.fleet.publish(Delta(resources=(box(str(number)),)))
        await asyncio.sleep(0.03)
    writer.write(wire.pack(wire.Call(1, "inspect", msgspec.Raw(wire.encoder.encode((A,))))))
    assert isinstance(await heard(reader), wire.Reply)
    writer.write(wire.pack(wire.Credit(0, 1)))
    push = await heard(reader)
    assert isinstance(push, wire.Push)
    assert len(msgspec.msgpack.decode(push.delta, type=Delta).resources) == 5
    writer.close()


async def heard(reader: asyncio.StreamReader) -> wire.Response:
    body = await wire.read_frame(reader)
    assert body is not None
    return wire.read_response(body)


async def test_what_was_written_down_is_readable_until_the_fleet_is_heard(served: Served) -> None:
    fleet = RemoteFleet(served.path)
    fleet.recall(CachedInventory((connection("barn"),), (box("old", "barn"),)))
    assert fleet.inventory.connections["barn"].state is ConnectionState.CONNECTING
    assert fleet.inventory.get(box("old", "barn").id)
    await fleet.connect()
    assert fleet.inventory.connections.keys() == {"shed"}
    assert fleet.inventory.get(box("old", "barn").id) is None
    await fleet.close()
