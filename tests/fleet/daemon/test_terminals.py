from __future__ import annotations

import asyncio

import pytest

from backends.contract.errors import Conflict, NotFound
from backends.contract.model import Size
from fleet.daemon import wire
from tests.fleet.daemon.conftest import Served
from tests.fleet.daemon.memory import box
from tests.fleet.daemon.waiting import until


async def test_what_is_typed_comes_back_in_order(served: Served) -> None:
    async with served.client() as fleet:
        terminal = await fleet.attach("kept", Size())
        paste = bytes(range(256)) * 2000
        async with asyncio.TaskGroup() as group:
            group.create_task(terminal.write(paste))
            echoed = b""
            while len(echoed) < len(paste):
                echoed += await terminal.read()
        assert echoed == paste
        await terminal.resize(Size(132, 43))
        assert await terminal.read() == b"132x43"
        assert await terminal.close() is None
        await until(lambda: served.fleet.terminals[0].closed)


async def test_the_exit_code_arrives_and_closing_twice_is_harmless(served: Served) -> None:
    async with served.client() as fleet:
        terminal = await fleet.attach("kept", Size())
        await terminal.write(b"exit")
        assert await terminal.read() == b""
        assert await terminal.read() == b""
        assert await terminal.close() == 3
        assert await terminal.close() == 3
        await terminal.write(b"into the void")
        await terminal.resize(Size())


async def test_closing_while_reading_ends_the_reading(served: Served) -> None:
    async with served.client() as fleet:
        terminal = await fleet.attach("kept", Size())
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(terminal.read())
            await asyncio.sleep(0)
            assert await terminal.close() is None
        assert reading.result() == b""


async def test_a_shell_that_is_not_there_says_so(served: Served) -> None:
    async with served.client() as fleet:
        with pytest.raises(NotFound, match="no shell"):
            await fleet.attach("other", Size())


async def test_typing_that_fails_ends_the_terminal_with_its_reason(served: Served) -> None:
    async with served.client() as fleet:
        terminal = await fleet.attach("kept", Size())
        await terminal.write(b"break")
        with pytest.raises(Conflict) as caught:
            await terminal.read()
        assert caught.value.hint == "Open another."
        assert served.fleet.terminals[0].closed


async def test_a_program_that_takes_nothing_holds_up_only_who_types(served: Served) -> None:
    async with served.client() as fleet:
        terminal = await fleet.attach("kept", Size())
        await terminal.write(b"halt")
        await until(lambda: not served.fleet.terminals[0].released.is_set())
        paste = b"x" * (4 * wire.FEED_WINDOW)
        async with asyncio.TaskGroup() as group:
            typing = group.create_task(terminal.write(paste))
            assert await fleet.inspect(box("a").id)
            assert not typing.done()
            assert served.fleet.terminals[0].typed < len(paste)
            served.fleet.terminals[0].released.set()
            received = 0
            while received < len(paste):
                received += len(await terminal.read())
        assert served.fleet.terminals[0].typed == len(paste) + len(b"halt")
