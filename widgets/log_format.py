"""How a log line is put into words on screen and in an exported file: times, sources, levels, JSON columns."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from enum import IntEnum, StrEnum, auto
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

import msgspec

from backends.contract.model import JSON, LogLine, ResourceId, Stream
from widgets.ansi import plain

SHORTEST_NAME, LONGEST_NAME = 4, 20
_LEVEL_REACH = 160
"""Characters from the start of a line within which a level is looked for."""


class Timestamps(StrEnum):
    """How times are shown."""

    OFF = auto()
    LOCAL = auto()
    UTC = auto()
    RELATIVE = auto()

    def next(self) -> Timestamps:
        """The one after this, round and round."""
        every = list(Timestamps)
        return every[(every.index(self) + 1) % len(every)]


TIME_WIDTH = {Timestamps.OFF: 0, Timestamps.LOCAL: 14, Timestamps.UTC: 15, Timestamps.RELATIVE: 6}


class Level(IntEnum):
    """How grave a line is, by its own word."""

    TRACE = 10
    DEBUG = 20
    INFO = 30
    WARN = 40
    ERROR = 50
    FATAL = 60


_WORDS = {
    **dict.fromkeys(("TRACE", "TRC", "VERBOSE"), Level.TRACE),
    **dict.fromkeys(("DEBUG", "DBG", "DEBU"), Level.DEBUG),
    **dict.fromkeys(("INFO", "INF", "NOTICE", "INFORMATION"), Level.INFO),
    **dict.fromkeys(("WARN", "WARNING", "WRN"), Level.WARN),
    **dict.fromkeys(("ERROR", "ERR", "EROR", "SEVERE"), Level.ERROR),
    **dict.fromkeys(("FATAL", "CRITICAL", "CRIT", "PANIC", "EMERG", "EMERGENCY", "ALERT", "FTL"), Level.FATAL),
}
_LEVEL = re.compile(rf"(?<![\w/.-])({'|'.join(sorted(_WORDS, key=len, reverse=True))})(?![\w/-])", re.IGNORECASE)
_KLOG = re.compile(r"([IWEF])\d{4} \d\d:")
_KLOG_LEVELS = {"I": Level.INFO, "W": Level.WARN, "E": Level.ERROR, "F": Level.FATAL}


def level_of(text: str) -> tuple[Level, int, int] | None:
    """The level a clean line names near its start, and where the word stands."""
    if found := _LEVEL.search(text, 0, _LEVEL_REACH):
        return _WORDS[found[1].upper()], found.start(1), found.end(1)
    if found := _KLOG.match(text):
        return _KLOG_LEVELS[found[1]], 0, 1
    return None


def moment(at: float | None, mode: Timestamps, now: float) -> str:
    """A time in a column of fixed width; blank where the line has none."""
    if at is None or mode is Timestamps.OFF:
        return " " * TIME_WIDTH[mode]
    if mode is Timestamps.RELATIVE:
        return age(now - at).rjust(TIME_WIDTH[mode])
    utc = mode is Timestamps.UTC
    if not -6e10 < at < 2e11:
        return "?".rjust(TIME_WIDTH[mode])
    year, day, clock = _second(int(at // 1), utc)
    today = (year, day) == _second(int(now // 1), utc)[:2]
    text = f"{clock}.{int(at % 1 * 1000):03}" if today else f"{day} {clock}"
    return f"{text}{'Z' if utc else ''}".rjust(TIME_WIDTH[mode])


def age(seconds: float) -> str:
    """How long ago, in at most six cells."""
    whole = int(min(max(0.0, seconds), 1e9))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    days, rest = divmod(whole, 86400)
    return f"{days}d{rest // 3600:02}h" if days < 100 else f"{days}d"


@lru_cache(maxsize=4096)
def _second(at: int, utc: bool) -> tuple[int, str, str]:  # noqa: FBT001 - a cache key, only ever passed from above
    there = time.gmtime(at) if utc else time.localtime(at)
    return there.tm_year, time.strftime("%m-%d", there), time.strftime("%H:%M:%S", there)


def iso(at: float | None) -> str:
    """The full moment for files: UTC with milliseconds."""
    if at is None or not -6e10 < at < 2e11:
        return "-"
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(at // 1))}.{int(at % 1 * 1000):03}Z"


def short_names(names: Mapping[ResourceId, str]) -> dict[ResourceId, str]:
    """The names without the words all of them begin with (``shop-web-1`` → ``web-1``), safe to paint."""
    clean = {source: plain(name) for source, name in names.items()}
    if len(clean) < 2:
        return clean
    prefix = _common_words(list(clean.values()))
    return {source: name[len(prefix) :] for source, name in clean.items()}


def _common_words(names: Sequence[str]) -> str:
    """The longest common beginning that ends with a separator and leaves something of each name."""
    low, high = min(names), max(names)
    length = next((n for n, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    while length and (low[length - 1] not in "-_./:" or any(len(name) <= length for name in names)):
        length -= 1
    return low[:length]


def fitted(name: str, width: int) -> str:
    """A name in exactly that many characters; of a long one both ends stay, since either may tell it apart."""
    if len(name) <= width:
        return name.ljust(width)
    tail = (width - 1) // 2
    return f"{name[: width - 1 - tail]}…{name[len(name) - tail :] if tail else ''}"


def colour_of(source: ResourceId, colours: int, taken: Mapping[ResourceId, int]) -> int:
    """A colour's number for a source: the same every time, unless another source shown beside it has it already."""
    wanted = crc32(str(source).encode("utf-8", "replace")) % colours
    used = set(taken.values())
    return next((n % colours for n in range(wanted, wanted + colours) if n % colours not in used), wanted)


class Parsed(NamedTuple):
    """A JSON line, taken apart."""

    level: Level | None
    message: str
    rest: tuple[tuple[str, str], ...]


_LEVEL_KEYS = ("level", "severity", "lvl", "log.level", "levelname", "loglevel")
_TIME_KEYS = frozenset(("time", "ts", "timestamp", "@timestamp", "asctime", "datetime", "t"))
_MESSAGE_KEYS = ("message", "msg", "event", "body", "log")


def parsed(text: str) -> Parsed | None:
    """A clean line as JSON columns, or ``None`` if it is no JSON object."""
    stripped = text.strip()
    if not (stripped.startswith("{") and stripped.endswith("}")):
        return None
    try:
        value: JSON = msgspec.json.decode(stripped)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    level_key = next((key for key in _LEVEL_KEYS if key in value), None)
    message_key = next((key for key in _MESSAGE_KEYS if isinstance(value.get(key), str)), None)
    rest = tuple(
        (plain(key), _compact(part))
        for key, part in value.items()
        if key not in (level_key, message_key) and key not in _TIME_KEYS
    )
    message = _compact(value[message_key]) if message_key else ""
    return Parsed(_json_level(value[level_key]) if level_key else None, message, rest)


def _json_level(value: JSON) -> Level | None:
    if isinstance(value, str):
        return _WORDS.get(value.upper())
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return next((level for level in reversed(Level) if value >= level), None)
    return None


def _compact(value: JSON) -> str:
    if isinstance(value, str):
        return plain(" ⏎ ".join(value.splitlines()) if "\n" in value else value)
    try:
        return plain(msgspec.json.encode(value).decode())
    except RecursionError:
        return "…"


def exported(lines: Sequence[LogLine], names: Mapping[ResourceId, str]) -> str:
    """Lines as plain text for a file: moment, source where several are named, stream where it is not output."""
    several = len(names) > 1
    out: list[str] = []
    for line in lines:
        if line.stream is Stream.NOTE:
            out.append(f"{iso(line.at)} --- {_named(line, names)}{plain(line.text)} ---")
            continue
        source = _named(line, names) if several else ""
        mark = "[stderr] " if line.stream is Stream.ERR else ""
        out.append(f"{iso(line.at)} {source}{mark}{plain(line.text)}")
    return "".join(f"{text}\n" for text in out)


def _named(line: LogLine, names: Mapping[ResourceId, str]) -> str:
    if line.source is None:
        return ""
    return f"{plain(names.get(line.source, line.source.native))}: "
