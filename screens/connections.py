"""Where every connection stands, why, and what helps; what could be connected and is not there; and what we cost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual import work
from typing_extensions import override

from backends.contract.errors import BackendError
from backends.contract.model import Column, Fact, Missing, Resource, ResourceId, Source, Unit
from fleet.daemon.lag import LagMeter
from fleet.values import Connection, ConnectionState, FleetStatus
from screens.command import GLOBAL, LIST
from screens.commands import CONNECTIONS
from screens.copying import Copied
from screens.cost import cost_text
from screens.desk import Desk
from screens.dialogs.details import Details
from screens.records import BUSY, FAULT, GOOD, IDLE, WARNING, Records, Standing, record_kind
from screens.view import News
from widgets.cells import clock, duration, neutral

COST_EVERY: Final = 2.0
WIDE: Final = 110

CONNECTION: Final = record_kind(
    "connection",
    "connections",
    (
        Column("state", "STATE", Source.FIELD, "standing", width=12, rank=0),
        Column("name", "CONNECTION", Source.FIELD, "name", width=12, grow=1, rank=0),
        Column("backend", "BACKEND", Source.FACT, "backend", width=9, rank=3),
        Column("retry", "NEXT TRY", Source.FACT, "retry", Unit.TIME, width=8, right=True, rank=1),
        Column("latency", "LATENCY", Source.FACT, "latency", Unit.SECONDS, width=7, right=True, rank=5),
        Column("seen", "SEEN", Source.FACT, "seen", Unit.TIME, width=7, right=True, rank=4),
        Column("resources", "HAS", Source.FACT, "resources", Unit.COUNT, width=6, right=True, rank=2),
        Column("reason", "REASON", Source.FIELD, "reason", width=28, grow=4, rank=0),
        Column("hint", "WHAT MAY HELP", Source.FACT, "hint", width=16, grow=3, rank=6),
        Column("since", "SINCE", Source.FIELD, "since", Unit.TIME, width=7, right=True, rank=7),
        Column("protected", "PROTECTED", Source.FACT, "protected", width=9, shown=False),
        Column("labels", "LABELS", Source.FIELD, "labels", width=14, shown=False),
    ),
    sort="state",
)
_STANDINGS: Final[Mapping[ConnectionState, Standing]] = {
    ConnectionState.CONNECTING: BUSY,
    ConnectionState.ONLINE: GOOD,
    ConnectionState.DEGRADED: WARNING,
    ConnectionState.NEEDS_AUTH: FAULT,
    ConnectionState.OFFLINE: FAULT,
    ConnectionState.DISABLED: IDLE,
}


class ConnectionsView(Records):
    """Connections with their state; Enter says everything about one."""

    VIEW = "connections"
    KIND = CONNECTION
    CONTEXTS: ClassVar[tuple[str, ...]] = (CONNECTIONS, LIST, GLOBAL)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._meter = LagMeter()
        self._status: FleetStatus | None = None
        self._counted: Counter[str] = Counter()

    @override
    def resumed(self) -> None:
        super().resumed()
        self._measure()
        self._ask_cost()

    @override
    def suspended(self) -> None:
        super().suspended()
        self.workers.cancel_group(self, "cost")

    @override
    def learn(self, news: News) -> None:
        if news.all or news.connections:
            self._show_rows()

    def _show_rows(self) -> None:
        inventory = self.fleet.inventory
        present = [
            connection_row(c, self._title(c.spec.backend), self._counted) for c in inventory.connections.values()
        ]
        lacking = [missing_row(missing, self._title(missing.backend)) for missing in inventory.missing]
        self.load([*present, *lacking])

    def _title(self, backend: str) -> str:
        known = self.fleet.catalogue.backends.get(backend)
        return known.title if known else backend

    # -- our own cost

    @work(group="cost")
    async def _measure(self) -> None:
        await self._meter.run()

    @work(group="cost")
    async def _ask_cost(self) -> None:
        """Ask the fleet now and then, while somebody looks."""
        while True:
            try:
                self._status = await self.fleet.status()
            except BackendError:
                self._status = None
            self._counted = Counter(resource.id.connection for resource in self.fleet.inventory.all())
            self.say(cost_text(self._meter.worst, self._status, wide=self.size.width >= WIDE))
            self._show_rows()
            await asyncio.sleep(COST_EVERY)

    @override
    def why_none(self) -> str:
        if not self.fleet.attached:
            return "The fleet is not reached yet."
        return "There is nothing to connect to: no backend found anything, and the settings name no connection."

    # -- commands

    def do_list_open(self) -> None:
        """Everything about one connection, with what may help."""
        row = self.chosen
        if row is None:
            return
        connection = self.fleet.inventory.connections.get(row.id.native)
        if connection is None:
            text = Text.assemble(neutral(row.reason or ""), "\n\n", (neutral(str(row.facts["hint"])), "bold"))
        else:
            text = connection_text(connection, self._title(connection.spec.backend), self._counted)
        self.app.push_screen(Details(self.desk, row.name, text))

    @work(group="retry")
    async def do_connections_retry(self) -> None:
        """Try the connections chosen, now."""
        known = self.fleet.inventory.connections
        names = [row.id.native for row in self.chosen_all if row.id.native in known]
        if not names:
            self.notify("This is not there to be tried; Enter says how to get it.", severity="warning")
        try:
            for name in names:
                await self.fleet.retry(name)
        except BackendError as error:
            self.report(error)

    @override
    def copies(self, resources: Sequence[Resource]) -> Sequence[Copied]:
        found = [Copied("the name", "\n".join(row.name for row in resources))] if resources else []
        reasons = "\n".join(row.reason for row in resources if row.reason)
        return [*found, Copied("the reason", reasons)] if reasons else found


def connection_row(connection: Connection, backend: str, counted: Mapping[str, int]) -> Resource:
    """A connection as a row."""
    spec = connection.spec
    standing = _STANDINGS[connection.state]
    facts: dict[str, Fact] = {
        "backend": backend,
        "retry": connection.retry_at,
        "latency": connection.latency,
        "seen": connection.seen,
        "resources": counted.get(spec.id, 0),
        "hint": connection.hint or "",
        "title": spec.title,
        "protected": spec.protected,
    }
    return Resource(
        id=ResourceId(spec.id, CONNECTION.id, spec.id),
        name=spec.id,
        state=standing.state,
        health=standing.health,
        status=connection.state.value,
        reason=connection.reason,
        labels=spec.labels,
        facts=facts,
        since=connection.since,
    )


def missing_row(missing: Missing, backend: str) -> Resource:
    """An engine this machine lacks, as a row."""
    return Resource(
        id=ResourceId(missing.backend, CONNECTION.id, f"{missing.backend}: {missing.what}"),
        name=missing.backend,
        state=IDLE.state,
        health=IDLE.health,
        status="not here",
        reason=missing.what,
        facts={"backend": backend, "hint": missing.remedy},
    )


def connection_text(connection: Connection, backend: str, counted: Mapping[str, int]) -> Text:
    """Everything about a connection. Options are shown by name only: their values may be nobody's business."""
    spec = connection.spec
    now = connection.since if connection.seen is None else max(connection.seen, connection.since)
    lines = [
        ("state", connection.state.value),
        ("since", clock(connection.since, now)),
        ("reason", connection.reason or ""),
        ("what may help", connection.hint or ""),
        ("next try", "" if connection.retry_at is None else f"{clock(connection.retry_at, now)}; P tries now"),
        ("last list took", "" if connection.latency is None else duration(connection.latency)),
        ("last seen", "" if connection.seen is None else clock(connection.seen, now)),
        ("resources", str(counted.get(spec.id, 0))),
        ("backend", backend),
        ("title", spec.title),
        ("options", ", ".join(sorted(spec.options))),
        ("labels", ", ".join(f"{key}={value}" for key, value in sorted(spec.labels.items()))),
        ("protected", "yes: changes ask, and what destroys wants the name typed" if spec.protected else ""),
        ("known from", spec.presence.value),
    ]
    text = Text()
    for name, value in lines:
        if value:
            text.append(f"{name:<15}", style="bold")
            text.append(f"{neutral(value)}\n")
    return text
