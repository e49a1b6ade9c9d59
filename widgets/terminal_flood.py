"""What of a flood need not be parsed: lines that would be pushed out of the scrollback before anybody saw them.

``yes`` writes megabytes of two-letter lines, and parsing them takes a hundred times longer than writing them: without
this the screen would go on showing them half a minute after ``ctrl+c``.
"""

from __future__ import annotations

import re

_MEANINGFUL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]")
"""Bytes that may change more than the lines they stand in: escapes, and control characters other than line ends."""


def seen_of(data: bytes, lines: int) -> bytes:
    """What has to be parsed so that the last ``lines`` lines, and the state of the terminal, come out the same.

    Lines are left out only of long runs of plain text, from between their first line, in which a sequence begun before
    may end, and their last ones.
    """
    if data.count(b"\n") <= lines:
        return data
    kept, start = [], 0
    for match in _MEANINGFUL.finditer(data):
        kept.append(_ends_of(data[start : match.start()], lines))
        start = match.start()
    kept.append(_ends_of(data[start:], lines))
    return b"".join(kept)


def _ends_of(run: bytes, lines: int) -> bytes:
    if len(run) <= lines:
        return run
    tail = run.rsplit(b"\n", lines)
    first, last = run.find(b"\n") + 1, len(tail[0]) + 1
    return run[:first] + run[last:] if len(tail) > lines and first < last else run
