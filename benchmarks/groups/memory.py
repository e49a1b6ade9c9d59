"""What the interface holds in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from benchmarks.ground import cached_home, fake_fleet
from benchmarks.groups import Effort
from benchmarks.groups.watched import cockpit, hello, ready
from benchmarks.processes import resident
from benchmarks.report import Figure, Peer

LIMITS: Final = {10_000: 50.0, 100_000: 100.0}


def measure(effort: Effort) -> Iterator[Figure]:
    """Row 19; the SDKs are in the daemon, so what they need is not counted here."""
    with hello() as plain:
        ready(plain, "READY")
        bare = Peer("hello", resident(plain.pid))
    for rows, limit in LIMITS.items():
        with cached_home(rows) as home, fake_fleet(home, rows) as fleet, cockpit(fleet.environment) as terminal:
            ready(terminal)
            terminal.rest(effort.seconds)
            held, daemon = resident(terminal.pid), resident(fleet.process.pid)
        yield Figure("19", f"memory at {rows:,} rows", held, "MB", f"≤ {limit:g} MB", limit, bare)
        yield Figure("", f"… of the daemon at {rows:,} fake rows", daemon, "MB")
