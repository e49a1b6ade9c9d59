from __future__ import annotations

import asyncio
import threading

import pytest

from backends.contract.errors import TimedOut, Unreachable
from backends.lane import Lane


async def test_calls_run_in_order_on_one_thread() -> None:
    lane = Lane("x")
    seen: list[int] = []
    threads: set[int] = set()

    def note(number: int) -> int:
        seen.append(number)
        threads.add(threading.get_ident())
        return number

    try:
        assert await asyncio.gather(*(lane.run(note, number) for number in range(20))) == list(range(20))
        assert seen == list(range(20))
        assert len(threads) == 1
        assert threading.get_ident() not in threads
    finally:
        lane.close()


async def test_a_call_that_takes_too_long_is_given_up() -> None:
    lane, gate = Lane("x", patience=0.05), threading.Event()
    try:
        with pytest.raises(TimedOut, match=r"did not answer within 0\.05 s"):
            await lane.run(gate.wait, 10)
    finally:
        gate.set()
        lane.close()


async def test_a_call_waiting_in_line_is_told_when_the_lane_closes() -> None:
    lane, gate, begun = Lane("x"), threading.Event(), threading.Event()

    def block() -> None:
        begun.set()
        gate.wait(10)

    async with asyncio.TaskGroup() as group:
        first = group.create_task(lane.run(block))
        await asyncio.to_thread(begun.wait, 5)
        second = group.create_task(_error(lane.run(int)))
        await asyncio.sleep(0)
        lane.close()
        gate.set()
    assert first.result() is None
    assert isinstance(second.result(), Unreachable)
    with pytest.raises(Unreachable, match="is closed"):
        await lane.run(int)


async def _error(call: object) -> BaseException | None:
    try:
        await call  # type: ignore[misc] # any awaitable
    except Unreachable as error:
        return error
    return None
