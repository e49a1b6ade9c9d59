"""What is known now: the same class is the fleet's truth and, in another process, its replica."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from backends.contract.model import Ability, Event, Missing, Resource, ResourceId, Sample
from fleet.values import Connection, ConnectionState, Delta, Job, Shell

RECENT = 30
"""Samples kept per resource for sparklines in tables: one minute at 2 s."""
EVENTS = 500
"""Events kept in memory; older ones are in the journal."""
JOBS = 200
"""Ended jobs kept in memory; older ones are in the journal."""


class Inventory:
    """Resources by id, connections, jobs and shells. Written only by ``apply``."""

    def __init__(self) -> None:
        self.connections: dict[str, Connection] = {}
        self.jobs: dict[str, Job] = {}
        self.shells: dict[str, Shell] = {}
        self.missing: tuple[Missing, ...] = ()
        self.events: deque[Event] = deque(maxlen=EVENTS)
        self._kinds: dict[str, dict[ResourceId, Resource]] = {}
        self._recent: dict[ResourceId, deque[Sample]] = {}

    def get(self, resource: ResourceId) -> Resource | None:
        """The resource as last seen."""
        return self._kinds.get(resource.kind, {}).get(resource)

    def of_kind(self, kind: str) -> Mapping[ResourceId, Resource]:
        """All resources of a kind, over all connections."""
        return self._kinds.get(kind, {})

    def kinds(self) -> Sequence[str]:
        """The kinds something is known of."""
        return [kind for kind, resources in self._kinds.items() if resources]

    def all(self) -> Iterable[Resource]:
        """Every known resource."""
        for resources in self._kinds.values():
            yield from resources.values()

    def __len__(self) -> int:
        return sum(len(resources) for resources in self._kinds.values())

    def at(self, connection: str) -> Iterable[Resource]:
        """Every known resource of a connection."""
        return (resource for resource in self.all() if resource.id.connection == connection)

    def sample(self, resource: ResourceId) -> Sample | None:
        """The newest measurement of a resource."""
        recent = self._recent.get(resource)
        return recent[-1] if recent else None

    def recent(self, resource: ResourceId) -> Sequence[Sample]:
        """The last minute of measurements, oldest first."""
        return self._recent.get(resource, ())

    def backend_of(self, resource: ResourceId) -> str:
        """The id of the backend a resource belongs to; empty when its connection is unknown."""
        connection = self.connections.get(resource.connection)
        return connection.spec.backend if connection else ""

    def stale(self, resource: ResourceId) -> float | None:
        """Since when what is known of a resource may be untrue, or ``None`` while its connection is live."""
        connection = self.connections.get(resource.connection)
        if connection is None:
            return 0.0
        if connection.state in (ConnectionState.ONLINE, ConnectionState.DEGRADED):
            return None
        return connection.seen if connection.seen is not None else connection.since

    def apply(self, delta: Delta) -> None:
        """Bring everything up to date."""
        if delta.fresh:
            self.clear()
        for connection in delta.connections:
            self.connections[connection.spec.id] = connection
        for resource in delta.resources:
            self._kinds.setdefault(resource.id.kind, {})[resource.id] = resource
            if Ability.METRICS not in resource.abilities:
                self._recent.pop(resource.id, None)  # what was measured before it stopped is not what it uses now
        for identity in delta.gone:
            self._kinds.get(identity.kind, {}).pop(identity, None)
            self._recent.pop(identity, None)
        for closed in delta.closed:
            self._forget(closed)
        for sample in delta.samples:
            self._remember(sample)
        self._apply_work(delta)

    def clear(self) -> None:
        """Forget everything, because all of it is about to come again."""
        self.connections.clear()
        self.jobs.clear()
        self.shells.clear()
        self.events.clear()
        self._kinds.clear()
        self._recent.clear()

    def _apply_work(self, delta: Delta) -> None:
        for job in delta.jobs:
            self.jobs[job.id] = job
        while len(self.jobs) > JOBS:
            ended = next((job.id for job in self.jobs.values() if job.ended is not None), None)
            if ended is None:
                break
            del self.jobs[ended]
        for shell in delta.shells:
            self.shells[shell.id] = shell
        for ended in delta.ended_shells:
            self.shells.pop(ended, None)
        self.events.extend(delta.events)
        if delta.missing is not None:
            self.missing = delta.missing

    def _remember(self, sample: Sample) -> None:
        resource = self.get(sample.resource)
        if resource is not None and Ability.METRICS not in resource.abilities:
            return  # it was on its way when the resource stopped
        recent = self._recent.get(sample.resource)
        if recent is None:
            recent = self._recent[sample.resource] = deque(maxlen=RECENT)
        recent.append(sample)

    def _forget(self, connection: str) -> None:
        self.connections.pop(connection, None)
        for resources in self._kinds.values():
            for identity in [identity for identity in resources if identity.connection == connection]:
                del resources[identity]
                self._recent.pop(identity, None)
