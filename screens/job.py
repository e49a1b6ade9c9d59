"""One job: how each of its rows stands, and its output as it comes; ended ones are read from the journal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import ClassVar, Final

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static
from typing_extensions import override

from backends.contract.errors import BackendError, NotFound, Unreachable
from backends.contract.model import Column, Fact, LogLine, Resource, ResourceId, Source, Unit
from fleet.values import Entry, EntryState, Job, JobOutput, JobRow, JobState, JournalQuery
from screens.command import GLOBAL
from screens.commands import JOB, LOG
from screens.desk import Desk, Place
from screens.dialogs.ask import AskDialog
from screens.job_lines import Lines
from screens.logs import names_of
from screens.reading import Reading
from screens.records import BUSY, FAULT, GOOD, IDLE, WARNING, Standing
from screens.view import News
from widgets.cells import duration, neutral
from widgets.frame import KeyHint
from widgets.resource_table import ResourceTable

ENTRY: Final = "entry:"
"""A place's tab that begins so names a journal entry instead of a job."""
COLUMNS: Final = (
    Column("state", "STATE", Source.FIELD, "standing", width=11, rank=0),
    Column("name", "NAME", Source.FIELD, "name", width=14, grow=1, rank=0),
    Column("exit", "EXIT", Source.FACT, "exit", width=5, right=True, rank=1),
    Column("took", "TOOK", Source.FACT, "took", Unit.SECONDS, width=7, right=True, rank=2),
    Column("last", "LAST LINE", Source.FACT, "last", width=20, grow=3, rank=3),
)
_STANDINGS: Final[Mapping[JobState, Standing]] = {
    JobState.WAITING: IDLE,
    JobState.RUNNING: BUSY,
    JobState.DONE: GOOD,
    JobState.FAILED: FAULT,
    JobState.CANCELLED: WARNING,
}
_STATES: Final[Mapping[EntryState, JobState]] = {
    EntryState.OPEN: JobState.WAITING,
    EntryState.DONE: JobState.DONE,
    EntryState.FAILED: JobState.FAILED,
    EntryState.CANCELLED: JobState.CANCELLED,
    EntryState.DENIED: JobState.CANCELLED,
}
_OVER: Final = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


class JobView(Reading):
    """A job's rows with their results first, then its output."""

    CONTEXTS: ClassVar[tuple[str, ...]] = (JOB, LOG, GLOBAL)

    DEFAULT_CSS = """
    JobView #about { height: auto; max-height: 4; padding: 0 1; }
    JobView #rows { height: auto; max-height: 40%; }
    JobView #rows ResourceTable { height: auto; max-height: 100%; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._place = Place("job")
        self._job: Job | None = None
        self._entry: Entry | None = None
        self._lines = Lines()
        self._only: ResourceId | None = None
        self._trouble = ""
        self._attached = asyncio.Event()

    @override
    def body(self) -> ComposeResult:
        yield Static(id="about", markup=False)
        yield Vertical(id="rows")
        yield from self.lines()

    # -- where we are

    @override
    def enter(self, place: Place) -> None:
        if place.tab != self._place.tab:
            self._place, self._job, self._entry, self._only = place, None, None, None
            if self.is_mounted:
                self._read()

    @override
    def place(self) -> Place:
        return self._place

    @property
    @override
    def selection(self) -> Sequence[ResourceId]:
        return tuple(row.target for row in self._job.rows) if self._job else ()

    @override
    def export_name(self) -> str:
        return f"job-{self._job.title if self._job else ''}"

    # -- life

    @override
    def mounted(self) -> None:
        super().mounted()
        self.set_interval(1.0, self._tick)
        self._read()

    @override
    def learn(self, news: News) -> None:
        if self.fleet.attached:
            self._attached.set()
        if not (news.work or news.all):
            return
        job = self.fleet.inventory.jobs.get(self._job.id) if self._job else None
        if job is not None:
            self._job = job
        self._describe()

    def _tick(self) -> None:
        if self.is_current and self._job is not None and self._job.ended is None:
            self._describe()

    # -- reading

    @work(exclusive=True, group="output")
    async def _read(self) -> None:
        """Show the job from its beginning and follow it to its end, through a fleet that goes away and comes back."""
        self._trouble = ""
        while True:
            self.log_view.clear()
            self._lines = Lines()
            try:
                await self._read_once()
            except Unreachable as error:
                self._trouble = f"{error.message} Reading goes on by itself."
            except BackendError as error:
                self._trouble = f"{error.message} {error.hint or ''}".rstrip()
                break
            else:
                break
            self._describe()
            self._attached.clear()
            if not self.fleet.attached:
                await self._attached.wait()
            self._trouble = ""
        self._append(self._lines.rest())
        self._describe()

    async def _read_once(self) -> None:
        job = await self._find()
        if job is None:
            await self._read_entry()
            return
        self._meet(job)
        async with aclosing(self.fleet.job_output(job.id)) as pieces:
            async for piece in pieces:
                self._take(piece)
        self._job = await self.fleet.job(job.id)

    async def _find(self) -> Job | None:
        """The job itself, while the fleet has it."""
        jobs, tab = self.fleet.inventory.jobs, self._place.tab
        if tab.startswith(ENTRY):
            return next((job for job in jobs.values() if str(job.entry) == tab.removeprefix(ENTRY)), None)
        if tab in jobs:
            return jobs[tab]
        try:
            return await self.fleet.job(tab)
        except NotFound:
            if self._job is None:
                raise
            return None

    async def _read_entry(self) -> None:
        """Show what the journal has kept."""
        tab = self._place.tab
        number = int(tab.removeprefix(ENTRY)) if tab.startswith(ENTRY) else self._job.entry if self._job else 0
        await self._learn_entry(number)
        if self._entry is None:
            raise NotFound(f"The journal has no entry {number} (any more).")
        self._meet(_job_of(self._entry))
        for piece in await self.fleet.journal_output(number):
            self._take(piece)

    async def _learn_entry(self, number: int) -> None:
        found = await self.fleet.journal(JournalQuery(limit=1, before=number + 1))
        self._entry = next((entry for entry in found if entry.id == number), None)

    def _meet(self, job: Job) -> None:
        """The job is known now: show its rows, where there are several."""
        self._job = job
        self.log_view.names = names_of(self.fleet.inventory, [row.target for row in job.rows])
        self.log_view.empty = "No output yet." if job.ended is None else "It has written nothing."
        if len(job.rows) > 1 and self.table is None:
            self.query_one("#rows").mount(ResourceTable(COLUMNS, ascii=self.desk.ascii, sort="name"))
        self._describe()
        if self._entry is None:
            self._read_calls(job.entry)

    @work(exclusive=True, group="entry")
    async def _read_calls(self, number: int) -> None:
        """The journal knows the exact call."""
        try:
            await self._learn_entry(number)
        except BackendError:
            return  # the call is good to know and no more
        self._describe()

    def _take(self, piece: JobOutput) -> None:
        self._append(self._lines.take(piece))

    def _append(self, lines: Sequence[LogLine]) -> None:
        only = self._only
        self.log_view.append([line for line in lines if line.source == only] if only is not None else lines)

    # -- in words

    @property
    def table(self) -> ResourceTable | None:
        """The rows, where there are several."""
        return next(iter(self.query("#rows ResourceTable").results(ResourceTable)), None)

    def _describe(self) -> None:
        if not self.is_mounted:
            return
        self.query_one("#about", Static).update(self._about_job())
        table, job = self.table, self._job
        if table is not None and job is not None and table.is_mounted:
            now = time.time()
            rows = [self._row(row, now) for row in job.rows]
            if table.total == len(rows):
                table.update(rows)
            else:
                table.load(rows)
        self.describe_state()
        self.refresh_frame()

    def _row(self, row: JobRow, now: float) -> Resource:
        standing = _STANDINGS[row.state]
        code = row.exit_code if row.exit_code is not None else self._lines.codes.get(row.target)
        last = self._lines.last.get(row.target, "") if row.failure is None else row.failure.message
        facts: dict[str, Fact] = {"exit": "" if code is None else str(code), "last": last or row.text}
        if row.started is not None:
            facts["took"] = (row.ended if row.ended is not None else now) - row.started
        return Resource(row.target, row.name, standing.state, row.state.value, standing.health, facts=facts)

    def _about_job(self) -> Text:
        job, text = self._job, Text()
        if job is None:
            return text.append(neutral(self._trouble or "Looking for the job…"))
        names = ", ".join(row.name for row in job.rows[:3])
        more = f" and {len(job.rows) - 3} more" if len(job.rows) > 3 else ""
        text.append(neutral(job.title), style="bold").append(neutral(f" on {names}{more}: "))
        text.append(neutral(" · ".join(self._words(job))))
        if self._entry is not None and self._entry.calls:
            text.append(f"\n$ {neutral(self._entry.calls[0])}", style="dim")
        if self._trouble:
            text.append(f"\n{neutral(self._trouble)}", style="bold")
        failed = next((row for row in job.rows if row.failure is not None), None)
        if failed is not None and failed.failure is not None:
            told = f"{failed.name}: {failed.failure.message} {failed.failure.hint or ''}".rstrip()
            text.append(f"\n{neutral(told)}", style="bold")
        return text

    def _words(self, job: Job) -> list[str]:
        """State, progress, duration, exit code, and the way back."""
        state = "begun, and its outcome is not known" if job.state is JobState.WAITING else job.state.value
        if self._entry is not None and self._entry.state is EntryState.DENIED:
            state = "denied"
        words = [state]
        over = sum(1 for row in job.rows if row.state in _OVER)
        if len(job.rows) > 1:
            words.append(f"{over} of {len(job.rows)}")
        elif job.rows and job.ended is None and job.rows[0].progress is not None:
            words.append(f"{job.rows[0].progress:.0%}")
        if job.rows and job.ended is None and job.rows[0].text:
            words.append(job.rows[0].text)
        if job.ended is not None or job.state is JobState.RUNNING:
            words.append(duration((job.ended if job.ended is not None else time.time()) - job.started))
        codes = {row.exit_code for row in job.rows if row.exit_code is not None}
        if codes:
            words.append(f"exit code{'s' if len(codes) > 1 else ''} {', '.join(map(str, sorted(codes)))}")
        if job.undo:
            words.append(f"z undoes it: {job.undo}")
        return words

    @override
    def state_parts(self) -> Sequence[str]:
        if self._only is None or self._job is None:
            return ()
        name = next((row.name for row in self._job.rows if row.target == self._only), self._only.native)
        return (f"only {name}",)

    # -- keys

    @override
    def footer(self) -> Sequence[KeyHint]:
        useless = set()
        if self._job is None or self._job.state is not JobState.RUNNING:
            useless.add("job.cancel")
        if not self.is_mounted or self.table is None:
            useless |= {"job.only", "job.panes"}
        return [hint for hint in super().footer() if hint.action not in useless]

    @work(group="dialog")
    async def do_job_cancel(self) -> None:
        """Ask the job to end, after asking a person."""
        job = self._job
        if job is None or job.state is not JobState.RUNNING:
            self.notify("This job is over; there is nothing to cancel.", severity="warning")
            return
        question = f"Cancel “{job.title}”? What has begun is interrupted, what has not is left out."
        if not await self.app.push_screen_wait(AskDialog("Cancel", question, "Cancel the job")):
            return
        try:
            if not self.desk.keys_are_quiet():
                await self.fleet.cancel(job.id)
        except BackendError as error:
            self.report(error)

    @on(ResourceTable.Chosen)
    def do_job_only(self) -> None:
        """Only the output of the row under the cursor, or all again."""
        table = self.table
        if table is not None:
            self._only = table.current if self._only != table.current else None
            self._read()

    def do_job_panes(self) -> None:
        """From the rows to the output and back."""
        table = self.table
        if table is not None:
            self.set_focus(self.log_view if table.has_focus else table)

    @override
    def do_log_escape(self) -> None:
        """Undo one layer: what the others have, and only one row."""
        if self._only is None or self.log_view.status.search:
            super().do_log_escape()
            return
        self._only = None
        self._read()

    def do_app_undo(self) -> None:
        """Take this very job back, through the gate."""
        if self._job is None or not self._job.undo:
            self.notify("This job cannot be undone.", severity="warning")
        else:
            self.undo_entry(self._job.entry)


def _job_of(entry: Entry) -> Job:
    """A journal entry told as the job it was; how each row went is not kept where there were several."""
    state = _STATES[entry.state]
    row_state = state if len(entry.targets) == 1 or state is JobState.DONE else JobState.WAITING
    names = entry.names if len(entry.names) == len(entry.targets) else tuple(t.native for t in entry.targets)
    code = entry.exit_code if len(entry.targets) == 1 else None
    rows = tuple(
        JobRow(target, name, row_state, exit_code=code) for target, name in zip(entry.targets, names, strict=True)
    )
    return Job(
        id="",
        entry=entry.id,
        title=entry.title,
        verb=entry.verb,
        actor=entry.actor,
        state=state,
        rows=rows,
        started=entry.at,
        ended=entry.ended,
        undo=entry.undo,
    )
