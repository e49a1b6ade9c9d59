"""Merged logs are in order and lose nothing; resumed ones bridge every gap."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.contract.errors import NotFound, Unreachable
from backends.contract.model import LogLine, LogQuery, ResourceId, Stream
from fleet.logs import AHEAD, Lines, merged, resumed

LIMIT = 10.0


def identity(name: str) -> ResourceId:
    return ResourceId("here", "container", name)


def line(text: str, at: float | None = None) -> LogLine:
    return LogLine(text=text, at=at)


async def given_lines(*batches: Sequence[LogLine]) -> Lines:
    for batch in batches:
        yield batch


async def collected(stream: Lines) -> list[LogLine]:
    async with asyncio.timeout(LIMIT), aclosing(stream):
        return [line async for batch in stream for line in batch]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT):
        while not condition():
            await asyncio.sleep(0)


class Endless:
    """A source that goes on for ever and knows whether it was closed."""

    def __init__(self, *first: LogLine, flood: bool = False) -> None:
        self.first = first
        self.flood = flood
        self.closed = False
        self.sent = 0

    async def stream(self) -> AsyncGenerator[Sequence[LogLine], None]:
        try:
            yield self.first
            while self.flood:
                self.sent += 100
                yield [line("x", 1.0)] * 100
                await asyncio.sleep(0)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.closed = True


SOURCES = st.lists(st.lists(st.lists(st.floats(0, 1e9), max_size=5), max_size=4), min_size=1, max_size=4)


@given(SOURCES)
async def test_nothing_is_lost_and_each_source_keeps_its_order(sources: list[list[list[float]]]) -> None:
    named = [
        [[line(f"{s}/{b}/{n}", at) for n, at in enumerate(batch)] for b, batch in enumerate(batches)]
        for s, batches in enumerate(sources)
    ]
    out = await collected(merged([(identity(str(s)), given_lines(*batches)) for s, batches in enumerate(named)]))
    for s, batches in enumerate(named):
        mine = [each for each in out if each.source == identity(str(s))]
        assert [each.text for each in mine] == [each.text for batch in batches for each in batch]


@given(SOURCES)
async def test_sources_in_order_become_one_stream_in_order(sources: list[list[list[float]]]) -> None:
    ordered = [sorted(at for batch in batches for at in batch) for batches in sources]
    out = await collected(
        merged([(identity(str(s)), given_lines([line("", at) for at in times])) for s, times in enumerate(ordered)])
    )
    assert [each.at for each in out] == sorted(at for times in ordered for at in times)


async def test_a_quiet_source_holds_the_others_back_only_briefly() -> None:
    quiet, busy = Endless(), Endless(line("a", 1.0))
    stream = merged([(identity("quiet"), quiet.stream()), (identity("busy"), busy.stream())], hold=0.01)
    async with asyncio.timeout(LIMIT), aclosing(stream):
        assert [each.text for each in await anext(stream)] == ["a"]


async def test_a_late_line_within_the_hold_is_put_in_its_place() -> None:
    release = asyncio.Event()

    async def late() -> Lines:
        await release.wait()
        yield [line("first", 1.0)]

    early = Endless(line("second", 2.0))
    stream = merged([(identity("late"), late()), (identity("early"), early.stream())], hold=5.0)
    async with asyncio.timeout(LIMIT), aclosing(stream), asyncio.TaskGroup() as group:
        reading = group.create_task(anext(stream))
        await asyncio.sleep(0)
        release.set()
        assert (await reading)[0].text == "first"


async def test_a_clock_that_is_ahead_delays_nobody() -> None:
    ahead, right = Endless(line("ahead", time.time() + 3600)), Endless(line("right", time.time() - 1))
    stream = merged([(identity("ahead"), ahead.stream()), (identity("right"), right.stream())], hold=0.01)
    async with asyncio.timeout(LIMIT), aclosing(stream):
        texts: list[str] = []
        while len(texts) < 2:
            texts += [each.text for each in await anext(stream)]
    assert texts == ["right", "ahead"]


async def test_lines_without_a_time_stay_where_they_came() -> None:
    out = await collected(
        merged([(identity("a"), given_lines([line("1", 5.0), line("2"), line("3", 4.0), line("4")]))])
    )
    assert [each.text for each in out] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("error", [Unreachable("It broke."), ZeroDivisionError()])
async def test_a_source_that_fails_becomes_a_remark_and_the_others_go_on(error: Exception) -> None:
    async def failing() -> Lines:
        yield [line("before", 1.0)]
        raise error

    out = await collected(merged([(identity("bad"), failing()), (identity("good"), given_lines([line("good", 2.0)]))]))
    assert {each.text for each in out if each.stream is Stream.OUT} == {"before", "good"}
    (remark,) = [each for each in out if each.stream is Stream.NOTE]
    assert remark.source == identity("bad")
    assert remark.text.startswith("log ended: ")


async def test_closing_closes_every_source() -> None:
    sources = [Endless(line("x", 1.0)) for _ in range(3)]
    stream = merged([(identity(str(n)), each.stream()) for n, each in enumerate(sources)], hold=0.01)
    await anext(stream)
    await stream.aclose()
    assert all(each.closed for each in sources)


async def test_cancelling_the_reader_closes_every_source_and_cancels_nothing_else() -> None:
    sources = [Endless() for _ in range(3)]

    async def read() -> None:
        async with aclosing(merged([(identity(str(n)), each.stream()) for n, each in enumerate(sources)])) as stream:
            await anext(stream)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await read()
    assert all(each.closed for each in sources)
    current = asyncio.current_task()
    assert current is not None
    assert not current.cancelling()


async def test_a_stream_read_in_one_task_may_be_closed_in_another() -> None:
    source = Endless(line("x", 1.0))
    stream = merged([(identity("a"), source.stream())])
    async with asyncio.TaskGroup() as group:
        group.create_task(_first(stream))
    async with asyncio.TaskGroup() as group:
        group.create_task(stream.aclose())
    assert source.closed


async def _first(stream: Lines) -> Sequence[LogLine]:
    return await anext(stream)


async def test_a_forgotten_stream_is_cleaned_up_by_the_loop() -> None:
    source = Endless(line("x", 1.0))
    stream = merged([(identity("a"), source.stream())])
    await anext(stream)
    del stream
    gc.collect()
    await until(lambda: source.closed)


async def test_a_reader_that_stops_reading_stops_the_sources() -> None:
    flood = Endless(line("x", 1.0), flood=True)
    stream = merged([(identity("a"), flood.stream()), (identity("b"), Endless().stream())], hold=0.0)
    async with aclosing(stream):
        await anext(stream)
        await until(lambda: flood.sent >= AHEAD)
        for _ in range(100):
            await asyncio.sleep(0)
        assert flood.sent <= AHEAD + 200


class Flaky:
    """An engine that keeps a whole log and breaks where it is told."""

    def __init__(self, log: Sequence[LogLine], breaks: Sequence[Exception | None]) -> None:
        self.log = log
        self.breaks = list(breaks)
        self.queries: list[LogQuery] = []
        self.sent = 0

    async def open(self, query: LogQuery) -> Lines:
        self.queries.append(query)
        since = query.since if query.since is not None else 0.0
        rest = [each for each in self.log if each.at is None or each.at >= since]
        if self.breaks:
            error = self.breaks.pop(0)
            cut = (len(rest) + 1) // 2
            for each in rest[:cut]:
                yield [each]
            if error is not None:
                raise error
            return
        yield rest
        await asyncio.Event().wait()


async def taken(stream: Lines, done: Callable[[list[LogLine]], bool]) -> list[LogLine]:
    out: list[LogLine] = []
    async with asyncio.timeout(LIMIT), aclosing(stream):
        async for batch in stream:
            out += batch
            if done(out):
                return out
    return out


def no_pause() -> tuple[list[float], Callable[[float], Awaitable[None]]]:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    return pauses, pause


def words(lines: Sequence[LogLine]) -> list[str]:
    return [each.text for each in lines if each.stream is not Stream.NOTE]


def notes(lines: Sequence[LogLine]) -> list[str]:
    return [each.text for each in lines if each.stream is Stream.NOTE]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 4)), min_size=1), st.integers(0, 4))
async def test_every_line_comes_once_however_often_the_link_breaks(said: list[tuple[str, int]], breaks: int) -> None:
    log = [line(text, 1000.0 + at / 4) for text, at in sorted(said, key=lambda each: each[1])]
    engine = Flaky(log, [Unreachable("Gone.")] * breaks)
    _pauses, pause = no_pause()
    out = await taken(resumed(engine.open, LogQuery(), pause=pause), lambda out: len(words(out)) >= len(log))
    assert Counter(words(out)) == Counter(each.text for each in log)
    assert words(out) == [each.text for each in log]


async def test_a_loss_is_told_once_and_so_is_the_return() -> None:
    log = [line("one", 1.0), line("two", 2.0)]
    refusals = [Unreachable("The daemon is gone.")] * 3
    engine = Flaky(log, refusals)
    pauses, pause = no_pause()
    out = await taken(resumed(engine.open, LogQuery(tail=50), pause=pause), lambda out: len(words(out)) == 2)
    assert [each.split(" at ")[0].split(",")[0] for each in notes(out)][:2] == ["connection lost", "resumed"]
    assert "The daemon is gone." in notes(out)[0]
    assert engine.queries[0].tail == 50
    assert engine.queries[1] == LogQuery(tail=None, since=1.0)
    assert all(0.25 <= pause <= 15 for pause in pauses)


async def test_pauses_grow_and_stay_bounded() -> None:
    engine = Flaky([], [Unreachable("Gone.")] * 12)
    pauses, pause = no_pause()
    stream = resumed(engine.open, LogQuery(), pause=pause)
    async with aclosing(stream):
        remark = await anext(stream)
        assert notes(remark)[0].startswith("connection lost")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await anext(stream)
    assert len(pauses) == 12
    assert pauses[0] <= 0.5
    assert 7.5 <= pauses[-1] <= 15


async def test_a_restart_is_marked() -> None:
    engine = Flaky([line("old", 1.0), line("new", 2.0)], [None])
    _pauses, pause = no_pause()
    out = await taken(resumed(engine.open, LogQuery(), pause=pause), lambda out: len(words(out)) == 2)
    assert [each.text.split(" at ")[0].split(",")[0] for each in out] == ["old", "log ended", "restarted", "new"]


async def test_the_end_is_the_end_when_restarts_are_not_wanted() -> None:
    engine = Flaky([line("only", 1.0)], [None])
    assert words(await collected(resumed(engine.open, LogQuery(), restarts=False))) == ["only"]


async def test_a_log_that_is_not_followed_raises_its_error() -> None:
    engine = Flaky([line("only", 1.0)], [Unreachable("Gone.")])
    with pytest.raises(Unreachable):
        await collected(resumed(engine.open, LogQuery(follow=False)))


async def test_other_errors_are_never_retried() -> None:
    engine = Flaky([line("only", 1.0)], [NotFound("It was removed.")])
    with pytest.raises(NotFound):
        await collected(resumed(engine.open, LogQuery()))


async def test_old_lines_an_engine_sends_again_are_known_but_a_clock_set_back_is_not_taken_for_them() -> None:
    answers = [
        [line("a", 100.0), line("b", 200.0)],
        [line("a", 100.0), line("b", 200.0), line("c", 201.0), line("clock set back", 50.0)],
    ]

    async def open_log(query: LogQuery) -> Lines:
        yield answers.pop(0)
        raise Unreachable("Gone.")

    _pauses, pause = no_pause()
    stream = resumed(open_log, LogQuery(), pause=pause)
    out = await taken(stream, lambda out: "clock set back" in words(out))
    assert words(out) == ["a", "b", "c", "clock set back"]
