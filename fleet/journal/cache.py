"""The last known inventory and catalogue, kept in the journal so that the next start can paint at once.

The interface reads this before its first frame, so this module imports little and its one reading function asks for
nothing that a writer could hold.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from backends.contract.model import (
    Ability,
    Column,
    ConnectionSpec,
    Kind,
    Metric,
    Missing,
    Resource,
    ResourceId,
)
from backends.contract.operation import Operation, Parameter
from fleet.values import BackendInfo, Connection

log = logging.getLogger(__name__)


class CachedInventory(NamedTuple):
    """What was known when the fleet last wrote it down. Empty when there is nothing, or nothing readable."""

    connections: tuple[Connection, ...] = ()
    resources: tuple[Resource, ...] = ()
    backends: tuple[BackendInfo, ...] = ()
    missing: tuple[Missing, ...] = ()


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """All that is known at one connection."""

    connection: Connection
    resources: tuple[Resource, ...]


class _Catalogue(msgspec.Struct, frozen=True, array_like=True):
    backends: tuple[BackendInfo, ...] = ()
    missing: tuple[Missing, ...] = ()


def read_cached_inventory(path: Path) -> CachedInventory:
    """The cached inventory from the journal at ``path``. Never waits and never raises: no cache is an empty one."""
    try:
        with closing(_open_read_only(path)) as connection:
            return read(connection)
    except (sqlite3.Error, OSError) as error:
        log.debug("no cached inventory at %s: %s", path, error)
        return CachedInventory()


def save_inventory(connection: sqlite3.Connection, places: Iterable[Connection], resources: Iterable[Resource]) -> None:
    """Write down these connections with their resources, replacing what was there of them."""
    found: dict[str, list[Resource]] = {place.spec.id: [] for place in places}
    for resource in resources:
        if resource.id.connection in found:
            found[resource.id.connection].append(resource)
    for place in places:
        _put(connection, "connection", place.spec.id, _Place(place, tuple(found[place.spec.id])))


def forget_connections(connection: sqlite3.Connection, keep: Iterable[str]) -> None:
    """Drop the cache of connections that exist no longer."""
    known = [key for (key,) in connection.execute("SELECT key FROM cache WHERE part = 'connection'")]
    for key in set(known).difference(keep):
        connection.execute("DELETE FROM cache WHERE part = 'connection' AND key = ?", (key,))


def save_catalogue(connection: sqlite3.Connection, backends: Iterable[BackendInfo], missing: Iterable[Missing]) -> None:
    """Write down what the backends bring, so that kinds and columns can be painted before they are loaded."""
    _put(connection, "catalogue", "", _Catalogue(tuple(backends), tuple(missing)))


def read(connection: sqlite3.Connection) -> CachedInventory:
    """Everything cached that this version understands."""
    connections: list[Connection] = []
    resources: list[Resource] = []
    catalogue = _Catalogue()
    statement = "SELECT part, key, data FROM cache WHERE stamp = ? ORDER BY part, key"
    for part, key, data in connection.execute(statement, (stamp(),)):
        try:
            if part == "catalogue":
                catalogue = msgspec.msgpack.decode(data, type=_Catalogue)
            elif part == "connection":
                place = msgspec.msgpack.decode(data, type=_Place)
                connections.append(place.connection)
                resources += place.resources
        except (msgspec.DecodeError, ValueError) as error:
            log.info("the cache of %s %s is of no use: %s", part, key, error)
    return CachedInventory(tuple(connections), tuple(resources), catalogue.backends, catalogue.missing)


@lru_cache(maxsize=1)
def stamp() -> str:
    """What the shape of the cached values is; another version's cache has another and is not read."""
    shapes: list[object] = [Ability.__members__.keys()]
    types: tuple[type[msgspec.Struct], ...] = (
        *(Resource, ResourceId, Connection, ConnectionSpec, BackendInfo),
        *(Kind, Column, Metric, Operation, Parameter, Missing),
    )
    shapes += [shape.__struct_fields__ for shape in types]
    return hashlib.sha256(repr(shapes).encode()).hexdigest()[:16]


def _put(connection: sqlite3.Connection, part: str, key: str, value: Any) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO cache (part, key, stamp, data) VALUES (?, ?, ?, ?)",
        (part, key, stamp(), msgspec.msgpack.encode(value)),
    )


def _open_read_only(path: Path) -> sqlite3.Connection:
    """Open without the right to write.

    Where that is not enough (nobody has the database open, so its index must be made first) writing is allowed to
    SQLite, but not to us.
    """
    if not path.is_file():
        raise FileNotFoundError(path)
    try:
        return _probed(f"{path.absolute().as_uri()}?mode=ro")
    except sqlite3.OperationalError:
        return _probed(f"{path.absolute().as_uri()}?mode=rw")


def _probed(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True, timeout=0, isolation_level=None)
    try:
        connection.execute("PRAGMA query_only = 1")
        connection.execute("SELECT 1 FROM cache LIMIT 1").close()
    except sqlite3.Error:
        connection.close()
        raise
    return connection
