"""What can be done to this machine and its processes."""

from __future__ import annotations

import asyncio
import shlex
from contextlib import aclosing
from typing import Final

import msgspec

from backends.contract import standard
from backends.contract.errors import Invalid, TimedOut
from backends.contract.model import Ability, Command, Resource, Stream
from backends.contract.operation import (
    Arguments,
    Confirm,
    Effect,
    Operation,
    Outcome,
    Parameter,
    ParameterType,
    Report,
    Step,
    Undo,
    Verb,
)
from backends.local import translate
from backends.local.session import LocalSession, pid_of

SHOWN: Final = 8
"""Dependants named in a plan; the rest are counted."""
LOOK: Final = 0.1
"""Seconds between two looks whether a process has ended."""
LAST: Final = 5.0
"""Seconds a killed process may take; longer means that it hangs in the kernel."""
NOT_OURS: Final = "{name} belongs to another user or to the kernel, or has ended; it cannot be touched."

TERMINATE = standard.STOP.of(
    "process", verb="terminate", title="Terminate", effect=Effect.DESTROY, confirm=Confirm.ASK, refusal=NOT_OURS
)
KILL = standard.KILL.of("process", refusal=NOT_OURS)
RENICE = Operation(
    kind="process",
    verb="renice",
    title="Change priority",
    key="n",
    needs=Ability.UPDATE,
    parameters=(
        Parameter(
            id="nice",
            label="Nice value",
            type=ParameterType.INTEGER,
            required=True,
            minimum=-20,
            maximum=19,
            help="From -20, which goes first, to 19, which waits for all others. Only root may lower it.",
        ),
    ),
    refusal=NOT_OURS,
)


async def plan_terminate(session: LocalSession, resource: Resource, arguments: Arguments) -> Step:
    """Name the signals and whatever the process has started."""
    pid, grace = pid_of(resource.id), _grace(arguments)
    step = await _touched(session, resource)
    return msgspec.structs.replace(
        step,
        does=f"is asked to end, and killed after {grace:g} s",
        call=f"kill -TERM {pid}; sleep {grace:g}; kill -KILL {pid}",
    )


async def terminate(session: LocalSession, resource: Resource, arguments: Arguments, report: Report) -> Outcome:
    """Send TERM, wait, send KILL."""
    pid = pid_of(resource.id)
    report.progress(None, f"Sending TERM to {resource.name}.")
    await session.lane.run(session.client.signal, pid, resource.created, "TERM")
    if await _ended(session, resource, _grace(arguments)):
        return Outcome(f"{resource.name} ({pid}) has ended.")
    report.progress(None, f"{resource.name} did not end; sending KILL.")
    await session.lane.run(session.client.signal, pid, resource.created, "KILL")
    if await _ended(session, resource, LAST):
        return Outcome(f"{resource.name} ({pid}) did not end by itself and was killed.")
    raise TimedOut(f"{resource.name} ({pid}) was killed but is still there.", hint="It probably waits for a device.")


async def plan_kill(session: LocalSession, resource: Resource, arguments: Arguments) -> Step:
    """Name the signal and whatever the process has started."""
    name = str(arguments["signal"])
    step = await _touched(session, resource)
    return msgspec.structs.replace(
        step,
        does=f"is sent {name}",
        call=f"kill -{name} {pid_of(resource.id)}",
        undo="Send CONT" if name == "STOP" else "",
    )


async def kill(session: LocalSession, resource: Resource, arguments: Arguments, _report: Report) -> Outcome:
    """Send the signal."""
    name = str(arguments["signal"])
    await session.lane.run(session.client.signal, pid_of(resource.id), resource.created, name)
    undo = Undo(f"Let {resource.name} go on", "kill", (resource.id,), {"signal": "CONT"}) if name == "STOP" else None
    return Outcome(f"{resource.name} was sent {name}.", undo=undo)


async def plan_renice(session: LocalSession, resource: Resource, arguments: Arguments) -> Step:
    """Say what the value is and what it would be."""
    pid, nice = pid_of(resource.id), arguments["nice"]
    reading = await session.lane.run(session.client.process, pid, resource.created)
    return Step(
        target=resource.id,
        name=resource.name,
        does=f"gets nice value {nice} instead of {reading.nice}",
        call=f"renice -n {nice} -p {pid}",
        undo=f"Set it to {reading.nice} again",
    )


async def renice(session: LocalSession, resource: Resource, arguments: Arguments, _report: Report) -> Outcome:
    """Set the value, and remember what it was."""
    nice = int(arguments["nice"])
    was = await session.lane.run(session.client.renice, pid_of(resource.id), resource.created, nice)
    undo = Undo(f"Set {resource.name} to nice value {was}", "renice", (resource.id,), {"nice": was})
    return Outcome(f"{resource.name} now has nice value {nice}.", undo=undo)


async def plan_run(_session: LocalSession, resource: Resource, arguments: Arguments) -> Step:
    """Show the command as it would be typed; values of variables may be secrets and are left out."""
    command = command_of(arguments)
    return Step(
        target=resource.id,
        name=resource.name,
        does=f"runs {command.argv[0]}" if command.argv else "opens a shell",
        call=typed(command),
    )


async def run(session: LocalSession, resource: Resource, arguments: Arguments, report: Report) -> Outcome:
    """Run the command to its end."""
    command = command_of(arguments)
    if not command.argv:
        raise Invalid("There is no command to run.")
    code = 0
    async with aclosing(session.run(resource.id, command)) as outputs:
        async for output in outputs:
            if output.exit_code is not None:
                code = output.exit_code
            elif output.data:
                report.output(output.data, error=output.stream is not Stream.OUT)
    return Outcome(f"{command.argv[0]} ended with {code}.", exit_code=code)


async def open_shell(_session: LocalSession, _resource: Resource, _given: Arguments, _report: Report) -> Outcome:
    """Say that a shell is opened on a terminal, which a job does not have."""
    raise Invalid("A shell needs a terminal.", hint="Open it from the interface or with `qd shell`.")


def command_of(arguments: Arguments) -> Command:
    """The command that was asked for.

    Raises:
        Invalid: if a variable has no value.
    """
    env: dict[str, str] = {}
    for pair in arguments.get("env") or ():
        name, sign, value = pair.partition("=")
        if not name or not sign:
            raise Invalid(f"“{pair}” is no variable.", hint="Write NAME=value.")
        env[name] = value
    return Command(
        argv=tuple(arguments.get("command") or ()),
        user=arguments.get("user") or None,
        cwd=arguments.get("cwd") or None,
        env=env,
        timeout=arguments.get("limit") or None,
    )


def typed(command: Command) -> str:
    """The command as a person would type it."""
    words = shlex.join(command.argv) or "$SHELL"
    variables = "".join(f"{name}=… " for name in command.env)
    user = f"sudo -u {shlex.quote(command.user)} " if command.user else ""
    folder = f"cd {shlex.quote(command.cwd)} && " if command.cwd else ""
    return f"{folder}{user}{variables}{words}"


def _grace(arguments: Arguments) -> float:
    given = arguments.get("timeout")
    return 10.0 if given is None else float(given)


async def _ended(session: LocalSession, resource: Resource, patience: float) -> bool:
    pid = pid_of(resource.id)
    deadline = asyncio.get_running_loop().time() + patience
    while await session.lane.run(session.client.alive, pid, resource.created):
        if asyncio.get_running_loop().time() >= deadline:
            return False
        await asyncio.sleep(LOOK)
    return True


async def _touched(session: LocalSession, resource: Resource) -> Step:
    """A step that names the processes below this one, which lose their parent."""
    pid = pid_of(resource.id)
    await session.lane.run(session.client.process, pid, resource.created)
    seen = await session.lane.run(session.client.processes, age=1.0)
    below = translate.descendants(seen.processes, pid)
    named = [f"child {child.pid} {child.name}" for child in below[:SHOWN]]
    if len(below) > SHOWN:
        named.append(f"{len(below) - SHOWN} more children")
    return Step(target=resource.id, name=resource.name, does="", call="", dependants=tuple(named))


VERBS = (
    Verb(standard.RUN.of("host"), plan_run, run),
    Verb(standard.SHELL.of("host"), plan_run, open_shell),
    Verb(TERMINATE, plan_terminate, terminate),
    Verb(KILL, plan_kill, kill),
    Verb(RENICE, plan_renice, renice),
)
