"""Docker's ways to write a moment or an age, into seconds."""

from __future__ import annotations

import calendar
import re
import time
from functools import lru_cache

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?$")
_NEVER = "0001-01-01"
_UNITS = {
    "second": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
    "day": 86400.0,
    "week": 7 * 86400.0,
    "month": 30 * 86400.0,
    "year": 365 * 86400.0,
}
_AGE = re.compile(r"(\d+|about an?|less than a) (second|minute|hour|day|week|month|year)s?", re.IGNORECASE)


@lru_cache(maxsize=512)
def _whole(text: str) -> int:
    """The seconds of a moment without fraction and zone; lines of a log share them."""
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%S"))


def moment(text: object) -> float | None:
    """Seconds since the epoch of an RFC 3339 moment; ``None`` for none, for nonsense and for Go's zero time."""
    if not isinstance(text, str) or text.startswith(_NEVER):
        return None
    found = _MOMENT.match(text)
    if found is None:
        return None
    whole, fraction, zone = found.groups()
    try:
        at = _whole(whole) + float(fraction or 0)
    except (ValueError, OverflowError):
        return None
    if zone and zone != "Z":
        sign = -1 if zone[0] == "+" else 1
        at += sign * (int(zone[1:3]) * 3600 + int(zone[4:6]) * 60)
    return at


def log_moment(stamp: bytes) -> float | None:
    """The moment in front of a log line: the same form, parsed at the speed of logs."""
    if len(stamp) < 20 or stamp[10:11] != b"T":
        return None
    if stamp[-1:] != b"Z":
        return moment(stamp.decode("ascii", "replace"))
    try:
        return _whole(stamp[:19].decode("ascii")) + (float(stamp[19:-1]) if len(stamp) > 20 else 0.0)
    except ValueError:
        return None


def age(status: str) -> float | None:
    """The age inside a status like ``Up 3 hours (healthy)``, in seconds, as coarse as it is said."""
    found = _AGE.search(status)
    if found is None:
        return None
    amount = found.group(1)
    unit = _UNITS[found.group(2).lower()]
    return float(amount) * unit if amount.isdigit() else (0.0 if amount.lower().startswith("less") else unit)
