"""The journal's database: its tables, how it is opened, and one thread that writes while others read."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar

from backends.contract.errors import BackendError, Refused, Unreachable

T = TypeVar("T")
Call = Callable[[sqlite3.Connection], T]

VERSION = 1
PATIENCE = 10.0
"""Seconds a writer waits for another process that is writing."""
WAL_LIMIT = 8 * 1024 * 1024

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, actor TEXT NOT NULL, door TEXT NOT NULL,
    verb TEXT NOT NULL, title TEXT NOT NULL, targets TEXT NOT NULL, names TEXT NOT NULL, calls TEXT NOT NULL,
    plan TEXT NOT NULL, owner TEXT NOT NULL, state TEXT NOT NULL, ended REAL, summary TEXT NOT NULL DEFAULT '',
    exit_code INTEGER, undo TEXT, digest TEXT NOT NULL DEFAULT '', dropped INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX entry_at ON entry (at);
CREATE INDEX entry_open ON entry (owner) WHERE state = 'open';
CREATE TABLE target (resource TEXT NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (resource, entry)) WITHOUT ROWID;
CREATE TABLE link (
    seq INTEGER PRIMARY KEY, entry INTEGER, part TEXT NOT NULL, record TEXT NOT NULL DEFAULT '', digest TEXT NOT NULL
);
CREATE INDEX link_entry ON link (entry);
CREATE TABLE output (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, entry INTEGER NOT NULL, target TEXT NOT NULL, stream TEXT NOT NULL,
    late INTEGER NOT NULL, at REAL NOT NULL, data BLOB NOT NULL
);
CREATE INDEX output_entry ON output (entry, seq);
CREATE TABLE event (
    seq INTEGER PRIMARY KEY, at REAL NOT NULL, connection TEXT NOT NULL, resource TEXT, severity TEXT NOT NULL,
    verb TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX event_at ON event (at);
CREATE INDEX event_resource ON event (resource, at);
CREATE TABLE series (id INTEGER PRIMARY KEY, resource TEXT NOT NULL, metric TEXT NOT NULL, UNIQUE (resource, metric));
CREATE TABLE minute (
    series INTEGER NOT NULL, minute INTEGER NOT NULL, mean REAL NOT NULL, low REAL NOT NULL, high REAL NOT NULL,
    PRIMARY KEY (series, minute)
) WITHOUT ROWID;
CREATE INDEX minute_minute ON minute (minute);
CREATE TABLE cache (
    part TEXT NOT NULL, key TEXT NOT NULL, stamp TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (part, key)
);
"""
SEARCH = "CREATE VIRTUAL TABLE search USING fts5 (title, names, calls, summary, tokenize = 'trigram')"


class Database:
    """One writing thread with one connection, and a few reading ones. Several processes may share the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal-writer")
        self._readers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="journal-reader")
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        self.searchable = False
        """Whether this SQLite can search any part of a word quickly."""

    async def open(self) -> None:
        """Create the file if need be, and the tables in it.

        Raises:
            Refused: if it cannot be opened, is no journal, or was written by a newer version.
        """
        try:
            await self._on(self._writer, self._open)
        except BackendError:
            self._shut()
            raise

    async def write(self, call: Call[T], *, durable: bool = False) -> T:
        """Run a transaction on the writing thread. Cancelling the caller does not stop it.

        Args:
            call: gets the connection inside a transaction, which is undone if it raises.
            durable: return only when the disk has it; else it may be lost in a power cut, but never in part.

        Raises:
            Refused: if it cannot be written: a full disk, a read-only file.
        """
        return await asyncio.shield(asyncio.wrap_future(self.submit(call, durable=durable)))

    def submit(self, call: Call[T], *, durable: bool = False) -> Future[T]:
        """As `write`, without waiting. Calls run in the order they were submitted."""
        if self._closed:
            raise Unreachable("The journal is closed.")
        return self._writer.submit(self._transaction, call, durable)

    async def read(self, call: Call[T]) -> T:
        """Run a call on a reading connection; it sees one moment and waits for no writer."""
        return await self._on(self._readers, self._read, call)

    async def close(self) -> None:
        """Finish what was submitted and let go of the file. May be called twice."""
        if self._closed:
            return
        self._closed = True
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writer, self._close_all)
        self._shut()

    def _shut(self) -> None:
        self._closed = True
        self._writer.shutdown(wait=False)
        self._readers.shutdown(wait=False)

    async def _on(self, pool: ThreadPoolExecutor, call: Callable[..., T], *args: object) -> T:
        if self._closed:
            raise Unreachable("The journal is closed.")
        return await asyncio.get_running_loop().run_in_executor(pool, call, *args)

    def _open(self) -> None:
        with told("opened"):
            try:
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
                self.path.chmod(0o600)
            except OSError as error:
                raise Refused(f"The journal {self.path} cannot be opened: {error.strerror}.") from error
            self._connection = connect(self.path)
            prepare(self._connection)
            self.searchable = _has_search(self._connection)

    def _transaction(self, call: Call[T], durable: bool) -> T:  # noqa: FBT001 - handed through an executor
        connection = self._connection
        if connection is None:
            raise Unreachable("The journal is not open.")
        with told("written"):
            # Only a commit that somebody relies on waits for the disk.
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            with transaction(connection):
                return call(connection)

    def _read(self, call: Call[T]) -> T:
        with told("read"):
            try:
                connection = self._idle.get_nowait()
            except Empty:
                connection = connect(self.path)
                connection.execute("PRAGMA query_only = 1")
            try:
                connection.execute("BEGIN")
                return call(connection)
            finally:
                connection.rollback()
                self._idle.put(connection)

    def _close_all(self) -> None:
        self._readers.shutdown(wait=True)
        while not self._idle.empty():
            self._idle.get_nowait().close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def connect(path: Path) -> sqlite3.Connection:
    """A connection for a thread of ours; transactions are begun by hand."""
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA foreign_keys = 0")
    return connection


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables, unless they are there.

    Raises:
        Refused: if the database is of a newer version.
    """
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT}")
    with transaction(connection):
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise Refused(
                f"The journal was written by a newer Quarterdeck (format {version}, this one knows {VERSION}).",
                hint="Update this installation, or give it a QUARTERDECK_HOME of its own.",
            )
        if version == 0:
            for statement in SCHEMA.split(";\n"):
                if statement.strip():
                    connection.execute(statement)
            _make_search(connection)
            connection.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing; takes the writing lock at once, so that it never fails half way."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turn SQLite's errors into a sentence. Nothing may be done that cannot be recorded, so they are refusals."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise Refused(f"The journal cannot be {what}: {error}.", hint=_hint(error)) from error
    except OSError as error:
        raise Refused(f"The journal cannot be {what}: {error.strerror or error}.") from error


def _hint(error: sqlite3.DatabaseError) -> str:
    text = str(error)
    if "full" in text:
        return "Free some space on the disk; nothing is changed that cannot be recorded."
    if "locked" in text or "busy" in text:
        return "Another program holds the journal; try again when it is done."
    if "not a database" in text or "malformed" in text:
        return "Move the file away to start a new journal; `qd doctor` says where it is."
    return "`qd doctor` says where the journal is; look at its folder's space and permissions."


def _make_search(connection: sqlite3.Connection) -> None:
    connection.execute("SAVEPOINT search")
    try:
        connection.execute(SEARCH)
    except sqlite3.OperationalError:
        connection.execute("ROLLBACK TO search")  # built without FTS5 or its trigrams; LIKE does it, more slowly
    connection.execute("RELEASE search")


def _has_search(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("SELECT rowid FROM search LIMIT 0").close()
    except sqlite3.OperationalError:
        return False
    return True


def checked(path: Path) -> bool:
    """Whether SQLite itself finds the file sound; for tests and the doctor."""
    with closing(connect(path)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))
