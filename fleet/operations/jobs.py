"""Jobs: operations under way, one row per resource, with progress, live output and cancel."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from typing import Any, Final

import msgspec
from typing_extensions import override

from backends.contract.errors import BackendError, Failure, NotFound
from backends.contract.model import Command, Output, Resource, ResourceId, Stream
from backends.contract.operation import Outcome, Report, Undo
from backends.contract.session import Commandable, Session
from backends.guard import guarded
from fleet.supervisor import Supervisor
from fleet.values import Actor, Delta, Job, JobOutput, JobRow, JobState

ROWS_AT_ONCE: Final = 8
KEPT: Final = 1 << 20
"""Bytes of output kept in memory per job, for whoever looks later."""
BACKLOG: Final = 1 << 20
"""Bytes a reader may be behind before the program that writes has to wait."""
KEPT_JOBS: Final = 100

FINAL: Final = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


class JobRun:
    """One job: its value, its output, and who reads it."""

    def __init__(self, job: Job, publish: Callable[[Delta], None], record: Callable[[int, JobOutput], None]) -> None:
        self.job = job
        self._record = record
        self.undos: list[Undo] = []
        self.task: asyncio.Task[None] | None = None
        self.done = asyncio.Event()
        self._publish = publish
        self._kept: deque[JobOutput] = deque()
        self._bytes = 0
        self._dropped = False
        self._readers: list[_Reader] = []
        self._taken = asyncio.Event()

    def say(self, job: Job) -> None:
        """Tell how the job stands now."""
        self.job = job
        self._publish(Delta(jobs=(job,)))

    def row(self, index: int, row: JobRow) -> None:
        """Tell how one row stands now."""
        rows = (*self.job.rows[:index], row, *self.job.rows[index + 1 :])
        self.say(msgspec.structs.replace(self.job, rows=rows))

    def write(self, piece: JobOutput) -> None:
        """Keep a piece of output, hand it to whoever reads, and record it."""
        self._record(self.job.entry, piece)
        self._kept.append(piece)
        self._bytes += len(piece.output.data)
        while self._bytes > KEPT and len(self._kept) > 1:
            self._bytes -= len(self._kept.popleft().output.data)
            self._dropped = True
        for reader in self._readers:
            reader.give(piece)

    async def room(self) -> None:
        """Wait while somebody who reads is too far behind, so that nothing is lost and memory stays bounded."""
        while any(reader.behind > BACKLOG for reader in self._readers):
            self._taken.clear()
            await self._taken.wait()

    async def read(self) -> AsyncGenerator[JobOutput, None]:
        """Everything kept so far, then live, until the job has ended."""
        reader = _Reader()
        if self._dropped:
            reader.give(JobOutput(self.job.rows[0].target, Output(Stream.NOTE, _DROPPED)))
        for piece in self._kept:
            reader.give(piece)
        self._readers.append(reader)
        try:
            while True:
                while reader.waiting:
                    yield reader.take()
                    self._taken.set()
                if self.done.is_set():
                    return
                await reader.stirred()
        finally:
            self._readers.remove(reader)
            self._taken.set()

    def finish(self) -> None:
        """Wake everybody who waits for the end."""
        self.done.set()
        for reader in self._readers:
            reader.wake()


_DROPPED: Final = b"(earlier output is no longer kept)\n"


class _Reader:
    """What one reader of a job's output has not taken yet."""

    def __init__(self) -> None:
        self.waiting: deque[JobOutput] = deque()
        self.behind = 0
        self._news = asyncio.Event()

    def give(self, piece: JobOutput) -> None:
        self.waiting.append(piece)
        self.behind += len(piece.output.data)
        self._news.set()

    def take(self) -> JobOutput:
        piece = self.waiting.popleft()
        self.behind -= len(piece.output.data)
        return piece

    def wake(self) -> None:
        self._news.set()

    async def stirred(self) -> None:
        self._news.clear()
        await self._news.wait()


class RowReport(Report):
    """What a verb tells while it works on one row; progress is told at most ten times a second."""

    def __init__(self, run: JobRun, index: int) -> None:
        self.run = run
        self._index = index
        self._told = 0.0

    @property
    def target(self) -> ResourceId:
        """The resource this row is about."""
        return self.run.job.rows[self._index].target

    @override
    def progress(self, done: float | None, text: str) -> None:
        now = time.monotonic()
        if now - self._told < 0.1:
            return
        self._told = now
        self.run.row(self._index, msgspec.structs.replace(self.run.job.rows[self._index], progress=done, text=text))

    @override
    def output(self, data: bytes, *, error: bool = False) -> None:
        self.run.write(JobOutput(self.target, Output(Stream.ERR if error else Stream.OUT, data)))


Runner = Callable[[Resource, RowReport], Coroutine[Any, Any, Outcome]]


class Jobs:
    """All jobs of the fleet. They outlive the screen, and the client, that started them."""

    def __init__(
        self,
        publish: Callable[[Delta], None],
        supervisor: Supervisor,
        record: Callable[[int, JobOutput], None],
    ) -> None:
        self._publish = publish
        self._supervisor = supervisor
        self._record = record
        self._runs: dict[str, JobRun] = {}

    @property
    def active(self) -> int:
        """How many are under way."""
        return sum(1 for run in self._runs.values() if not run.done.is_set())

    def get(self, job: str) -> JobRun:
        """A job's run.

        Raises:
            NotFound: if there is none of that id (any more).
        """
        try:
            return self._runs[job]
        except KeyError as error:
            raise NotFound(f"Job {job} is not known (any more); the journal has its entry.") from error

    def start(
        self,
        *,
        entry: int,
        title: str,
        verb: str,
        actor: Actor,
        resources: Sequence[Resource],
        runner: Runner,
        ended: Callable[[JobRun], Coroutine[Any, Any, None]],
    ) -> JobRun:
        """Begin a job: ``runner`` does one row, ``ended`` closes the journal entry before the job counts as over."""
        job = Job(
            id=uuid.uuid4().hex[:12],
            entry=entry,
            title=title,
            verb=verb,
            actor=actor,
            state=JobState.RUNNING,
            rows=tuple(JobRow(target=resource.id, name=resource.name) for resource in resources),
            started=time.time(),
        )
        run = JobRun(job, self._publish, self._record)
        self._runs[job.id] = run
        self._forget_old()
        run.say(job)
        run.task = self._supervisor.spawn(self._work(run, resources, runner, ended), f"job {job.id}")
        return run

    def cancel(self, job: str) -> None:
        """Ask a job to end."""
        run = self.get(job)
        if run.task is not None and not run.done.is_set():
            run.task.cancel()

    async def _work(
        self,
        run: JobRun,
        resources: Sequence[Resource],
        runner: Runner,
        ended: Callable[[JobRun], Coroutine[Any, Any, None]],
    ) -> None:
        room = asyncio.Semaphore(ROWS_AT_ONCE)

        async def one(index: int, resource: Resource) -> None:
            async with room:
                await _run_row(run, index, resource, runner)

        try:
            async with asyncio.TaskGroup() as group:
                for index, resource in enumerate(resources):
                    group.create_task(one(index, resource))
        finally:
            self._settle(run)
            try:
                await asyncio.shield(ended(run))
            finally:  # whoever waits must not wait for a journal that cannot be written
                run.finish()

    def _settle(self, run: JobRun) -> None:
        rows = tuple(
            row
            if row.state in FINAL
            else msgspec.structs.replace(row, state=JobState.CANCELLED, text="Cancelled.", ended=time.time())
            for row in run.job.rows
        )
        states = {row.state for row in rows}
        state = next((s for s in (JobState.CANCELLED, JobState.FAILED) if s in states), JobState.DONE)
        run.say(msgspec.structs.replace(run.job, rows=rows, state=state, ended=time.time()))

    def _forget_old(self) -> None:
        over = [job for job, run in self._runs.items() if run.done.is_set()]
        for job in over[: max(0, len(self._runs) - KEPT_JOBS)]:
            del self._runs[job]


async def _run_row(run: JobRun, index: int, resource: Resource, runner: Runner) -> None:
    """Do one row and tell how it went; a failure of one row does not end the others."""
    began = msgspec.structs.replace(run.job.rows[index], state=JobState.RUNNING, started=time.time())
    run.row(index, began)
    try:
        with guarded(resource.id.connection):
            outcome = await runner(resource, RowReport(run, index))
    except BackendError as error:
        failure = Failure.of(error)
        run.row(
            index,
            msgspec.structs.replace(
                run.job.rows[index],
                state=JobState.FAILED,
                text=error.message,
                failure=failure,
                ended=time.time(),
            ),
        )
        return
    if outcome.undo is not None:
        run.undos.append(outcome.undo)
    good = not outcome.exit_code
    run.row(
        index,
        msgspec.structs.replace(
            run.job.rows[index],
            state=JobState.DONE if good else JobState.FAILED,
            progress=1.0,
            text=outcome.summary,
            exit_code=outcome.exit_code,
            ended=time.time(),
        ),
    )


async def run_command(session: Session, resource: Resource, command: Command, report: RowReport) -> Outcome:
    """Run a program at a resource, its output into the job, waiting for slow readers rather than dropping."""
    if not isinstance(session, Commandable):
        raise NotFound(f"{resource.id.connection} cannot run commands.")
    code = -1
    stream = session.run(resource.id, command)
    try:
        async for piece in stream:
            if piece.exit_code is not None:
                code = piece.exit_code
            report.run.write(JobOutput(resource.id, piece))
            await report.run.room()
    finally:
        await stream.aclose()
    return Outcome(summary=f"Exit code {code}.", exit_code=code)
