"""Processes: signals with their ladder, priorities, the tree."""

from __future__ import annotations

import os

import msgspec
import pytest

from backends.contract.errors import Conflict, Invalid, NotFound
from backends.contract.model import Ability, Resource, State
from backends.contract.operation import verbs_by_id
from backends.local import BACKEND
from backends.local.session import LocalSession
from quarterdeck.testing import Heard
from tests.backends.local.conftest import Spawn

VERBS = verbs_by_id(BACKEND.verbs())


async def listed(session: LocalSession, native: str) -> Resource | None:
    await session.lane.run(session.client.processes)
    found = await session.resources(frozenset({"process"}))
    return next((resource for resource in found if resource.id.native == native), None)


async def test_a_process_that_listens_ends_by_itself(session: LocalSession, spawn: Spawn) -> None:
    child = await spawn("")
    outcome = await VERBS["process.terminate"].run(session, child, {"timeout": 20.0}, Heard())
    assert "has ended" in outcome.summary
    assert not await session.lane.run(session.client.alive, int(child.id.native), child.created)


async def test_a_process_that_does_not_listen_is_killed(session: LocalSession, spawn: Spawn) -> None:
    child = await spawn("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    heard = Heard()
    outcome = await VERBS["process.terminate"].run(session, child, {"timeout": 0.3}, heard)
    assert "was killed" in outcome.summary
    assert any("KILL" in text for _, text in heard.steps)


async def test_a_stopped_process_is_paused_and_its_undo_lets_it_go_on(session: LocalSession, spawn: Spawn) -> None:
    child = await spawn("")
    kill = VERBS["process.kill"]
    assert (await kill.plan(session, child, {"signal": "STOP"})).undo
    outcome = await kill.run(session, child, {"signal": "STOP"}, Heard())
    stopped = await listed(session, child.id.native)
    assert stopped is not None
    assert stopped.state is State.PAUSED
    assert outcome.undo is not None
    await kill.run(session, child, outcome.undo.arguments, Heard())
    going = await listed(session, child.id.native)
    assert going is not None
    assert going.state is State.RUNNING


async def test_a_changed_priority_is_shown_and_can_be_taken_back(session: LocalSession, spawn: Spawn) -> None:
    child = await spawn("")
    was = child.facts["nice"]
    outcome = await VERBS["process.renice"].run(session, child, {"nice": 7}, Heard())
    changed = await listed(session, child.id.native)
    assert changed is not None
    assert changed.facts["nice"] == 7
    assert outcome.undo is not None
    assert outcome.undo.arguments == {"nice": was}


async def test_another_process_with_the_same_number_is_left_alone(session: LocalSession, spawn: Spawn) -> None:
    child = await spawn("")
    older = msgspec.structs.replace(child, created=(child.created or 0) - 1000)
    for verb, given in (("kill", {"signal": "KILL"}), ("renice", {"nice": 3})):
        with pytest.raises(Conflict):
            await VERBS[f"process.{verb}"].run(session, older, given, Heard())
    assert await session.lane.run(session.client.alive, int(child.id.native), child.created)


async def test_a_process_that_is_gone_is_not_found(session: LocalSession, spawn: Spawn) -> None:
    child = await spawn("")
    await VERBS["process.terminate"].run(session, child, {"timeout": 20.0}, Heard())
    gone = msgspec.structs.replace(child, id=msgspec.structs.replace(child.id, native="2147483000"))
    for verb in ("terminate", "kill", "renice"):
        with pytest.raises(NotFound):
            await VERBS[f"process.{verb}"].plan(session, gone, {"signal": "TERM", "timeout": 1.0, "nice": 1})


async def test_children_name_their_parent_and_a_plan_names_the_children(session: LocalSession, spawn: Spawn) -> None:
    child = await spawn("import subprocess; subprocess.Popen(['sleep', '60'])")
    assert child.facts["ppid"] == str(os.getpid())
    step = await VERBS["process.terminate"].plan(session, child, {"timeout": 5.0})
    assert any("sleep" in dependant for dependant in step.dependants)
    assert step.call.startswith(f"kill -TERM {child.id.native};")
    (sleep,) = [word.split()[1] for word in step.dependants]
    await session.lane.run(session.client.signal, int(sleep), None, "KILL")


async def test_a_busy_process_shows_what_it_uses(session: LocalSession, spawn: Spawn) -> None:
    spin = "import threading; threading.Thread(target=lambda: all(iter(lambda: 1, 0)), daemon=True).start()"
    child = await spawn(spin)
    seen: Resource | None = child
    while seen is not None and not seen.facts["cpu"]:
        seen = await listed(session, child.id.native)
    assert seen is not None
    assert seen.facts["threads"] == 2
    assert seen.facts["user"]


async def test_what_cannot_be_signalled_says_so(session: LocalSession) -> None:
    first = await listed(session, "1")
    assert first is not None
    assert Ability.STOP not in first.abilities
    assert "cannot be touched" in (VERBS["process.terminate"].operation.blocked(first) or "")


async def test_an_unknown_signal_is_invalid(session: LocalSession, spawn: Spawn) -> None:
    child = await spawn("")
    with pytest.raises(Invalid):
        await session.lane.run(session.client.signal, int(child.id.native), child.created, "NONSENSE")


async def test_hostile_command_lines_are_listed(session: LocalSession) -> None:
    from backends.local.client import clean

    assert clean("ok\udcff") == "ok\ufffd"
    assert clean("plain é") == "plain é"
