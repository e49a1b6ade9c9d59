"""How long the journal keeps what, and the taking out of the rest."""

from __future__ import annotations

import sqlite3

import msgspec

from fleet.journal import chain

DAY = 86_400.0


class Retention(msgspec.Struct, frozen=True):
    """How much is kept. Entries go only as a whole beginning of the chain, which stays verifiable."""

    entry_days: float = 365.0
    output_days: float = 30.0
    output_total: int = 256 * 1024 * 1024
    """Bytes of output over all entries; the oldest entries' goes first."""
    event_days: float = 30.0
    event_total: int = 200_000
    minute_days: float = 7.0


def trim(connection: sqlite3.Connection, keep: Retention, now: float) -> None:
    """Take out what is older, or more, than is kept. Runs inside a transaction."""
    _trim_output(connection, keep, now)
    connection.execute("DELETE FROM event WHERE at < ?", (now - keep.event_days * DAY,))
    connection.execute(
        "DELETE FROM event WHERE seq <= (SELECT seq FROM event ORDER BY seq DESC LIMIT 1 OFFSET ?)", (keep.event_total,)
    )
    connection.execute("DELETE FROM minute WHERE minute < ?", (int(now - keep.minute_days * DAY),))
    connection.execute("DELETE FROM series WHERE id NOT IN (SELECT DISTINCT series FROM minute)")
    _trim_entries(connection, now - keep.entry_days * DAY)


def _trim_output(connection: sqlite3.Connection, keep: Retention, now: float) -> None:
    over = "SELECT id FROM entry WHERE state != 'open' AND at < ?"
    connection.execute(f"DELETE FROM output WHERE entry IN ({over})", (now - keep.output_days * DAY,))  # noqa: S608
    total = 0
    statement = "SELECT entry, sum(length(data)) FROM output GROUP BY entry ORDER BY entry DESC"
    for entry, size in connection.execute(statement).fetchall():
        total += size
        if total > keep.output_total:
            connection.execute("DELETE FROM output WHERE entry <= ?", (entry,))
            return


def _trim_entries(connection: sqlite3.Connection, cutoff: float) -> None:
    if connection.execute("SELECT 1 FROM entry WHERE at < ? LIMIT 1", (cutoff,)).fetchone() is None:
        return
    last = chain.closed_prefix(connection, cutoff)
    gone = "SELECT entry FROM link WHERE part = 'begin' AND seq <= ?"
    entries = [row[0] for row in connection.execute(gone, (last,))]
    if not entries:
        return
    for identity in entries:
        _forget(connection, identity)
    chain.trim(connection, last)


def _forget(connection: sqlite3.Connection, entry: int) -> None:
    connection.execute("DELETE FROM output WHERE entry = ?", (entry,))
    connection.execute("DELETE FROM target WHERE entry = ?", (entry,))
    connection.execute("DELETE FROM entry WHERE id = ?", (entry,))
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'search'").fetchone():
        connection.execute("DELETE FROM search WHERE rowid = ?", (entry,))
