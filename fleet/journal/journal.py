"""The journal: what was done, durable before it is done."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from backends.contract.errors import Conflict, NotFound, Unreachable
from backends.contract.model import Event, Missing, Resource, ResourceId, Stream
from fleet.journal import cache, chain, minutes, records, retention
from fleet.journal.cache import CachedInventory
from fleet.journal.database import Database
from fleet.journal.minutes import Minute
from fleet.journal.output import LIMIT, OutputKeeper, Piece, read_output
from fleet.journal.owners import Owner
from fleet.journal.records import Draft, Ending, plain
from fleet.journal.retention import Retention
from fleet.values import (
    BackendInfo,
    Connection,
    Entry,
    EntryState,
    EventQuery,
    JobOutput,
    JournalQuery,
    Verification,
)

LOST = "Quarterdeck ended before this did; its outcome is unknown."
ABANDONED = "Whoever asked went away before it began."


class Journal:
    """The journal of one installation. Every method may raise ``Refused`` when the database fails.

    A begun entry is on the disk before `begin` returns, so whatever was done is known even after a power cut; if that
    cannot be, `begin` raises and the act must not happen. Everything written passes redaction.
    """

    def __init__(self, path: Path, *, keep: Retention | None = None, output_limit: int = LIMIT) -> None:
        self._database = Database(path)
        self._owner = Owner(path)
        self._keep = keep or Retention()
        self._outputs = OutputKeeper(output_limit)
        self._pending: list[Piece] = []
        self._flushing = asyncio.Lock()
        self.recovered: tuple[Entry, ...] = ()
        """Entries that a crash left open, found when this was opened. Their summary says so; their state stays OPEN."""

    @classmethod
    async def open(cls, path: Path, *, keep: Retention | None = None, output_limit: int = LIMIT) -> Self:
        """Open the journal at ``path``, creating it if need be, and find what a crash left open.

        Raises:
            Refused: if it cannot be opened, is no journal, or was written by a newer version.
        """
        journal = cls(path, keep=keep, output_limit=output_limit)
        await journal._database.open()
        try:
            journal.recovered = await journal._database.write(journal._recover, durable=True)
        except BaseException:
            await journal.close()
            raise
        return journal

    async def close(self) -> None:
        """Write what is pending and let go. May be called twice."""
        if self._pending:
            await self.flush()
        await self._database.close()
        self._owner.release()

    async def begin(self, draft: Draft) -> int:
        """Open an entry; it is durable when this returns. Returns its id.

        If the caller is cancelled meanwhile, the entry is ended as cancelled.

        Raises:
            Refused: if it cannot be recorded. Then it must not be done.
        """
        future = self._database.submit(lambda connection: self._begin(connection, draft), durable=True)
        try:
            return await asyncio.shield(asyncio.wrap_future(future))
        except asyncio.CancelledError:
            future.add_done_callback(self._abandon)
            raise

    async def end(
        self,
        entry: int,
        state: EntryState,
        summary: str = "",
        *,
        exit_code: int | None = None,
        undo: str | None = None,
        at: float | None = None,
    ) -> Entry:
        """Close an entry; durable when this returns.

        Args:
            entry: what `begin` returned.
            state: how it ended.
            summary: one sentence for people.
            exit_code: for commands.
            undo: the title of what would take it back, when that is possible.
            at: when it ended; now, unless given.

        Raises:
            Conflict: if it has ended already.
            NotFound: if there is no such entry.
        """
        ending = Ending(state, time.time() if at is None else at, summary, exit_code, undo)
        await self.flush()
        return await self._database.write(lambda connection: self._end(connection, entry, ending), durable=True)

    async def record(self, draft: Draft, state: EntryState, summary: str) -> int:
        """An entry that is over at once: what policy denied. Returns its id."""
        ending = Ending(state, draft.at, summary)

        def both(connection: sqlite3.Connection) -> int:
            entry = self._begin(connection, draft)
            self._end(connection, entry, ending)
            return entry

        return await self._database.write(both, durable=True)

    async def entry(self, entry: int) -> Entry:
        """One entry.

        Raises:
            NotFound: if there is none of that id.
        """
        return await self._database.read(lambda connection: _get(connection, entry))

    async def entries(self, query: JournalQuery) -> Sequence[Entry]:
        """Entries, newest first."""
        searchable = self._database.searchable
        return await self._database.read(lambda connection: records.find(connection, query, searchable=searchable))

    async def plan(self, entry: int) -> str:
        """The plan of an entry as JSON, secrets masked; empty when there was none."""
        row = await self._database.read(
            lambda connection: connection.execute("SELECT plan FROM entry WHERE id = ?", (entry,)).fetchone()
        )
        return str(row[0]) if row else ""

    async def verify(self) -> Verification:
        """Check the hash chain; names the first entry that does not fit. See `fleet.journal.chain` for its reach."""
        return await self._database.read(chain.verify)

    async def head(self) -> str:
        """The digest of the chain's last link, to be noted elsewhere."""
        return (await self._database.read(chain.head)).digest

    async def add_output(self, entry: int, target: ResourceId, stream: Stream, data: bytes) -> None:
        """Keep a piece of an open entry's output: masked, bounded, its beginning and end. Soon on disk, not at once."""
        if data:
            self._pending.append(Piece(entry, target, stream, data, time.time()))
            await self.flush()

    async def flush(self) -> None:
        """Write output that is still pending. What comes while a write is under way goes with the next one."""
        async with self._flushing:
            if not self._pending:
                return
            pieces, self._pending = self._pending, []
            await self._database.write(lambda connection: self._outputs.add(connection, pieces))

    async def output(self, entry: int) -> Sequence[JobOutput]:
        """The kept output of an entry, in order, with a note where the middle was dropped."""
        return await self._database.read(lambda connection: read_output(connection, entry))

    async def add_events(self, events: Iterable[Event]) -> None:
        """Keep events, in one write."""
        batch = tuple(events)
        if batch:
            await self._database.write(lambda connection: minutes.add_events(connection, batch))

    async def events(self, query: EventQuery) -> Sequence[Event]:
        """Events, newest first; a severity asks for that one and louder ones."""
        return await self._database.read(lambda connection: minutes.find_events(connection, query))

    async def add_minutes(self, rows: Iterable[Minute]) -> None:
        """Keep minute means, in one write."""
        batch = tuple(rows)
        if batch:
            await self._database.write(lambda connection: minutes.add_minutes(connection, batch))

    async def minutes(self, resource: ResourceId, metric: str, since: float, until: float) -> Sequence[Minute]:
        """Minute means that begin within a time window, oldest first."""
        return await self._database.read(lambda connection: minutes.minutes(connection, resource, metric, since, until))

    async def metrics(self, resource: ResourceId) -> Sequence[str]:
        """The metrics of a resource there are minute means of."""
        return await self._database.read(lambda connection: minutes.metrics_of(connection, resource))

    async def save_inventory(self, connections: Iterable[Connection], resources: Iterable[Resource]) -> None:
        """Cache these connections with their resources. Leave volatile kinds out; other connections stay cached."""
        places, found = tuple(connections), tuple(resources)
        await self._database.write(lambda connection: cache.save_inventory(connection, places, found))

    async def forget_connections(self, keep: Iterable[str]) -> None:
        """Drop the cache of every connection that is not in ``keep``."""
        kept = frozenset(keep)
        await self._database.write(lambda connection: cache.forget_connections(connection, kept))

    async def save_catalogue(self, backends: Iterable[BackendInfo], missing: Iterable[Missing] = ()) -> None:
        """Cache what the backends bring, and what this machine lacks."""
        infos, lacking = tuple(backends), tuple(missing)
        await self._database.write(lambda connection: cache.save_catalogue(connection, infos, lacking))

    async def load_inventory(self) -> CachedInventory:
        """What is cached. The interface reads the same without a journal: `read_cached_inventory`."""
        return await self._database.read(cache.read)

    async def trim(self, now: float | None = None) -> None:
        """Take out what is older, or more, than is kept."""
        moment = time.time() if now is None else now
        await self._database.write(lambda connection: retention.trim(connection, self._keep, moment), durable=True)

    def _begin(self, connection: sqlite3.Connection, draft: Draft) -> int:
        row = records.begin_row(draft, self._owner.name)
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        statement = f"INSERT INTO entry ({names}) VALUES ({marks})"  # noqa: S608 - only our own words
        entry = int(connection.execute(statement, row).lastrowid or 0)
        digest = chain.begin(connection, {**row, "id": entry})
        connection.execute("UPDATE entry SET digest = ? WHERE id = ?", (digest, entry))
        keys = {records.resource_key(target) for target in draft.targets}
        connection.executemany("INSERT INTO target VALUES (?, ?)", [(key, entry) for key in keys])
        if self._database.searchable:
            words = (entry, row["title"], row["names"], row["calls"])
            connection.execute(
                "INSERT INTO search (rowid, title, names, calls, summary) VALUES (?, ?, ?, ?, '')", words
            )
        return entry

    def _end(self, connection: sqlite3.Connection, entry: int, ending: Ending) -> Entry:
        row = connection.execute("SELECT state, summary FROM entry WHERE id = ?", (entry,)).fetchone()
        if row is None:
            raise NotFound(f"The journal has no entry {entry}.")
        if row[0] != EntryState.OPEN or row[1] == LOST:
            raise Conflict(f"Entry {entry} of the journal has ended already.")
        self._outputs.finish(connection, entry)
        return self._close_entry(connection, entry, ending)

    def _close_entry(self, connection: sqlite3.Connection, entry: int, ending: Ending) -> Entry:
        values: dict[str, Any] = {
            "id": entry,
            "state": ending.state.value,
            "ended": None if ending.ended is None else float(ending.ended),
            "summary": records.masked(ending.summary),
            "exit_code": ending.exit_code,
            "undo": None if ending.undo is None else plain(ending.undo),
        }
        values["digest"] = chain.end(connection, values)
        connection.execute(
            "UPDATE entry SET state = :state, ended = :ended, summary = :summary, exit_code = :exit_code, "
            "undo = :undo, digest = :digest, owner = '' WHERE id = :id",
            values,
        )
        if self._database.searchable:
            connection.execute("UPDATE search SET summary = ? WHERE rowid = ?", (values["summary"], entry))
        return _get(connection, entry)

    def _recover(self, connection: sqlite3.Connection) -> tuple[Entry, ...]:
        self._owner.hold()
        statement = "SELECT id, owner FROM entry WHERE state = 'open' AND owner != '' ORDER BY id"
        dead = [entry for entry, owner in connection.execute(statement).fetchall() if not self._owner.lives(owner)]
        self._owner.sweep()
        lost = Ending(EntryState.OPEN, None, LOST)
        return tuple(self._close_entry(connection, entry, lost) for entry in dead)

    def _abandon(self, begun: Future[int]) -> None:
        if begun.cancelled() or begun.exception() is not None:
            return
        ending = Ending(EntryState.CANCELLED, time.time(), ABANDONED)
        entry = begun.result()
        with suppress(Unreachable):  # closed meanwhile: the next start finds it open and says so
            self._database.submit(lambda connection: self._end(connection, entry, ending), durable=True)


def _get(connection: sqlite3.Connection, entry: int) -> Entry:
    statement = f"SELECT {records.COLUMNS} FROM entry WHERE id = ?"  # noqa: S608 - only our own words
    row = connection.execute(statement, (entry,)).fetchone()
    if row is None:
        raise NotFound(f"The journal has no entry {entry}.")
    return records.entry_of(row)
