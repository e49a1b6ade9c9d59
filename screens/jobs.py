"""The list of jobs: what is under way and what was, live."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import ClassVar, Final

from textual import work
from typing_extensions import override

from backends.contract.errors import BackendError
from backends.contract.model import Column, Fact, Resource, ResourceId, Source, Unit
from fleet.values import Job, JobRow, JobState
from screens.command import GLOBAL, LIST
from screens.commands import JOBS
from screens.desk import Place
from screens.records import BUSY, FAULT, FLEET, GOOD, IDLE, WARNING, Records, Standing, record_kind
from screens.view import News

JOB: Final = record_kind(
    "job",
    "jobs",
    (
        Column("state", "STATE", Source.FIELD, "standing", width=11, rank=0),
        Column("name", "WHAT", Source.FIELD, "name", width=12, grow=1, rank=0),
        Column("on", "ON", width=14, grow=2, rank=1),
        Column("progress", "DONE", Source.FACT, "progress", width=9, right=True, rank=2),
        Column("started", "STARTED", Source.FIELD, "clock", width=12, rank=3),
        Column("took", "TOOK", Source.FACT, "took", Unit.SECONDS, width=7, right=True, rank=2),
        Column("exit", "EXIT", Source.FACT, "exit", width=5, right=True, rank=3),
        Column("who", "WHO", Source.FACT, "who", width=9, rank=5),
        Column("text", "SAYS", Source.FACT, "text", width=16, grow=3, rank=4),
        Column("undo", "CAN BE UNDONE BY", Source.FACT, "undo", width=16, shown=False),
        Column("entry", "ENTRY", Source.FACT, "entry", Unit.COUNT, width=6, right=True, shown=False),
    ),
    sort="-started",
)
_STANDINGS: Final[Mapping[JobState, Standing]] = {
    JobState.WAITING: IDLE,
    JobState.RUNNING: BUSY,
    JobState.DONE: GOOD,
    JobState.FAILED: FAULT,
    JobState.CANCELLED: WARNING,
}
_OVER: Final = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


class JobsView(Records):
    """Jobs, newest first; Enter shows one with its output."""

    VIEW = "jobs"
    KIND = JOB
    CONTEXTS: ClassVar[tuple[str, ...]] = (JOBS, LIST, GLOBAL)

    @override
    def learn(self, news: News) -> None:
        if news.all:
            self.load(job_row(job, time.time()) for job in self.fleet.inventory.jobs.values())
        elif news.work:
            # Forgotten ones stay in sight until the screen is shown again: a row must not go while it is read.
            self.change(job_row(job, time.time()) for job in self.fleet.inventory.jobs.values())

    @override
    def _tick(self) -> None:
        if self.is_current:
            now = time.time()
            self.change(job_row(job, now) for job in self.fleet.inventory.jobs.values() if job.ended is None)
        super()._tick()

    @override
    def why_none(self) -> str:
        return "No job was started lately. What was done before is in the journal: @."

    # -- commands

    def do_list_open(self) -> None:
        """Show a job with its rows and its output."""
        if (row := self.chosen) is not None:
            self.desk.go(Place("job", tab=row.id.native))

    @work(group="dialog")
    async def do_jobs_cancel(self) -> None:
        """Ask, then end the jobs chosen."""
        running = [job for row in self.chosen_all if (job := self._job_under_way(row)) is not None]
        if not running:
            self.notify("This job is over; there is nothing to cancel.", severity="warning")
            return
        what = f"“{running[0].title}”" if len(running) == 1 else f"{len(running)} jobs"
        if not await self.confirmed(
            "Cancel", f"Cancel {what}? What has begun is interrupted, the rest is left out.", "Cancel it"
        ):
            return
        try:
            for job in running:
                await self.fleet.cancel(job.id)
        except BackendError as error:
            self.report(error)

    def _job_under_way(self, row: Resource) -> Job | None:
        job = self.fleet.inventory.jobs.get(row.id.native)
        return job if job is not None and job.ended is None else None

    def do_jobs_undo(self) -> None:
        """Take back what this job did."""
        row = self.chosen
        job = self.fleet.inventory.jobs.get(row.id.native) if row else None
        if job is None or not job.undo:
            self.notify("This job cannot be undone.", severity="warning")
            return
        self.undo_entry(job.entry)


def job_row(job: Job, now: float) -> Resource:
    """A job as a row."""
    standing = _STANDINGS[job.state]
    codes = list(dict.fromkeys(str(row.exit_code) for row in job.rows if row.exit_code is not None))
    connections = {row.target.connection for row in job.rows}
    facts: dict[str, Fact] = {
        "on": [row.name for row in job.rows[:20]],
        "progress": _progress(job.rows),
        "took": (job.ended if job.ended is not None else now) - job.started,
        "exit": ",".join(codes[:4]),
        "who": job.actor.value,
        "text": _last_words(job.rows),
        "undo": job.undo or "",
        "entry": job.entry,
    }
    return Resource(
        id=ResourceId(connections.pop() if len(connections) == 1 else FLEET, JOB.id, job.id),
        name=job.title,
        state=standing.state,
        health=standing.health,
        status=job.state.value,
        facts=facts,
        created=job.started,
        since=job.ended,
    )


def _progress(rows: tuple[JobRow, ...]) -> str:
    over = sum(1 for row in rows if row.state in _OVER)
    if len(rows) > 1:
        return f"{over}/{len(rows)}"
    if over:
        return "1/1"
    progress = rows[0].progress if rows else None
    return "" if progress is None else f"{progress:.0%}"


def _last_words(rows: tuple[JobRow, ...]) -> str:
    """What the first row that failed says, else the last one that said something."""
    failed = next((row.text for row in rows if row.state is JobState.FAILED and row.text), "")
    return failed or next((row.text for row in reversed(rows) if row.text), "")
