"""Log streams made whole: several merged into one by time, and one that outlives lost connections.

Both are async generators, as every stream here, and may be closed, cancelled or dropped at any moment. ``resumed``
needs no task. ``merged`` needs one per source, and a task group around a ``yield`` is a trap: closing the generator
throws ``GeneratorExit`` through the group, which would wrap it, and a failing child would cancel whatever task entered
the group. So the group belongs to :class:`_Merge`, whose children never fail, and which is left by cancelling them and
waiting, never by handing the exception in flight to the group. That holds in whichever task the closing runs, the
event loop's own clean-up of forgotten generators included.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from heapq import heappop, heappush
from random import SystemRandom
from types import TracebackType
from typing import Self

import msgspec

from backends.contract.errors import BackendError, TimedOut, Unreachable
from backends.contract.model import LogLine, LogQuery, ResourceId, Stream
from backends.guard import guarded

Lines = AsyncGenerator[Sequence[LogLine], None]

HOLD = 0.3
"""Seconds a line waits for older ones of other sources."""
AHEAD = 16_384
"""Lines one source may have waiting; then it is not read until some have gone out."""
BATCH = 1_000
"""Lines handed on at once: a reader that paints wants to breathe between."""
OVERLAP = 1.0
"""Seconds of lines remembered, to recognise them when an engine sends them again."""
REMEMBERED = 65_536
"""Lines remembered at most, where a source gives thousands the same moment."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0


def note(text: str, source: ResourceId | None = None) -> LogLine:
    """Our own remark inside a stream, dated now."""
    return LogLine(text=text, at=time.time(), stream=Stream.NOTE, source=source)


async def merged(sources: Sequence[tuple[ResourceId, Lines]], hold: float = HOLD) -> Lines:
    """One stream of several, in order of time, every line naming its source.

    Lines of one source never change their order, whatever its clock says, and a clock that is ahead delays nobody. A
    source that fails becomes a remark, and the others go on. Nothing is dropped: a slow reader slows the sources.
    """
    async with _Merge(sources, hold) as merge:
        while batch := await merge.next():
            yield batch


class _Waiting:
    """What one source has delivered and not yet handed on."""

    def __init__(self, source: ResourceId) -> None:
        self.source = source
        self.count = 0
        self.latest = -math.inf
        """The newest key; nothing older will come from here."""
        self.timed = False
        self.room = asyncio.Event()

    def key(self, line: LogLine, now: float) -> float:
        """Where the line belongs: its time, but never before its forerunner nor in the future."""
        if line.at is not None:
            self.timed = self.timed or line.stream is not Stream.NOTE
            self.latest = max(self.latest, min(line.at, now))
        elif not self.timed:
            self.latest = max(self.latest, now)
        return self.latest


class _Merge:
    """Reads all sources at once and gives out what can no longer be overtaken.

    That is: what has waited ``hold`` seconds, and what no source still open can come before.
    """

    def __init__(self, sources: Sequence[tuple[ResourceId, Lines]], hold: float) -> None:
        self._hold = hold
        self._open = {_Waiting(source): stream for source, stream in sources}
        self._heap: list[tuple[float, int, LogLine, _Waiting]] = []
        self._arrivals: deque[tuple[float, float]] = deque()
        """When a batch arrived and the newest key in it, while it is too young to go out for its age."""
        self._horizon = -math.inf
        self._count = 0
        self._news = asyncio.Event()
        self._group = asyncio.TaskGroup()
        self._readers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._readers = [self._group.create_task(self._read(each, stream)) for each, stream in self._open.items()]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for reader in self._readers:
            reader.cancel()
        await self._group.__aexit__(None, None, None)

    async def next(self) -> Sequence[LogLine]:
        """The next lines; none when all sources have ended."""
        while not (batch := self._ready()) and (self._open or self._heap):
            await self._wait()
        return batch

    async def _read(self, waiting: _Waiting, stream: Lines) -> None:
        try:
            with guarded(str(waiting.source)):
                async with aclosing(stream):
                    async for batch in stream:
                        self._admit(waiting, batch)
                        while waiting.count >= AHEAD:
                            waiting.room.clear()
                            await waiting.room.wait()
        except BackendError as error:
            self._admit(waiting, [note(f"log ended: {error.message}")])
        finally:
            del self._open[waiting]
            self._news.set()

    def _admit(self, waiting: _Waiting, batch: Sequence[LogLine]) -> None:
        now = time.time()
        for line in batch:
            named = line if line.source is not None else msgspec.structs.replace(line, source=waiting.source)
            self._count += 1
            heappush(self._heap, (waiting.key(line, now), self._count, named, waiting))
        waiting.count += len(batch)
        self._arrivals.append((asyncio.get_running_loop().time(), waiting.latest))
        self._news.set()

    def _ready(self) -> Sequence[LogLine]:
        due = asyncio.get_running_loop().time() - self._hold
        while self._arrivals and self._arrivals[0][0] <= due:
            self._horizon = max(self._horizon, self._arrivals.popleft()[1])
        horizon = max(self._horizon, min((waiting.latest for waiting in self._open), default=math.inf))
        batch: list[LogLine] = []
        while self._heap and self._heap[0][0] <= horizon and len(batch) < BATCH:
            _key, _count, line, waiting = heappop(self._heap)
            waiting.count -= 1
            batch.append(line)
            if waiting.count < AHEAD:
                waiting.room.set()
        return batch

    async def _wait(self) -> None:
        """Until something arrives, ends, or has waited long enough."""
        self._news.clear()
        due = self._arrivals[0][0] + self._hold if self._arrivals else None
        try:
            async with asyncio.timeout_at(due):
                await self._news.wait()
        except TimeoutError:
            return


async def resumed(
    open_log: Callable[[LogQuery], Lines],
    query: LogQuery,
    *,
    restarts: bool = True,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Lines:
    """A log that is followed through lost connections and restarts, each line once, our remarks between.

    A query that does not follow is read once and its errors are raised; so is, always, every error but not being
    reachable. That the connection is back shows with the first line that comes, since a stream says nothing earlier.

    Args:
        open_log: opens the stream; called again after each loss, from the last moment seen.
        query: what was asked for first.
        restarts: after the log's end wait for its source to come back; without it the end is the end.
        pause: waits that many seconds.
    """
    seen = _Seen()
    retry = _Retry(query)
    while True:
        try:
            async with aclosing(open_log(retry.query)) as stream:
                async for batch in stream:
                    if fresh := seen.sift(batch):
                        if remark := retry.back():
                            yield [remark]
                        yield fresh
            if not (query.follow and restarts):
                return
            remark = retry.ended()
        except (Unreachable, TimedOut) as error:
            if not query.follow:
                raise
            remark = retry.lost(error)
        if remark:
            yield [remark]
        await pause(retry.delay())
        retry.query = seen.after(query)


class _Seen:
    """The lines around the newest moment, so that those an engine sends twice are known."""

    def __init__(self) -> None:
        self._latest = -math.inf
        self._arrived: float | None = None
        self._recent: deque[LogLine] = deque(maxlen=REMEMBERED)
        self._known: Counter[tuple[float, Stream, str]] = Counter()
        self._boundary = -math.inf
        self._passed = False
        """Whether the present stream has gone beyond the boundary: what is older then is late, not old."""

    def sift(self, batch: Sequence[LogLine]) -> Sequence[LogLine]:
        """The lines of a batch that were not there before the last loss."""
        fresh = [line for line in batch if self._new(line)]
        if batch:
            self._arrived = time.time()
        for line in fresh:
            if line.at is not None and line.stream is not Stream.NOTE:
                self._latest = max(self._latest, line.at)
                self._recent.append(line)
        while self._recent and (self._recent[0].at or 0.0) < self._latest - OVERLAP:
            self._recent.popleft()
        return fresh

    def after(self, query: LogQuery) -> LogQuery:
        """What to ask for to get all that comes after what was seen; the last moment itself is asked for again."""
        if self._latest > -math.inf:
            self._boundary, self._passed = self._latest, False
            self._known = Counter((line.at or 0.0, line.stream, line.text) for line in self._recent)
            return msgspec.structs.replace(query, tail=None, since=self._latest)
        if self._arrived is not None:
            return msgspec.structs.replace(query, tail=None, since=self._arrived)
        return query

    def _new(self, line: LogLine) -> bool:
        if line.at is None or line.stream is Stream.NOTE:
            return True
        if line.at > self._boundary:
            self._passed = True
            return True
        if line.at < self._boundary - OVERLAP:
            return self._passed
        key = (line.at, line.stream, line.text)
        if not self._known[key]:
            return True
        self._known[key] -= 1
        return False


class _Retry:
    """Where a resumed log stands between two openings, and what is said about it."""

    def __init__(self, query: LogQuery) -> None:
        self.query = query
        self._attempts = 0
        self._gone: float | None = None
        self._ended = False

    def lost(self, error: BackendError) -> LogLine | None:
        """The connection broke; said once until it is back."""
        return self._away(f"connection lost at {_clock()}: {error.message}", ended=False)

    def ended(self) -> LogLine | None:
        """The stream came to its end; said once until there is more."""
        return self._away(f"log ended at {_clock()}; waiting for more", ended=True)

    def back(self) -> LogLine | None:
        """Lines come again; says what happened, if anything had."""
        self._attempts = 0
        if self._gone is None:
            return None
        away, self._gone = max(0, round(time.time() - self._gone)), None
        return note(f"restarted, {away} s later" if self._ended else f"resumed, {away} s later")

    def delay(self) -> float:
        """Seconds until the next attempt: longer each time, and not the same for everyone."""
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._attempts, 10))
        self._attempts += 1
        return SystemRandom().uniform(longest / 2, longest)

    def _away(self, text: str, *, ended: bool) -> LogLine | None:
        if self._gone is not None and self._ended == ended:
            return None
        self._gone = self._gone if self._gone is not None else time.time()
        self._ended = ended
        return note(text)


def _clock() -> str:
    return time.strftime("%H:%M:%S")
