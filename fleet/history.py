"""Metrics over time: a ring of the last minutes in memory, minute means on disk."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from backends.contract.model import ResourceId, Sample
from fleet.journal import Minute
from fleet.values import Series

RING: Final = 300
"""Points kept per metric: ten minutes at one every two seconds."""
FORGET_AFTER: Final = 15 * 60.0
"""Seconds without a sample after which a resource's rings are let go."""
MINUTE: Final = 60
RINGS: Final = 20_000
"""Rings at most, some 100 MB; beyond it the resources longest without a sample give theirs up."""


class MinuteStore(Protocol):
    """Where minute means are kept: the journal."""

    async def add_minutes(self, rows: Iterable[Minute]) -> None:
        """Keep rows; one that is there already is replaced."""

    async def minutes(self, resource: ResourceId, metric: str, since: float, until: float) -> Sequence[Minute]:
        """The rows of a window, oldest first."""

    async def metrics(self, resource: ResourceId) -> Sequence[str]:
        """The metrics there are rows of."""


class _Ring:
    """The last points of one metric: two flat arrays, so that thousands of metrics stay small."""

    __slots__ = ("times", "values")

    def __init__(self) -> None:
        self.times = array("d")
        self.values = array("d")

    def add(self, at: float, value: float) -> None:
        self.times.append(at)
        self.values.append(value)
        if len(self.times) > RING + 32:  # cut in blocks: moving the arrays for each point would cost more
            del self.times[:32], self.values[:32]


class _Sum:
    """A minute under way."""

    __slots__ = ("count", "high", "low", "minute", "total")

    def __init__(self, minute: int) -> None:
        self.minute, self.count, self.total = minute, 0, 0.0
        self.low, self.high = float("inf"), float("-inf")

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.low, self.high = min(self.low, value), max(self.high, value)


class History:
    """Samples of every measured resource, and the questions asked of them."""

    def __init__(self, store: MinuteStore) -> None:
        self._store = store
        self._rings: dict[ResourceId, dict[str, _Ring]] = {}
        self._sums: dict[tuple[ResourceId, str], _Sum] = {}
        self._seen: dict[ResourceId, float] = {}
        self._finished: list[Minute] = []
        self._count = 0

    def add(self, sample: Sample) -> None:
        """Take one sample."""
        rings = self._rings.setdefault(sample.resource, {})
        self._seen.pop(sample.resource, None)
        self._seen[sample.resource] = sample.at  # at the end: the first is the one longest unheard of
        minute = int(sample.at // MINUTE) * MINUTE
        for metric, value in sample.values.items():
            ring = rings.get(metric)
            if ring is None:
                ring = rings[metric] = _Ring()
                self._count += 1
            ring.add(sample.at, value)
            self._sum(sample.resource, metric, minute, value)
        while self._count > RINGS and len(self._seen) > 1:
            self._drop(next(iter(self._seen)))

    def _sum(self, resource: ResourceId, metric: str, minute: int, value: float) -> None:
        key = (resource, metric)
        total = self._sums.get(key)
        if total is None or total.minute != minute:
            if total is not None:
                self._finish(key, total)
            total = self._sums[key] = _Sum(minute)
        total.add(value)

    def _finish(self, key: tuple[ResourceId, str], total: _Sum) -> None:
        resource, metric = key
        mean = total.total / total.count
        self._finished.append(Minute(resource, metric, total.minute, mean, total.low, total.high))

    async def write(self, now: float | None = None, *, everything: bool = False) -> None:
        """Hand finished minutes to the store, the one under way too where ``everything`` ends; forget the silent."""
        moment = time.time() if now is None else now
        current = int(moment // MINUTE) * MINUTE
        for key, total in list(self._sums.items()):
            if everything or total.minute < current:
                self._finish(key, total)
                del self._sums[key]
        self._forget(moment)
        rows, self._finished = self._finished, []
        if rows:
            await self._store.add_minutes(rows)

    def _forget(self, now: float) -> None:
        for resource in [r for r, seen in self._seen.items() if now - seen > FORGET_AFTER]:
            self._drop(resource)

    def _drop(self, resource: ResourceId) -> None:
        del self._seen[resource]
        self._count -= len(self._rings.pop(resource, {}))

    async def query(
        self, resource: ResourceId, metrics: Sequence[str], since: float, until: float, points: int
    ) -> Mapping[str, Series]:
        """Each metric over a window, thinned by means to about ``points``; a metric ``x/*`` is all parts of ``x``."""
        found: dict[str, Series] = {}
        for metric in await self._named(resource, metrics):
            ring = self._rings.get(resource, {}).get(metric)
            first = ring.times[0] if ring and ring.times else until
            times, values = array("d"), array("d")
            if since < first:
                for row in await self._store.minutes(resource, metric, since, min(first, until)):
                    if row.minute + MINUTE <= min(first, until):
                        times.append(row.minute + MINUTE / 2)
                        values.append(row.mean)
            for at, value in zip(ring.times, ring.values, strict=True) if ring else ():
                if since <= at <= until:
                    times.append(at)
                    values.append(value)
            found[metric] = thin(times, values, points)
        return found

    async def _named(self, resource: ResourceId, metrics: Sequence[str]) -> Sequence[str]:
        named: dict[str, None] = {}
        for metric in metrics:
            if metric.endswith("/*"):
                known = self._rings.get(resource) or await self._store.metrics(resource)
                named.update(dict.fromkeys(name for name in known if name.startswith(metric[:-1])))
            else:
                named[metric] = None
        return list(named)


def thin(times: Sequence[float], values: Sequence[float], points: int) -> Series:
    """At most ``points`` points, each the mean of a run of equal length in time."""
    points = max(points, 1)
    if len(times) <= points:
        return Series(tuple(times), tuple(values))
    start, width = times[0], (times[-1] - times[0]) / points or 1.0
    buckets: dict[int, list[int]] = {}
    for index, at in enumerate(times):
        buckets.setdefault(min(int((at - start) / width), points - 1), []).append(index)
    kept = [(sum(times[i] for i in run) / len(run), sum(values[i] for i in run) / len(run)) for run in buckets.values()]
    return Series(tuple(at for at, _ in kept), tuple(value for _, value in kept))
