from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from backends.contract.errors import BackendBug, BackendError, NotFound, Refused, Unreachable
from backends.contract.model import LogQuery, Size
from fleet.daemon.calls import CARRIED_THROUGH, LOCAL, TABLE, Method, Shape, fingerprint
from fleet.daemon.client import RemoteFleet
from fleet.protocol import Fleet
from fleet.values import EventQuery, JournalQuery, Request
from tests.fleet.daemon.conftest import Served
from tests.fleet.daemon.memory import box

A = box("a").id


def test_every_method_of_the_protocol_is_remote_or_handled_here() -> None:
    methods = {name for name, member in vars(Fleet).items() if inspect.isfunction(member) and name[0] != "_"}
    assert methods == TABLE.keys() | LOCAL
    assert not TABLE.keys() & LOCAL
    assert TABLE.keys() >= CARRIED_THROUGH


def test_the_client_has_every_member_of_the_protocol_itself() -> None:
    members = {name for name in vars(Fleet) if not name.startswith("_")}
    assert members <= vars(RemoteFleet).keys()


@pytest.mark.parametrize("method", TABLE.values(), ids=list(TABLE))
def test_every_method_can_be_written_down(method: Method) -> None:
    assert method.result_type is not inspect.Parameter.empty
    assert method._argument_decoder is not None
    assert method._result_decoder is not None


def test_shapes_follow_the_annotations() -> None:
    assert TABLE["logs"].shape is Shape.STREAM
    assert TABLE["attach"].shape is Shape.TERMINAL
    assert TABLE["inspect"].shape is Shape.CALL


def test_the_fingerprint_is_the_same_in_every_process() -> None:
    code = "from fleet.daemon.calls import fingerprint; print(fingerprint())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert found == fingerprint()


async def test_every_call_answers_as_the_fleet_itself(served: Served) -> None:
    local: Fleet = served.fleet
    request = Request("stop", (A,), {"timeout": 3})
    async with served.client() as remote:
        for fleet in (local, remote):
            assert await fleet.inspect(A) == await local.inspect(A)
            assert await fleet.processes(A) == await local.processes(A)
            assert await fleet.history(A, ["cpu"], 1.0, 2.0, 3) == await local.history(A, ["cpu"], 1.0, 2.0, 3)
            assert await fleet.prepare(request) == await local.prepare(request)
            assert await fleet.perform(request) == await local.perform(request)
            assert await fleet.undo_requests(4) == await local.undo_requests(4)
            assert await fleet.open_shell(request, None, Size()) == await local.open_shell(request, None, Size())
            assert await fleet.journal(JournalQuery(limit=2)) == await local.journal(JournalQuery(limit=2))
            assert await fleet.journal_output(5) == await local.journal_output(5)
            assert await fleet.journal_verify() == await local.journal_verify()
            assert await fleet.events(EventQuery()) == await local.events(EventQuery())
            assert [item async for item in fleet.job_output("x")] == [item async for item in local.job_output("x")]
            await fleet.close_shell("kept")
            await fleet.refresh()


async def test_a_call_that_fails_keeps_kind_message_and_hint(served: Served) -> None:
    async with served.client() as fleet:
        with pytest.raises(NotFound, match="no connection “x”") as caught:
            await fleet.retry("x")
        assert caught.value.hint == "`qd connections` lists them."


async def test_a_bug_in_the_fleet_is_news_and_tells_no_details(served: Served) -> None:
    async with served.client() as fleet:
        with pytest.raises(BackendBug) as caught:
            await fleet.inspect(box("bug").id)
        assert "secret detail" not in str(caught.value)
        with pytest.raises(BackendBug):
            await fleet.inspect(box("object").id)
        assert await fleet.inspect(A)


async def test_an_answer_too_large_for_a_frame_is_refused(served: Served) -> None:
    async with served.client() as fleet:
        with pytest.raises(Refused, match="too large"):
            await fleet.inspect(box("huge").id)
        assert await fleet.inspect(A)


async def test_the_status_has_what_only_the_server_knows(served: Served) -> None:
    async with served.client(), served.client() as fleet:
        status = await fleet.status()
        assert status.clients == 2
        assert not status.inline


async def test_without_a_daemon_calls_say_so(home: Path) -> None:
    fleet = RemoteFleet(home / "d.sock")
    with pytest.raises(Unreachable) as caught:
        await fleet.connect()
    assert isinstance(caught.value, BackendError)
    with pytest.raises(Unreachable):
        await fleet.inspect(A)
    with pytest.raises(Unreachable):
        await anext(fleet.logs([A], LogQuery()))
    await fleet.close()


def test_importing_the_client_loads_no_sdk_and_nothing_heavy() -> None:
    code = "import sys, fleet.daemon.client; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    heavy = {
        "aiohttp",
        "docker",
        "psutil",
        "sqlite3",
        "hashlib",
        "textual",
        "rich",
        "keyring",
        "platformdirs",
        "tomlkit",
    }
    assert not loaded & heavy
