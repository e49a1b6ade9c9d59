"""The ``Fleet`` protocol: all that screens, the CLI and later servers know of the fleet.

Two classes keep it: ``fleet.service.LocalFleet``, which is the fleet itself, and ``fleet.daemon.client.RemoteFleet``,
which speaks to one in another process. Every coroutine may raise ``BackendError``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Protocol

from backends.contract.errors import BackendError
from backends.contract.model import JSON, Event, LogLine, LogQuery, ProcessTable, ResourceId, Size
from backends.contract.session import Terminal
from fleet.catalogue import Catalogue
from fleet.inventory import Inventory
from fleet.values import (
    Approval,
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

Listener = Callable[[Delta], None]


class Fleet(Protocol):
    """Everything a client can know and ask."""

    @property
    def catalogue(self) -> Catalogue:
        """Kinds and operations of all backends."""

    @property
    def inventory(self) -> Inventory:
        """What is known now. Read it freely; only the fleet writes it."""

    @property
    def attached(self) -> bool:
        """Whether the fleet behind this answers; when not, ``inventory`` is what was last known."""

    @property
    def trouble(self) -> BackendError | None:
        """Why it is not attached; ``None`` while it is, and before the first attempt has ended."""

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` after each change of the inventory; returns what ends it. Never called re-entrantly."""

    async def attend(self, view: str, interest: Interest) -> None:
        """Say what a view looks at, replacing what it said before. An empty interest forgets the view."""

    async def refresh(self, connection: str | None = None) -> None:
        """List again now: one connection or all."""

    async def retry(self, connection: str) -> None:
        """Try an offline or refused connection again, now."""

    async def inspect(self, resource: ResourceId) -> JSON:
        """The engine's own description, secrets masked."""

    async def processes(self, resource: ResourceId) -> ProcessTable:
        """The processes inside a resource."""

    def logs(self, resources: Sequence[ResourceId], query: LogQuery) -> AsyncGenerator[Sequence[LogLine], None]:
        """The log of one resource, or of several merged by time; each line names its source."""

    async def history(
        self, resource: ResourceId, metrics: Sequence[str], since: float, until: float, points: int
    ) -> Mapping[str, Series]:
        """Metrics over a time window, thinned to about ``points`` by means."""

    async def prepare(self, request: Request) -> Prepared:
        """Plan a request and ask policy. Changes nothing, writes nothing."""

    async def perform(self, request: Request, approval: Approval | None = None) -> Job:
        """Do it: plan again, policy, journal, run. Returns when the job has started.

        Raises:
            Refused: if policy denies it, or asks and ``approval`` does not answer.
            Conflict: if the plan is no longer the one that was approved.
        """

    async def job(self, job: str) -> Job:
        """A job as it is now."""

    async def wait(self, job: str) -> Job:
        """A job when it has ended."""

    def job_output(self, job: str) -> AsyncGenerator[JobOutput, None]:
        """A job's output from its beginning, as far as kept, then live until it ends."""

    async def cancel(self, job: str) -> None:
        """Ask a job to end; rows not yet begun are not begun."""

    async def undo_requests(self, entry: int) -> Sequence[Request]:
        """What would take a journal entry back, to be prepared and performed like any other request.

        Raises:
            NotFound: if the entry cannot be undone, or no longer.
        """

    async def open_shell(self, request: Request, approval: Approval | None, size: Size) -> Shell:
        """Open an interactive terminal through the gate; it lives in the fleet until it ends or is closed."""

    async def attach(self, shell: str, size: Size) -> Terminal:
        """See and type into a kept shell: first what it wrote lately, then live. Closing detaches only."""

    async def close_shell(self, shell: str) -> None:
        """Hang up a kept shell."""

    async def journal(self, query: JournalQuery) -> Sequence[Entry]:
        """Journal entries, newest first."""

    async def journal_output(self, entry: int) -> Sequence[JobOutput]:
        """The kept, redacted output of an entry."""

    async def journal_verify(self) -> Verification:
        """Check the hash chain."""

    async def events(self, query: EventQuery) -> Sequence[Event]:
        """Recorded events, newest first."""

    async def status(self) -> FleetStatus:
        """What the fleet costs and holds."""

    async def shutdown(self) -> None:
        """End the fleet (the daemon with it). Jobs under way are cancelled, shells hung up."""

    async def close(self) -> None:
        """Let go of it: an inline fleet ends, a client detaches."""
