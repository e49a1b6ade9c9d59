"""The verbs that switch a container: start, stop, restart, pause, resume, signal, rename."""

from __future__ import annotations

from backends.contract.errors import Conflict, Refused
from backends.contract.model import Resource
from backends.contract.operation import Arguments, Outcome, Report, Step, Undo
from backends.docker.client import Client
from backends.docker.session import DockerSession

SLACK = 30.0
"""Seconds an engine may take beyond the time a container is given to end."""
START_LIMIT = 120.0


async def plan_start(session: DockerSession, resource: Resource, _arguments: Arguments) -> Step:
    """Starts it with the settings it was created with."""
    return Step(
        resource.id, resource.name, "starts", session.endpoint.call("start", resource.name), undo="it can be stopped"
    )


async def start(session: DockerSession, resource: Resource, _arguments: Arguments, _report: Report) -> Outcome:
    """Start it; one that runs already is left alone."""
    try:
        await session.engine.post(f"/containers/{resource.id.native}/start", limit=START_LIMIT)
    finally:
        session.roster.distrust(resource.id.native)  # one that cannot start looks the same in the next list
    return Outcome(f"{resource.name} started.", Undo(f"Stop {resource.name}", "stop", (resource.id,)))


async def plan_stop(session: DockerSession, resource: Resource, arguments: Arguments) -> Step:
    """Stops it, and with it what shares its network."""
    grace = _grace(arguments)
    return Step(
        resource.id,
        resource.name,
        f"stops, with {grace} s to end by itself",
        session.endpoint.call("stop", "--time", str(grace), resource.name),
        dependants=_leaning(session, resource),
        undo="it can be started again",
    )


async def stop(session: DockerSession, resource: Resource, arguments: Arguments, report: Report) -> Outcome:
    """Stop it; one that is stopped already is left alone."""
    grace = _grace(arguments)
    report.progress(None, f"waiting up to {grace} s for it to end")
    await session.engine.post(f"/containers/{resource.id.native}/stop", {"t": grace}, limit=grace + SLACK)
    return Outcome(f"{resource.name} stopped.", Undo(f"Start {resource.name}", "start", (resource.id,)))


async def plan_restart(session: DockerSession, resource: Resource, arguments: Arguments) -> Step:
    """Stops it and starts it again."""
    grace = _grace(arguments)
    return Step(
        resource.id,
        resource.name,
        f"stops, with {grace} s to end by itself, and starts again",
        session.endpoint.call("restart", "--time", str(grace), resource.name),
        dependants=_leaning(session, resource),
    )


async def restart(session: DockerSession, resource: Resource, arguments: Arguments, report: Report) -> Outcome:
    """Stop it and start it again."""
    grace = _grace(arguments)
    report.progress(None, f"waiting up to {grace} s for it to end")
    limit = grace + SLACK + START_LIMIT
    await session.engine.post(f"/containers/{resource.id.native}/restart", {"t": grace}, limit=limit)
    return Outcome(f"{resource.name} restarted.")


async def plan_pause(session: DockerSession, resource: Resource, _arguments: Arguments) -> Step:
    """Freezes its processes where they are."""
    return Step(
        resource.id,
        resource.name,
        "is frozen where it is, and keeps its memory",
        session.endpoint.call("pause", resource.name),
        undo="it can go on",
    )


async def pause(session: DockerSession, resource: Resource, _arguments: Arguments, _report: Report) -> Outcome:
    """Freeze it."""
    try:
        await session.call(Client.pause, resource.id.native)
    except (Conflict, Refused) as error:  # engines differ in which
        if "already paused" not in error.message:
            raise
    return Outcome(f"{resource.name} is paused.", Undo(f"Resume {resource.name}", "resume", (resource.id,)))


async def plan_resume(session: DockerSession, resource: Resource, _arguments: Arguments) -> Step:
    """Lets it go on."""
    call = session.endpoint.call("unpause", resource.name)
    return Step(resource.id, resource.name, "goes on where it was frozen", call, undo="it can be paused again")


async def resume(session: DockerSession, resource: Resource, _arguments: Arguments, _report: Report) -> Outcome:
    """Let it go on."""
    try:
        await session.call(Client.resume, resource.id.native)
    except (Conflict, Refused) as error:
        if "not paused" not in error.message:
            raise
    return Outcome(f"{resource.name} goes on.", Undo(f"Pause {resource.name}", "pause", (resource.id,)))


async def plan_kill(session: DockerSession, resource: Resource, arguments: Arguments) -> Step:
    """Sends its first process a signal."""
    name = _signal(arguments)
    does = "is killed at once" if name == "KILL" else f"gets SIG{name}"
    call = session.endpoint.call("kill", "--signal", name, resource.name)
    return Step(resource.id, resource.name, does, call, dependants=_leaning(session, resource))


async def kill(session: DockerSession, resource: Resource, arguments: Arguments, _report: Report) -> Outcome:
    """Send its first process a signal."""
    name = _signal(arguments)
    await session.call(Client.kill, resource.id.native, f"SIG{name}")
    return Outcome(f"{resource.name} was sent SIG{name}.")


async def plan_rename(session: DockerSession, resource: Resource, arguments: Arguments) -> Step:
    """Gives it another name; it keeps running."""
    name = str(arguments.get("name") or "")
    return Step(
        resource.id,
        resource.name,
        f"is called {name} from now on",
        session.endpoint.call("rename", resource.name, name),
        undo="it can get its old name back",
    )


async def rename(session: DockerSession, resource: Resource, arguments: Arguments, _report: Report) -> Outcome:
    """Give it another name."""
    name = str(arguments.get("name") or "")
    described = await session.describe(resource.id.native)
    old = str(described.get("Name") or resource.name).removeprefix("/")
    if old != name:
        await session.call(Client.rename, resource.id.native, name)
    undo = Undo(f"Call {name} {old} again", "rename", (resource.id,), {"name": old})
    return Outcome(f"{old} is called {name} now.", undo)


def _grace(arguments: Arguments) -> int:
    """Whole seconds: the engine takes no others."""
    value = arguments.get("timeout")
    return 10 if value is None else int(value)


def _signal(arguments: Arguments) -> str:
    return str(arguments.get("signal") or "KILL").removeprefix("SIG")


def _leaning(session: DockerSession, resource: Resource) -> tuple[str, ...]:
    return tuple(f"{name} shares its network and loses it" for name in session.roster.leaning(resource.id.native))
