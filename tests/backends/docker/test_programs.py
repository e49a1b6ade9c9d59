"""Programs inside containers, where it gets difficult."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from backends.contract.errors import Conflict, TimedOut, Unsupported
from backends.contract.model import Command, Output, Resource, Size, Stream
from backends.docker import programs
from backends.docker.session import DockerSession
from tests.backends.docker.conftest import Find
from tests.bed.docker import BARE, DockerEngine

pytestmark = pytest.mark.engine


async def outputs(session: DockerSession, resource: Resource, command: Command) -> list[Output]:
    async with asyncio.timeout(60), aclosing(session.run(resource.id, command)) as stream:
        return [output async for output in stream]


def said(found: list[Output], stream: Stream = Stream.OUT) -> bytes:
    return b"".join(output.data for output in found if output.stream is stream)


@pytest.fixture
async def web(engine: DockerEngine, find: Find) -> Resource:
    await engine.run(name="web")
    return await find("web")


async def test_a_command_runs_as_the_user_it_is_given(session: DockerSession, web: Resource) -> None:
    assert said(await outputs(session, web, Command(("id", "-un"), user="nobody"))) == b"nobody\n"


async def test_output_of_ten_megabytes_arrives_whole(session: DockerSession, web: Resource) -> None:
    found = await outputs(session, web, Command(("head", "-c", "10000000", "/dev/zero")))
    assert len(said(found)) == 10_000_000


async def test_a_time_limit_climbs_the_ladder_and_says_so(
    session: DockerSession, web: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "LADDER", (("INT", 0.3), ("TERM", 0.3), ("KILL", 5.0)))
    script = "trap '' INT TERM; echo ready; while :; do sleep 0.1; done"
    found = await outputs(session, web, Command(("sh", "-c", script), user="nobody", timeout=0.3))
    assert [word for word in said(found, Stream.NOTE).decode().split() if word.startswith("SIG")] == [
        "SIGINT.",
        "SIGTERM.",
        "SIGKILL.",
    ]
    assert found[-1].exit_code == 137


async def test_what_a_command_began_ends_with_it(session: DockerSession, web: Resource) -> None:
    command = Command(("sh", "-c", "sleep 987 & echo ready; wait"))
    async with asyncio.timeout(30):
        async with aclosing(session.run(web.id, command)) as stream:
            assert (await anext(stream)).data == b"ready\n"
        while any("987" in cell for row in (await session.processes(web.id)).rows for cell in row):
            await asyncio.sleep(0.05)


async def test_a_stopped_container_runs_no_command(session: DockerSession, engine: DockerEngine, find: Find) -> None:
    await engine.create(name="still")
    with pytest.raises(Conflict):
        await outputs(session, await find("still"), Command(("true",)))


async def test_a_command_that_is_not_there_ends_with_127(session: DockerSession, web: Resource) -> None:
    assert (await outputs(session, web, Command(("no-such-program",))))[-1].exit_code in (126, 127)


@pytest.fixture
async def bare(engine: DockerEngine, find: Find) -> Resource:
    """A container without a shell: one program and nothing else."""
    await engine.docker("run", "--detach", "--name", "bare", BARE, "/bin/sleep", "3600")
    return await find("bare")


async def test_a_container_without_a_shell_says_so(session: DockerSession, bare: Resource) -> None:
    with pytest.raises(Unsupported, match="no shell"):
        await session.terminal(bare.id, None, Size())


async def test_without_a_shell_a_program_is_ended_from_outside(session: DockerSession, bare: Resource) -> None:
    found = await outputs(session, bare, Command(("/bin/sleep", "3600"), timeout=0.2))
    assert found[-1].exit_code == 130


async def test_a_program_that_cannot_be_ended_is_admitted(
    session: DockerSession, bare: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "LADDER", (("INT", 0.1), ("KILL", 0.1)))
    monkeypatch.setattr(programs, "_belongs", lambda pid, native: False)
    with pytest.raises(TimedOut, match="may still run"):
        await outputs(session, bare, Command(("/bin/sleep", "3600"), timeout=0.1))


async def test_a_terminal_tells_its_exit_code(session: DockerSession, web: Resource) -> None:
    terminal = await session.terminal(web.id, None, Size(columns=100, rows=30))
    await terminal.write(b"stty size; exit 7\n")
    seen = b""
    async with asyncio.timeout(30):
        while data := await terminal.read():
            seen += data
        assert await terminal.close() == 7
    assert b"30 100" in seen
