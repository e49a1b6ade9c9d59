"""Minute means of metrics, and events: what the journal keeps of measuring and watching."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, NamedTuple

from backends.contract.model import Event, ResourceId, Severity
from fleet.journal.records import masked, plain, resource_key, resource_of
from fleet.values import EventQuery


class Minute(NamedTuple):
    """One metric of one resource over one minute; ``minute`` is its first second."""

    resource: ResourceId
    metric: str
    minute: int
    mean: float
    low: float
    high: float


def add_minutes(connection: sqlite3.Connection, rows: Iterable[Minute]) -> None:
    """Write minutes; one that is there already is replaced."""
    series: dict[tuple[ResourceId, str], int] = {}
    values: list[tuple[int, int, float, float, float]] = []
    for row in rows:
        key = (row.resource, row.metric)
        if key not in series:
            series[key] = _series(connection, *key)
        values.append((series[key], row.minute, row.mean, row.low, row.high))
    connection.executemany("INSERT OR REPLACE INTO minute VALUES (?, ?, ?, ?, ?)", values)


def minutes(
    connection: sqlite3.Connection, resource: ResourceId, metric: str, since: float, until: float
) -> list[Minute]:
    """The minutes that begin within a time window, oldest first."""
    statement = """
        SELECT minute.minute, mean, low, high FROM minute JOIN series ON series.id = minute.series
        WHERE resource = ? AND metric = ? AND minute.minute BETWEEN ? AND ? ORDER BY minute.minute
    """
    found = connection.execute(statement, (resource_key(resource), plain(metric), since, until))
    return [Minute(resource, metric, *row) for row in found]


def metrics_of(connection: sqlite3.Connection, resource: ResourceId) -> list[str]:
    """The metrics there are minutes of."""
    found = connection.execute(
        "SELECT metric FROM series WHERE resource = ? ORDER BY metric", (resource_key(resource),)
    )
    return [metric for (metric,) in found]


def _series(connection: sqlite3.Connection, resource: ResourceId, metric: str) -> int:
    key = (resource_key(resource), plain(metric))
    connection.execute("INSERT OR IGNORE INTO series (resource, metric) VALUES (?, ?)", key)
    (identity,) = connection.execute("SELECT id FROM series WHERE resource = ? AND metric = ?", key).fetchone()
    return int(identity)


def add_events(connection: sqlite3.Connection, events: Iterable[Event]) -> None:
    """Write events; their text may quote a command, so secrets are masked."""
    connection.executemany(
        "INSERT INTO event (at, connection, resource, severity, verb, text) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                event.at,
                plain(event.connection),
                None if event.resource is None else resource_key(event.resource),
                event.severity.value,
                masked(event.verb),
                masked(event.text),
            )
            for event in events
        ],
    )


def find_events(connection: sqlite3.Connection, query: EventQuery) -> list[Event]:
    """The events a query asks for, newest first. A severity asks for that one and louder ones."""
    conditions: list[str] = []
    values: list[Any] = []
    for column, value in (
        ("resource = ?", None if query.resource is None else resource_key(query.resource)),
        ("connection = ?", query.connection),
        ("at >= ?", query.since),
    ):
        if value is not None:
            conditions.append(column)
            values.append(value)
    if query.severity is not None:
        louder = list(Severity)[list(Severity).index(query.severity) :]
        conditions.append(f"severity IN ({', '.join('?' * len(louder))})")
        values += [severity.value for severity in louder]
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    columns = "at, connection, resource, severity, verb, text"
    statement = f"SELECT {columns} FROM event {where} ORDER BY at DESC, seq DESC LIMIT ?"  # noqa: S608 - our own words
    return [
        Event(
            connection=place,
            at=at,
            verb=verb,
            text=text,
            resource=None if resource is None else resource_of(resource),
            severity=Severity(severity),
        )
        for at, place, resource, severity, verb, text in connection.execute(statement, (*values, query.limit))
    ]
