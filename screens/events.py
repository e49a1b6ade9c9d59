"""What the engines reported, newest first, live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final

from textual import work
from typing_extensions import override

from backends.contract.errors import BackendError
from backends.contract.model import Column, Event, Resource, ResourceId, Severity, Source
from fleet.values import EventQuery
from screens.command import GLOBAL, LIST
from screens.commands import EVENTS
from screens.copying import Copied
from screens.desk import Desk, Place
from screens.records import FAULT, IDLE, WARNING, Records, Standing, record_kind
from screens.view import News

ASKED: Final = 1000
KEPT: Final = 2000
"""Events shown at most; the journal keeps more for its thirty days."""

EVENT: Final = record_kind(
    "event",
    "events",
    (
        Column("at", "TIME", Source.FIELD, "clock", width=12, rank=0),
        Column("severity", "SEVERITY", Source.FIELD, "standing", width=9, rank=0),
        Column("connection", "CONNECTION", Source.FIELD, "connection", width=10, rank=3),
        Column("kind", "KIND", Source.FACT, "kind", width=9, rank=5),
        Column("name", "RESOURCE", Source.FIELD, "name", width=14, grow=1, rank=1),
        Column("verb", "EVENT", Source.FACT, "verb", width=10, rank=2),
        Column("text", "TEXT", Source.FACT, "text", width=20, grow=3, rank=0),
    ),
    sort="-at",
)
_STANDINGS: Final[Mapping[Severity, Standing]] = {
    Severity.INFO: IDLE,
    Severity.WARNING: WARNING,
    Severity.FAULT: FAULT,
}


class EventsView(Records):
    """Events of all connections; Enter opens the resource."""

    VIEW = "events"
    KIND = EVENT
    CONTEXTS: ClassVar[tuple[str, ...]] = (EVENTS, LIST, GLOBAL)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._newest: Event | None = None

    @override
    def learn(self, news: News) -> None:
        if news.all:
            self._read()
        elif news.events:
            self._take(self._fresh())

    def _fresh(self) -> Sequence[Event]:
        """The events that came since we last looked, newest first."""
        found: list[Event] = []
        for event in reversed(self.fleet.inventory.events):
            if event is self._newest:
                break
            found.append(event)
        return found

    @work(group="events", exclusive=True)
    async def _read(self) -> None:
        """Show at once what is in memory, then what the journal has."""
        self._take(self._fresh())
        try:
            recorded = await self.fleet.events(EventQuery(limit=ASKED))
        except BackendError as error:
            if self.fleet.attached:
                self.report(error)
            return
        self._take(recorded)

    def _take(self, events: Iterable[Event]) -> None:
        if self.fleet.inventory.events:
            self._newest = self.fleet.inventory.events[-1]
        rows = [self._row(event) for event in events]
        if self._rows and len(self._rows) + len(rows) <= KEPT:
            self.change(rows)
            return
        merged = {**self._rows, **{row.id: row for row in rows}}
        newest = sorted(merged.values(), key=lambda row: row.created or 0.0, reverse=True)
        self.load(newest[: KEPT * 3 // 4])  # some room, so that not every event beyond loads all anew

    def _row(self, event: Event) -> Resource:
        standing = _STANDINGS[event.severity]
        resource = self.fleet.inventory.get(event.resource) if event.resource else None
        native = event.resource.native if event.resource else ""
        return Resource(
            id=ResourceId(event.connection, EVENT.id, f"{event.at:.6f} {event.verb} {native} {event.text}"),
            name=resource.name if resource else native[:12],
            state=standing.state,
            health=standing.health,
            status=event.severity.value,
            facts={"verb": event.verb, "text": event.text, "kind": event.resource.kind if event.resource else ""},
            parent=event.resource,
            created=event.at,
        )

    @override
    def why_none(self) -> str:
        return "No engine has reported anything yet."

    def do_list_open(self) -> None:
        """Open the resource it is about."""
        row = self.chosen
        about = row.parent if row else None
        if about is None or self.fleet.inventory.get(about) is None:
            self.notify("What this is about is not there (any more).", severity="warning")
            return
        self.desk.go(Place("resource", kind=about.kind, resources=(about,), tab="overview"))

    @override
    def copies(self, resources: Sequence[Resource]) -> Sequence[Copied]:
        if not resources:
            return []
        texts = "\n".join(str(row.facts.get("text") or "") for row in resources)
        return [Copied("the text", texts)]
