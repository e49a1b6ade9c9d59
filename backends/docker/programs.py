"""Runs programs inside containers, and ends them: closing its connection does not end a program by itself.

Every program gets a mark in its environment. Ending it means asking a helper inside the container to signal whatever
carries the mark, its children too. Where the image has no shell for the helper, and the engine is on this machine,
the program is signalled from outside; where that is not allowed either, that is said.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

from backends.contract.errors import BackendError, Conflict, Invalid, NotFound, Refused, TimedOut
from backends.contract.model import Command, Output, ResourceId, Stream
from backends.docker.duplex import Duplex
from backends.docker.frames import Flow
from backends.docker.streams import Engine

MARK = "QUARTERDECK_PROGRAM"
LADDER = (("INT", 2.0), ("TERM", 3.0), ("KILL", 3.0))
"""Signals a program gets when its time is up, and the seconds it then has."""
CLOSING = (("INT", 0.5), ("TERM", 1.0), ("KILL", 2.0))
"""The same when nobody waits for it any more."""
HANGUP = (("HUP", 0.5), ("KILL", 2.0))
"""And for a terminal: what a line that breaks sends, then what nobody can ignore."""
SETTLE = 5.0
_HELPER = """
for each in /proc/[0-9]*; do
  tr '\\0' '\\n' < "$each/environ" 2>/dev/null | grep -qx "$1" && kill "-$2" "${each#/proc/}" 2>/dev/null && hit=1
done
[ -n "$hit" ]
"""
_ABSENT = (126, 127)


class Program:
    """One program under way inside a container."""

    def __init__(self, engine: Engine, resource: ResourceId, user: str | None, live: set[Program]) -> None:
        self._engine = engine
        self._resource = resource
        self._user = user
        self._live = live
        self._mark = f"{MARK}={secrets.token_hex(8)}"
        self._native = ""
        self.over = False
        self.duplex: Duplex

    async def start(self, command: Command, *, tty: bool = False) -> None:
        """Begin it and take over its input and output.

        Raises:
            NotFound: if there is no such container.
            Conflict: if it does not run.
        """
        if not command.argv:
            raise Invalid("There is no command to run.")
        environment = {**({"TERM": "xterm-256color"} if tty else {}), **command.env}
        wanted: dict[str, Any] = {
            "AttachStdin": tty or bool(command.stdin),
            "AttachStdout": True,
            "AttachStderr": True,
            "Tty": tty,
            "Cmd": list(command.argv),
            "Env": [*(f"{name}={value}" for name, value in environment.items()), self._mark],
        }
        if command.user:
            wanted["User"] = command.user
        if command.cwd:
            wanted["WorkingDir"] = command.cwd
        created = await self._engine.post(f"/containers/{self._resource.native}/exec", body=wanted)
        self._native = str(created["Id"])
        self.duplex = await self._engine.hijack(self.path("start"), {"Detach": False, "Tty": tty})
        self._live.add(self)

    def path(self, leaf: str) -> str:
        """Where the engine speaks of it."""
        return f"/exec/{self._native}/{leaf}"

    async def exit_code(self) -> int:
        """The code it ended with; it may take the engine a moment to know.

        Raises:
            Conflict: if the engine never learns it, because the container itself ended.
        """
        until = time.monotonic() + SETTLE
        while True:
            state = await self._engine.get(self.path("json"))
            if not state.get("Running") and state.get("ExitCode") is not None:
                self.over = True
                return int(state["ExitCode"])
            if time.monotonic() > until:
                raise Conflict("How the command ended is not known; its container may have ended with it.")
            await asyncio.sleep(0.02)

    async def signal(self, name: str) -> bool:
        """Send it, and all it began, a signal; whether anybody was there to get it."""
        helper = Command(("sh", "-c", _HELPER, "sh", self._mark, name), user=self._user)
        code, _ = await Programs(self._engine).ask(self._resource, helper)
        if code not in _ABSENT:
            return code == 0
        return await self._signal_from_outside(name)

    async def close(self, ladder: Sequence[tuple[str, float]], *, family: bool = True) -> None:
        """Hang up and make sure it is gone as well as can be. Never raises: there is nobody left to tell.

        Args:
            ladder: the signals to try, and the seconds to wait after each.
            family: whether what it began has to go too; a line that breaks spares what was told to ignore that.
        """
        self.duplex.close()
        try:
            if not self.over and not self._engine.closed and not await self._ended():
                await self._end(ladder, family=family)
        except BackendError:
            return
        finally:
            self._live.discard(self)

    def leave(self) -> None:
        """Hang up without ending it: for helpers that have ended, or end by themselves."""
        self.duplex.close()
        self._live.discard(self)

    async def _end(self, ladder: Sequence[tuple[str, float]], *, family: bool) -> None:
        """End it, harder and harder."""
        for name, patience in ladder:
            await self.signal(name)
            until = time.monotonic() + patience
            while True:
                if await self._ended() and not (family and await self.signal("0")):
                    return
                if time.monotonic() >= until:
                    break
                await asyncio.sleep(0.05)

    async def _ended(self) -> bool:
        state = await self._engine.get(self.path("json"))
        self.over = not state.get("Running")
        return self.over

    async def _signal_from_outside(self, name: str) -> bool:
        """Signal it as a process of this machine, if it is one and we may."""
        pid = int((await self._engine.get(self.path("json"))).get("Pid") or 0)
        if pid <= 1 or not self._engine.endpoint.is_unix or not _belongs(pid, self._resource.native):
            return False
        try:
            os.kill(pid, 0 if name == "0" else signal.Signals[f"SIG{name}"])
        except (ProcessLookupError, PermissionError):
            return False
        return True


class Programs:
    """The programs one connection runs."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._live: set[Program] = set()

    async def start(self, resource: ResourceId, command: Command, *, tty: bool = False) -> Program:
        """Begin a program; see ``Program.start``."""
        program = Program(self.engine, resource, command.user, self._live)
        await program.start(command, tty=tty)
        return program

    async def run(self, resource: ResourceId, command: Command) -> AsyncGenerator[Output, None]:
        """Output as it comes, then the exit code. Closing it early ends the program.

        Raises:
            TimedOut: if its time was up and it could not be ended.
        """
        try:
            program = await self.start(resource, command)
        except (Invalid, Refused, NotFound) as refusal:
            code = never_began(refusal)
            if code is None:
                raise
            yield Output(Stream.ERR, f"{refusal.message}\n".encode())
            yield Output(exit_code=code)
            return
        try:
            if command.stdin:
                program.duplex.feed(command.stdin)
            async for output in _outputs(program, command.timeout):
                yield output
            yield Output(exit_code=await program.exit_code())
        finally:
            await program.close(CLOSING)

    async def ask(self, resource: ResourceId, command: Command, *, limit: float = 10.0) -> tuple[int, bytes]:
        """Run a short helper to its end: exit code and output. 127 when the image has nothing to run it."""
        program: Program | None = None
        flow, out = Flow(), b""
        try:
            async with asyncio.timeout(limit):
                program = await self.start(resource, command)
                while data := await program.duplex.read():
                    out += b"".join(piece for stream, piece in flow.feed(data) if stream is Stream.OUT)
                return await program.exit_code(), out
        except (Invalid, Refused, NotFound) as refusal:
            code = never_began(refusal)
            if code is None:
                raise
            return code, b""
        except TimeoutError as error:
            raise TimedOut("The container did not answer a helper in time.") from error
        finally:
            if program is not None:
                program.leave()

    async def close(self) -> None:
        """End all that still run, as well as can be in a moment."""
        try:
            async with asyncio.timeout(SETTLE - 1), asyncio.TaskGroup() as group:
                for program in tuple(self._live):
                    group.create_task(program.close(CLOSING))
        except TimeoutError:
            return


async def _outputs(program: Program, limit: float | None) -> AsyncGenerator[Output, None]:
    """What it says until it ends; when its time is up, what is done about it too."""
    flow, rungs = Flow(), iter(LADDER)
    due = None if limit is None else asyncio.get_running_loop().time() + limit
    while True:
        try:
            async with asyncio.timeout_at(due):
                data = await program.duplex.read()
        except TimeoutError:
            name, patience = next(rungs, ("", 0.0))
            if not name:
                raise _stubborn(limit or 0.0) from None
            reached = await program.signal(name)
            yield Output(Stream.NOTE, _note(limit or 0.0, name, reached=reached))
            due = asyncio.get_running_loop().time() + patience
            continue
        if not data:
            return
        for stream, piece in flow.feed(data):
            yield Output(stream, piece)


def _note(limit: float, name: str, *, reached: bool) -> bytes:
    if reached:
        return f"Its {limit:g} s are over; it was sent SIG{name}.\n".encode()
    return f"Its {limit:g} s are over, but SIG{name} could not be delivered.\n".encode()


def _stubborn(limit: float) -> TimedOut:
    return TimedOut(
        f"The command did not end within {limit:g} s and could not be ended; it may still run in the container.",
        hint="The image may lack a shell to end it with. Restarting the container ends it.",
    )


def never_began(refusal: BackendError) -> int | None:
    """The code a shell would give, where the engine refuses a command that is not there or may not run."""
    text = refusal.message.lower()
    if "no such container" in text or "oci runtime" not in text:
        return None
    if "no such file" in text or "not found" in text:
        return 127
    return 126 if "permission denied" in text or "exec format" in text else None


def _belongs(pid: int, native: str) -> bool:
    """Whether a process of this machine is inside that container, so that a reused number hits nobody else."""
    try:
        return native in Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
