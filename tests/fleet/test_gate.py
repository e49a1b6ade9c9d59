"""Every change goes operation → plan → policy → approval → journal → run → journal, whoever asks."""

from __future__ import annotations

import msgspec
import pytest

from backends.contract.errors import Conflict, Invalid, NotFound, Refused, Unreachable
from backends.contract.model import ResourceId, Size, State
from fleet.policy import Rule
from fleet.service import LocalFleet
from fleet.settings import Settings
from fleet.settings.model import General
from fleet.values import Actor, Approval, EntryState, JobState, JournalQuery, Request, Verdict
from tests.fakes.backend import FakeBackend
from tests.fleet.conftest import eventually


def state_of(fleet: LocalFleet, resource: ResourceId) -> State | None:
    known = fleet.inventory.get(resource)
    return known.state if known else None


async def approve(fleet: LocalFleet, request: Request) -> Approval:
    prepared = await fleet.prepare(request)
    return Approval(prepared.token, prepared.decision.word)


async def test_preparing_changes_nothing_and_writes_nothing(fleet: LocalFleet, web: ResourceId) -> None:
    prepared = await fleet.prepare(Request("stop", (web,)))
    assert prepared.plan.steps[0].target == web
    assert prepared.plan.steps[0].call
    assert prepared.decision.verdict is Verdict.ASK
    assert state_of(fleet, web) is State.RUNNING
    assert await fleet.journal(JournalQuery()) == []


async def test_what_policy_asks_about_needs_the_yes_to_exactly_this_plan(fleet: LocalFleet, web: ResourceId) -> None:
    request = Request("stop", (web,))
    with pytest.raises(Refused, match="needs a yes"):
        await fleet.perform(request)
    with pytest.raises(Conflict, match="has changed since"):
        await fleet.perform(request, Approval("another plan's token"))
    other = await approve(fleet, msgspec.structs.replace(request, arguments={"timeout": 3}))
    with pytest.raises(Conflict):
        await fleet.perform(request, other)
    assert state_of(fleet, web) is State.RUNNING


async def test_an_approved_stop_is_journalled_done_and_can_be_undone(fleet: LocalFleet, web: ResourceId) -> None:
    request = Request("stop", (web,), door="cli")
    planned = tuple(step.call for step in (await fleet.prepare(request)).plan.steps)
    job = await fleet.perform(request, await approve(fleet, request))
    ended = await fleet.wait(job.id)
    assert ended.state is JobState.DONE
    await eventually(lambda: state_of(fleet, web) is State.STOPPED)
    (entry,) = await fleet.journal(JournalQuery())
    assert (entry.state, entry.door, entry.verb, entry.targets) == (EntryState.DONE, "cli", "container.stop", (web,))
    assert entry.calls == planned
    assert entry.undo
    (back,) = await fleet.undo_requests(entry.id)
    again = await fleet.perform(back, await approve(fleet, back))
    assert (await fleet.wait(again.id)).state is JobState.DONE
    await eventually(lambda: state_of(fleet, web) is State.RUNNING)
    assert (await fleet.journal_verify()).broken is None
    with pytest.raises(NotFound):
        await fleet.undo_requests(entry.id)


async def test_the_entry_is_open_in_the_journal_while_the_job_runs(
    fleet: LocalFleet, fake: FakeBackend, web: ResourceId
) -> None:
    fake.world.delay("stop", 5.0)
    request = Request("stop", (web,))
    job = await fleet.perform(request, await approve(fleet, request))
    (entry,) = await fleet.journal(JournalQuery())
    assert entry.id == job.entry
    assert entry.state is EntryState.OPEN
    await fleet.cancel(job.id)
    assert (await fleet.wait(job.id)).state is JobState.CANCELLED
    (entry,) = await fleet.journal(JournalQuery())
    assert entry.state is EntryState.CANCELLED


async def test_what_is_blocked_says_why_and_of_many_only_the_fitting_are_done(
    fleet: LocalFleet, fake: FakeBackend, web: ResourceId
) -> None:
    stopped = fake.world.named("mail-7")
    with pytest.raises(Conflict, match="nothing to stop"):
        await fleet.prepare(Request("stop", (stopped,)))
    prepared = await fleet.prepare(Request("stop", (web, stopped)))
    assert [step.target for step in prepared.plan.steps] == [web]
    assert "nothing to stop" in prepared.plan.warnings[0]


async def test_nonsense_is_refused_with_what_is_known(fleet: LocalFleet, web: ResourceId) -> None:
    with pytest.raises(Invalid, match="Nothing is selected"):
        await fleet.prepare(Request("stop", ()))
    with pytest.raises(Invalid, match="cannot be done"):
        await fleet.prepare(Request("fly", (web,)))
    with pytest.raises(Invalid, match="no argument"):
        await fleet.prepare(Request("stop", (web,), {"wings": 2}))
    with pytest.raises(NotFound, match="no connection"):
        await fleet.prepare(Request("stop", (ResourceId("nowhere", "container", "1"),)))
    with pytest.raises(NotFound, match="not there"):
        await fleet.prepare(Request("stop", (ResourceId("fake", "container", "gone"),)))


@pytest.mark.parametrize("settings", [Settings(general=General(read_only=True))])
async def test_read_only_denies_every_door_and_journals_the_attempt(fleet: LocalFleet, web: ResourceId) -> None:
    for verb, arguments in (("stop", {}), ("remove", {}), ("exec", {"command": ["true"]}), ("start", {})):
        for actor in Actor:
            target = (
                web
                if verb != "start"
                else next(r.id for r in fleet.inventory.of_kind("container").values() if r.state is State.STOPPED)
            )
            request = Request(verb, (target,), arguments, actor=actor, door="any")
            prepared = await fleet.prepare(request)
            assert prepared.decision.verdict is Verdict.DENY
            with pytest.raises(Refused, match="read-only"):
                await fleet.perform(request, Approval(prepared.token, prepared.decision.word))
    with pytest.raises(Refused):
        await fleet.open_shell(Request("shell", (web,)), None, Size())
    entries = await fleet.journal(JournalQuery(limit=100))
    assert len(entries) == 4 * len(Actor) + 1
    assert {entry.state for entry in entries} == {EntryState.DENIED}
    assert state_of(fleet, web) is State.RUNNING


@pytest.mark.parametrize("settings", [Settings(policy=[Rule(decision=Verdict.TYPED, verb="restart")])])
async def test_a_typed_confirmation_wants_the_very_word(fleet: LocalFleet, web: ResourceId) -> None:
    request = Request("restart", (web,))
    prepared = await fleet.prepare(request)
    assert (prepared.decision.verdict, prepared.decision.word) == (Verdict.TYPED, "web-0")
    for typed in ("", "web", "WEB-0", "web-0 "):
        with pytest.raises(Refused, match="typed"):
            await fleet.perform(request, Approval(prepared.token, typed))
    job = await fleet.perform(request, Approval(prepared.token, "web-0"))
    assert (await fleet.wait(job.id)).state is JobState.DONE


async def test_a_removed_container_comes_back_and_its_payload_is_not_in_the_journal(
    fleet: LocalFleet, web: ResourceId
) -> None:
    request = Request("remove", (web,), {"force": True} if await takes_force(fleet, web) else {})
    job = await fleet.perform(request, await approve(fleet, request))
    assert (await fleet.wait(job.id)).state is JobState.DONE
    await eventually(lambda: fleet.inventory.get(web) is None)
    (back,) = await fleet.undo_requests(job.entry)
    again = await fleet.perform(back, await approve(fleet, back))
    assert (await fleet.wait(again.id)).state is JobState.DONE
    await eventually(lambda: any(r.name == "web-0" for r in fleet.inventory.of_kind("container").values()))
    names = [entry.verb for entry in await fleet.journal(JournalQuery())]
    assert len(names) == 2


async def takes_force(fleet: LocalFleet, resource: ResourceId) -> bool:
    operation = fleet.catalogue.operation("fake", resource.kind, "remove")
    return any(parameter.id == "force" for parameter in operation.parameters)


async def test_a_failing_row_is_told_and_the_others_go_on(fleet: LocalFleet, fake: FakeBackend) -> None:
    running = [r.id for r in fleet.inventory.of_kind("container").values() if r.state is State.RUNNING][:3]
    fake.world.fail("restart", Unreachable("The engine coughed."), times=1)
    request = Request("restart", tuple(running))
    job = await fleet.perform(request, await approve(fleet, request))
    ended = await fleet.wait(job.id)
    assert ended.state is JobState.FAILED
    assert sorted(row.state for row in ended.rows) == ["done", "done", "failed"]
    (failed,) = [row for row in ended.rows if row.state is JobState.FAILED]
    assert failed.failure is not None
    assert failed.failure.kind == "Unreachable"
    assert "coughed" in failed.text


async def test_a_bug_in_a_backend_is_news_not_the_end(fleet: LocalFleet, fake: FakeBackend, web: ResourceId) -> None:
    fake.world.fail("restart", ZeroDivisionError("oops"), times=1)
    request = Request("restart", (web,))
    job = await fleet.perform(request, await approve(fleet, request))
    ended = await fleet.wait(job.id)
    assert ended.rows[0].failure is not None
    assert ended.rows[0].failure.kind == "BackendBug"
