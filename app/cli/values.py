"""How the values of options are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

_SPAN = re.compile(r"(?:\d+(?:\.\d+)?[wdhms])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([wdhms])")
_SECONDS: Final = {"w": 604_800.0, "d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}
_LONGEST: Final = 1e10


def seconds(text: str) -> float:
    """A span of time: ``30``, ``1.5``, ``90s``, ``10m``, ``1h30m``, ``2d``.

    Raises:
        ValueError: with a sentence.
    """
    word = text.strip().lower()
    if _SPAN.fullmatch(word):
        span = sum(float(amount) * _SECONDS[unit] for amount, unit in _PART.findall(word))
    else:
        try:
            span = float(word)
        except ValueError:
            span = -1.0
    if not 0 <= span < _LONGEST:
        raise ValueError(f"“{text}” is no span of time; write it like 30, 90s, 10m or 1h30m.")
    return span


def moment(text: str, now: float) -> float:
    """A moment: a span back from now, ``2026-03-01``, ``2026-03-01T12:30``, ``12:30`` or seconds since 1970.

    A time without a zone is local.

    Raises:
        ValueError: with a sentence.
    """
    word = text.strip()
    if _SPAN.fullmatch(word.lower()):
        return now - seconds(word)
    if re.fullmatch(r"\d{9,11}(\.\d+)?", word):
        return float(word)
    try:
        if re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?", word):
            today = datetime.fromtimestamp(now).astimezone().date().isoformat()
            return datetime.fromisoformat(f"{today}T{word.zfill(5) if len(word) < 6 else word.zfill(8)}").timestamp()
        return datetime.fromisoformat(word).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        message = f"“{text}” is no moment; write it like 10m (ago), 12:30, 2026-03-01 or 2026-03-01T12:30:00Z."
        raise ValueError(message) from error


def count(text: str) -> int:
    """A number of things.

    Raises:
        ValueError: with a sentence.
    """
    if not re.fullmatch(r"\d{1,9}", text.strip()):
        raise ValueError(f"“{text}” is no number of things; write it like 100.")
    return int(text)


def readers(now: float) -> Mapping[str, Callable[[str], Any]]:
    """The reader of each type an option may have."""
    return {"text": str, "seconds": seconds, "count": count, "moment": lambda text: moment(text, now)}
