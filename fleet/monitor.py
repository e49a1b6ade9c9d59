"""The monitor: finds connections, keeps a keeper for each, and is the only writer of what is known."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence

import msgspec

from backends.contract.errors import BackendError, NotFound, Unreachable
from backends.contract.model import ConnectionSpec, Discovery, Missing, ResourceId
from backends.contract.session import Context, Session
from backends.guard import guarded
from backends.registry import Registry
from fleet.attention import Views
from fleet.inventory import Inventory
from fleet.keeper import Keeper, Pace, Publish
from fleet.scope import EVERYTHING, Scope
from fleet.supervisor import Supervisor
from fleet.values import Connection, ConnectionState, Delta, Interest

log = logging.getLogger(__name__)

DISCOVER_EVERY = 30.0
"""Seconds between looks for connections that appeared or went: contexts added, sockets created."""
ALWAYS_AT_MOST = 64
"""Resources of ``always`` kinds measured per connection while nobody looks."""


class Monitor:
    """One keeper per connection under one supervisor; trouble at one connection is news, not the end of the others."""

    def __init__(
        self,
        registry: Registry,
        *,
        contexts: Mapping[str, Context],
        configured: Sequence[ConnectionSpec],
        disabled: frozenset[str],
        inventory: Inventory,
        publish: Publish,
        supervisor: Supervisor,
        pace: Pace,
        scope: Scope = EVERYTHING,
    ) -> None:
        self._scope = scope
        self._registry = registry
        self._contexts = contexts
        self._configured = configured
        self._disabled = disabled
        self._inventory = inventory
        self._publish = publish
        self._supervisor = supervisor
        self._pace = pace
        self._keepers: dict[str, Keeper] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._absent: dict[str, int] = {}
        self._views = Views()
        self._found = asyncio.Event()

    async def run(self) -> None:
        """Look for connections now and then, until cancelled."""
        while True:
            await self.discover()
            await asyncio.sleep(DISCOVER_EVERY)

    async def ready(self) -> None:
        """Return when connections were looked for once and each has answered or failed once."""
        await self._found.wait()
        for keeper in self.keepers:
            await keeper.answered.wait()

    @property
    def keepers(self) -> Sequence[Keeper]:
        """All keepers."""
        return tuple(self._keepers.values())

    def keeper(self, connection: str) -> Keeper:
        """The keeper of a connection.

        Raises:
            NotFound: if there is no such connection.
        """
        keeper = self._keepers.get(connection)
        if keeper is None:
            known = ", ".join(self._keepers) or "none"
            raise NotFound(f"There is no connection “{connection}”.", hint=f"Known are: {known}.")
        return keeper

    def session(self, connection: str) -> Session:
        """The live session of a connection.

        Raises:
            NotFound: if there is no such connection.
            Unreachable: while it is not live, with the reason.
        """
        keeper = self.keeper(connection)
        if keeper.session is None:
            stands = keeper.connection
            raise Unreachable(stands.reason or f"{connection} is {stands.state.value}.", hint=stands.hint)
        return keeper.session

    def attend(self, view: str, interest: Interest) -> None:
        """Turn the keepers' attention to what all views look at now."""
        self._views.set(view, interest)
        self.turn()

    def turn(self) -> None:
        """Hand every keeper the union of what views look at and what is always measured."""
        resources, kinds = self._views.resources(), self._views.kinds()
        for name, keeper in self._keepers.items():
            wanted = resources.get(name, frozenset()) | self._always(keeper)
            keeper.gaze.turn(wanted, kinds.get(name, frozenset()))

    def _always(self, keeper: Keeper) -> frozenset[ResourceId]:
        found: list[ResourceId] = []
        for kind in self._always_kinds(keeper.spec.backend):
            found += [identity for identity in self._inventory.of_kind(kind) if identity.connection == keeper.spec.id]
        return frozenset(found[:ALWAYS_AT_MOST])

    def _always_kinds(self, backend: str) -> Sequence[str]:
        try:
            return [kind.id for kind in self._registry.load(backend).kinds if kind.always]
        except BackendError:  # one that cannot be loaded measures nothing; its keeper says why
            return ()

    async def discover(self) -> None:
        """Look for connections; start keepers for new ones, end those of connections gone for good."""
        specs: dict[str, ConnectionSpec] = {spec.id: spec for spec in self._configured}
        missing: list[Missing] = []
        whole = True
        for name in filter(self._scope.covers_backend, self._registry.names):
            try:
                found = await self._look_around(name)
            except BackendError as error:
                log.warning("looking for %s connections failed: %s", name, error)
                whole = False
                continue
            for spec in found.connections:
                ours = specs.get(spec.id)
                specs[spec.id] = spec if ours is None else _joined(ours, spec)
            missing += found.missing
        self._settle({name: spec for name, spec in specs.items() if self._scope.covers(spec)}, whole=whole)
        if tuple(missing) != self._inventory.missing:
            self._publish(Delta(missing=tuple(missing)))
        self._found.set()

    async def _look_around(self, name: str) -> Discovery:
        with guarded(f"backend {name}"):
            backend = self._registry.load(name)
            return await asyncio.to_thread(backend.discover, self._contexts[name])

    def _settle(self, specs: Mapping[str, ConnectionSpec], *, whole: bool) -> None:
        for spec in specs.values():
            self._absent.pop(spec.id, None)
            if spec.backend not in self._contexts:
                self._refuse(spec)
            elif spec.id not in self._keepers:
                self._start(spec)
        if not whole:  # a source that failed half-way must never make connections vanish
            return
        for name in [name for name in self._keepers if name not in specs]:
            self._absent[name] = self._absent.get(name, 0) + 1
            live = self._keepers[name].connection.state in (ConnectionState.ONLINE, ConnectionState.DEGRADED)
            if self._absent[name] >= 2 and not live:
                self._end(name)

    def _refuse(self, spec: ConnectionSpec) -> None:
        """Show a connection whose backend is not installed; the others must not suffer from it."""
        if spec.id not in self._inventory.connections:
            reason = f"There is no backend “{spec.backend}”."
            hint = f"Installed are: {', '.join(self._registry.names) or 'none'}."
            state = ConnectionState.DISABLED if spec.id in self._disabled else ConnectionState.OFFLINE
            self._publish(Delta(connections=(Connection(spec, state, time.time(), reason=reason, hint=hint),)))

    def _start(self, spec: ConnectionSpec) -> None:
        keeper = Keeper(
            spec,
            lambda: self._registry.load(spec.backend),
            context=self._contexts[spec.backend],
            inventory=self._inventory,
            publish=self._publish,
            pace=self._pace,
        )
        self._keepers[spec.id] = keeper
        if spec.id in self._disabled:
            keeper.disable("It is switched off in the settings.")
            return
        keeper.announce()
        self._tasks[spec.id] = self._supervisor.spawn(keeper.run(), f"keeper {spec.id}")

    def _end(self, name: str) -> None:
        self._keepers.pop(name)
        self._absent.pop(name, None)
        if task := self._tasks.pop(name, None):
            task.cancel()
        self._publish(Delta(closed=(name,)))


def _joined(configured: ConnectionSpec, found: ConnectionSpec) -> ConnectionSpec:
    """A found connection with what the settings say about it: they win, and need not repeat what was found."""
    if configured.backend != found.backend:
        return configured
    return msgspec.structs.replace(
        configured,
        title=configured.title or found.title,
        options={**found.options, **configured.options},
        labels={**found.labels, **configured.labels},
        protected=configured.protected or found.protected,
    )
