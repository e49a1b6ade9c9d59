"""The daemon as a real process: started on demand, killed, replaced, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import socket as sockets
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from backends.contract.errors import Invalid, TimedOut, Unreachable, Unsupported
from fleet.daemon import start
from fleet.daemon.client import RemoteFleet, attached_fleet
from fleet.daemon.greeting import daemon_welcome, stop_daemon
from fleet.daemon.lock import Lock
from fleet.daemon.start import start_daemon
from fleet.values import Interest
from tests.fleet.daemon.memory import box
from tests.fleet.daemon.waiting import until

FIRST = box("first").id


class Place:
    """Where one daemon lives, and how it is started there."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.socket = home / "s" / "d.sock"
        self.lock = home / "s" / "d.lock"
        self.log = home / "l" / "d.log"

    def starter(self, *options: str) -> Callable[..., object]:
        command = (sys.executable, "-m", "tests.fleet.daemon.process", str(self.home), *options)
        return partial(start_daemon, self.socket, self.log, command=command)

    async def start(self, *options: str) -> int:
        await self.starter(*options)()  # type: ignore[misc] # a partial of a coroutine function
        return await self.pid()

    async def pid(self) -> int:
        welcome = await daemon_welcome(self.socket)
        assert welcome is not None
        return welcome.pid

    def holder(self) -> int | None:
        return Lock(self.lock).holder()


@pytest.fixture
async def place(home: Path) -> AsyncIterator[Place]:
    place = Place(home)
    yield place
    if pid := place.holder():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        await until(lambda: place.holder() is None)


async def test_it_is_started_on_demand_and_ends_with_its_last_client(place: Place) -> None:
    async with attached_fleet(place.socket, starter=place.starter()) as fleet:  # type: ignore[arg-type]
        assert fleet.inventory.get(FIRST)
        status = await fleet.status()
        assert status.pid == place.holder() != os.getpid()
        assert os.getsid(status.pid) != os.getsid(0)
        assert Path(f"/proc/{status.pid}/cwd").readlink() == Path("/")
        assert place.log.stat().st_mode & 0o777 == 0o600
    await until(lambda: place.holder() is None)
    assert not place.socket.exists()


async def test_it_keeps_the_environment_but_not_the_word_for_its_starter(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QD_TEST_MARK", "kept")
    async with attached_fleet(place.socket, starter=place.starter()) as fleet:  # type: ignore[arg-type]
        environment = await fleet.inspect(box("environment").id)
        assert isinstance(environment, dict)
        assert environment["QD_TEST_MARK"] == "kept"
        assert start.READY_VARIABLE not in environment


async def test_killed_while_attached_it_is_started_again_and_told_what_was_looked_at(place: Place) -> None:
    async with attached_fleet(place.socket, starter=place.starter()) as fleet:  # type: ignore[arg-type]
        await fleet.attend("table", Interest(resources=frozenset({FIRST})))
        first = await place.pid()
        seen: list[bool] = []
        fleet.subscribe(lambda _delta: seen.append(fleet.attached))
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(unreachable(fleet))
            await fleet.inspect(FIRST)
            os.kill(first, signal.SIGKILL)
            await waiting
        await until(lambda: False in seen)
        await until(lambda: fleet.attached and fleet.inventory.get(FIRST))
        assert await place.pid() != first
        assert await fleet.inspect(FIRST)


async def unreachable(fleet: RemoteFleet) -> None:
    with pytest.raises(Unreachable) as caught:
        await fleet.wait("x")
    assert str(caught.value) == "The fleet daemon is gone."
    assert caught.value.hint == "It is being started again."


async def test_a_socket_left_by_a_killed_daemon_is_no_obstacle(place: Place) -> None:
    pid = await place.start()
    os.kill(pid, signal.SIGKILL)
    await until(lambda: place.holder() is None)
    assert place.socket.exists()
    assert await daemon_welcome(place.socket) is None
    assert await place.start() != pid


async def test_two_starters_at_once_make_one_daemon(place: Place) -> None:
    async with asyncio.TaskGroup() as group:
        starting = [group.create_task(place.start()) for _ in range(4)]
    assert len({task.result() for task in starting}) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_signals_end_it_cleanly(place: Place, number: signal.Signals) -> None:
    pid = await place.start()
    os.kill(pid, number)
    await until(lambda: place.holder() is None)
    assert not place.socket.exists()
    assert "Traceback" not in place.log.read_text()


async def test_stopping_ends_it_however_busy_and_waits_for_its_end(place: Place) -> None:
    pid = await place.start()
    async with attached_fleet(place.socket) as fleet:
        await fleet.refresh("job")
        welcome = await stop_daemon(place.socket, place.lock)
        assert welcome is not None
        assert welcome.pid == pid
        assert welcome.busy == "a job and an attached client"
        assert place.holder() is None
        await until(lambda: not fleet.attached)
    assert await stop_daemon(place.socket, place.lock) is None


async def test_an_idle_daemon_of_another_version_is_replaced(place: Place) -> None:
    old = await place.start("old")
    async with attached_fleet(place.socket, starter=place.starter()) as fleet:  # type: ignore[arg-type]
        assert (await fleet.status()).pid != old
    await until(lambda: place.holder() is None)


async def test_a_busy_daemon_of_another_version_can_still_be_stopped(place: Place) -> None:
    await place.start("old")
    async with attached_fleet(place.socket, version="0.0.1") as fleet:
        await fleet.refresh("shell")
    with pytest.raises(Unsupported, match=r"version 0\.0\.1.*busy with a shell"):
        async with attached_fleet(place.socket, starter=place.starter()):  # type: ignore[arg-type]
            pass
    assert await stop_daemon(place.socket, place.lock)


async def test_an_error_at_its_start_comes_to_the_starter(place: Place) -> None:
    with pytest.raises(Invalid, match="The settings are wrong") as caught:
        await place.start("invalid")
    assert caught.value.hint == "See line 3."
    await until(lambda: place.holder() is None)


async def test_one_that_dies_at_its_start_leaves_the_end_of_its_log(place: Place) -> None:
    place.log.parent.mkdir()
    place.log.write_text("from another day\n")
    with pytest.raises(Unreachable, match="ended while it started") as caught:
        await place.start("crash")
    assert "out of luck" in (caught.value.hint or "")
    assert "another day" not in (caught.value.hint or "")


async def test_a_program_that_is_not_there_is_told(place: Place) -> None:
    with pytest.raises(Unreachable, match="cannot be started"):
        await start_daemon(place.socket, place.log, command=("/nonexistent",))


async def test_one_that_never_answers_is_not_waited_for_for_ever(place: Place) -> None:
    with pytest.raises(TimedOut, match="does not answer within"):
        await start_daemon(place.socket, place.log, command=("sleep", "60"), patience=0.2)


async def test_a_lock_is_free_again_when_let_go(home: Path) -> None:
    first, second = Lock(home / "lock"), Lock(home / "lock")
    assert first.holder() is None
    assert first.acquire()
    assert second.holder() == os.getpid()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()


async def test_something_else_at_the_socket_is_not_taken_for_a_daemon(home: Path) -> None:
    with sockets.socket(sockets.AF_UNIX) as dead:
        dead.bind(str(home / "d.sock"))
    assert await daemon_welcome(home / "d.sock") is None
