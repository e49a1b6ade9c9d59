"""The screen of one job, driven by its keys."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from fleet.values import Approval, Job, JobState, Request
from screens.desk import Place
from screens.dialogs.ask import AskDialog
from screens.job import JobView
from tests.screens.conftest import LIST, Driven, Factory
from tests.widgets.waiting import screen_text, until


def view(driven: Driven) -> JobView:
    screen = driven.app.screen
    assert isinstance(screen, JobView)
    return screen


def shown(driven: Driven) -> str:
    return "\n".join(screen_text(driven.pilot))


def about(driven: Driven) -> str:
    return "".join(str(static.content) for static in driven.app.screen.query("#about").results(Static))


async def start(driven: Driven, command: str, *names: str) -> Job:
    targets = tuple(driven.fake.world.named(name) for name in names or ("web-0",))
    request = Request("exec", targets, {"command": command.split()})
    prepared = await driven.fleet.prepare(request)
    return await driven.fleet.perform(request, Approval(prepared.token))


async def test_output_and_exit_code_of_one_command(cockpit: Factory) -> None:
    async with cockpit(LIST, size=(80, 24)) as driven:
        job = await start(driven, "print out err")
        driven.app.go(Place("job", tab=job.id))
        await until(driven.pilot, lambda: "exit code 0" in shown(driven))
        await until(driven.pilot, lambda: "done" in about(driven))
        assert "out" in shown(driven)
        assert "err" in shown(driven)
        assert view(driven).table is None


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_bulk_command_shows_rows_first_and_one_row_alone_when_asked(
    cockpit: Factory, size: tuple[int, int]
) -> None:
    async with cockpit(LIST, size=size) as driven:
        job = await start(driven, "echo hello", "web-0", "db-1", "cache-2")
        driven.app.go(Place("job", tab=job.id))
        await until(driven.pilot, lambda: isinstance(driven.app.screen, JobView) and "3 of 3" in about(driven))
        table = view(driven).table
        assert table is not None
        await until(driven.pilot, lambda: table.total == 3 and shown(driven).count("hello") == 7)
        await driven.pilot.press("tab", "enter")
        await until(driven.pilot, lambda: view(driven).log_view.status.lines == 2)
        assert "only cache-2" in shown(driven)
        await driven.pilot.press("escape")
        await until(driven.pilot, lambda: view(driven).log_view.status.lines == 6)


async def test_a_running_job_is_cancelled_after_asking(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        job = await start(driven, "endless marker")
        driven.app.go(Place("job", tab=job.id))
        await until(driven.pilot, lambda: "ready" in shown(driven))
        await driven.pilot.press("S")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, AskDialog))
        await driven.pilot.press("y")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, JobView) and "cancelled" in about(driven))
        assert (await driven.fleet.job(job.id)).state is JobState.CANCELLED
        await driven.pilot.press("S")
        await driven.pilot.pause()
        assert isinstance(driven.app.screen, JobView)


async def test_a_failed_row_says_why(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        job = await start(driven, "exit 4")
        driven.app.go(Place("job", tab=job.id))
        await until(driven.pilot, lambda: isinstance(driven.app.screen, JobView) and "failed" in about(driven))
        assert "exit code 4" in about(driven)


async def test_what_the_fleet_has_forgotten_is_read_from_the_journal(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        job = await start(driven, "echo remembered")
        await driven.fleet.wait(job.id)
        driven.fleet.inventory.jobs.clear()
        driven.app.go(Place("job", tab=f"entry:{job.entry}"))
        await until(driven.pilot, lambda: "remembered" in shown(driven))
        await until(driven.pilot, lambda: "done" in about(driven))


async def test_an_unknown_job_says_where_to_look(cockpit: Factory) -> None:
    async with cockpit(Place("job", tab="nothing")) as driven:
        await until(driven.pilot, lambda: "not known (any more); the journal has its entry" in about(driven))
