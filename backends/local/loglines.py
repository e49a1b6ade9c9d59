"""Turns what journals and log files hold into lines. Pure."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from backends.contract.model import LogLine, LogQuery, ResourceId, Stream

ERROR: Final = 3
"""syslog's ``err``; what is as urgent is marked as an error."""
_ISO = re.compile(r"^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)\s+")
_TRADITIONAL = re.compile(r"^([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) ")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Record(msgspec.Struct, frozen=True):
    """One entry of the journal as ``journalctl -o json`` writes it. A field may hold text, bytes or several values."""

    cursor: str = msgspec.field(name="__CURSOR", default="")
    at: str = msgspec.field(name="__REALTIME_TIMESTAMP", default="")
    message: Any = msgspec.field(name="MESSAGE", default=None)
    identifier: Any = msgspec.field(name="SYSLOG_IDENTIFIER", default=None)
    pid: Any = msgspec.field(name="_PID", default=None)
    priority: Any = msgspec.field(name="PRIORITY", default=None)


_DECODER = msgspec.json.Decoder(Record)


def record(line: bytes) -> Record | None:
    """An entry from its line of JSON, or ``None`` when the line is none."""
    try:
        return _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def lines_of(entry: Record, source: ResourceId) -> list[LogLine]:
    """The entry's message, a line each, with the program that wrote it in front."""
    name, pid = _text(entry.identifier), _text(entry.pid)
    front = f"{name}[{pid}]: " if name and pid else f"{name}: " if name else ""
    urgent = _text(entry.priority)
    stream = Stream.ERR if urgent.isdecimal() and int(urgent) <= ERROR else Stream.OUT
    at = int(entry.at) / 1_000_000 if entry.at.isdecimal() else None
    message = _text(entry.message).rstrip("\r\n")
    return [LogLine(front + part.rstrip("\r"), at, stream, source) for part in message.split("\n")]


def _text(value: Any) -> str:
    """A field's text: bytes come as numbers, several values as a list, and too long ones not at all."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value:
        if all(isinstance(part, int) and 0 <= part < 256 for part in value):
            return bytes(value).decode(errors="replace")
        return "\n".join(_text(part) for part in value)
    return ""


def plain(text: str, source: ResourceId, now: datetime) -> LogLine:
    """A line of a log file; its moment is read from its front, and taken off, where one stands there."""
    text = text.rstrip("\r\n")
    if found := _ISO.match(text):
        at = _iso(found[1])
        if at is not None:
            return LogLine(text[found.end() :], at, source=source)
    elif found := _TRADITIONAL.match(text):
        at = _traditional(found, now)
        if at is not None:
            return LogLine(text[found.end() :], at, source=source)
    return LogLine(text, source=source)


def _iso(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text.replace(",", ".")).astimezone().timestamp()
    except (ValueError, OverflowError):
        return None


def _traditional(found: re.Match[str], now: datetime) -> float | None:
    """Syslog's own form has no year: it is the latest that does not lie in the future."""
    month, day, hour, minute, second = found.groups()
    if month not in _MONTHS:
        return None
    for year in (now.year, now.year - 1):
        try:
            moment = datetime(year, _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second))  # noqa: DTZ001 - local time is what syslog writes
        except ValueError:
            continue
        if moment.astimezone() <= now.astimezone() + timedelta(days=1):
            return moment.timestamp()
    return None


def wanted(line: LogLine, query: LogQuery) -> bool:
    """Whether a line lies in the window; one without a moment cannot be judged and does."""
    since = -math.inf if query.since is None else query.since
    until = math.inf if query.until is None else query.until
    return line.at is None or since <= line.at <= until
