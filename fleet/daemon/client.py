"""The fleet in another process, to be used as if it were here."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from typing_extensions import override

from backends.contract.errors import BackendError, Unreachable
from backends.contract.model import JSON, Event, LogLine, LogQuery, ProcessTable, ResourceId, Size
from backends.contract.session import Terminal
from fleet.catalogue import Catalogue
from fleet.daemon.attachment import Attachment, Starter
from fleet.daemon.calls import TABLE
from fleet.daemon.link import Link
from fleet.daemon.replica import Replica
from fleet.daemon.terminal import RemoteTerminal
from fleet.daemon.wire import End
from fleet.inventory import Inventory
from fleet.protocol import Fleet, Listener
from fleet.values import (
    Approval,
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

if TYPE_CHECKING:  # the journal brings SQLite, which whoever has a cache has loaded already
    from fleet.journal import CachedInventory

P = ParamSpec("P")
T = TypeVar("T")


class RemoteFleet(Fleet):
    """Speaks to the fleet daemon, keeps a replica of its inventory, and attaches again when the daemon was lost.

    ``begin`` starts that in the background, ``connect`` also waits for it, ``close`` ends it. When ``attached`` or
    ``trouble`` changes, listeners are called with an empty ``Delta``. After a daemon ended because it was asked to,
    none is started before the next ``connect``: otherwise an open interface would undo every ``qd daemon stop``.
    """

    def __init__(self, socket: Path, *, starter: Starter | None = None, version: str = VERSION) -> None:
        """Attach to the daemon at ``socket``; without a ``starter`` one that does not run is waited for."""
        self._interests: dict[str, Interest] = {}
        self._replica = Replica()
        self._attachment = Attachment(
            socket, self._replica, starter=starter, version=version, greet=self._tell_interests
        )

    @property
    @override
    def attached(self) -> bool:
        return self._attachment.link is not None

    @property
    @override
    def trouble(self) -> BackendError | None:
        return self._attachment.trouble

    def recall(self, cached: CachedInventory) -> None:
        """Begin with what was known when the fleet last wrote it down, until the fleet itself is heard.

        Its connections count as being opened, so that all rows are shown with their age.
        """
        self._replica.recall(cached)

    def begin(self) -> None:
        """Begin to attach in the background; returns at once."""
        self._attachment.begin()

    async def connect(self) -> None:
        """Wait until attached and everything known has arrived; try at once if that was being waited with.

        Raises:
            Unreachable: if no daemon runs and none can be started.
            Unsupported: if a daemon of another version runs and is busy.
        """
        await self._attachment.connect()

    @override
    async def close(self) -> None:
        await self._attachment.close()

    @property
    @override
    def catalogue(self) -> Catalogue:
        return self._replica.catalogue

    @property
    @override
    def inventory(self) -> Inventory:
        return self._replica.inventory

    @override
    def subscribe(self, listener: Listener) -> Callable[[], None]:
        return self._replica.subscribe(listener)

    async def _ask(self, method: Callable[Concatenate[Fleet, P], Awaitable[T]], *given: P.args, **named: P.kwargs) -> T:
        """Run one of the protocol's methods at the daemon."""
        called = TABLE[method.__name__]
        channel = self._attachment.live().open(called, called.write_arguments(given, named))
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
        channel = self._attachment.live().open(called, called.write_arguments(given, named))
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
        if self.attached:  # else it is told when we are attached again
            with suppress(Unreachable):
                await self._ask(Fleet.attend, view, interest)

    def _tell_interests(self, link: Link) -> None:
        attend = TABLE["attend"]
        for view, interest in self._interests.items():
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
        channel = self._attachment.live().open(called, called.write_arguments((shell, size), {}))
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
