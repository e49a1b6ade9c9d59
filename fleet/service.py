"""The fleet itself: connections, gate, jobs, shells and journal behind the one ``Fleet`` protocol."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

import msgspec

from backends.contract.errors import BackendError, Invalid, NotFound, Refused, Unsupported
from backends.contract.model import (
    JSON,
    Event,
    LogLine,
    LogQuery,
    ProcessTable,
    Resource,
    ResourceId,
    Size,
)
from backends.contract.operation import Outcome
from backends.contract.session import Commandable, Inspectable, Logged, Shellable, Terminal, Topped
from backends.guard import guarded
from backends.registry import Registry
from fleet.catalogue import Catalogue
from fleet.context import context_for
from fleet.cost import resident
from fleet.history import History
from fleet.installed import describe
from fleet.inventory import Inventory
from fleet.journal import Draft, Journal, Retention, UndoStore
from fleet.keeper import Pace
from fleet.logs import merged, resumed
from fleet.monitor import Monitor
from fleet.operations.commands import command_of, terminal_of
from fleet.operations.gate import Gate, Ready
from fleet.operations.jobs import JobRun, Jobs, RowReport, run_command
from fleet.operations.undoing import requests_of
from fleet.paths import Paths
from fleet.policy import Policy
from fleet.recorder import Recorder
from fleet.redaction import redact_json
from fleet.scope import EVERYTHING, Scope
from fleet.settings import Settings
from fleet.shells import Shells
from fleet.supervisor import Supervisor
from fleet.values import (
    Approval,
    Delta,
    Entry,
    EntryState,
    EventQuery,
    FleetStatus,
    Interest,
    Job,
    JobOutput,
    JobState,
    JournalQuery,
    Prepared,
    Request,
    Series,
    Shell,
    Verdict,
    Verification,
)

log = logging.getLogger(__name__)


class LocalFleet:
    """The fleet in this process: what the daemon serves, and what one-shot commands and tests run inline."""

    def __init__(
        self,
        *,
        paths: Paths,
        settings: Settings,
        journal: Journal,
        registry: Registry,
        environment: Mapping[str, str],
        version: str,
        inline: bool,
        scope: Scope = EVERYTHING,
    ) -> None:
        self._version = version
        self._inline = inline
        self._started = time.time()
        self._journal = journal
        self._undos = UndoStore(paths.undo, keep=settings.journal.undo_hours * 3600)
        self._supervisor = Supervisor()
        self._history = History(journal)
        self._listeners: list[Callable[[Delta], None]] = []
        self.inventory = Inventory()
        self.catalogue = Catalogue(describe(registry))
        self._monitor = Monitor(
            registry,
            contexts={name: context_for(name, paths, environment) for name in registry.names},
            configured=[connection.spec() for connection in settings.connection],
            disabled=settings.disabled,
            inventory=self.inventory,
            publish=self._publish,
            supervisor=self._supervisor,
            pace=_pace(settings),
            scope=scope,
        )
        self._gate = Gate(
            registry=registry,
            catalogue=self.catalogue,
            inventory=self.inventory,
            monitor=self._monitor,
            policy=Policy(settings.policy, read_only=settings.general.read_only),
        )
        volatile = frozenset(kind.id for kind in self.catalogue.kinds.values() if kind.volatile)
        self._recorder = Recorder(journal, self._undos, self._history, self.inventory, volatile=volatile)
        self._jobs = Jobs(self._publish, self._supervisor, self._recorder.output)
        self._shells = Shells(self._publish, self._supervisor)
        self.lag: Callable[[], float] = lambda: 0.0
        """Worst loop delay lately, in seconds; the daemon hangs its meter in here."""
        self.clients: Callable[[], int] = lambda: 1
        """How many are attached; the daemon knows."""
        self.stop: Callable[[], None] = lambda: None
        """What ``shutdown`` asks for; the daemon ends itself."""

    @classmethod
    async def open(
        cls,
        paths: Paths,
        settings: Settings,
        *,
        registry: Registry | None = None,
        environment: Mapping[str, str] | None = None,
        version: str = "",
        inline: bool = True,
        scope: Scope = EVERYTHING,
    ) -> LocalFleet:
        """Open the journal and begin to follow every connection in ``scope``.

        Raises:
            BackendError: if the journal cannot be opened.
        """
        paths.create()
        keep = settings.journal
        retention = Retention(
            entry_days=keep.entries_days,
            output_days=keep.outputs_days,
            event_days=keep.events_days,
            minute_days=keep.minutes_days,
        )
        journal = await Journal.open(paths.journal, keep=retention, output_limit=keep.output_bytes)
        fleet = cls(
            paths=paths,
            settings=settings,
            journal=journal,
            registry=registry or Registry(),
            environment=os.environ if environment is None else environment,
            version=version,
            inline=inline,
            scope=scope,
        )
        for entry in journal.recovered:
            log.warning("how entry %d (%s) ended is not known: whoever ran it was killed", entry.id, entry.title)
        await journal.save_catalogue(fleet.catalogue.backends.values())
        fleet.begin()
        return fleet

    def begin(self) -> None:
        """Begin to follow connections and to record."""
        self._supervisor.spawn(self._monitor.run(), "monitor")
        self._supervisor.spawn(self._recorder.run(), "recorder")

    async def ready(self) -> None:
        """Return when every connection has answered or failed once."""
        await self._monitor.ready()

    @property
    def attached(self) -> bool:
        """The fleet in this process is always there."""
        return True

    @property
    def trouble(self) -> BackendError | None:
        """There is nothing in between that could fail."""
        return None

    # -- news

    def subscribe(self, listener: Callable[[Delta], None]) -> Callable[[], None]:
        """Call ``listener`` after each change."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    def _publish(self, delta: Delta) -> None:
        self.inventory.apply(delta)
        self._recorder.learn(delta)
        if delta.resources or delta.gone:
            self._monitor.turn()
        for listener in tuple(self._listeners):
            listener(delta)

    async def attend(self, view: str, interest: Interest) -> None:
        """Say what a view looks at."""
        self._monitor.attend(view, interest)

    async def refresh(self, connection: str | None = None) -> None:
        """List again now."""
        await self._monitor.discover()
        keepers = [self._monitor.keeper(connection)] if connection else self._monitor.keepers
        for keeper in keepers:
            keeper.retry()

    async def retry(self, connection: str) -> None:
        """Try again now."""
        self._monitor.keeper(connection).retry()

    # -- looking closer

    async def inspect(self, resource: ResourceId) -> JSON:
        """The engine's own description, secrets masked."""
        session = self._monitor.session(resource.connection)
        if not isinstance(session, Inspectable):
            raise Unsupported(f"{resource.connection} cannot describe a {resource.kind}.")
        with guarded(resource.connection):
            return redact_json(await session.inspect(resource))

    async def processes(self, resource: ResourceId) -> ProcessTable:
        """The processes inside a resource."""
        session = self._monitor.session(resource.connection)
        if not isinstance(session, Topped):
            raise Unsupported(f"{resource.connection} cannot list the processes of a {resource.kind}.")
        with guarded(resource.connection):
            return await session.processes(resource)

    def logs(self, resources: Sequence[ResourceId], query: LogQuery) -> AsyncGenerator[Sequence[LogLine], None]:
        """The log of one resource, or of several merged by time."""
        if not resources:
            raise Invalid("Nothing is selected.")
        return merged([(resource, self._log(resource, query)) for resource in resources])

    def _log(self, resource: ResourceId, query: LogQuery) -> AsyncGenerator[Sequence[LogLine], None]:
        def open_log(part: LogQuery) -> AsyncGenerator[Sequence[LogLine], None]:
            session = self._monitor.session(resource.connection)
            if not isinstance(session, Logged):
                raise Unsupported(f"{resource.connection} keeps no log of a {resource.kind}.")
            return session.logs(resource, part)

        return resumed(open_log, query)

    async def history(
        self, resource: ResourceId, metrics: Sequence[str], since: float, until: float, points: int
    ) -> Mapping[str, Series]:
        """Metrics over a time window."""
        return await self._history.query(resource, metrics, since, until, points)

    # -- doing

    async def prepare(self, request: Request) -> Prepared:
        """Plan a request and ask policy."""
        return (await self._gate.ready(request)).prepared

    async def perform(self, request: Request, approval: Approval | None = None) -> Job:
        """Do it: plan, policy, approval, journal, run."""
        ready = await self._pass(request, approval)
        entry = await self._journal.begin(_draft(ready))
        return self._jobs.start(
            entry=entry,
            title=ready.operation.title,
            verb=ready.operation.verb,
            actor=request.actor,
            resources=ready.resources,
            runner=lambda resource, report: self._run(ready, resource, report),
            ended=lambda run: self._end(run, request.undoes),
        ).job

    async def _pass(self, request: Request, approval: Approval | None) -> Ready:
        """Through the gate; what policy refuses outright is journalled too."""
        ready = await self._gate.ready(request)
        try:
            self._gate.check(ready, approval)
        except Refused as refused:
            if ready.prepared.decision.verdict is Verdict.DENY:
                await self._journal.record(_draft(ready), EntryState.DENIED, refused.message)
            raise
        return ready

    async def _run(self, ready: Ready, resource: Resource, report: RowReport) -> Outcome:
        session = self._monitor.session(resource.id.connection)
        if ready.operation.verb == "exec" and isinstance(session, Commandable):
            return await run_command(session, resource, command_of(ready.arguments), report)
        verb = self._gate.verb(resource.id.connection, ready.operation)
        return await verb.run(session, resource, ready.arguments, report)

    async def _end(self, run: JobRun, undoes: int | None) -> None:
        """Close a job's journal entry: output, outcome, and the way back."""
        job = run.job
        await self._recorder.write_outputs()
        if run.undos:
            await self._undos.save(job.entry, *run.undos)
        undo = run.undos[0].title if run.undos else None
        codes = [row.exit_code for row in job.rows if row.exit_code is not None]
        await self._journal.end(
            job.entry,
            _ENTRY_STATES[job.state],
            summary="; ".join(dict.fromkeys(row.text for row in job.rows if row.text))[:500],
            exit_code=codes[0] if len(codes) == 1 else None,
            undo=undo,
        )
        if undo:
            run.say(msgspec.structs.replace(run.job, undo=undo))
        if undoes is not None and job.state is JobState.DONE:
            await self._undos.remove(undoes)
        touched = {row.target.connection for row in job.rows}
        for keeper in self._monitor.keepers:
            if keeper.spec.id in touched:
                keeper.look()

    async def job(self, job: str) -> Job:
        """A job as it is now."""
        return self._jobs.get(job).job

    async def wait(self, job: str) -> Job:
        """A job when it has ended."""
        run = self._jobs.get(job)
        await run.done.wait()
        return run.job

    def job_output(self, job: str) -> AsyncGenerator[JobOutput, None]:
        """A job's output, live."""
        return self._jobs.get(job).read()

    async def cancel(self, job: str) -> None:
        """Ask a job to end."""
        self._jobs.cancel(job)

    async def undo_requests(self, entry: int) -> Sequence[Request]:
        """What would take an entry back."""
        undos = await self._undos.load(entry)
        if not undos:
            raise NotFound(f"Entry {entry} cannot be undone, or no longer.")
        return requests_of(undos, entry)

    # -- shells

    async def open_shell(self, request: Request, approval: Approval | None, size: Size) -> Shell:
        """Open an interactive terminal through the gate."""
        ready = await self._pass(request, approval)
        resource = ready.resources[0]
        session = self._monitor.session(resource.id.connection)
        if not isinstance(session, Shellable):
            raise Unsupported(f"{resource.id.connection} cannot open a shell at a {resource.id.kind}.")
        entry = await self._journal.begin(_draft(ready))
        command = terminal_of(ready.arguments)
        try:
            with guarded(resource.id.connection):
                terminal = await session.terminal(resource.id, command, size)
        except BackendError as error:
            await self._journal.end(entry, EntryState.FAILED, summary=error.message)
            raise

        async def ended(shell: Shell) -> None:
            await self._journal.end(entry, EntryState.DONE, summary="The shell ended.", exit_code=shell.exit_code)

        return self._shells.keep(resource, command, terminal, ended)

    async def attach(self, shell: str, size: Size) -> Terminal:
        """See and type into a kept shell."""
        kept = self._shells.get(shell)
        await kept.resize(size)
        return kept.watch()

    async def close_shell(self, shell: str) -> None:
        """Hang up a kept shell."""
        await self._shells.close(shell)

    # -- the record

    async def journal(self, query: JournalQuery) -> Sequence[Entry]:
        """Journal entries, newest first."""
        return await self._journal.entries(query)

    async def journal_output(self, entry: int) -> Sequence[JobOutput]:
        """The kept output of an entry."""
        return await self._journal.output(entry)

    async def journal_verify(self) -> Verification:
        """Check the hash chain."""
        return await self._journal.verify()

    async def events(self, query: EventQuery) -> Sequence[Event]:
        """Recorded events, newest first."""
        return await self._journal.events(query)

    # -- itself

    async def status(self) -> FleetStatus:
        """What the fleet costs and holds."""
        return FleetStatus(
            version=self._version,
            pid=os.getpid(),
            started=self._started,
            inline=self._inline,
            clients=self.clients(),
            channels=sum(1 for keeper in self._monitor.keepers if keeper.session is not None),
            lag=self.lag(),
            rss=resident(),
            jobs=self._jobs.active,
            shells=self._shells.active,
            resources=len(self.inventory),
        )

    async def shutdown(self) -> None:
        """End the fleet."""
        self.stop()

    async def close(self) -> None:
        """End jobs, shells, connections and, last, the journal."""
        await self._shells.close_all()
        await self._recorder.flush()
        await self._supervisor.close()
        self._undos.close()
        await self._journal.close()


_ENTRY_STATES: Mapping[JobState, EntryState] = {
    JobState.DONE: EntryState.DONE,
    JobState.FAILED: EntryState.FAILED,
    JobState.CANCELLED: EntryState.CANCELLED,
}


def _pace(settings: Settings) -> Pace:
    monitor = settings.monitor
    return Pace(
        list_every=monitor.list_every,
        sample_every=monitor.sample_every,
        open_limit=monitor.open_limit,
        first_retry=monitor.first_retry,
        last_retry=monitor.last_retry,
    )


def _draft(ready: Ready) -> Draft:
    """The journal's line for a request, about the targets it applies to."""
    applies = msgspec.structs.replace(ready.request, targets=tuple(resource.id for resource in ready.resources))
    return Draft.of(applies, ready.prepared.plan, time.time())
