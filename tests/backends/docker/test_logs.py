"""Logs of a real engine: fast, long, odd, and through restarts."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from backends.contract.errors import Unsupported
from backends.contract.model import LogLine, LogQuery, Resource, Stream
from backends.docker.session import DockerSession
from tests.backends.docker.conftest import Find
from tests.bed.docker import DockerEngine

pytestmark = pytest.mark.engine


async def whole(session: DockerSession, resource: Resource, **query: object) -> list[LogLine]:
    found: list[LogLine] = []
    asked = LogQuery(**{"follow": False, "tail": None, **query})  # type: ignore[arg-type]  # test's own keywords
    async with aclosing(session.logs(resource.id, asked)) as batches:
        async for batch in batches:
            found += batch
    return found


async def ended(engine: DockerEngine, *words: str, script: str) -> None:
    await engine.docker("run", "--name", "web", *words, "quarterdeck-test:1", "sh", "-c", script)


@pytest.mark.parametrize("options", [(), ("--tty",)])
async def test_twenty_thousand_lines_come_in_order_and_whole(
    session: DockerSession, engine: DockerEngine, find: Find, options: tuple[str, ...]
) -> None:
    await engine.run(*options, name="web", command=("seq", "1", "20000"))
    await engine.docker("wait", "web")
    lines = await whole(session, await find("web"))
    assert [line.text for line in lines] == [str(number) for number in range(1, 20001)]
    assert all(line.at is not None for line in lines)


@pytest.mark.parametrize("options", [(), ("--tty",)])
async def test_a_line_of_a_megabyte_is_one_line(
    session: DockerSession, engine: DockerEngine, find: Find, options: tuple[str, ...]
) -> None:
    script = "head -c 1000000 /dev/zero | tr '\\0' x; echo; echo after"
    await engine.run(*options, name="web", command=("sh", "-c", script))
    await engine.docker("wait", "web")
    lines = await whole(session, await find("web"))
    assert [len(line.text) for line in lines] == [1_000_000, 5]


async def test_bytes_that_are_no_text_do_no_harm(session: DockerSession, engine: DockerEngine, find: Find) -> None:
    await ended(engine, script="printf 'a\\377b\\n'; printf 'red \\033[31m\\n' >&2; printf 'no end'")
    lines = await whole(session, await find("web"))
    assert {(line.text, line.stream) for line in lines} == {
        ("a\ufffdb", Stream.OUT),
        ("red \x1b[31m", Stream.ERR),
        ("no end", Stream.OUT),
    }


async def test_a_window_of_time_includes_its_ends(session: DockerSession, engine: DockerEngine, find: Find) -> None:
    await engine.run(name="web", command=("sh", "-c", "for i in 1 2 3 4 5; do echo $i; sleep 0.05; done"))
    await engine.docker("wait", "web")
    web = await find("web")
    lines = await whole(session, web)
    assert lines[1].at is not None
    window = await whole(session, web, since=lines[1].at, until=lines[3].at)
    assert [line.text for line in window] == ["2", "3", "4"]


async def test_following_goes_on_through_a_restart_without_loss_or_repetition(
    session: DockerSession, engine: DockerEngine, find: Find
) -> None:
    script = "for i in 1 2 3; do echo $i; done; exit 3"
    await engine.run(name="web", command=("sh", "-c", script))
    await engine.docker("wait", "web")
    seen: list[LogLine] = []
    async with asyncio.timeout(30), aclosing(session.logs((await find("web")).id, LogQuery())) as batches:
        async for batch in batches:
            seen += batch
            if len(seen) == 3:
                await engine.docker("start", "web")
            if len(seen) >= 7:
                break
    assert [line.text for line in seen if line.stream is not Stream.NOTE] == ["1", "2", "3"] * 2
    (note,) = [line for line in seen if line.stream is Stream.NOTE]
    assert note.text.startswith("The container was started again.")


async def test_following_ends_when_the_container_is_removed(
    session: DockerSession, engine: DockerEngine, find: Find
) -> None:
    await engine.run(name="web", command=("sh", "-c", "echo here; exec sleep 1000"))
    async with asyncio.timeout(30), aclosing(session.logs((await find("web")).id, LogQuery())) as batches:
        assert [line.text for line in await anext(batches)] == ["here"]
        await engine.docker("rm", "--force", "web")
        assert [batch async for batch in batches] == []


async def test_a_log_nobody_keeps_says_so(session: DockerSession, engine: DockerEngine, find: Find) -> None:
    await engine.run("--log-driver", "none", name="web")
    with pytest.raises(Unsupported, match="log driver"):
        await whole(session, await find("web"))
