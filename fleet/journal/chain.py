"""The hash chain over the journal's entries: what makes a later change show.

Each time an entry begins or ends, a link is added: SHA-256 over the digest before and the record. The records are not
stored a second time but made again from the entries, so an edited entry no longer fits its link. The head (number and
digest of the last link) is kept beside the chain.

What is found: an entry or a link that was edited, deleted, inserted or moved; links cut off at the end, by whoever did
not rewrite the head as well; entries cut off at the start without a trim record. What cannot be found: that somebody
who may write the file rewrote the whole chain from some link on, head included, or put an older copy of the file in
its place. There is no key in it: a key on the same machine would be read by the same person. Noting the head's digest
elsewhere (``qd journal verify`` prints it) closes that gap.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from fleet.values import EntryState, Verification

START = "0" * 64
BEGIN_FIELDS = ("id", "at", "actor", "door", "verb", "title", "targets", "names", "calls", "plan")
END_FIELDS = ("id", "state", "ended", "summary", "exit_code", "undo")


class Head(msgspec.Struct, frozen=True, array_like=True):
    """A place in the chain: the number of a link and its digest."""

    seq: int = 0
    digest: str = START


class Broken(Exception):
    """The chain does not fit at an entry."""

    def __init__(self, entry: int, reason: str) -> None:
        super().__init__(reason)
        self.entry = entry
        self.reason = reason


def head(connection: sqlite3.Connection) -> Head:
    """The last link, as it was noted beside the chain."""
    return _noted(connection, "head")


def begin(connection: sqlite3.Connection, row: Mapping[str, Any]) -> str:
    """Add the link of an entry that begins; returns its digest."""
    return _add(connection, row["id"], "begin", _record("begin", row, BEGIN_FIELDS))


def end(connection: sqlite3.Connection, row: Mapping[str, Any]) -> str:
    """Add the link of an entry that ended; returns its digest."""
    return _add(connection, row["id"], "end", _record("end", row, END_FIELDS))


def trim(connection: sqlite3.Connection, last: int) -> None:
    """Forget the links up to ``last``; the place where the chain now starts becomes a record of the chain itself."""
    (digest,) = connection.execute("SELECT digest FROM link WHERE seq = ?", (last,)).fetchone()
    record = msgspec.json.encode(Head(last, digest)).decode()
    connection.execute("DELETE FROM link WHERE seq <= ?", (last,))
    _add(connection, None, "trim", record)
    _note(connection, "anchor", record)


def verify(connection: sqlite3.Connection) -> Verification:
    """Check every link against its entry, and every entry against its links."""
    connection.row_factory = sqlite3.Row
    try:
        (entries,) = connection.execute("SELECT count(*) FROM entry").fetchone()
        try:
            _check(connection)
        except Broken as broken:
            return Verification(entries=entries, broken=broken.entry, reason=broken.reason)
        except (msgspec.DecodeError, TypeError) as error:
            return Verification(entries=entries, broken=0, reason=f"The chain's own notes cannot be read: {error}.")
        return Verification(entries=entries)
    finally:
        connection.row_factory = None


def _check(connection: sqlite3.Connection) -> None:
    anchor = _noted(connection, "anchor")
    at = anchor
    trimmed = Head()
    ended: set[int] = set()
    begun: set[int] = set()
    for link in connection.execute("SELECT seq, entry, part, record, digest FROM link ORDER BY seq"):
        entry = int(link["entry"] or 0)
        if link["seq"] != at.seq + 1:
            raise Broken(entry, f"Links {at.seq + 1} to {link['seq'] - 1} of the chain are gone.")
        if link["part"] == "trim":
            record = link["record"]
            trimmed = msgspec.json.decode(record, type=Head)
        else:
            known = begun if link["part"] == "begin" else ended
            if entry in known:
                raise Broken(entry, f"Entry {entry} has two links of the same kind.")
            known.add(entry)
            record = _remade(connection, entry, link["part"])
        at = Head(link["seq"], _digest(at.digest, record))
        if at.digest != link["digest"]:
            raise Broken(entry, _changed(entry))
    _check_edges(connection, anchor, trimmed, at)
    _check_entries(connection, begun, ended)


def _check_edges(connection: sqlite3.Connection, anchor: Head, trimmed: Head, last: Head) -> None:
    if anchor != trimmed:
        raise Broken(0, "The chain's beginning was cut off, and no trim record says so.")
    noted = head(connection)
    if noted != last:
        (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM entry").fetchone()
        raise Broken(newest, f"The chain ends at link {last.seq}, but link {noted.seq} was its last.")


def _check_entries(connection: sqlite3.Connection, begun: set[int], ended: set[int]) -> None:
    latest: dict[int, str] = {}
    for link in connection.execute("SELECT entry, digest FROM link WHERE entry IS NOT NULL ORDER BY seq"):
        latest[link["entry"]] = link["digest"]
    for row in connection.execute("SELECT id, state, digest FROM entry ORDER BY id"):
        identity = row["id"]
        if identity not in begun:
            raise Broken(identity, f"Entry {identity} was inserted: the chain does not know it.")
        if row["state"] != EntryState.OPEN and identity not in ended:
            raise Broken(identity, f"The end of entry {identity} was written past the chain.")
        if row["digest"] != latest[identity]:
            raise Broken(identity, _changed(identity))


def _remade(connection: sqlite3.Connection, entry: int, part: str) -> str:
    row = connection.execute("SELECT * FROM entry WHERE id = ?", (entry,)).fetchone()
    if row is None:
        raise Broken(entry, f"Entry {entry} was deleted.")
    return _record(part, row, BEGIN_FIELDS if part == "begin" else END_FIELDS)


def _changed(entry: int) -> str:
    if not entry:
        return "A trim record was changed since it was written."
    return f"Entry {entry} or its link was changed since it was written."


def _record(part: str, row: Mapping[str, Any] | sqlite3.Row, fields: tuple[str, ...]) -> str:
    return msgspec.json.encode([part, *(_value(row[field]) for field in fields)]).decode()


def _value(value: Any) -> Any:
    # Whoever edits a column may leave bytes there, which JSON would not take; they must still not fit.
    return {"bytes": value.hex()} if isinstance(value, bytes) else value


def _digest(before: str, record: str) -> str:
    return hashlib.sha256(f"{before}\n{record}".encode()).hexdigest()


def _add(connection: sqlite3.Connection, entry: int | None, part: str, record: str) -> str:
    last = head(connection)
    new = Head(last.seq + 1, _digest(last.digest, record))
    connection.execute(
        "INSERT INTO link (seq, entry, part, record, digest) VALUES (?, ?, ?, ?, ?)",
        (new.seq, entry, part, record if part == "trim" else "", new.digest),
    )
    _note(connection, "head", msgspec.json.encode(new).decode())
    return new.digest


def _noted(connection: sqlite3.Connection, key: str) -> Head:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return Head() if row is None else msgspec.json.decode(row[0], type=Head)


def _note(connection: sqlite3.Connection, key: str, value: str) -> None:
    connection.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (key, value))


def closed_prefix(connection: sqlite3.Connection, cutoff: float) -> int:
    """The last link before which every entry began before ``cutoff`` and is over; 0 when there is none."""
    parts: dict[int, tuple[int, int, bool]] = {}
    for entry, first, last, keep in _lives(connection, cutoff):
        parts[entry] = (first, last, keep)
    (end_of_chain,) = connection.execute("SELECT coalesce(max(seq), 0) FROM link").fetchone()
    prefix: int = min((first - 1 for first, _last, keep in parts.values() if keep), default=end_of_chain)
    while True:
        crossing = [first - 1 for first, last, _keep in parts.values() if first <= prefix < last]
        if not crossing:
            return prefix
        prefix = min(crossing)


def _lives(connection: sqlite3.Connection, cutoff: float) -> Iterator[tuple[int, int, int, bool]]:
    statement = """
        SELECT entry.id, min(link.seq), max(link.seq), count(link.seq) < 2 OR entry.at >= ?
        FROM entry JOIN link ON link.entry = entry.id GROUP BY entry.id
    """
    for entry, first, last, keep in connection.execute(statement, (cutoff,)):
        yield entry, first, last, bool(keep)
