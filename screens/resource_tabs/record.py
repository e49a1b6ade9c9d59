"""What happened to the resource: what its engine reported and what was done to it, by time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import ClassVar, Final

from textual import work
from typing_extensions import override

from backends.contract.errors import BackendError
from backends.contract.model import Column, Event, Health, Resource, ResourceId, Severity, Source, State
from fleet.values import Entry, EntryState, EventQuery, JournalQuery
from screens.commands import RESOURCE_OPEN
from screens.copying import Copied
from screens.desk import Desk, Place
from screens.resource_tabs.rows import RowsPane
from screens.view import News

MOST: Final = 300
"""Events, and journal entries, that are shown."""
PAUSE: Final = 1.0
"""Seconds between two looks, however much happens."""
EVENT: Final = "event"
ENTRY: Final = "entry"

COLUMNS: Final = (
    Column("at", "TIME", Source.FIELD, "clock", width=14, rank=0),
    Column("outcome", "STATE", Source.FIELD, "standing", width=11, rank=1),
    Column("who", "WHO", Source.FACT, "who", width=10, rank=3),
    Column("what", "WHAT", Source.FIELD, "name", width=14, rank=0),
    Column("text", "TEXT", Source.FACT, "text", width=20, grow=1, rank=0),
)
_SEVERITIES: Final[Mapping[Severity, tuple[State, Health]]] = {
    Severity.INFO: (State.PRESENT, Health.UNKNOWN),
    Severity.WARNING: (State.PRESENT, Health.WARNING),
    Severity.FAULT: (State.FAILED, Health.FAULT),
}
_OUTCOMES: Final[Mapping[EntryState, tuple[State, Health]]] = {
    EntryState.OPEN: (State.STARTING, Health.UNKNOWN),
    EntryState.DONE: (State.IN_USE, Health.GOOD),
    EntryState.FAILED: (State.FAILED, Health.FAULT),
    EntryState.CANCELLED: (State.PRESENT, Health.WARNING),
    EntryState.DENIED: (State.PRESENT, Health.WARNING),
}


class RecordPane(RowsPane):
    """Events and journal entries, newest first; Enter on what was done goes to the journal."""

    TAB: ClassVar[str] = "events"
    CONTEXTS: ClassVar[tuple[str, ...]] = (RESOURCE_OPEN, *RowsPane.CONTEXTS)

    def __init__(self, desk: Desk, resource: ResourceId) -> None:
        super().__init__(desk, resource, COLUMNS, "-at", records=True)
        self._loaded_at = 0.0
        self._due = False
        self.table.placeholder = "Looking into the journal…"

    @classmethod
    @override
    def offered(cls, desk: Desk, resource: Resource) -> bool:
        return True

    @override
    def shown(self) -> None:
        self._load()

    @override
    def learn(self, news: News) -> None:
        if news.events or news.work or news.all:
            self._due = True
            self._load_if_due()

    @override
    def tick(self) -> None:
        self._load_if_due()
        super().tick()

    def _load_if_due(self) -> None:
        if self._due and time.monotonic() - self._loaded_at >= PAUSE:
            self._load()

    @work(exclusive=True, group="record")
    async def _load(self) -> None:
        self._due = False
        self._loaded_at = time.monotonic()
        try:
            events = await self.fleet.events(EventQuery(limit=MOST, resource=self.resource))
            entries = await self.fleet.journal(JournalQuery(limit=MOST, resource=self.resource))
        except BackendError as error:
            self.table.placeholder = f"{error.message}\n{error.hint or ''}"
            return
        self.table.placeholder = "Nothing has happened to it that was recorded."
        self.table.load([*map(event_row, events), *map(entry_row, entries)])

    @override
    def open(self) -> None:
        current = self.table.current
        if current is not None and current.kind == ENTRY:
            self.desk.go(Place("journal", tab=current.native))
        elif current is not None:
            self.desk.go(Place("events", tab=current.native))

    @override
    def copies(self) -> list[Copied]:
        row = self.table.view.get(self.table.current) if self.table.current else None
        return [Copied("Text", f"{row.resource.name}: {row.resource.facts.get('text', '')}")] if row else []


def event_row(event: Event) -> Resource:
    """An event as a row."""
    state, health = _SEVERITIES[event.severity]
    native = event.resource.native if event.resource else ""
    return Resource(
        id=ResourceId(event.connection, EVENT, f"{event.at:.6f} {event.verb} {native} {event.text}"),
        name=event.verb,
        state=state,
        status=event.severity.value,
        health=health,
        facts={"text": event.text, "who": "engine"},
        created=event.at,
    )


def entry_row(entry: Entry) -> Resource:
    """A journal entry as a row."""
    state, health = _OUTCOMES[entry.state]
    return Resource(
        id=ResourceId("fleet", ENTRY, str(entry.id)),
        name=entry.title,
        state=state,
        status=entry.state.value,
        health=health,
        facts={"text": entry.summary or " ".join(entry.calls), "who": entry.actor.value},
        created=entry.at,
    )
