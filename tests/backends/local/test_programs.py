"""Commands and shells: floods, surroundings, ladders, what is left behind."""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing
from pathlib import Path

import pytest

from backends.contract.errors import Invalid
from backends.contract.model import Command, Output, ResourceId, Size, Stream
from backends.contract.operation import verbs_by_id
from backends.local import BACKEND
from backends.local.programs import ROOM, Programs
from backends.local.session import LocalSession
from quarterdeck.testing import Heard

VERBS = verbs_by_id(BACKEND.verbs())
HOST = ResourceId("local", "host", "this")


async def run(command: Command, **environment: str) -> list[Output]:
    programs = Programs({**os.environ, **environment})
    async with asyncio.timeout(30), aclosing(programs.run(command)) as outputs:
        return [output async for output in outputs]


def text(outputs: list[Output], stream: Stream = Stream.OUT) -> str:
    return b"".join(output.data for output in outputs if output.stream is stream).decode()


async def test_a_flood_waits_for_its_reader_and_arrives_whole() -> None:
    programs = Programs(os.environ)
    command = Command(argv=("head", "-c", str(20 * ROOM), "/dev/zero"))
    total = 0
    async with asyncio.timeout(60), aclosing(programs.run(command)) as outputs:
        async for output in outputs:
            total += len(output.data)
            await asyncio.sleep(0)
    assert total == 20 * ROOM


async def test_our_own_variables_do_not_reach_programs() -> None:
    outputs = await run(Command(argv=("env",)), QUARTERDECK_HOME="/x", COLUMNS="10", TMUX="y", KEPT="yes")
    names = {line.partition("=")[0] for line in text(outputs).splitlines()}
    assert "KEPT" in names
    assert not names & {"QUARTERDECK_HOME", "COLUMNS", "TMUX"}


async def test_a_program_in_the_background_does_not_hold_the_command() -> None:
    outputs = await run(Command(argv=("sh", "-c", "sleep 30 & echo started $!")))
    assert outputs[-1].exit_code == 0
    os.kill(int(text(outputs).split()[1]), 9)


async def test_a_deaf_program_is_killed_at_its_limit() -> None:
    outputs = await run(Command(argv=("sh", "-c", "trap '' INT TERM; while :; do sleep 1; done"), timeout=0.2))
    assert outputs[-1].exit_code == 128 + 9
    notes = text(outputs, Stream.NOTE)
    assert [name for name in ("SIGINT", "SIGTERM", "SIGKILL") if name in notes] == ["SIGINT", "SIGTERM", "SIGKILL"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
async def test_root_runs_programs_as_another_user() -> None:
    outputs = await run(Command(argv=("sh", "-c", "id -un; echo $HOME"), user="nobody"))
    assert text(outputs).split()[0] == "nobody"


@pytest.mark.parametrize(
    "command",
    [
        Command(argv=("true",), user="no-such-user"),
        Command(argv=("true",), cwd="/no/such/folder"),
        Command(argv=("nul\0",)),
        Command(argv=()),
    ],
)
async def test_nonsense_is_invalid(command: Command) -> None:
    with pytest.raises(Invalid):
        await run(command)


async def test_what_is_no_program_is_not_allowed(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")
    assert (await run(Command(argv=(str(tmp_path / "plain"),))))[-1].exit_code == 126


async def test_the_verb_reports_output_and_the_exit_code(session: LocalSession) -> None:
    host = (await session.resources(frozenset({"host"})))[0]
    heard = Heard()
    verb = VERBS["host.exec"]
    given = verb.operation.parse({"command": "sh -c 'echo out; echo $A >&2; exit 4'", "env": "A=err"})
    step = await verb.plan(session, host, {**given, "cwd": "/my folder"})
    assert step.call == "cd '/my folder' && A=… sh -c 'echo out; echo $A >&2; exit 4'"
    outcome = await verb.run(session, host, given, heard)
    assert (outcome.exit_code, heard.out, heard.err) == (4, b"out\n", b"err\n")
    with pytest.raises(Invalid):
        await verb.run(session, host, {"command": ["true"], "env": ["novalue"]}, heard)


async def test_a_terminal_closed_as_it_opens_leaves_nothing(session: LocalSession) -> None:
    async with asyncio.timeout(60):
        for _ in range(20):
            terminal = await session.terminal(HOST, Command(argv=("cat",)), Size())
            assert await terminal.close() is not None
            while await terminal.read():
                pass


async def test_a_large_paste_arrives_whole(session: LocalSession) -> None:
    line = b"x" * 60 + b"\n"
    command = Command(argv=("sh", "-c", "stty raw -echo; echo go; exec head -c 610000 | wc -c"))
    async with asyncio.timeout(30):
        terminal = await session.terminal(HOST, command, Size())
        seen = b""
        while b"go" not in seen:
            seen += await terminal.read()
        await terminal.write(line * 10_000)
        while data := await terminal.read():
            seen += data
    assert b"610000" in seen
    assert await terminal.close() == 0


async def test_a_shell_stops_a_foreground_program_by_its_interrupt_key(session: LocalSession) -> None:
    async with asyncio.timeout(30):
        terminal = await session.terminal(HOST, None, Size())
        # The program itself says that it has begun, so it has the terminal; and what is waited for is computed, so that
        # the echo of what was typed is never taken for it.
        await terminal.write(b"sh -c 'echo begin-$((1 + 1)); exec sleep 1000'\n")
        seen = b""
        while b"begin-2" not in seen:
            seen += await terminal.read()
        await terminal.write(b"\x03")
        while b"^C" not in seen:
            seen += await terminal.read()
        await terminal.write(b"echo still-$((1 + 1))\n")
        while b"still-2" not in seen:
            seen += await terminal.read()
        await terminal.close()
