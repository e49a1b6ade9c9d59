"""The fleet in another process, to be used as if it were here."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import msgspec
from typing_extensions import override

from backends.contract.errors import BackendError, Unreachable, Unsupported
from backends.contract.model import JSON, Event, LogLine, LogQuery, ProcessTable, ResourceId, Size
from backends.contract.session import Terminal
from backends.guard import guarded
from fleet.catalogue import Catalogue
from fleet.daemon.calls import TABLE, fingerprint
from fleet.daemon.greeting import Meeting, meet
from fleet.daemon.link import Link
from fleet.daemon.packing import unpacked
from fleet.daemon.terminal import RemoteTerminal
from fleet.daemon.wire import Book, Credit, End, Ending, Goodbye, Push, Response, Subscribe, WireError
from fleet.inventory import Inventory
from fleet.protocol import Fleet, Listener
from fleet.supervisor import Supervisor
from fleet.values import (
    Approval,
    BackendInfo,
    Delta,
    Entry,
    EventQuery,
    FleetStatus,
    Interest,
    Job,
    JobOutput,
    JournalQuery,
    Prepared,
    Request,
    Series,
    Shell,
    Verification,
)
from quarterdeck.version import VERSION

log = logging.getLogger(__name__)

Starter = Callable[[], Awaitable[None]]
"""Starts the daemon and returns when it answers; see ``fleet.daemon.start.start_daemon``."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds before the daemon is looked for again: doubled from the one to the other, with jitter."""

P = ParamSpec("P")
T = TypeVar("T")

_books: msgspec.msgpack.Decoder[tuple[BackendInfo, ...]] = msgspec.msgpack.Decoder(tuple[BackendInfo, ...])


class RemoteFleet(Fleet):
    """Speaks to the fleet daemon, keeps a replica of its inventory, and attaches again when the daemon was lost.

    ``begin`` starts that in the background, ``connect`` also waits for it, ``close`` ends it. When ``attached`` or
    ``trouble`` changes, listeners are called with an empty ``Delta``. After a daemon ended because it was asked to,
    none is started before the next ``connect``: otherwise an open interface would undo every ``qd daemon stop``.
    """

    def __init__(self, socket: Path, *, starter: Starter | None = None, version: str = VERSION) -> None:
        """Attach to the daemon at ``socket``; without a ``starter`` one that does not run is waited for."""
        self.trouble: BackendError | None = None
        """Why it is not attached, for people; ``None`` while it is, and before the first attempt."""
        self._socket = socket
        self._starter = starter
        self._version = version
        self._catalogue = Catalogue()
        self._inventory = Inventory()
        self._listeners: dict[int, Listener] = {}
        self._tickets = 0
        self._interests: dict[str, Interest] = {}
        self._link: Link | None = None
        self._complete = False
        self._dismissed = False
        self._begun = False
        self._closed = False
        self._supervisor = Supervisor()
        self._waiting: list[asyncio.Future[None]] = []
        self._wake = asyncio.Event()
        self._pause = FIRST_PAUSE

    # -- being attached ------------------------------------------------------------------------------------------

    @property
    @override
    def attached(self) -> bool:
        return self._link is not None

    def begin(self) -> None:
        """Begin to attach in the background, and to do so again whenever the daemon is lost."""
        if not self._begun:
            self._begun = True
            self._supervisor.spawn(self._run(), "fleet client")

    async def _run(self) -> None:
        while True:
            try:
                meeting = await self._reach()
            except BackendError as error:
                self._failed(error)
            else:
                await self._stay(meeting)
            await self._rest()

    async def connect(self) -> None:
        """Wait until attached and everything known has arrived; try at once if that was being waited with.

        Raises:
            Unreachable: if no daemon runs and none can be started.
            Unsupported: if a daemon of another version runs and is busy.
        """
        if self.attached and self._complete:
            return
        if self._closed:
            raise self._absence()
        self.begin()
        self._dismissed = False
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._wake.set()
        await waiter

    @override
    async def close(self) -> None:
        self._closed = True
        await self._supervisor.close()
        self._settle(self._absence())

    async def _reach(self) -> Meeting:
        """A meeting with a daemon of our version, started where that may be done."""
        try:
            meeting = await meet(self._socket, version=self._version)
        except Unreachable as error:
            if self._dismissed:
                raise self._absence() from error
            if self._starter is None:
                raise
        else:
            if meeting.welcome.accepted:
                return meeting
            await self._replace(meeting)
        assert self._starter is not None
        await self._starter()
        meeting = await meet(self._socket, version=self._version)
        if not meeting.welcome.accepted:
            meeting.close()
            raise self._mismatch(meeting)
        return meeting

    async def _replace(self, meeting: Meeting) -> None:
        """Have a daemon of another version end, so that ours can take its place."""
        try:
            other = (meeting.welcome.version, meeting.welcome.protocol) != (self._version, fingerprint())
            if not other:
                raise Unreachable("The fleet daemon is just ending.", hint="It is being started again.")
            if self._starter is None or meeting.welcome.busy:
                raise self._mismatch(meeting)
            if not await meeting.ask_to_end(Ending.IDLE, self._version):
                raise self._mismatch(meeting)
        finally:
            meeting.close()

    def _mismatch(self, meeting: Meeting) -> Unsupported:
        theirs = meeting.welcome.version
        build = "another build of the same version" if theirs == self._version else f"version {theirs}"
        busy = f", and it is busy with {meeting.welcome.busy}" if meeting.welcome.busy else ""
        return Unsupported(
            f"The fleet daemon is {build}, this is {self._version}{busy}.", hint="`qd daemon stop` ends it."
        )

    async def _stay(self, meeting: Meeting) -> None:
        link = Link(meeting.reader, meeting.writer, self._absence)
        try:
            self._adopt(link)
            await link.listen(self._hear)
        except (WireError, msgspec.DecodeError) as error:
            log.warning("The fleet daemon is left. %s", error)
        finally:
            self._lose(link)

    def _adopt(self, link: Link) -> None:
        self._link, self.trouble, self._complete = link, None, False
        link.post(Subscribe())
        for view, interest in self._interests.items():
            self._tell_interest(link, view, interest)
        self._notify(Delta())

    def _lose(self, link: Link) -> None:
        link.hang_up()
        self._link = None
        if not self._closed:
            self.trouble = self._absence()
        self._settle(self._absence())
        self._notify(Delta())

    def _failed(self, error: BackendError) -> None:
        changed = self.trouble is None or str(self.trouble) != str(error)
        self.trouble = error
        self._settle(error)
        if changed:
            log.warning("The fleet daemon cannot be reached. %s", error)
            self._notify(Delta())

    async def _rest(self) -> None:
        """Wait before the next attempt, shorter when somebody asks for it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pause * random.uniform(0.5, 1.0)):  # noqa: S311 - jitter is no secret
                await self._wake.wait()
        self._wake.clear()
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _settle(self, error: BackendError | None) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(error)

    def _absence(self) -> Unreachable:
        if self._dismissed:
            return Unreachable("The fleet daemon was stopped.", hint="`qd` starts it again.")
        hint = "It is being started again." if self._starter is not None else "`qd` starts one."
        return Unreachable("The fleet daemon is gone.", hint=hint)

    # -- what the daemon tells -----------------------------------------------------------------------------------

    @property
    @override
    def catalogue(self) -> Catalogue:
        return self._catalogue

    @property
    @override
    def inventory(self) -> Inventory:
        return self._inventory

    @override
    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self._tickets += 1
        ticket = self._tickets
        self._listeners[ticket] = listener

        def end() -> None:
            self._listeners.pop(ticket, None)

        return end

    def _hear(self, message: Response) -> None:
        match message:
            case Push(delta=raw):
                self._apply(raw)
            case Book(backends=raw):
                self._catalogue = Catalogue(_books.decode(raw))
            case Goodbye():
                self._dismissed = True
            case _:
                raise WireError(f"{type(message).__name__} is nothing a daemon says unasked.")

    def _apply(self, raw: msgspec.Raw) -> None:
        delta = unpacked(raw)
        if self._link is not None:
            self._link.post(Credit(0, 1))
        self._inventory.apply(delta)
        self._notify(delta)
        if delta.complete:
            self._complete = True
            self._pause = FIRST_PAUSE
            self._settle(None)

    def _notify(self, delta: Delta) -> None:
        for listener in [*self._listeners.values()]:
            # A listener that fails is a bug in one view; the others and the replica go on. The guard logs it.
            with suppress(BackendError), guarded("a listener of the fleet"):
                listener(delta)

    # -- asking --------------------------------------------------------------------------------------------------

    def _live(self) -> Link:
        if self._link is None:
            raise self.trouble or self._absence()
        return self._link

    async def _ask(self, method: Callable[Concatenate[Fleet, P], Awaitable[T]], *given: P.args, **named: P.kwargs) -> T:
        """Run one of the protocol's methods at the daemon."""
        called = TABLE[method.__name__]
        channel = self._live().open(called, called.write_arguments(given, named))
        try:
            answer: T = channel.value(await channel.receive())
            return answer
        finally:
            channel.close()

    async def _stream(
        self, method: Callable[Concatenate[Fleet, P], AsyncGenerator[T, None]], *given: P.args, **named: P.kwargs
    ) -> AsyncGenerator[T, None]:
        """Run one of the protocol's streams at the daemon."""
        called = TABLE[method.__name__]
        channel = self._live().open(called, called.write_arguments(given, named))
        try:
            while not isinstance(answer := await channel.receive(), End):
                item: T = channel.value(answer)
                yield item
        finally:
            channel.close()

    @override
    async def attend(self, view: str, interest: Interest) -> None:
        if interest == Interest():
            self._interests.pop(view, None)
        else:
            self._interests[view] = interest
        if self._link is not None:  # else it is told when we are attached again
            with suppress(Unreachable):
                await self._ask(Fleet.attend, view, interest)

    def _tell_interest(self, link: Link, view: str, interest: Interest) -> None:
        attend = TABLE["attend"]
        link.open(attend, attend.write_arguments((view, interest), {}))

    @override
    async def refresh(self, connection: str | None = None) -> None:
        await self._ask(Fleet.refresh, connection)

    @override
    async def retry(self, connection: str) -> None:
        await self._ask(Fleet.retry, connection)

    @override
    async def inspect(self, resource: ResourceId) -> JSON:
        return await self._ask(Fleet.inspect, resource)

    @override
    async def processes(self, resource: ResourceId) -> ProcessTable:
        return await self._ask(Fleet.processes, resource)

    @override
    def logs(self, resources: Sequence[ResourceId], query: LogQuery) -> AsyncGenerator[Sequence[LogLine], None]:
        return self._stream(Fleet.logs, resources, query)

    @override
    async def history(
        self, resource: ResourceId, metrics: Sequence[str], since: float, until: float, points: int
    ) -> Mapping[str, Series]:
        return await self._ask(Fleet.history, resource, metrics, since, until, points)

    @override
    async def prepare(self, request: Request) -> Prepared:
        return await self._ask(Fleet.prepare, request)

    @override
    async def perform(self, request: Request, approval: Approval | None = None) -> Job:
        return await self._ask(Fleet.perform, request, approval)

    @override
    async def job(self, job: str) -> Job:
        return await self._ask(Fleet.job, job)

    @override
    async def wait(self, job: str) -> Job:
        return await self._ask(Fleet.wait, job)

    @override
    def job_output(self, job: str) -> AsyncGenerator[JobOutput, None]:
        return self._stream(Fleet.job_output, job)

    @override
    async def cancel(self, job: str) -> None:
        await self._ask(Fleet.cancel, job)

    @override
    async def undo_requests(self, entry: int) -> Sequence[Request]:
        return await self._ask(Fleet.undo_requests, entry)

    @override
    async def open_shell(self, request: Request, approval: Approval | None, size: Size) -> Shell:
        return await self._ask(Fleet.open_shell, request, approval, size)

    @override
    async def attach(self, shell: str, size: Size) -> Terminal:
        called = TABLE["attach"]
        channel = self._live().open(called, called.write_arguments((shell, size), {}))
        try:
            await channel.receive()
        except BaseException:
            channel.close()
            raise
        return RemoteTerminal(channel)

    @override
    async def close_shell(self, shell: str) -> None:
        await self._ask(Fleet.close_shell, shell)

    @override
    async def journal(self, query: JournalQuery) -> Sequence[Entry]:
        return await self._ask(Fleet.journal, query)

    @override
    async def journal_output(self, entry: int) -> Sequence[JobOutput]:
        return await self._ask(Fleet.journal_output, entry)

    @override
    async def journal_verify(self) -> Verification:
        return await self._ask(Fleet.journal_verify)

    @override
    async def events(self, query: EventQuery) -> Sequence[Event]:
        return await self._ask(Fleet.events, query)

    @override
    async def status(self) -> FleetStatus:
        return await self._ask(Fleet.status)

    @override
    async def shutdown(self) -> None:
        await self._ask(Fleet.shutdown)


@asynccontextmanager
async def attached_fleet(
    socket: Path, *, starter: Starter | None = None, version: str = VERSION
) -> AsyncIterator[RemoteFleet]:
    """A fleet that is attached, with everything known, while the block runs; it ends with the block.

    Raises:
        BackendError: why it could not be attached.
    """
    fleet = RemoteFleet(socket, starter=starter, version=version)
    try:
        await fleet.connect()
        yield fleet
    finally:
        await fleet.close()
