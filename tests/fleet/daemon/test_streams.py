from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from backends.contract.errors import NotFound, Unreachable
from backends.contract.model import LogQuery, Size
from fleet.daemon import wire
from fleet.daemon.calls import TABLE, fingerprint
from fleet.daemon.client import RemoteFleet
from fleet.values import Interest, Request
from quarterdeck.version import VERSION
from tests.fleet.daemon.conftest import Served
from tests.fleet.daemon.memory import BATCH, box
from tests.fleet.daemon.waiting import until

A = box("a").id
ENDLESS = LogQuery(tail=None)


async def test_a_stream_ends_where_the_fleets_ends(served: Served) -> None:
    async with served.client() as fleet:
        lines = [line async for batch in fleet.logs([A], LogQuery(follow=False, tail=20_000)) for line in batch]
        assert len(lines) == 20_000
        assert [line.text.split()[1] for line in lines] == [str(number) for number in range(20_000)]


async def test_a_stream_that_fails_gives_what_came_before_and_then_the_error(served: Served) -> None:
    async with served.client() as fleet:
        stream = fleet.logs([A], LogQuery(follow=False, tail=2 * BATCH, since=13.0))
        assert len(await anext(stream)) == BATCH
        assert len(await anext(stream)) == BATCH
        with pytest.raises(NotFound) as caught:
            await anext(stream)
        assert caught.value.hint == "It was rotated away."


async def test_closing_a_stream_frees_the_servers_side(served: Served) -> None:
    async with served.client() as fleet:
        async with aclosing(fleet.logs([A], ENDLESS)) as stream:
            await anext(stream)
            assert served.fleet.open_streams == 1
        await until(lambda: served.fleet.open_streams == 0)
        assert await fleet.inspect(A)


async def test_cancelling_a_call_cancels_it_at_the_server(served: Served) -> None:
    async with served.client() as fleet:
        async with asyncio.timeout(20):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await fleet.wait("x")
        visitor = next(iter(served.server._visitors.values()))
        await until(lambda: visitor._tasks.keys() == {0})


async def test_a_client_that_leaves_frees_its_streams_and_attention(served: Served) -> None:
    async with served.client() as fleet:
        await fleet.attend("table", Interest(resources=frozenset({A})))
        assert len(served.fleet.interests) == 1
        stream = fleet.logs([A], ENDLESS)
        await anext(stream)
        await fleet.attach("kept", Size())
    await until(lambda: served.fleet.open_streams == 0)
    await until(lambda: not served.fleet.interests)
    await until(lambda: served.fleet.terminals[0].closed)
    await until(lambda: not served.fleet.listeners)
    with pytest.raises(Unreachable):
        await exhaust(stream)


async def test_a_stream_nobody_reads_stops_at_its_window_and_stalls_no_one(served: Served) -> None:
    async with served.client() as slow, served.client() as quick:
        stalled = slow.logs([A], ENDLESS)
        await anext(stalled)
        await settled(served)
        sent = served.fleet.sent_lines
        # What is under way is the window, one overdraft, and what the first read gave back.
        assert sent * 60 < 3 * wire.STREAM_WINDOW
        async for batch in quick.logs([A], LogQuery(follow=False, tail=10_000)):
            assert batch
        assert await slow.inspect(A), "its own calls pass its stalled stream"
        assert served.fleet.sent_lines == sent + 10_000
        for _ in range(50):
            assert len(await anext(stalled)) == BATCH, "it goes on when it is read again"


async def test_a_client_that_reads_nothing_at_all_bounds_what_is_kept_for_it(served: Served) -> None:
    reader, writer = await asyncio.open_unix_connection(served.path)
    await greet(reader, writer)
    logs = TABLE["logs"]
    for number in range(1, 9):
        writer.write(wire.pack(wire.Call(number, "logs", logs.write_arguments(([A], ENDLESS), {}))))
    await until(lambda: served.fleet.open_streams == 8)
    await settled(served)
    assert served.fleet.sent_lines * 60 < 8 * 2 * wire.STREAM_WINDOW
    async with served.client() as other:
        assert await other.inspect(A)
    writer.close()
    await until(lambda: served.fleet.open_streams == 0)


async def test_a_change_asked_for_is_finished_although_its_client_left(served: Served) -> None:
    served.fleet.gate.clear()
    async with asyncio.TaskGroup() as group:
        async with served.client() as fleet:
            asking = group.create_task(fails(fleet, Request("stop", (A,))))
            await until(lambda: served.server._tasks and asking)
            await fleet.inspect(A)
        await asking
    served.fleet.gate.set()
    await until(lambda: served.fleet.performed == 1)


async def fails(fleet: RemoteFleet, request: Request) -> None:
    with pytest.raises(Unreachable):
        await fleet.perform(request)


async def exhaust(stream: AsyncGenerator[object, None]) -> None:
    async for _batch in stream:
        pass


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> wire.Greeting:
    writer.write(wire.pack(wire.Hello(VERSION, fingerprint())))
    body = await wire.read_frame(reader)
    assert body is not None
    return wire.read_greeting(body)


async def settled(served: Served) -> None:
    """Return when the fleet sends nothing more."""
    before = -1
    async with asyncio.timeout(20):
        while before != served.fleet.sent_lines:
            before = served.fleet.sent_lines
            await asyncio.sleep(0.1)
