"""The verbs of a compose project: the same for all its members, in the order they depend on one another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from backends.contract.errors import BackendError, NotFound, Refused
from backends.contract.model import Ability, Resource
from backends.contract.operation import Arguments, Outcome, Report, Step, Undo
from backends.docker import lifecycle
from backends.docker.client import Client
from backends.docker.roster import together
from backends.docker.session import DockerSession
from backends.docker.translate import PROJECT, SERVICE, native

DEPENDS = "com.docker.compose.depends_on"

_Run = Callable[[DockerSession, Resource, Arguments, Report], Awaitable[Outcome]]


async def plan_start(session: DockerSession, resource: Resource, _arguments: Arguments) -> Step:
    """Says which members start."""
    return await _plan(session, resource, Ability.START, ("start",), "starts", undo="it can be stopped again")


async def plan_stop(session: DockerSession, resource: Resource, arguments: Arguments) -> Step:
    """Says which members stop."""
    return await _plan(session, resource, Ability.STOP, _words("stop", arguments), "stops", undo="it can be started")


async def plan_restart(session: DockerSession, resource: Resource, arguments: Arguments) -> Step:
    """Says which members restart."""
    return await _plan(session, resource, Ability.RESTART, _words("restart", arguments), "restarts", undo="")


async def start(session: DockerSession, resource: Resource, arguments: Arguments, report: Report) -> Outcome:
    """Start the members that do not run, those others depend on first."""
    layers = await _layers(session, resource, Ability.START)
    await _run(session, layers, lifecycle.start, arguments, report)
    undo = Undo(f"Stop {resource.name}", "stop", (resource.id,))
    return Outcome(f"{_counted(layers)} of {resource.name} started.", undo)


async def stop(session: DockerSession, resource: Resource, arguments: Arguments, report: Report) -> Outcome:
    """Stop the members that run, those others depend on last."""
    layers = (await _layers(session, resource, Ability.STOP))[::-1]
    await _run(session, layers, lifecycle.stop, arguments, report)
    undo = Undo(f"Start {resource.name}", "start", (resource.id,))
    return Outcome(f"{_counted(layers)} of {resource.name} stopped.", undo)


async def restart(session: DockerSession, resource: Resource, arguments: Arguments, report: Report) -> Outcome:
    """Restart the members, those others depend on first."""
    layers = await _layers(session, resource, Ability.RESTART)
    await _run(session, layers, lifecycle.restart, arguments, report)
    return Outcome(f"{_counted(layers)} of {resource.name} restarted.")


async def _plan(
    session: DockerSession, resource: Resource, ability: Ability, words: Sequence[str], does: str, *, undo: str
) -> Step:
    layers = await _layers(session, resource, ability)
    members = [member.name for layer in (layers[::-1] if does == "stops" else layers) for member in layer]
    return Step(
        resource.id,
        resource.name,
        f"{does}: {len(members)} of its containers",
        session.endpoint.call(*words, *members),
        dependants=tuple(f"container {name} {does}" for name in members),
        undo=undo,
    )


async def _layers(session: DockerSession, stack: Resource, ability: Ability) -> list[list[Resource]]:
    """The members with an ability, each layer after what it depends on.

    Raises:
        NotFound: if the project has no containers any more.
    """
    label = f"{PROJECT}={stack.id.native}"
    rows = await session.call(Client.containers, label=label)
    members = {member.id.native: member for member in session.roster.members(stack.id.native)}
    if not rows:
        raise NotFound(f"The stack {stack.name} has no containers any more.")
    by_service: dict[str, list[Resource]] = {}
    needs: dict[str, set[str]] = {}
    for row in rows:
        labels = row.get("Labels") or {}
        service = str(labels.get(SERVICE) or native(row))
        needs.setdefault(service, set()).update(_needs(labels))
        member = members.get(native(row))
        if member is not None and ability in member.abilities:
            by_service.setdefault(service, []).append(member)
    return [layer for layer in (_members(by_service, services) for services in ordered(needs)) if layer]


def ordered(needs: Mapping[str, set[str]]) -> list[list[str]]:
    """Services in layers, each after what it needs; all in one where they need one another in a circle."""
    sorter = TopologicalSorter({service: wanted & needs.keys() for service, wanted in needs.items()})
    try:
        sorter.prepare()
    except CycleError:
        return [sorted(needs)]
    layers: list[list[str]] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        layers.append(ready)
        sorter.done(*ready)
    return layers


def _needs(labels: Mapping[str, Any]) -> set[str]:
    """The services a container's label says it needs: ``db:service_started:false,cache:…``."""
    text = str(labels.get(DEPENDS) or "")
    return {part.partition(":")[0].strip() for part in text.split(",") if part.strip()}


def _members(by_service: Mapping[str, list[Resource]], services: Iterable[str]) -> list[Resource]:
    return sorted((m for service in services for m in by_service.get(service, ())), key=lambda member: member.name)


async def _run(
    session: DockerSession, layers: Sequence[Sequence[Resource]], verb: _Run, arguments: Arguments, report: Report
) -> None:
    """Do it to all members, layer by layer; those that fail do not keep the others from it.

    Raises:
        Refused: naming the members it failed for.
    """
    total, done, failed = sum(len(layer) for layer in layers), 0, []

    async def one(member: Resource) -> None:
        nonlocal done
        try:
            outcome = await verb(session, member, arguments, _Quiet())
        except BackendError as error:
            failed.append(member.name)
            report.output(f"{member.name}: {error.message}\n".encode(), error=True)
        else:
            report.output(f"{outcome.summary}\n".encode())
        done += 1
        report.progress(done / total, f"{done} of {total}")

    for layer in layers:
        await together(one(member) for member in layer)
    if failed:
        raise Refused(f"It failed for {', '.join(failed)}.", hint="The output says why.")


class _Quiet:
    """A report for members: the stack tells how far it is."""

    def progress(self, done: float | None, text: str) -> None:
        """Say nothing."""

    def output(self, data: bytes, *, error: bool = False) -> None:
        """Say nothing."""


def _words(verb: str, arguments: Arguments) -> tuple[str, ...]:
    grace = arguments.get("timeout")
    return (verb, "--time", str(10 if grace is None else int(grace)))


def _counted(layers: Sequence[Sequence[Resource]]) -> str:
    count = sum(len(layer) for layer in layers)
    return "1 container" if count == 1 else f"{count} containers"
