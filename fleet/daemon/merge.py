"""What one client has not been told yet: deltas merged so that only the latest word on each thing is kept.

Its size is bounded by what exists, not by how long a client has been slow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import msgspec

from backends.contract.model import Event, Missing, Resource, ResourceId, Sample
from fleet.inventory import EVENTS, Inventory
from fleet.values import Connection, Delta, Job, Shell

CHUNK = 500
"""Resources, or samples, in one delta: about 5 ms of decoding and applying at the client."""

K = TypeVar("K")
V = TypeVar("V")


class Pending:
    """Deltas that wait to be sent. ``add`` what happens, ``take`` what to send next."""

    _connections: dict[str, Connection]
    _closed: dict[str, None]
    _resources: dict[ResourceId, Resource]
    _gone: dict[ResourceId, None]
    _samples: dict[ResourceId, Sample]
    _history: dict[ResourceId, Sequence[Sample]]
    """The minute before a subscription began, for sparklines; goes out before newer samples."""
    _jobs: dict[str, Job]
    _shells: dict[str, Shell]
    _ended_shells: dict[str, None]
    _events: deque[Event]
    _missing: tuple[Missing, ...] | None

    def __init__(self) -> None:
        self._forget_all()
        self._fresh = False
        self._complete = False

    @classmethod
    def everything(cls, inventory: Inventory) -> Pending:
        """All that is known now, as the beginning of a subscription."""
        pending = cls()
        pending._fresh = pending._complete = True
        pending._connections = dict(inventory.connections)
        pending._resources = {resource.id: resource for resource in inventory.all()}
        pending._history = {
            identity: recent for identity in pending._resources if (recent := tuple(inventory.recent(identity)))
        }
        pending._jobs = dict(inventory.jobs)
        pending._shells = dict(inventory.shells)
        pending._events.extend(inventory.events)
        pending._missing = inventory.missing
        return pending

    def __bool__(self) -> bool:
        return bool(
            self._fresh
            or self._complete
            or self._resources
            or self._samples
            or self._gone
            or self._connections
            or self._closed
            or self._jobs
            or self._shells
            or self._ended_shells
            or self._events
            or self._history
            or self._missing is not None
        )

    def add(self, delta: Delta) -> None:
        """Remember a change, in the order an inventory would apply it."""
        if delta.fresh:
            self._forget_all()
            self._fresh, self._complete = True, False
        self._complete = self._complete or delta.complete
        for connection in delta.connections:
            self._connections[connection.spec.id] = connection
        for resource in delta.resources:
            self._resources[resource.id] = resource
            self._gone.pop(resource.id, None)
        for identity in delta.gone:
            self._drop(identity)
            self._gone[identity] = None
        for closed in delta.closed:
            self._close(closed)
        for sample in delta.samples:
            self._samples[sample.resource] = sample
        self._add_work(delta)

    def take(self, chunk: int = CHUNK) -> Delta:
        """The next delta to send. ``fresh`` is on the first of all, ``complete`` on the last."""
        fresh, self._fresh = self._fresh, False
        if self._closed:
            # First and alone: an inventory forgets closed connections last, and one may have come back since.
            closed, self._closed = tuple(self._closed), {}
            return Delta(closed=closed, fresh=fresh)
        delta = Delta(
            resources=_popped(self._resources, chunk),
            gone=tuple(_popped_keys(self._gone, chunk)),
            samples=self._take_samples(chunk),
            connections=_popped(self._connections, chunk),
            jobs=_popped(self._jobs, chunk),
            shells=_popped(self._shells, chunk),
            ended_shells=tuple(_popped_keys(self._ended_shells, chunk)),
            events=tuple(self._events),
            missing=self._missing,
            fresh=fresh,
        )
        self._events.clear()
        self._missing = None
        return self._completed(delta)

    def _completed(self, delta: Delta) -> Delta:
        if not self._complete:
            return delta
        self._complete = False
        if self:
            self._complete = True
            return delta
        return msgspec.structs.replace(delta, complete=True)

    def _add_work(self, delta: Delta) -> None:
        for job in delta.jobs:
            self._jobs[job.id] = job
        for shell in delta.shells:
            self._shells[shell.id] = shell
            self._ended_shells.pop(shell.id, None)
        for ended in delta.ended_shells:
            self._shells.pop(ended, None)
            self._ended_shells[ended] = None
        self._events.extend(delta.events)
        if delta.missing is not None:
            self._missing = delta.missing

    def _close(self, connection: str) -> None:
        self._connections.pop(connection, None)
        self._closed[connection] = None
        parts: tuple[MutableMapping[ResourceId, Any], ...] = (self._resources, self._samples, self._history, self._gone)
        for part in parts:
            for identity in [identity for identity in part if identity.connection == connection]:
                del part[identity]

    def _drop(self, identity: ResourceId) -> None:
        self._resources.pop(identity, None)
        self._samples.pop(identity, None)
        self._history.pop(identity, None)

    def _take_samples(self, chunk: int) -> tuple[Sample, ...]:
        """Resources first, so that rows are there at once; then the past; then the present."""
        if not self._history:
            return _popped(self._samples, chunk)
        return () if self._resources else self._take_history(chunk)

    def _take_history(self, chunk: int) -> tuple[Sample, ...]:
        taken: list[Sample] = []
        while self._history and len(taken) < chunk:
            identity = next(iter(self._history))
            taken.extend(self._history.pop(identity))
        return tuple(taken)

    def _forget_all(self) -> None:
        self._connections, self._closed = {}, {}
        self._resources, self._gone = {}, {}
        self._samples, self._history = {}, {}
        self._jobs, self._shells, self._ended_shells = {}, {}, {}
        self._events = deque(maxlen=EVENTS)
        self._missing = None


_ROWS = ("connections", "resources", "gone", "closed", "samples", "jobs", "shells", "ended_shells", "events")


def halves(delta: Delta) -> tuple[Delta, Delta] | None:
    """The delta cut in two that say the same when applied in order, or ``None`` when it says one thing only."""
    rows = [(part, row) for part in _ROWS for row in getattr(delta, part)]
    if len(rows) < 2:
        return None
    middle = len(rows) // 2
    first = Delta(**_by_part(rows[:middle]), missing=delta.missing, fresh=delta.fresh)
    return first, Delta(**_by_part(rows[middle:]), complete=delta.complete)


def _by_part(rows: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    parts: dict[str, tuple[Any, ...]] = {}
    for part, row in rows:
        parts[part] = (*parts.get(part, ()), row)
    return parts


def _popped_keys(table: MutableMapping[K, Any], count: int) -> Iterator[K]:
    for key in list(islice(table, count)):
        del table[key]
        yield key


def _popped(table: MutableMapping[K, V], count: int) -> tuple[V, ...]:
    return tuple(table.pop(key) for key in list(islice(table, count)))
