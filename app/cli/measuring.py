"""Waiting for numbers, and for kinds that are listed only while somebody looks."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from backends.contract.model import Ability, Kind, Resource, ResourceId, Source
from fleet.scope import Scope
from fleet.values import ConnectionState, Interest

if TYPE_CHECKING:
    from fleet.protocol import Fleet

MEASURE_LIMIT: Final = 6.0
"""Seconds the first numbers may take; rates need two looks at a counter."""
LIST_LIMIT: Final = 6.0
"""Seconds the first list of a volatile kind may take."""


class Attention:
    """What this command looks at; told to the fleet, and forgotten with the command."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._view = f"cli-{uuid.uuid4().hex[:8]}"
        self._kinds: frozenset[tuple[str, str]] = frozenset()
        self._changed = asyncio.Event()

    async def list_kinds(self, kinds: Iterable[Kind], scope: Scope) -> None:
        """Have the volatile ones among these kinds listed, and wait for their first lists."""
        inventory = self._fleet.inventory
        pending = {
            (connection.spec.id, kind.id)
            for kind in kinds
            if kind.volatile
            for connection in inventory.connections.values()
            if scope.covers(connection.spec)
            and connection.state in (ConnectionState.ONLINE, ConnectionState.DEGRADED)
            and self._brings(connection.spec.backend, kind)
        }
        if not pending:
            return
        self._kinds = frozenset(pending)
        await self._fleet.attend(self._view, Interest(kinds=self._kinds))
        wanted = {kind for _, kind in pending}

        def listed() -> bool:
            return pending <= {(each.connection, kind) for kind in wanted for each in inventory.of_kind(kind)}

        await self._until(listed, LIST_LIMIT)

    async def list_named(self, names: Iterable[str], scope: Scope, *, verb: str = "") -> None:
        """Have the volatile kinds listed that names are written with, or that alone know a verb."""
        kinds = self._fleet.catalogue.kinds
        words = {part for name in names if "/" in name for part in name.split("/")[:2]}
        found = {kind for kind in words if kind in kinds}
        knowing = {
            kind for kind in kinds if any(each.verb == verb for each in self._fleet.catalogue.kind_operations(kind))
        }
        if all(kinds[kind].volatile for kind in knowing):
            found |= knowing
        await self.list_kinds([kinds[kind] for kind in found], scope)

    async def measure(self, resources: Iterable[Resource], *, limit: float = MEASURE_LIMIT) -> None:
        """Have resources measured, and wait until the numbers of each that can be measured are there."""
        able = frozenset(each.id for each in resources if Ability.METRICS in each.abilities)
        await self._fleet.attend(self._view, Interest(able, self._kinds))
        await self._until(lambda: all(map(self._measured, able)), limit)

    def _measured(self, identity: ResourceId) -> bool:
        """Whether all its columns have numbers. Rates come with the second sample; what is missing then, stays so."""
        inventory, kind = self._fleet.inventory, self._fleet.catalogue.kinds.get(identity.kind)
        recent = inventory.recent(identity)
        if len(recent) != 1:
            return bool(recent) or inventory.get(identity) is None
        columns = kind.columns if kind else ()
        return all((each.key or each.id) in recent[-1].values for each in columns if each.source is Source.METRIC)

    async def look(self, resources: Collection[Resource]) -> None:
        """Have resources measured from now on, without waiting."""
        able = frozenset(each.id for each in resources if Ability.METRICS in each.abilities)
        await self._fleet.attend(self._view, Interest(able, self._kinds))

    async def end(self) -> None:
        """Look away."""
        await self._fleet.attend(self._view, Interest())

    def notice(self) -> None:
        """Something changed."""
        self._changed.set()

    async def _until(self, done: Callable[[], bool], limit: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(limit):
                while not done():
                    self._changed.clear()
                    await self._changed.wait()

    def _brings(self, backend: str, kind: Kind) -> bool:
        info = self._fleet.catalogue.backends.get(backend)
        return info is not None and any(each.id == kind.id for each in info.kinds)


@asynccontextmanager
async def attention(fleet: Fleet) -> AsyncIterator[Attention]:
    """Attention that ends with the block."""
    looking = Attention(fleet)
    end = fleet.subscribe(lambda _delta: looking.notice())
    try:
        yield looking
    finally:
        end()
        await looking.end()
