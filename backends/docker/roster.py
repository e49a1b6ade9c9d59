"""What is known of one engine: lists without an inspection each, and the few inspections that explain something.

A list says neither restart count nor exit reason, so each container is inspected once, and again only when it looks
different. Troubled ones come first; of thousands the rest follows little by little, while nothing else happens.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from backends.contract.errors import Conflict, NotFound, Refused
from backends.contract.model import Health, Resource, ResourceId, State
from backends.docker import things, translate
from backends.docker.client import Client
from backends.docker.kinds import CONTAINER, IMAGE, NETWORK, STACK, VOLUME
from backends.docker.streams import Engine
from backends.docker.translate import Detail, Look, Row, Uses
from backends.lane import Lane

AT_ONCE = 16
"""Inspections under way at a time."""
FIRST = 200
"""Containers inspected before a list is given out; what is left trickles."""
TRICKLE = 25
FEW = 100
"""Rows translated on the event loop: for so few the way to the lane and back would take longer."""
LOOK_BY_ID = 100
"""More touched containers than this are looked at by listing all: their ids would not fit an address."""

_Translate = Callable[[str, Row, things.Usage], Resource]


class _Seen(NamedTuple):
    """A container as last listed."""

    row: Row
    look: Look
    uses: Uses


class Roster:
    """Lists an engine's things and remembers what is needed to keep lists cheap."""

    def __init__(self, connection: str, engine: Engine, client: Client, lane: Lane) -> None:
        self._connection = connection
        self._engine = engine
        self._client = client
        self._lane = lane
        self._seen: dict[str, _Seen] = {}
        self._details: dict[str, tuple[Look, Detail]] = {}
        self._containers: dict[str, Resource] = {}
        self._things: dict[ResourceId, Resource] = {}
        self._pending: dict[str, None] = {}
        self._looked: dict[str, float] = {}
        """When an event last made us look at a container: that beats a list asked for before."""
        self._listed = False
        self.watched = False
        """Whether a watch keeps the containers up to date, so that other lists need not ask for them."""

    async def resources(self, kinds: Collection[str]) -> list[Resource]:
        """All resources of these kinds."""
        found: list[Resource] = []
        if not kinds:
            return found
        if not self._listed or not self.watched or CONTAINER in kinds or STACK in kinds:
            await self._list_containers()
        if CONTAINER in kinds:
            found += self._containers.values()
        if STACK in kinds:
            found += things.stacks(self._containers.values())
        usage = things.Usage.of(seen.uses for seen in self._seen.values())
        for kind, rows, one in (
            (IMAGE, self._client.images, things.image),
            (VOLUME, self._client.volumes, things.volume),
            (NETWORK, self._client.networks, things.network),
        ):
            if kind in kinds:
                found += await self._list_things(kind, rows, one, usage)
        return found

    def container(self, native: str) -> Resource | None:
        """A container as last seen."""
        return self._containers.get(native)

    def runs(self, native: str) -> bool:
        """Whether a container, as last seen, can be measured."""
        known = self._containers.get(native)
        return known is None or known.state in (State.RUNNING, State.PAUSED)

    def members(self, project: str) -> list[Resource]:
        """The containers of a compose project, as last seen."""
        return [r for r in self._containers.values() if r.parent is not None and r.parent.native == project]

    def users(self, identity: ResourceId) -> list[Resource]:
        """The containers that use an image, a volume or a network, as last seen."""
        field = {IMAGE: 0, VOLUME: 1, NETWORK: 2}[identity.kind]
        return [
            self._containers[native]
            for native, seen in self._seen.items()
            if native in self._containers and identity.native in _names(seen.uses[field])
        ]

    def leaning(self, native: str) -> list[str]:
        """The names of containers that share this one's network."""
        return sorted(
            self._containers[other].name
            for other, seen in self._seen.items()
            if str((seen.row.get("HostConfig") or {}).get("NetworkMode")) == f"container:{native}"
            and other in self._containers
        )

    def distrust(self, native: str) -> None:
        """Inspect a container again when it is next listed, however it looks."""
        self._details.pop(native, None)

    @property
    def pending(self) -> bool:
        """Whether there are containers not inspected yet."""
        return bool(self._pending)

    async def look(self, natives: Collection[str]) -> tuple[list[Resource], list[ResourceId]]:
        """Look again at containers something happened to, and at what they use; what changed and what is gone."""
        if len(natives) > LOOK_BY_ID:
            rows = await self._engine.get("/containers/json", {"all": True})
        else:
            chosen = msgspec.json.encode({"id": sorted(natives)}).decode()
            rows = await self._engine.get("/containers/json", {"all": True, "filters": chosen})
        by_id = {translate.native(row): row for row in rows or () if translate.native(row) in natives}
        self._looked |= dict.fromkeys(natives, time.monotonic())
        touched = self._touched(natives, by_id)
        for native in natives:
            self._details.pop(native, None)
            self._forget(native)
        for native, row in by_id.items():
            self._remember(native, row)
        await self._inspect(by_id)
        changed = self._translated(by_id)
        gone = [self._id(native) for native in natives if native not in by_id]
        after = self._touched(natives, by_id)
        more, lost_stacks = self._beside(touched | after)
        return changed + more, gone + lost_stacks

    async def trickle(self) -> list[Resource]:
        """Inspect a few more of the containers not inspected yet."""
        few = list(islice(self._pending, TRICKLE))
        await self._inspect(few)
        for native in few:
            self._pending.pop(native, None)
        return self._translated(few)

    async def _list_containers(self) -> None:
        began = time.monotonic()
        rows = await self._lane.run(self._client.containers)
        newer = {native for native, at in self._looked.items() if at >= began}
        self._looked = {native: self._looked[native] for native in newer}
        current = {native: row for row in rows if (native := translate.native(row)) not in newer}
        for native in [native for native in self._seen if native not in current and native not in newer]:
            self._forget(native)
            self._details.pop(native, None)
        moved = {native: row for native, row in current.items() if not self._is_same(native, row)}
        for native, row in current.items():
            self._remember(native, row)
        lacking = [native for native in current if native not in self._details]
        lacking.sort(key=lambda native: not translate.troubled(current[native]))
        self._pending = dict.fromkeys(lacking[FIRST:])
        await self._inspect(lacking[:FIRST])
        moved |= {native: current[native] for native in lacking[:FIRST]}
        fresh = await self._made(list(moved.values()))
        late = {native for native, at in self._looked.items() if at >= began}
        self._containers |= {r.id.native: r for r in fresh if r.id.native not in late and r.id.native in self._seen}
        self._listed = True

    def _is_same(self, native: str, row: Row) -> bool:
        """Whether a container is just as it was, but for its age: then its resource is still right."""
        seen, known = self._seen.get(native), self._containers.get(native)
        if seen is None or known is None or known.health is Health.WARNING:  # some warnings end by themselves
            return False
        if not translate.unchanged(seen.look, translate.look(row)):
            return False
        return {**seen.row, "Status": ""} == {**row, "Status": ""}

    async def _made(self, rows: list[Row]) -> list[Resource]:
        """Resources of listed containers; many are made on the lane, so that the loop goes on."""
        details = {native: known for native, (_, known) in self._details.items()}
        if len(rows) < FEW:
            return translate.containers(self._connection, rows, details, time.time())
        return await self._lane.run(translate.containers, self._connection, rows, details, time.time())

    async def _list_things(
        self, kind: str, rows: Callable[[], list[dict[str, Any]]], one: _Translate, usage: things.Usage
    ) -> list[Resource]:
        listed = await self._lane.run(rows)
        found = {resource.id: resource for resource in (one(self._connection, row, usage) for row in listed)}
        for identity in [identity for identity in self._things if identity.kind == kind]:
            del self._things[identity]
        self._things |= found
        return list(found.values())

    def _remember(self, native: str, row: Row) -> None:
        self._seen[native] = _Seen(row, translate.look(row), translate.uses(row))
        known = self._details.get(native)
        if known is None:
            return
        if translate.unchanged(known[0], self._seen[native].look):
            self._details[native] = (self._seen[native].look, known[1])
        else:
            del self._details[native]

    def _forget(self, native: str) -> None:
        self._seen.pop(native, None)
        self._containers.pop(native, None)
        self._pending.pop(native, None)

    async def _inspect(self, natives: Iterable[str]) -> None:
        """Inspect containers beside one another; one that vanished meanwhile is simply not explained."""
        waiting = iter(list(natives))

        async def work() -> None:
            for native in waiting:
                try:
                    inspected = await self._engine.get(f"/containers/{native}/json")
                except (NotFound, Conflict, Refused):
                    continue
                if native in self._seen and inspected:
                    self._details[native] = (self._seen[native].look, translate.detail(inspected))

        await together(work() for _ in range(AT_ONCE))

    def _translated(self, natives: Iterable[str]) -> list[Resource]:
        now = time.time()
        found: list[Resource] = []
        for native in natives:
            seen = self._seen.get(native)
            if seen is None:
                continue
            known = self._details.get(native)
            resource = translate.container(self._connection, seen.row, known[1] if known else None, now)
            self._containers[native] = resource
            found.append(resource)
        return found

    def _touched(self, natives: Collection[str], rows: Mapping[str, Row]) -> set[ResourceId]:
        """The stacks and things these containers belong to or use, before or after."""
        found: set[ResourceId] = set()
        for native in natives:
            resource = self._containers.get(native)
            if resource is not None and resource.parent is not None:
                found.add(resource.parent)
            seen = self._seen.get(native)
            for uses in (seen.uses if seen else None, translate.uses(rows[native]) if native in rows else None):
                found |= self._used_ids(uses) if uses else set()
        return found

    def _used_ids(self, uses: Uses) -> set[ResourceId]:
        pairs = [(IMAGE, uses.image), *((VOLUME, v) for v in uses.volumes), *((NETWORK, n) for n in uses.networks)]
        return {ResourceId(self._connection, kind, native) for kind, native in pairs}

    def _beside(self, touched: set[ResourceId]) -> tuple[list[Resource], list[ResourceId]]:
        """Stacks and things as they are now, after something happened to containers of theirs."""
        changed: list[Resource] = []
        gone: list[ResourceId] = []
        usage = things.Usage.of(seen.uses for seen in self._seen.values())
        for identity in sorted(touched):
            if identity.kind == STACK:
                members = self.members(identity.native)
                if members:
                    changed.append(things.stack(identity, members))
                else:
                    gone.append(identity)
            elif (thing := self._things.get(identity)) is not None:
                now = things.used(thing, usage.users(identity))
                if now is not thing:
                    self._things[identity] = now
                    changed.append(now)
        return changed, gone

    def _id(self, native: str) -> ResourceId:
        return ResourceId(self._connection, CONTAINER, native)


def _names(value: str | Sequence[str]) -> Sequence[str]:
    return (value,) if isinstance(value, str) else value


async def together(work: Iterable[Any]) -> None:
    """Run coroutines beside one another; the first failure is raised as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures
