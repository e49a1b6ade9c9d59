"""Keeps one connection: opens it, follows it, tells what it learns, and tries again when it is lost."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import NamedTuple

import msgspec

from backends.contract.errors import BackendError, NeedsAuth, TimedOut, Unreachable
from backends.contract.model import Change, ConnectionSpec, Kind, Resource, ResourceId, Sample
from backends.contract.session import Backend, Context, Measured, Session, Watched
from backends.guard import guarded
from fleet.attention import Gaze
from fleet.inventory import Inventory
from fleet.values import Connection, ConnectionState, Delta

Publish = Callable[[Delta], None]
Unguarded = (Unreachable, TimedOut, NeedsAuth)
"""Errors that mean the connection is lost; any other in a stream only degrades it."""

CONFIRM_AFTER = 5.0
"""Seconds after news of a kind until it is listed again to be sure; a burst of news asks once."""


class Pace(NamedTuple):
    """How often, in seconds, the keeper does what."""

    list_every: float = 30.0
    volatile_every: float = 2.0
    sample_every: float = 2.0
    open_limit: float = 30.0
    first_retry: float = 1.0
    last_retry: float = 120.0
    mend_after: float = 10.0
    """How long a degraded stream waits before it is opened again."""


class Keeper:
    """One task per connection, and the only writer of what is known about it."""

    def __init__(
        self,
        spec: ConnectionSpec,
        load: Callable[[], Backend],
        *,
        context: Context,
        inventory: Inventory,
        publish: Publish,
        pace: Pace,
    ) -> None:
        self.spec = spec
        self.gaze = Gaze()
        self.session: Session | None = None
        self._load = load
        self._context = context
        self._inventory = inventory
        self._publish = publish
        self._pace = pace
        self._kinds: Sequence[Kind] = ()
        self._woken = asyncio.Event()
        self._stale: set[str] = set()
        self._look = asyncio.Event()
        self.answered = asyncio.Event()
        """Set once it has answered, failed, or was never to be opened."""
        self._touched: dict[ResourceId, float] = {}
        self._troubles: dict[str, BackendError] = {}
        self._confirming: set[str] = set()
        self._connection = Connection(spec=spec, state=ConnectionState.CONNECTING, since=time.time())

    @property
    def connection(self) -> Connection:
        """The connection as it stands."""
        return self._connection

    def retry(self) -> None:
        """Try again now instead of later; of a live connection, list everything again."""
        self._woken.set()
        self.look()

    def look(self, kinds: frozenset[str] | None = None) -> None:
        """List these kinds (or all) again, soon."""
        self._stale |= kinds if kinds is not None else {kind.id for kind in self._kinds if not kind.volatile}
        self._look.set()

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        failures = 0
        while True:
            began = time.monotonic()
            error = await self._once()
            if time.monotonic() - began > self._pace.last_retry:
                failures = 0
            failures += 1
            await self._rest(error, failures)

    async def _once(self) -> BackendError:
        """Open and follow until it is lost; returns why."""
        self._say(ConnectionState.CONNECTING)
        try:
            with guarded(self.spec.id):
                await self._open_and_follow()
        except BackendError as error:
            return error
        finally:
            session, self.session = self.session, None
            if session is not None:
                await self._close(session)
        return Unreachable(f"{self.spec.id} ended the connection.")

    async def _open_and_follow(self) -> None:
        backend = self._load()
        self._kinds = backend.kinds
        try:
            async with asyncio.timeout(self._pace.open_limit):
                self.session = await backend.open(self.spec, self._context)
        except TimeoutError as error:
            raise TimedOut(f"{self.spec.id} did not answer within {self._pace.open_limit:g} s.") from error
        self._troubles.clear()
        await self._follow(self.session)

    async def _close(self, session: Session) -> None:
        try:
            with guarded(self.spec.id):
                async with asyncio.timeout(5):
                    await session.close()
        except (BackendError, TimeoutError):
            return

    async def _follow(self, session: Session) -> None:
        """List, watch and measure beside one another until one of them says the connection is lost."""
        try:
            async with asyncio.TaskGroup() as group:
                ready = asyncio.Event()
                if isinstance(session, Watched):
                    group.create_task(self._mended("events", lambda: self._watch(session, ready)))
                else:
                    ready.set()
                await self._list(session, self._lasting())
                ready.set()
                group.create_task(self._lists(session))
                group.create_task(self._volatile(session))
                if isinstance(session, Measured):
                    group.create_task(self._mended("measurements", lambda: self._measure(session)))
        except ExceptionGroup as failures:
            ours, others = failures.split(BackendError)
            if ours is None or others is not None:
                raise
            raise _first(ours) from failures

    def _lasting(self) -> frozenset[str]:
        return frozenset(kind.id for kind in self._kinds if not kind.volatile)

    async def _lists(self, session: Session) -> None:
        """The slow list that repairs what events missed, and the quick one that events ask for."""
        while True:
            try:
                async with asyncio.timeout(self._pace.list_every):
                    await self._look.wait()
                await asyncio.sleep(0.1)  # a burst of events asks once
                wanted = frozenset(self._stale)
            except TimeoutError:
                wanted = self._lasting()
            self._look.clear()
            self._stale.clear()
            if wanted:
                await self._list(session, wanted)

    async def _volatile(self, session: Session) -> None:
        """Kinds that come and go by the second, while somebody looks."""
        shown: frozenset[str] = frozenset()
        while True:
            wanted = self.gaze.kinds
            for kind in shown - wanted:
                self._publish(Delta(gone=tuple(self._known(kind))))
            shown = wanted
            if not wanted:
                await self.gaze.changed()
                continue
            await self._list(session, wanted)
            try:
                async with asyncio.timeout(self._pace.volatile_every):
                    await self.gaze.changed()
            except TimeoutError:
                continue

    async def _list(self, session: Session, kinds: frozenset[str]) -> None:
        began = time.monotonic()
        with guarded(self.spec.id):
            found = await session.resources(kinds)
        latency = time.monotonic() - began
        current = {resource.id: resource for resource in found if self._untouched(resource.id, began)}
        known = {identity for kind in kinds for identity in self._known(kind) if self._untouched(identity, began)}
        self._touched = {identity: at for identity, at in self._touched.items() if at >= began}
        self._publish(
            Delta(
                resources=tuple(r for r in current.values() if self._inventory.get(r.id) != r),
                gone=tuple(known - current.keys()),
            )
        )
        self._live(latency)

    def _known(self, kind: str) -> Sequence[ResourceId]:
        return [identity for identity in self._inventory.of_kind(kind) if identity.connection == self.spec.id]

    def _untouched(self, identity: ResourceId, since: float) -> bool:
        """Whether no event told of the resource after the list was asked for: news beats an older list."""
        return self._touched.get(identity, 0.0) < since

    async def _watch(self, session: Watched, ready: asyncio.Event) -> None:
        async with aclosing(session.watch()) as news:
            async for change in news:
                await ready.wait()
                self._learn(change)
        raise Unreachable(f"{self.spec.id} stopped telling its events.")

    def _learn(self, change: Change) -> None:
        now = time.monotonic()
        for identity in (*change.gone, *(resource.id for resource in change.resources)):
            self._touched[identity] = now
        changed = tuple(r for r in change.resources if self._inventory.get(r.id) != r)
        gone = tuple(identity for identity in change.gone if self._inventory.get(identity) is not None)
        if delta := Delta(resources=changed, gone=gone, events=change.events):
            self._publish(delta)
        if change.stale:
            self.look(change.stale)
        self._confirm_later({identity.kind for identity in (*gone, *(r.id for r in change.resources))})

    def _confirm_later(self, kinds: set[str]) -> None:
        """List what events told of once more, soon: an engine may tell of a change before its own lists show it."""
        if fresh := kinds - self._confirming:
            self._confirming |= fresh
            asyncio.get_running_loop().call_later(CONFIRM_AFTER, self._confirm, frozenset(fresh))

    def _confirm(self, kinds: frozenset[str]) -> None:
        self._confirming -= kinds
        self.look(kinds)

    async def _measure(self, session: Measured) -> None:
        stream: AsyncGenerator[Sequence[Sample], None] = session.samples(self.gaze, self._pace.sample_every)
        async with aclosing(stream) as batches:
            async for batch in batches:
                if batch:
                    self._publish(Delta(samples=tuple(batch)))
        raise Unreachable(f"{self.spec.id} stopped measuring.")

    async def _mended(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run a stream; when it fails without the connection being lost, say so and open it again later."""
        while True:
            try:
                with guarded(f"{self.spec.id} ({what})"):
                    await work()
            except Unguarded:
                raise
            except BackendError as error:
                self._troubles[what] = error
                self._live(self._connection.latency)
            await asyncio.sleep(self._pace.mend_after)
            self._troubles.pop(what, None)

    def _live(self, latency: float | None) -> None:
        trouble = next(iter(self._troubles.values()), None)
        state = ConnectionState.DEGRADED if trouble else ConnectionState.ONLINE
        self._say(state, trouble, latency=latency, seen=time.time())

    async def _rest(self, error: BackendError, failures: int) -> None:
        """Wait before the next attempt: full-jitter back-off, or for a person where credentials were refused."""
        self._woken.clear()
        if isinstance(error, NeedsAuth):
            self._say(ConnectionState.NEEDS_AUTH, error)
            await self._woken.wait()
            return
        ceiling = min(self._pace.last_retry, self._pace.first_retry * 2 ** min(failures - 1, 16))
        jitter = random.random()  # noqa: S311 - spreads retries, guards no secret
        pause = self._pace.first_retry if failures == 1 else max(self._pace.first_retry / 2, jitter * ceiling)
        self._say(ConnectionState.OFFLINE, error, retry_at=time.time() + pause)
        try:
            async with asyncio.timeout(pause):
                await self._woken.wait()
        except TimeoutError:
            return

    def _say(
        self,
        state: ConnectionState,
        error: BackendError | None = None,
        *,
        retry_at: float | None = None,
        latency: float | None = None,
        seen: float | None = None,
    ) -> None:
        """Tell where the connection stands, if that is news. While connecting again the old reason stays readable."""
        was = self._connection
        reason, hint = (error.message, error.hint) if error else (None, None)
        if error is None and state is ConnectionState.CONNECTING:
            reason, hint = was.reason, was.hint
        now = Connection(
            spec=self.spec,
            state=state,
            since=was.since if was.state is state else time.time(),
            reason=reason,
            hint=hint,
            retry_at=retry_at,
            seen=seen if seen is not None else was.seen,
            latency=latency if latency is not None else was.latency,
        )
        if state is not ConnectionState.CONNECTING:
            self.answered.set()
        same = msgspec.structs.replace(now, seen=was.seen, latency=was.latency) == was
        self._connection = now
        if not same or self._inventory.connections.get(self.spec.id) is None or _moved(was, now):
            self._publish(Delta(connections=(now,)))

    def disable(self, reason: str) -> None:
        """Say that it is not to be opened."""
        self._say(ConnectionState.DISABLED, Unreachable(reason))

    def announce(self) -> None:
        """Tell where the connection stands, for the first time."""
        self._publish(Delta(connections=(self._connection,)))

    def known(self) -> Sequence[Resource]:
        """What is known of the connection's lasting resources, for the cache."""
        lasting = self._lasting()
        return [resource for resource in self._inventory.at(self.spec.id) if resource.id.kind in lasting]


def _first(group: BaseExceptionGroup[BackendError]) -> BackendError:
    """The error that best tells why the connection was lost."""
    found: list[BackendError] = []

    def collect(inner: BaseExceptionGroup[BackendError]) -> None:
        for error in inner.exceptions:
            if isinstance(error, BaseExceptionGroup):
                collect(error)
            else:
                found.append(error)

    collect(group)
    return next((error for error in found if isinstance(error, NeedsAuth)), found[0])


def _moved(was: Connection, now: Connection) -> bool:
    """Whether ``seen`` moved enough to be told: clients need it about every half minute, not at each list."""
    if was.seen is None or now.seen is None:
        return was.seen is not now.seen
    return now.seen - was.seen > 25
