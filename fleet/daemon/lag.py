"""How late the event loop is: what FleetStatus.lag and the interface's own cost line show."""

from __future__ import annotations

import asyncio
from collections import deque

EVERY = 0.25
WINDOW = 10.0


class LagMeter:
    """Sleeps for a known time over and over, and notes how much longer that took."""

    def __init__(self, *, every: float = EVERY, window: float = WINDOW) -> None:
        self._every = every
        self._late: deque[float] = deque(maxlen=max(1, round(window / every)))

    @property
    def worst(self) -> float:
        """The longest delay of the last 10 seconds, in seconds."""
        return max(self._late, default=0.0)

    async def run(self) -> None:
        """Measure until cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + self._every
            await asyncio.sleep(self._every)
            self._late.append(max(0.0, clock() - due))
