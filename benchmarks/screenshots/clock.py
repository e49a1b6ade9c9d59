"""A clock for pictures: it begins at the same moment each time and then goes on as usual."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

BEGINNING: Final = 1_792_144_980.0
"""2026-10-16 09:23 UTC: any moment on an ordinary morning."""


class Clock:
    """Stands in for ``time.time``."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shift = 0.0

    def reset(self, *, real: bool = False) -> None:
        """Begin again, or go on as the world's own clock, for engines that have theirs."""
        self._began, self._shift = time.monotonic(), 0.0
        if real:
            self._shift = time.clock_gettime(time.CLOCK_REALTIME) - BEGINNING

    def __call__(self) -> float:
        return BEGINNING + self._shift + time.monotonic() - self._began

    @contextmanager
    def ago(self, seconds: float) -> Iterator[None]:
        """Let it be so much earlier while the block runs."""
        self._shift -= seconds
        try:
            yield
        finally:
            self._shift += seconds


def install() -> Clock:
    """Make it the clock of this process, before our modules are imported: some keep ``time.time`` as a default."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    clock = Clock()
    vars(time)["time"] = clock
    return clock
