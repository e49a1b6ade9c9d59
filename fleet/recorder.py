"""Writes down what passes by: events, samples, the inventory for the next start, the output of jobs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final

from backends.contract.errors import BackendError
from backends.contract.model import Event, ResourceId, Sample, Stream
from fleet.history import History
from fleet.inventory import Inventory
from fleet.journal import Journal, UndoStore
from fleet.values import Delta, JobOutput

log = logging.getLogger(__name__)

EVERY: Final = 1.0
"""Seconds between two writes of what may wait: events and minute means."""
CACHE_EVERY: Final = 30.0
"""Seconds between two writes of the inventory; it is written at the end too."""
TRIM_EVERY: Final = 3600.0
"""Seconds between two clean-ups of what is past its retention."""
FLOOD: Final = 4 << 20
"""Bytes of job output kept waiting between two writes."""
BLOCK: Final = 64 << 10
"""Bytes up to which pieces of output are put together before they are written."""
WAITING: Final = 10_000
"""Events kept waiting for the disk; beyond it the oldest are dropped rather than memory spent."""


@dataclass(slots=True)
class _Waiting:
    """Output of one program and stream that is not written yet."""

    entry: int
    target: ResourceId
    stream: Stream
    data: bytearray

    def follows(self, entry: int, piece: JobOutput) -> bool:
        """Whether a piece goes on where this ends, and there is room."""
        same = (self.entry, self.target, self.stream) == (entry, piece.target, piece.output.stream)
        return same and len(self.data) < BLOCK


class Recorder:
    """Gathers news and hands it to the journal in batches, so that no event waits for a disk."""

    def __init__(
        self, journal: Journal, undos: UndoStore, history: History, inventory: Inventory, *, volatile: frozenset[str]
    ) -> None:
        """Record from an inventory; kinds in ``volatile`` are not worth caching."""
        self._volatile = volatile
        self._outputs: deque[_Waiting] = deque()
        self._output_bytes = 0
        self._journal = journal
        self._undos = undos
        self._history = history
        self._inventory = inventory
        self._events: list[Event] = []
        self._stale_cache = False

    def learn(self, delta: Delta) -> None:
        """Note what a delta brings."""
        self._events.extend(delta.events)
        del self._events[:-WAITING]
        self._stale_cache |= bool(delta.resources or delta.gone or delta.connections or delta.closed)
        self._measure(delta.samples)

    def _measure(self, samples: Sequence[Sample]) -> None:
        for sample in samples:
            self._history.add(sample)

    async def run(self) -> None:
        """Write now and then, until cancelled."""
        cached = trimmed = time.monotonic()
        while True:
            await asyncio.sleep(EVERY)
            now = time.monotonic()
            await self._write()
            if now - cached > CACHE_EVERY:
                cached = now
                await self._save_inventory()
            if now - trimmed > TRIM_EVERY:
                trimmed = now
                await self._attempt(self._journal.trim())
                await self._attempt(self._undos.trim())

    async def flush(self) -> None:
        """Write everything that waits, at the end."""
        await self._write()
        await self._save_inventory()

    def output(self, entry: int, piece: JobOutput) -> None:
        """Note a piece of a job's output; a flood between two writes loses its oldest part."""
        output = piece.output
        last = self._outputs[-1] if self._outputs else None
        if last is not None and last.follows(entry, piece):
            last.data += output.data
        else:
            self._outputs.append(_Waiting(entry, piece.target, output.stream, bytearray(output.data)))
        self._output_bytes += len(output.data)
        while self._output_bytes > FLOOD and len(self._outputs) > 1:
            self._output_bytes -= len(self._outputs.popleft().data)

    async def _write(self) -> None:
        events, self._events = self._events, []
        if events:
            await self._attempt(self._journal.add_events(events))
        await self.write_outputs()
        await self._attempt(self._history.write(time.time()))

    async def write_outputs(self) -> None:
        """Write the output noted so far."""
        outputs, self._outputs, self._output_bytes = self._outputs, deque(), 0
        for waiting in outputs:
            await self._attempt(
                self._journal.add_output(waiting.entry, waiting.target, waiting.stream, bytes(waiting.data))
            )

    async def _save_inventory(self) -> None:
        if not self._stale_cache:
            return
        self._stale_cache = False
        connections = list(self._inventory.connections.values())
        lasting = [resource for resource in self._inventory.all() if resource.id.kind not in self._volatile]
        await self._attempt(self._journal.save_inventory(connections, lasting))
        await self._attempt(self._journal.forget_connections(connection.spec.id for connection in connections))

    async def _attempt(self, write: Coroutine[Any, Any, Any]) -> None:
        """A record that cannot be written (a full disk) is said in the log; the gate refuses to act by itself."""
        try:
            await write
        except BackendError as error:
            log.warning("could not record: %s", error)
