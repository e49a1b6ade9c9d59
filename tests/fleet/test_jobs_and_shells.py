"""Commands run as jobs with live output; shells are kept and can be seen by several windows."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from backends.contract.errors import NotFound, Unreachable
from backends.contract.model import ResourceId, Size, State, Stream
from fleet.service import LocalFleet
from fleet.values import Approval, EntryState, Job, JobState, JournalQuery, Request
from tests.fakes.backend import FakeBackend
from tests.fleet.conftest import eventually


async def run(fleet: LocalFleet, targets: tuple[ResourceId, ...], *command: str) -> Job:
    request = Request("exec", targets, {"command": list(command)})
    prepared = await fleet.prepare(request)
    return await fleet.perform(request, Approval(prepared.token, prepared.decision.word))


async def heard(fleet: LocalFleet, job: Job, stream: Stream = Stream.OUT) -> bytes:
    data = b""
    async with aclosing(fleet.job_output(job.id)) as pieces:
        async for piece in pieces:
            if piece.output.stream is stream:
                data += piece.output.data
    return data


async def test_a_command_streams_its_output_and_tells_its_exit_code(fleet: LocalFleet, web: ResourceId) -> None:
    job = await run(fleet, (web,), "print", "good", "bad")
    assert b"good" in await heard(fleet, job)
    assert b"bad" in await heard(fleet, job, Stream.ERR)
    ended = await fleet.wait(job.id)
    assert (ended.state, ended.rows[0].exit_code) == (JobState.DONE, 0)
    kept = await fleet.journal_output(job.entry)
    assert b"good" in b"".join(piece.output.data for piece in kept if piece.output.stream is Stream.OUT)


async def test_a_command_that_fails_is_an_outcome_with_its_code(fleet: LocalFleet, web: ResourceId) -> None:
    job = await run(fleet, (web,), "exit", "3")
    ended = await fleet.wait(job.id)
    assert (ended.state, ended.rows[0].exit_code, ended.rows[0].failure) == (JobState.FAILED, 3, None)
    (entry,) = await fleet.journal(JournalQuery())
    assert (entry.state, entry.exit_code) == (EntryState.FAILED, 3)


async def test_one_job_runs_a_command_on_many(fleet: LocalFleet) -> None:
    running = tuple(r.id for r in fleet.inventory.of_kind("container").values() if r.state is State.RUNNING)
    job = await run(fleet, running, "echo", "here")
    ended = await fleet.wait(job.id)
    assert len(ended.rows) == len(running) > 3
    assert {row.exit_code for row in ended.rows} == {0}


async def test_cancelling_ends_the_program_behind_it(fleet: LocalFleet, fake: FakeBackend, web: ResourceId) -> None:
    job = await run(fleet, (web,), "endless", "marker")
    await eventually(lambda: fake.world.running)
    await fleet.cancel(job.id)
    assert (await fleet.wait(job.id)).state is JobState.CANCELLED
    await eventually(lambda: not fake.world.running)


async def test_a_slow_reader_loses_nothing_of_a_flood(fleet: LocalFleet, web: ResourceId) -> None:
    job = await run(fleet, (web,), "count", "200000")
    await asyncio.sleep(0)
    data, count = bytearray(), 0
    async with aclosing(fleet.job_output(job.id)) as pieces:
        async for piece in pieces:
            data += piece.output.data
            count += 1
            if count % 1000 == 0:
                await asyncio.sleep(0.001)
    lines = data.split()
    assert len(lines) == 200_000
    assert lines[0] != lines[-1]


async def test_a_secret_in_a_command_is_not_in_the_journal(fleet: LocalFleet, web: ResourceId) -> None:
    job = await run(fleet, (web,), "echo", "--password", "hunter2-is-secret")
    await fleet.wait(job.id)
    (entry,) = await fleet.journal(JournalQuery())
    assert "hunter2-is-secret" not in "".join(entry.calls) + entry.summary + entry.title


async def test_a_shell_is_kept_when_its_window_closes_and_replayed_to_the_next(
    fleet: LocalFleet, web: ResourceId
) -> None:
    shell = await fleet.open_shell(Request("shell", (web,)), None, Size(80, 24))
    window = await fleet.attach(shell.id, Size(80, 24))
    await window.write(b"echo one\r")
    await read_until(window, b"one")
    await window.close()
    await eventually(lambda: fleet.inventory.shells[shell.id].watchers == 0)
    second, third = await fleet.attach(shell.id, Size(100, 30)), await fleet.attach(shell.id, Size(100, 30))
    await read_until(second, b"one")
    await third.write(b"echo two\r")
    await read_until(second, b"two")
    await read_until(third, b"two")
    await second.write(b"exit 4\r")
    await eventually(lambda: fleet.inventory.shells[shell.id].ended is not None)
    assert fleet.inventory.shells[shell.id].exit_code == 4
    assert await read_rest(third) is not None
    with pytest.raises(Unreachable, match="has ended"):
        await second.write(b"x")
    await fleet.close_shell(shell.id)
    assert shell.id not in fleet.inventory.shells
    with pytest.raises(NotFound):
        await fleet.attach(shell.id, Size())


async def read_until(window: object, wanted: bytes) -> bytes:
    seen = b""
    async with asyncio.timeout(10):
        while wanted not in seen:
            data = await window.read()  # type: ignore[attr-defined] # a Terminal
            assert data, seen
            seen += data
    return seen


async def read_rest(window: object) -> bytes:
    seen = b""
    async with asyncio.timeout(10):
        while data := await window.read():  # type: ignore[attr-defined] # a Terminal
            seen += data
    return seen


async def test_a_shell_ends_with_its_engine_and_says_why(fleet: LocalFleet, fake: FakeBackend, web: ResourceId) -> None:
    shell = await fleet.open_shell(Request("shell", (web,)), None, Size(80, 24))
    window = await fleet.attach(shell.id, Size(80, 24))
    fake.world.go_offline()
    await read_rest(window)
    await eventually(lambda: fleet.inventory.shells[shell.id].ended is not None)
    entries = await fleet.journal(JournalQuery())
    assert entries[0].verb == "container.shell"
