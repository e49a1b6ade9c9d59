"""What can be done to the fake's resources."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec

from backends.contract import standard
from backends.contract.errors import Conflict, Invalid, NotFound
from backends.contract.model import Ability, Command, Resource, State, Stream
from backends.contract.operation import (
    Arguments,
    Confirm,
    Effect,
    Operation,
    Outcome,
    PlanStep,
    Report,
    RunStep,
    Step,
    Undo,
    Verb,
)

if TYPE_CHECKING:
    from tests.fakes.backend import FakeSession

Doing = Callable[["FakeSession", Resource, Arguments, Report], Awaitable[Outcome]]


def _plan(does: str, undo: str = "") -> PlanStep:
    async def plan(session: FakeSession, resource: Resource, arguments: Arguments) -> Step:
        await session.enter("plan", resource.id.native)
        session.world.get(resource.id)
        given = " ".join(
            f"--{name} {shlex.quote(str(value))}" for name, value in arguments.items() if value is not None
        )
        verb = does.split(maxsplit=1)[0].rstrip("s")
        call = " ".join(part for part in ("fake", verb, given, shlex.quote(resource.name)) if part)
        return Step(target=resource.id, name=resource.name, does=does, call=call, undo=undo)

    return plan


async def _plan_remove(session: FakeSession, resource: Resource, arguments: Arguments) -> Step:
    step: Step = await _plan("removes it", "Re-create it")(session, resource, arguments)
    volumes = resource.facts.get("volumes")
    touched = tuple(f"volume {name}" for name in volumes) if isinstance(volumes, list) else ()
    return msgspec.structs.replace(step, dependants=touched, frees=12_345_678)


async def _plan_restore(session: FakeSession, resource: Resource, arguments: Arguments) -> Step:
    await session.enter("plan", resource.id.native)
    if resource.id not in session.world.removed:
        raise NotFound(f"{resource.name} was not kept.")
    name = session.world.removed[resource.id].name
    return Step(target=resource.id, name=name, does="comes back", call=f"fake restore {shlex.quote(name)}")


async def _plan_exec(session: FakeSession, resource: Resource, arguments: Arguments) -> Step:
    await session.enter("plan", resource.id.native)
    words = shlex.join(arguments.get("command") or ["sh"])
    return Step(
        target=resource.id,
        name=resource.name,
        does=f"runs {words}",
        call=f"fake exec {shlex.quote(resource.name)} {words}",
    )


def _turning(verb: str, state: State, undo: str) -> RunStep:
    async def run(session: FakeSession, resource: Resource, arguments: Arguments, report: Report) -> Outcome:
        await session.enter(verb, resource.id.native)
        report.progress(0.5, f"{resource.name} is turning")
        was = session.world.get(resource.id).state
        if was is not state:
            session.world.turn(resource.id, state)
        back = Undo(title=f"{undo.capitalize()} {resource.name}", verb=undo, targets=(resource.id,)) if undo else None
        return Outcome(f"{resource.name} is {state.value}.", undo=back)

    return run


async def _remove(session: FakeSession, resource: Resource, arguments: Arguments, report: Report) -> Outcome:
    await session.enter("remove", resource.id.native)
    session.world.get(resource.id)
    session.world.drop(resource.id)
    undo = Undo(
        title=f"Re-create {resource.name}",
        verb="restore",
        targets=(resource.id,),
        arguments={"name": resource.name},
        loses="What was written inside is lost.",
    )
    return Outcome(f"{resource.name} is removed.", undo=undo)


async def _restore(session: FakeSession, resource: Resource, arguments: Arguments, report: Report) -> Outcome:
    await session.enter("restore", resource.id.native)
    kept = session.world.removed.pop(resource.id, None)
    if kept is None:
        raise NotFound(f"{resource.name} was not kept.")
    session.world.put(kept, event="create")
    return Outcome(f"{kept.name} is back.")


async def _rename(session: FakeSession, resource: Resource, arguments: Arguments, report: Report) -> Outcome:
    await session.enter("rename", resource.id.native)
    name = arguments["name"]
    if not isinstance(name, str) or "/" in name:
        raise Invalid("A name has no slash.")
    session.world.rename(resource.id, name)
    undo = Undo(f"Rename it to {resource.name}", "rename", (resource.id,), {"name": resource.name})
    return Outcome(f"{resource.name} is now {name}.", undo=undo)


async def _kill(session: FakeSession, resource: Resource, arguments: Arguments, report: Report) -> Outcome:
    await session.enter("kill", resource.id.native)
    if resource.id.kind == "process":
        if resource.id.native == "1":
            raise Conflict("The first process cannot be killed.")
        session.world.drop(resource.id)
    else:
        session.world.turn(resource.id, State.FAILED, exit_code=137)
    return Outcome(f"{resource.name} was sent {arguments['signal']}.")


async def _exec(session: FakeSession, resource: Resource, arguments: Arguments, report: Report) -> Outcome:
    pairs = (pair.partition("=") for pair in arguments.get("env") or ())
    command = Command(
        argv=tuple(arguments["command"]),
        user=arguments.get("user"),
        cwd=arguments.get("cwd"),
        env={name: value for name, _, value in pairs},
        timeout=arguments.get("limit"),
    )
    code = 0
    async with aclosing(session.run(resource.id, command)) as outputs:
        async for output in outputs:
            if output.exit_code is not None:
                code = output.exit_code
            elif output.data:
                report.output(output.data, error=output.stream is Stream.ERR)
    return Outcome(f"It ended with {code}.", exit_code=code)


async def _shell(session: FakeSession, resource: Resource, arguments: Arguments, report: Report) -> Outcome:
    raise Invalid("A shell needs a terminal.", hint="Open it from the interface or with `qd shell`.")


REMOVE_IMAGE = standard.REMOVE.of("image")
RESTORE = Operation(
    kind="container", verb="restore", title="Re-create", effect=Effect.CHANGE, hidden=True, confirm=Confirm.NONE
)
START = standard.START.of("container")
STOP = standard.STOP.of("container")

VERBS = (
    Verb(START, _plan("starts it", "Stop it"), _turning("start", State.RUNNING, "stop")),
    Verb(STOP, _plan("stops it", "Start it"), _turning("stop", State.STOPPED, "start")),
    Verb(standard.RESTART.of("container"), _plan("restarts it"), _turning("restart", State.RUNNING, "")),
    Verb(standard.PAUSE.of("container"), _plan("pauses it", "Resume it"), _turning("pause", State.PAUSED, "resume")),
    Verb(standard.RESUME.of("container"), _plan("resumes it", "Pause it"), _turning("resume", State.RUNNING, "pause")),
    Verb(standard.KILL.of("container"), _plan("kills it"), _kill),
    Verb(standard.RENAME.of("container"), _plan("renames it", "Rename it back"), _rename),
    Verb(standard.REMOVE.of("container"), _plan_remove, _remove),
    Verb(RESTORE, _plan_restore, _restore),
    Verb(standard.RUN.of("container"), _plan_exec, _exec),
    Verb(standard.SHELL.of("container"), _plan_exec, _shell),
    Verb(REMOVE_IMAGE, _plan("removes it"), _remove),
    Verb(standard.RUN.of("host"), _plan_exec, _exec),
    Verb(standard.SHELL.of("host"), _plan_exec, _shell),
    Verb(standard.KILL.of("process", needs=Ability.SIGNAL), _plan("kills it"), _kill),
)
