"""Logs of one resource, or of several merged by time, followed through lost connections."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import ClassVar, NamedTuple

from textual import work
from typing_extensions import override

from backends.contract.errors import BackendError
from backends.contract.model import Ability, LogLine, LogQuery, ResourceId, State, Stream
from fleet.inventory import Inventory
from fleet.logs import resumed
from screens.command import GLOBAL
from screens.commands import LOG, LOGS
from screens.desk import Desk, Place
from screens.dialogs.sources import SourcesDialog
from screens.reading import Reading
from screens.view import News
from widgets.cells import neutral

TAIL = 200
"""Lines of each source to begin with."""
AWAY = 30.0
"""Seconds out of sight after which no more is read: the stream stays open and waits, so that nothing is lost."""


class Span(NamedTuple):
    """Which part of the log is read."""

    title: str
    seconds: float | None = None
    tail: int | None = None

    def query(self) -> LogQuery:
        """The part as a query, counted from now."""
        since = time.time() - self.seconds if self.seconds is not None else None
        return LogQuery(follow=True, tail=self.tail, since=since)


NEWEST = Span(f"newest {TAIL}", tail=TAIL)
WHOLE = Span("all")


def minutes(count: int) -> Span:
    """The last so many minutes."""
    return Span(f"last {count} min" if count < 60 else f"last {count // 60} h", seconds=60.0 * count)


class LogsView(Reading):
    """Reads logs as they are written."""

    CONTEXTS: ClassVar[tuple[str, ...]] = (LOGS, LOG, GLOBAL)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._place = Place("logs")
        self._sources: tuple[ResourceId, ...] = ()
        self._span = NEWEST
        self._names: dict[ResourceId, str] = {}
        self._reading = False
        self._trouble = ""
        self._silent = True
        """Whether no program has said anything yet."""
        self._seen = asyncio.Event()
        """Set while somebody looks, or was looking a moment ago."""
        self._attached = asyncio.Event()
        self._seen.set()

    # -- where we are

    @override
    def enter(self, place: Place) -> None:
        if place.resources == self._place.resources and self.is_mounted:
            return
        self._place = place
        self._sources = place.resources
        if self.is_mounted:
            self._read_anew()

    @override
    def place(self) -> Place:
        return self._place

    @property
    @override
    def selection(self) -> Sequence[ResourceId]:
        return self._sources

    @override
    def export_name(self) -> str:
        return "-".join(self._names.values())

    # -- life

    @override
    def mounted(self) -> None:
        super().mounted()
        self._read_anew()

    @override
    def resumed(self) -> None:
        super().resumed()
        self._seen.set()

    @override
    def suspended(self) -> None:
        super().suspended()
        self.set_timer(AWAY, self._look_away)

    def _look_away(self) -> None:
        if self not in self.app.screen_stack:  # a dialog on top does not count
            self._seen.clear()

    @override
    def learn(self, news: News) -> None:
        if self.fleet.attached:
            self._attached.set()
        else:
            self._attached.clear()
        if news.all or news.connections or news.gone.intersection(self._sources):
            self._name_sources()
        if news.all or news.connections or not news.resources.isdisjoint(self._sources):
            self._explain()
            self.describe_state()

    def _name_sources(self) -> None:
        names = names_of(self.fleet.inventory, self._sources, known=self._names)
        if names != self._names:
            self._names = names
            self.log_view.names = names

    # -- reading

    def _read_anew(self) -> None:
        """Forget what is shown and read from where the span begins."""
        self.log_view.clear()
        self.log_view.paused = False
        self.log_view.follow = True
        self._trouble, self._silent = "", True
        self._name_sources()
        if self._sources:
            self._read(self._sources, self._span.query())
        self._explain()
        self.describe_state()

    @work(exclusive=True, group="stream")
    async def _read(self, sources: Sequence[ResourceId], query: LogQuery) -> None:
        """Read until the log ends or others are asked for; a fleet that goes away and comes back is waited for."""

        def open_logs(part: LogQuery) -> AsyncGenerator[Sequence[LogLine], None]:
            return self.fleet.logs(sources, part)

        self._reading = True
        try:
            async with aclosing(resumed(open_logs, query, restarts=False, pause=self._wait)) as stream:
                async for batch in stream:
                    await self._seen.wait()
                    self._take(batch)
        except BackendError as error:
            self._trouble = error.message
            self.report(error)
        self._reading = False
        self._explain()
        self.describe_state()

    async def _wait(self, seconds: float) -> None:
        """Wait before the next attempt, and for the fleet if that is what is gone."""
        await asyncio.sleep(seconds)
        if not self.fleet.attached:
            self._attached.clear()
            await self._attached.wait()

    def _take(self, batch: Sequence[LogLine]) -> None:
        self.log_view.append(batch)
        if self._silent and any(line.stream is not Stream.NOTE for line in batch):
            self._silent = False

    # -- in words

    @override
    def state_parts(self) -> Sequence[str]:
        names = list(self._names.values())
        sources = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        parts = [sources or "no source", self._span.title]
        if not self.fleet.attached:
            parts.insert(0, "the fleet is being reached again")
        elif self._sources and not self._reading:
            parts.insert(1, "ended")
        if self._silent and self.log_view.status.lines:
            parts.append(self._why())
        return parts

    def _explain(self) -> None:
        """Say in the empty view why it is empty."""
        self.log_view.empty = self._why()

    def _why(self) -> str:
        if not self._sources:
            return "Nothing is chosen yet; s chooses whose logs to read."
        if not self.fleet.attached:
            return "The fleet is being reached again; reading goes on by itself then."
        if self._trouble:
            return self._trouble
        reasons = dict.fromkeys(filter(None, map(self._why_silent, self._sources)))
        if reasons:
            return " ".join(list(reasons)[:2])
        if self._span.seconds is not None:
            return f"Nothing was written in the {self._span.title}; 1 reads the whole log."
        return "Nothing has been written yet." if self._reading else "The log is empty."

    def _why_silent(self, source: ResourceId) -> str:
        """Why a source may say nothing, where something is known."""
        resource = self.fleet.inventory.get(source)
        if resource is None:
            return f"{source.native} is gone."
        if self.fleet.inventory.stale(source) is not None:
            connection = self.fleet.inventory.connections.get(source.connection)
            why = connection.reason or f"it is {connection.state.value}." if connection else "it is not known."
            return f"{source.connection} cannot be read now: {why}"
        if Ability.LOGS not in resource.abilities:
            return f"{resource.name} keeps no log that can be read."
        if resource.state in (State.STOPPED, State.CREATED, State.FAILED):
            return f"{resource.name} is {resource.status or resource.state.value} and has written nothing here."
        return ""

    # -- keys

    def _show_span(self, span: Span) -> None:
        self._span = span
        self._read_anew()

    def do_logs_tail(self) -> None:
        """The newest lines."""
        self._show_span(NEWEST)

    def do_logs_all(self) -> None:
        """The whole log."""
        self._show_span(WHOLE)

    def do_logs_minute(self) -> None:
        """The last minute."""
        self._show_span(minutes(1))

    def do_logs_minutes5(self) -> None:
        """The last 5 minutes."""
        self._show_span(minutes(5))

    def do_logs_minutes15(self) -> None:
        """The last 15 minutes."""
        self._show_span(minutes(15))

    def do_logs_minutes30(self) -> None:
        """The last 30 minutes."""
        self._show_span(minutes(30))

    def do_logs_hour(self) -> None:
        """The last hour."""
        self._show_span(minutes(60))

    @work(group="dialog")
    async def do_logs_sources(self) -> None:
        """Choose whose logs are merged."""
        wanted = self._sources[0].kind if self._sources else self._place.kind
        kinds = self.fleet.catalogue.kinds
        kind = kinds.get(wanted) or next((k for k in kinds.values() if self._logged(k.id)), None)
        if kind is None:
            self.notify("Nothing that is known has a log.", severity="warning")
            return
        chosen = await self.app.push_screen_wait(SourcesDialog(self.desk, kind, self._sources))
        if chosen and set(chosen) != set(self._sources):
            self._sources = chosen
            self._read_anew()

    def _logged(self, kind: str) -> bool:
        return any(Ability.LOGS in r.abilities for r in self.fleet.inventory.of_kind(kind).values())

    def do_logs_actions(self) -> None:
        """Every verb for what is read."""
        self.choose_action()


def names_of(
    inventory: Inventory, sources: Sequence[ResourceId], known: Mapping[ResourceId, str] | None = None
) -> dict[ResourceId, str]:
    """What the sources are called; where two share a name, with their connection; what is gone, as it was ``known``."""
    found = {source: inventory.get(source) for source in sources}
    kept = {source: (known or {}).get(source, source.native) for source in sources if found[source] is None}
    names = {source: resource.name for source, resource in found.items() if resource is not None}
    shared = {name for name, count in Counter(names.values()).items() if count > 1}
    full = {source: f"{source.connection}/{name}" if name in shared else name for source, name in names.items()}
    return {source: neutral((full | kept)[source]) for source in sources}
