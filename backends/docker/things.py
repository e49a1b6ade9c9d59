"""Docker's words for images, volumes, networks and compose projects into ours. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from backends.contract.model import Ability, Fact, Health, Resource, ResourceId, State
from backends.docker.kinds import IMAGE, NETWORK, STACK, VOLUME
from backends.docker.moments import moment
from backends.docker.translate import PROJECT, Row, Uses

_ENGINES_OWN = frozenset({"bridge", "host", "none", "podman"})
_FOLDER = "com.docker.compose.project.working_dir"
_FILES = "com.docker.compose.project.config_files"
_WORST = (Health.FAULT, Health.WARNING, Health.GOOD, Health.UNKNOWN)
_RANDOM = re.compile(r"[0-9a-f]{64}")


class Usage(NamedTuple):
    """How many containers use what, by native id."""

    images: Counter[str]
    volumes: Counter[str]
    networks: Counter[str]

    @classmethod
    def of(cls, all_uses: Iterable[Uses]) -> Usage:
        """Count what these containers use."""
        usage = cls(Counter(), Counter(), Counter())
        for one in all_uses:
            usage.images[one.image] += 1
            usage.volumes.update(one.volumes)
            usage.networks.update(one.networks)
        return usage

    def users(self, identity: ResourceId) -> int:
        """How many containers use a thing."""
        by_kind = {IMAGE: self.images, VOLUME: self.volumes, NETWORK: self.networks}
        return by_kind[identity.kind][identity.native]


def used(thing: Resource, count: int) -> Resource:
    """The same thing, used by so many containers."""
    if thing.facts.get("used_by") == count:
        return thing
    abilities = thing.abilities
    if thing.id.kind == VOLUME:
        abilities = Ability.INSPECT if count else Ability.INSPECT | Ability.REMOVE
    return msgspec.structs.replace(
        thing,
        state=State.IN_USE if count else State.PRESENT,
        status="in use" if count else "unused",
        abilities=abilities,
        facts={**thing.facts, "used_by": count},
    )


def image(connection: str, row: Row, usage: Usage) -> Resource:
    """A listed image."""
    native = str(row.get("Id") or "")
    tags = [str(tag) for tag in row.get("RepoTags") or () if not str(tag).startswith("<none>")]
    digests = [str(digest).partition("@")[0] for digest in row.get("RepoDigests") or ()]
    short = native.removeprefix("sha256:")[:12]
    untagged = next(
        (f"{name}@{short}" for name in digests if name and not name.startswith("<none>")), f"<none>@{short}"
    )
    created = row.get("Created")
    facts: dict[str, Fact] = {"size": int(row.get("Size") or 0), "short_id": short, "tags": tags}
    thing = Resource(
        id=ResourceId(connection, IMAGE, native),
        name=tags[0] if tags else untagged,
        state=State.PRESENT,
        abilities=Ability.INSPECT | Ability.REMOVE,
        labels=_labels(row),
        facts=facts,
        created=float(created) if isinstance(created, int | float) and created > 0 else moment(created),
    )
    return used(thing, usage.images[native])


def volume(connection: str, row: Row, usage: Usage) -> Resource:
    """A listed volume. One that nobody named shows the beginning of its random name."""
    native = str(row.get("Name") or "")
    labels = _labels(row)
    anonymous = "com.docker.volume.anonymous" in labels or bool(_RANDOM.fullmatch(native))
    thing = Resource(
        id=ResourceId(connection, VOLUME, native),
        name=native[:12] if _RANDOM.fullmatch(native) else native,
        state=State.PRESENT,
        labels=labels,
        facts=_known(
            driver=row.get("Driver"),
            mountpoint=row.get("Mountpoint"),
            project=labels.get(PROJECT),
            anonymous=anonymous,
        ),
        created=moment(row.get("CreatedAt")),
    )
    return used(thing, usage.volumes[native])


def network(connection: str, row: Row, usage: Usage) -> Resource:
    """A listed network. The engine's own cannot be removed."""
    native, name = str(row.get("Id") or ""), str(row.get("Name") or "")
    subnets = [str(pool.get("Subnet")) for pool in (row.get("IPAM") or {}).get("Config") or () if pool.get("Subnet")]
    labels = _labels(row)
    own = name in _ENGINES_OWN or bool(row.get("Ingress"))
    thing = Resource(
        id=ResourceId(connection, NETWORK, native),
        name=name,
        state=State.PRESENT,
        abilities=Ability.INSPECT if own else Ability.INSPECT | Ability.REMOVE,
        labels=labels,
        facts=_known(
            driver=row.get("Driver"),
            scope=row.get("Scope"),
            subnet=", ".join(subnets),
            internal=bool(row.get("Internal")),
            project=labels.get(PROJECT),
        ),
        created=moment(row.get("Created")),
    )
    return used(thing, usage.networks[native])


def stacks(containers: Iterable[Resource]) -> list[Resource]:
    """Compose projects, as the labels of their containers tell of them."""
    members: dict[ResourceId, list[Resource]] = {}
    for resource in containers:
        if resource.parent is not None and resource.parent.kind == STACK:
            members.setdefault(resource.parent, []).append(resource)
    return [stack(identity, those) for identity, those in members.items()]


def stack(identity: ResourceId, members: Sequence[Resource]) -> Resource:
    """One compose project: as ill as its worst member."""
    running = sum(1 for member in members if member.state in (State.RUNNING, State.PAUSED))
    health = next((health for health in _WORST if any(m.health is health for m in members)), Health.UNKNOWN)
    ill = sorted(m.name for m in members if m.health is health)
    reason = None
    if health in (Health.FAULT, Health.WARNING):
        first = next(m for m in members if m.name == ill[0])
        more = f" (and {len(ill) - 1} more)" if len(ill) > 1 else ""
        reason = f"{ill[0]}{more}: {first.reason or 'it is not well.'}"
    labels = members[0].labels
    return Resource(
        id=identity,
        name=identity.native,
        state=_stack_state(members, running),
        status=f"{running} of {len(members)} running",
        health=health,
        reason=reason,
        abilities=_stack_abilities(members),
        labels={key: labels[key] for key in (PROJECT, _FOLDER, _FILES) if key in labels},
        facts=_known(
            services=", ".join(sorted({str(m.facts["service"]) for m in members if m.facts.get("service")})),
            running=running,
            members=len(members),
            folder=labels.get(_FOLDER),
        ),
        created=min((m.created for m in members if m.created), default=None),
    )


def _stack_state(members: Sequence[Resource], running: int) -> State:
    if running:
        return State.RUNNING
    states = {member.state for member in members}
    for state in (State.STARTING, State.FAILED, State.STOPPED, State.CREATED):
        if state in states:
            return state
    return State.UNKNOWN


def _stack_abilities(members: Sequence[Resource]) -> Ability:
    found = Ability.NONE
    for member in members:
        found |= member.abilities & (Ability.START | Ability.STOP | Ability.RESTART)
    return found


def _labels(row: Row) -> Mapping[str, str]:
    return {str(key): str(value) for key, value in (row.get("Labels") or {}).items()}


def _known(**facts: Any) -> dict[str, Fact]:
    return {key: value for key, value in facts.items() if value not in (None, "")}
