"""The engine dies: everything says so, nothing hangs, and a new connection works."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from backends.contract.errors import BackendError, NeedsAuth, TimedOut, Unreachable
from backends.contract.model import Command, ConnectionSpec, LogQuery, Size
from backends.docker import BACKEND, streams
from backends.docker.endpoint import Endpoint
from backends.docker.faults import lost
from quarterdeck.testing import BareContext, Gaze
from tests.backends.docker.conftest import open_session
from tests.bed.docker import DockerEngine

LIMIT = 20.0


async def drain(stream: AsyncGenerator[Any, None], begun: asyncio.Event | None = None) -> None:
    async with aclosing(stream):
        async for _ in stream:
            if begun is not None:
                begun.set()


@pytest.mark.engine
async def test_a_killed_engine_ends_every_stream_and_a_new_connection_works(
    engine: DockerEngine, tmp_path: Path
) -> None:
    await engine.run(name="web", command=("sh", "-c", "while :; do echo line; sleep 0.1; done"))
    session = await open_session(engine, tmp_path)
    (web,) = await session.resources(frozenset({"container"}))
    logging, measuring, running = asyncio.Event(), asyncio.Event(), asyncio.Event()
    terminal = await session.terminal(web.id, None, Size())

    async def read_terminal() -> None:
        while await terminal.read():
            pass

    endless = Command(("sh", "-c", "echo ready; while :; do sleep 1; done"))
    async with asyncio.timeout(LIMIT), asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(ended(drain(session.watch()))),
            group.create_task(ended(drain(session.logs(web.id, LogQuery()), logging))),
            group.create_task(ended(drain(session.samples(Gaze({web.id}), 0.2), measuring))),
            group.create_task(ended(drain(session.run(web.id, endless), running))),
            group.create_task(ended(read_terminal())),
        ]
        for begun in (logging, measuring, running):
            await begun.wait()
        await engine.kill()
    assert [type(task.result()) for task in tasks] == [Unreachable] * 5
    assert all(error.message.endswith(".") for task in tasks if (error := task.result()))
    with pytest.raises(Unreachable):
        await session.resources(frozenset({"container"}))
    async with asyncio.timeout(LIMIT):
        await terminal.close()
        await session.close()
    await engine.start()
    again = await open_session(engine, tmp_path)
    assert {r.name for r in await again.resources(frozenset({"container"}))} == {"web"}
    await again.close()


async def ended(work: Any) -> BackendError | None:
    try:
        await work
    except BackendError as error:
        return error
    return None


async def test_a_socket_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="no socket") as caught:
        await opened(f"unix://{tmp_path / 'none.sock'}", tmp_path)
    assert caught.value.hint


async def test_nobody_listening_is_said_to_be_so(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "dead.sock"))
        with pytest.raises(Unreachable, match="Nothing answers"):
            await opened(f"unix://{tmp_path / 'dead.sock'}", tmp_path)


async def test_a_port_nobody_listens_at_is_said_to_be_so(tmp_path: Path) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable):
            await opened(f"tcp://127.0.0.1:{server.getsockname()[1]}", tmp_path)


def test_a_forbidden_socket_names_the_group() -> None:
    error = OSError("aborted")
    error.__cause__ = PermissionError(13, "Permission denied")
    told = lost(error, Endpoint("unix:///var/run/docker.sock"))
    assert isinstance(told, NeedsAuth)
    assert "group" in (told.hint or "")


async def test_an_engine_that_falls_silent_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that dies without a word leaves a stream open for ever: after a while the engine is asked."""
    monkeypatch.setattr(streams, "QUIET", 0.1)
    monkeypatch.setattr(streams, "PING_LIMIT", 0.2)

    answering: list[asyncio.Task[Any] | None] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.append(asyncio.current_task())
        if b"_ping" not in await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        await reader.read()
        writer.close()
        await writer.wait_closed()

    path = tmp_path / "silent.sock"
    async with await asyncio.start_unix_server(answer, path):
        engine = streams.Engine(Endpoint(f"unix://{path}"), "1.41", None)
        async with asyncio.timeout(LIMIT), engine.stream("/events") as stream:
            with pytest.raises(Unreachable):
                await stream.read()
        with pytest.raises(TimedOut):
            await engine.get("/_ping", limit=0.1)
        await engine.close()
        await asyncio.gather(*(task for task in answering if task))


async def opened(host: str, folder: Path) -> None:
    async with asyncio.timeout(LIMIT):
        await BACKEND.open(ConnectionSpec(id="x", backend="docker", options={"host": host}), BareContext(folder))
