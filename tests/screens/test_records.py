"""The lists of jobs, journal entries, events and connections."""

from __future__ import annotations

import pytest

from backends.contract.errors import Unreachable
from backends.contract.model import ResourceId
from fleet.values import Approval, JobState, JournalQuery, Request
from screens.connections import ConnectionsView
from screens.desk import Place
from screens.dialogs.plan import PlanDialog
from screens.events import EventsView
from screens.jobs import JobsView
from screens.journal import JournalView
from screens.records import Records
from tests.fakes.backend import FakeBackend
from tests.screens.conftest import Driven, Factory
from tests.widgets.waiting import screen_text, until

SIZES = [(80, 24), (120, 40)]


def shown(driven: Driven) -> str:
    return "\n".join(screen_text(driven.pilot))


def records(driven: Driven) -> Records:
    assert isinstance(driven.app.screen, Records)
    return driven.app.screen


async def do(driven: Driven, verb: str, *names: str, **arguments: object) -> str:
    targets = tuple(r.id for r in driven.fleet.inventory.of_kind("container").values() if r.name in names)
    request = Request(verb, targets, arguments=arguments, door="test")  # type: ignore[arg-type]  # plain values
    prepared = await driven.fleet.prepare(request)
    job = await driven.fleet.perform(request, Approval(prepared.token, prepared.decision.word))
    await driven.fleet.wait(job.id)
    return job.id


def running(driven: Driven) -> str:
    return next(r.name for r in driven.fleet.inventory.of_kind("container").values() if r.state.value == "running")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("view", ["jobs", "journal", "events", "connections"])
async def test_a_list_of_records_opens_at_every_size(cockpit: Factory, size: tuple[int, int], view: str) -> None:
    async with cockpit(Place(view), size=size) as driven:
        await until(driven.pilot, lambda: isinstance(driven.app.screen, Records))
        await until(driven.pilot, lambda: "quit" not in shown(driven) and shown(driven).strip() != "")
        await driven.pilot.press("j", "k", "slash", *"zzz", "escape", "o", "escape", "x", "escape")
        assert view == records(driven).VIEW


async def test_a_job_is_shown_with_its_outcome_and_opens_by_enter(cockpit: Factory) -> None:
    async with cockpit(Place("jobs")) as driven:
        name = running(driven)
        job = await do(driven, "restart", name)
        await until(driven.pilot, lambda: "● done" in shown(driven))
        assert "Restart" in shown(driven)
        assert name in shown(driven)
        await driven.pilot.press("enter")
        await until(driven.pilot, lambda: not isinstance(driven.app.screen, JobsView))
        assert driven.app._here.tab == job


async def test_a_running_job_is_cancelled_only_after_asking(cockpit: Factory) -> None:
    async with cockpit(Place("jobs")) as driven:
        target = next(r.id for r in driven.fleet.inventory.of_kind("container").values() if r.name == running(driven))
        request = Request("exec", (target,), arguments={"command": ["endless", "x"]}, door="test")
        prepared = await driven.fleet.prepare(request)
        job = await driven.fleet.perform(request, Approval(prepared.token, prepared.decision.word))
        await until(driven.pilot, lambda: "running" in shown(driven))
        await driven.pilot.press("S")
        await until(driven.pilot, lambda: "Cancel" in shown(driven) and not isinstance(driven.app.screen, JobsView))
        await driven.pilot.press("n")
        assert (await driven.fleet.job(job.id)).ended is None
        await driven.pilot.press("S")
        await until(driven.pilot, lambda: not isinstance(driven.app.screen, JobsView))
        await driven.pilot.press("y")
        assert (await driven.fleet.wait(job.id)).state is JobState.CANCELLED
        await until(driven.pilot, lambda: "cancelled" in shown(driven))


async def test_the_journal_tells_who_did_what_to_what_with_which_call(cockpit: Factory) -> None:
    async with cockpit(Place("journal"), size=(160, 40)) as driven:
        name = running(driven)
        await do(driven, "restart", name)
        await until(driven.pilot, lambda: f"fake restart --timeout 10 {name}" in shown(driven))
        await until(driven.pilot, lambda: "● done" in shown(driven))
        for word in ("Restart", name, "person", "test"):
            assert word in shown(driven)


async def test_the_journals_keys_copy_verify_and_undo(cockpit: Factory) -> None:
    async with cockpit(Place("journal"), size=(160, 40)) as driven:
        name = running(driven)
        await do(driven, "stop", name)
        await until(driven.pilot, lambda: "● done" in shown(driven))
        await driven.pilot.press("y")
        assert driven.app.clipboard == f"fake stop --timeout 10 {name}"
        await driven.pilot.press("V")
        await until(driven.pilot, lambda: "The chain of 1 entries holds" in shown(driven))
        await driven.pilot.press("z")

        def running_again() -> bool:
            return any(
                r.name == name and r.state.value == "running"
                for r in driven.fleet.inventory.of_kind("container").values()
            )

        await until(driven.pilot, running_again)


async def test_doing_an_entry_again_shows_the_plan_first_with_the_same_arguments(cockpit: Factory) -> None:
    async with cockpit(Place("journal"), size=(160, 40)) as driven:
        await do(driven, "exec", running(driven), command=["echo", "hello"])
        await until(driven.pilot, lambda: "● done" in shown(driven))
        await driven.pilot.press("full_stop")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, PlanDialog) and "echo hello" in shown(driven))
        assert len(await driven.fleet.journal(JournalQuery())) == 1
        await driven.pilot.press("y")
        await until(driven.pilot, lambda: len(driven.fleet.inventory.jobs) == 2)


async def test_older_entries_come_as_one_scrolls_and_the_filter_asks_the_journal(cockpit: Factory) -> None:
    async with cockpit(Place("journal"), size=(120, 24)) as driven:
        names = [r.name for r in driven.fleet.inventory.of_kind("image").values()]
        assert names
        first = running(driven)
        await do(driven, "exec", first, command=["echo", "needle"])
        for _ in range(210):
            await do(driven, "exec", first, command=["echo", "hay"])
        await driven.pilot.press("ctrl+r")
        view = driven.app.screen
        assert isinstance(view, JournalView)
        await until(driven.pilot, lambda: view.table.total >= 200)
        await driven.pilot.press("end")
        await until(driven.pilot, lambda: view.table.total == 211)
        await driven.pilot.press("slash", *"needle")
        await until(driven.pilot, lambda: view.table.shown == 1)


async def test_events_come_live_and_open_their_resource(cockpit: Factory) -> None:
    async with cockpit(Place("events")) as driven:
        name = running(driven)
        await do(driven, "stop", name)
        view = driven.app.screen
        assert isinstance(view, EventsView)
        await until(driven.pilot, lambda: view.table.total > 0 and name in shown(driven))
        await driven.pilot.press("enter")
        await until(driven.pilot, lambda: not isinstance(driven.app.screen, EventsView))
        assert driven.app._here.view == "resource"


async def test_a_lost_connection_is_shown_with_its_reason_and_tried_at_once(cockpit: Factory) -> None:
    fake = FakeBackend(connections=2, missing=True)
    async with cockpit(Place("connections"), fake=fake, size=(200, 40)) as driven:
        view = driven.app.screen
        assert isinstance(view, ConnectionsView)
        await until(driven.pilot, lambda: shown(driven).count("● online") == 2)
        assert "There is no second fake." in shown(driven)
        assert "interface" in shown(driven)
        assert "fleet" in shown(driven)
        fake.worlds["fake-2"].go_offline()
        await until(driven.pilot, lambda: "✖ offline" in shown(driven))
        view.table.move_to(ResourceId("fake-2", "connection", "fake-2"))
        await driven.pilot.press("enter")
        await until(driven.pilot, lambda: "what may help" in shown(driven) or "next try" in shown(driven))
        await driven.pilot.press("escape")
        fake.worlds["fake-2"].come_back()
        await driven.pilot.press("P")
        await until(driven.pilot, lambda: shown(driven).count("● online") == 2)


async def test_a_fleet_that_does_not_answer_is_said_and_nothing_breaks(
    cockpit: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with cockpit(Place("connections")) as driven:
        await until(driven.pilot, lambda: "fleet" in shown(driven))

        async def gone(*_: object) -> None:
            raise Unreachable("The fleet is gone.")

        for name in ("status", "journal", "events"):
            monkeypatch.setattr(driven.fleet, name, gone)
        await until(driven.pilot, lambda: "does not answer" in shown(driven))
        await driven.pilot.press("at", "9", "7")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, JobsView))
