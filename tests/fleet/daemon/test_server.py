from __future__ import annotations

import asyncio
import logging
import os
import pwd
import socket
import sys
import time
from pathlib import Path

import msgspec
import pytest

from backends.contract.errors import Invalid, Refused, Unreachable, Unsupported
from fleet.daemon import greeting, wire
from fleet.daemon.calls import fingerprint
from fleet.daemon.client import RemoteFleet, attached_fleet
from fleet.daemon.greeting import daemon_welcome
from fleet.daemon.lag import LagMeter
from fleet.daemon.peer import peer_uid
from fleet.daemon.server import FleetServer
from fleet.values import Delta
from quarterdeck.version import VERSION
from tests.fleet.daemon.conftest import Served, serving
from tests.fleet.daemon.memory import MemoryFleet, box, job
from tests.fleet.daemon.test_streams import greet
from tests.fleet.daemon.waiting import until

A = box("a").id


async def test_the_socket_is_for_its_owner_only_and_gone_afterwards(home: Path) -> None:
    path = home / "d.sock"
    path.write_text("a stale leftover")
    async with serving(path):
        assert path.stat().st_mode & 0o777 == 0o600
        assert await daemon_welcome(path)
    assert not path.exists()


async def test_a_path_too_long_for_a_socket_is_refused_with_a_hint(home: Path) -> None:
    with pytest.raises(Invalid, match="No socket can be made") as caught:
        await FleetServer(MemoryFleet(), home / ("x" * 120)).serve()
    assert "shorter" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "frame",
    [
        (wire.FRAME_LIMIT + 1).to_bytes(4, "big"),
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x00",
        b"\x00\x00\x00\x02\xc1\xc1",
        bytes(wire.pack(wire.Goodbye())),
        bytes(wire.pack(wire.Call(1, "inspect", msgspec.Raw(b"\xa5wrong")))),
        bytes(wire.pack(wire.Credit(0, -5))),
        bytes(wire.pack(wire.Subscribe())) * 2,
    ],
)
async def test_a_client_that_breaks_the_protocol_is_sent_away_alone(
    served: Served, frame: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with served.client() as fleet:
        reader, writer = await asyncio.open_unix_connection(served.path)
        await greet(reader, writer)
        with caplog.at_level(logging.WARNING):
            writer.write(frame)
            await drained(reader)
        assert "is sent away. " in caplog.text
        assert "Traceback" not in caplog.text
        writer.close()
        assert await fleet.inspect(A)


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\n\r\n", b"\x00\x01\x00\x01", b"\x00\x00\x00\x01\x90"])
async def test_a_stranger_to_the_protocol_is_sent_away_at_once(served: Served, start: bytes) -> None:
    reader, writer = await asyncio.open_unix_connection(served.path)
    writer.write(start)
    await drained(reader)
    writer.close()
    assert await daemon_welcome(served.path)


async def test_an_unknown_method_fails_alone(served: Served) -> None:
    reader, writer = await asyncio.open_unix_connection(served.path)
    await greet(reader, writer)
    writer.write(wire.pack(wire.Call(1, "explode", msgspec.Raw(b"\x90"))))
    body = await wire.read_frame(reader)
    assert body is not None
    answer = wire.read_response(body)
    assert isinstance(answer, wire.Fail)
    assert answer.failure.kind == "Unsupported"
    writer.close()


async def test_a_call_number_used_twice_is_against_the_protocol(served: Served) -> None:
    reader, writer = await asyncio.open_unix_connection(served.path)
    await greet(reader, writer)
    for _ in range(2):
        writer.write(wire.pack(wire.Call(1, "wait", msgspec.Raw(wire.encoder.encode(("x",))))))
    await drained(reader)
    writer.close()


async def test_the_peer_of_our_own_socket_is_us(served: Served) -> None:
    _reader, writer = await asyncio.open_unix_connection(served.path)
    assert peer_uid(writer.transport) == os.getuid()
    writer.close()


CONNECT = """
import os, socket, sys
os.setgroups([])
os.setgid(int(sys.argv[3]))
os.setuid(int(sys.argv[3]))
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
peer.sendall(bytes.fromhex(sys.argv[2]))
sys.stdout.buffer.write(peer.recv(65536))
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
async def test_another_user_is_refused_even_where_the_files_let_them_in(home: Path) -> None:
    path = home / "d.sock"
    async with serving(path) as served:
        home.chmod(0o755)
        path.chmod(0o666)
        hello = bytes(wire.pack(wire.Hello(VERSION, fingerprint(), wire.Ending.NOW)))
        nobody = str(pwd.getpwnam("nobody").pw_uid)
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", CONNECT, str(path), hello.hex(), nobody), stdout=asyncio.subprocess.PIPE
        )
        answer, _nothing = await child.communicate()
        assert child.returncode == 0
        welcome = wire.read_greeting(answer[4:])
        assert isinstance(welcome, wire.Welcome)
        assert welcome.refused is not None
        assert isinstance(welcome.refused.error(), Refused)
        assert (welcome.accepted, welcome.version, welcome.pid) == (False, "", 0)
        async with served.client() as fleet:
            assert await fleet.inspect(A), "and the daemon was not ended by them"


async def test_versions_that_differ_are_told_what_the_daemon_is_busy_with(home: Path) -> None:
    fleet = MemoryFleet()
    fleet.publish(Delta(jobs=(job("x"), job("y"), job("z", ended=1.0))))
    async with serving(home / "d.sock", fleet, version="0.9.9"):
        with pytest.raises(Unsupported) as caught:
            async with attached_fleet(home / "d.sock", starter=never):
                pass
        assert "is version 0.9.9" in str(caught.value)
        assert f"this is {VERSION}" in str(caught.value)
        assert "busy with 2 jobs" in str(caught.value)
        assert caught.value.hint == "`qd daemon stop` ends it."


async def test_a_newer_client_replaces_an_idle_daemon(home: Path) -> None:
    path = home / "d.sock"
    async with asyncio.TaskGroup() as group:
        released = asyncio.Event()
        started = asyncio.Event()

        async def ours() -> None:
            async with serving(path):
                started.set()
                await released.wait()

        async def start() -> None:
            group.create_task(ours())
            await started.wait()

        async with serving(path, version="0.9.9"):
            async with attached_fleet(path, starter=start) as fleet:
                assert await fleet.inspect(A)
                welcome = await daemon_welcome(path)
                assert welcome is not None
                assert welcome.version == VERSION
            released.set()


async def test_a_daemon_others_are_attached_to_is_not_replaced(served: Served) -> None:
    async with served.client() as fleet:
        with pytest.raises(Unsupported, match="busy with an attached client"):
            async with attached_fleet(served.path, starter=never, version="9.0"):
                pass
        assert await fleet.inspect(A)


async def test_without_a_starter_an_idle_daemon_of_another_version_is_left_alone(served: Served) -> None:
    with pytest.raises(Unsupported, match="daemon is version"):
        async with attached_fleet(served.path, version="9.0"):
            pass
    async with served.client() as fleet:
        assert await fleet.inspect(A)


async def test_the_same_version_built_otherwise_is_another_version(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(greeting, "fingerprint", lambda: "00000000")
    monkeypatch.setattr("fleet.daemon.attachment.fingerprint", lambda: "00000000")
    with pytest.raises(Unsupported, match="another build of the same version"):
        async with attached_fleet(served.path):
            pass


async def test_it_ends_after_its_last_client_left(home: Path) -> None:
    async with serving(home / "d.sock", linger=0.05) as served:
        async with served.client() as first:
            async with served.client():
                pass
            await asyncio.sleep(0.2)
            assert await first.inspect(A)
        await until(lambda: not served.path.exists())


@pytest.mark.parametrize("held", ["job", "shell", "keep"])
async def test_it_stays_while_somebody_or_something_needs_it(home: Path, held: str) -> None:
    keeping = held == "keep"
    async with serving(home / "d.sock", linger=0.05, keep=lambda: keeping) as served:
        async with served.client() as fleet:
            await fleet.refresh(held)
        await asyncio.sleep(0.3)
        async with served.client() as fleet:
            assert await fleet.inspect(A)
        keeping = False
        served.fleet.publish(Delta(jobs=(job("held", ended=2.0),), ended_shells=("kept",)))
        await until(lambda: not served.path.exists())


async def test_shutdown_from_a_client_ends_it_and_nobody_starts_it_again(home: Path) -> None:
    path = home / "d.sock"
    async with serving(path) as served:
        watching = RemoteFleet(path, starter=never)
        await watching.connect()
        async with served.client() as fleet:
            await fleet.shutdown()
            await until(lambda: not fleet.attached)
        await until(lambda: not watching.attached)
        await until(lambda: not path.exists())
        assert "was stopped" in str(watching.trouble)
        with pytest.raises(Unreachable):
            await watching.inspect(A)
        await watching.close()


async def never() -> None:
    raise AssertionError("nothing is started here")


async def drained(reader: asyncio.StreamReader) -> None:
    async with asyncio.timeout(20):
        while await reader.read(65536):
            pass


async def test_the_lag_meter_sees_a_loop_that_was_held_up() -> None:
    meter = LagMeter(every=0.01, window=1.0)
    async with asyncio.TaskGroup() as group:
        measuring = group.create_task(meter.run())
        await asyncio.sleep(0.03)
        busy_until = time.monotonic() + 0.1
        while time.monotonic() < busy_until:
            pass
        await until(lambda: meter.worst >= 0.08)
        measuring.cancel()


async def test_a_greeting_that_never_comes_is_not_waited_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fleet.daemon.server.GREETING_PATIENCE", 0.05)
    async with serving(home / "d.sock"):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(home / "d.sock"))
            reader, writer = await asyncio.open_unix_connection(sock=peer.dup())
            await drained(reader)
            writer.close()
