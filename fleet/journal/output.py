"""The output of operations: masked, then kept as a beginning and an end, with the middle counted and dropped."""

from __future__ import annotations

import sqlite3
from collections import deque
from typing import NamedTuple

from backends.contract.model import Output, ResourceId, Stream
from fleet.journal.records import resource_key, resource_of
from fleet.redaction import Redactor
from fleet.values import JobOutput

LIMIT = 1024 * 1024
"""Bytes kept per entry unless settings say otherwise."""
PIECE = 64 * 1024


class Piece(NamedTuple):
    """Output as it came."""

    entry: int
    target: ResourceId
    stream: Stream
    data: bytes
    at: float


class OutputKeeper:
    """Writes the output of open entries. Lives on the journal's writing thread."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._kept: dict[int, _Kept] = {}

    def add(self, connection: sqlite3.Connection, pieces: list[Piece]) -> None:
        """Store pieces in order."""
        for piece in pieces:
            self._of(piece.entry).add(connection, piece)
        self._note(connection, {piece.entry for piece in pieces})

    def finish(self, connection: sqlite3.Connection, entry: int) -> None:
        """Store what was held back for masking, and forget the entry."""
        kept = self._kept.get(entry)
        if kept is not None:
            kept.finish(connection)
            self._note(connection, {entry})
            del self._kept[entry]

    def _of(self, entry: int) -> _Kept:
        if entry not in self._kept:
            self._kept[entry] = _Kept(entry, self._limit)
        return self._kept[entry]

    def _note(self, connection: sqlite3.Connection, entries: set[int]) -> None:
        for entry in entries:
            connection.execute("UPDATE entry SET dropped = ? WHERE id = ?", (self._kept[entry].dropped, entry))


class _Kept:
    """One entry's output: half of the limit for its beginning, half for its end."""

    def __init__(self, entry: int, limit: int) -> None:
        self._entry = entry
        self._head_left = limit // 2
        self._tail_limit = limit - limit // 2
        self._tail: deque[tuple[int, int]] = deque()
        self._tail_size = 0
        self._redactors: dict[tuple[ResourceId, Stream], Redactor] = {}
        self._at = 0.0
        self.dropped = 0

    def add(self, connection: sqlite3.Connection, piece: Piece) -> None:
        self._at = piece.at
        key = (piece.target, piece.stream)
        if key not in self._redactors:
            self._redactors[key] = Redactor()
        self._store(connection, key, self._redactors[key].feed(piece.data))

    def finish(self, connection: sqlite3.Connection) -> None:
        for key, redactor in self._redactors.items():
            self._store(connection, key, redactor.finish())

    def _store(self, connection: sqlite3.Connection, key: tuple[ResourceId, Stream], data: bytes) -> None:
        head, rest = data[: self._head_left], data[self._head_left :]
        if head:
            self._head_left -= len(head)
            self._insert(connection, key, head, late=False)
        skipped = max(len(rest) - self._tail_limit, 0)
        self.dropped += skipped
        for start in range(skipped, len(rest), PIECE):
            part = rest[start : start + PIECE]
            self._tail.append((self._insert(connection, key, part, late=True), len(part)))
            self._tail_size += len(part)
        while self._tail_size > self._tail_limit:
            self._drop(connection)

    def _drop(self, connection: sqlite3.Connection) -> None:
        seq, size = self._tail.popleft()
        self._tail_size -= size
        self.dropped += size
        connection.execute("DELETE FROM output WHERE seq = ?", (seq,))

    def _insert(
        self, connection: sqlite3.Connection, key: tuple[ResourceId, Stream], data: bytes, *, late: bool
    ) -> int:
        target, stream = key
        done = connection.execute(
            "INSERT INTO output (entry, target, stream, late, at, data) VALUES (?, ?, ?, ?, ?, ?)",
            (self._entry, resource_key(target), stream.value, late, self._at, data),
        )
        return int(done.lastrowid or 0)


def read_output(connection: sqlite3.Connection, entry: int) -> list[JobOutput]:
    """The kept output of an entry in order, with a note where the middle is missing."""
    row = connection.execute("SELECT dropped FROM entry WHERE id = ?", (entry,)).fetchone()
    dropped = int(row[0]) if row else 0
    pieces: list[JobOutput] = []
    statement = "SELECT target, stream, late, data FROM output WHERE entry = ? ORDER BY seq"
    for target, stream, late, data in connection.execute(statement, (entry,)):
        resource = resource_of(target)
        if late and dropped:
            note = f"… {dropped} bytes are not kept …\n".encode()
            pieces.append(JobOutput(target=resource, output=Output(stream=Stream.NOTE, data=note)))
            dropped = 0
        pieces.append(JobOutput(target=resource, output=Output(stream=Stream(stream), data=data)))
    return pieces
