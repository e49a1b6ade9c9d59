"""What a process costs, read from ``/proc``; children are not counted: the interface is one process."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Usage:
    """Counters of a process at a moment."""

    at: float
    cpu: float
    """Seconds on a CPU, all threads."""
    wakeups: int
    """Times a thread gave up the CPU by itself."""

    @classmethod
    def of(cls, pid: int) -> Usage:
        """Read them now."""
        cpu = wakeups = 0
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):  # a thread that ended meanwhile
                cpu += int((task / "schedstat").read_text().split()[0])
                wakeups += _field(task / "status", "voluntary_ctxt_switches")
        return cls(time.perf_counter(), cpu / 1e9, wakeups)

    def cpu_percent(self, later: Usage) -> float:
        """Percent of one core between two moments."""
        return 100 * (later.cpu - self.cpu) / (later.at - self.at)

    def wakeups_per_second(self, later: Usage) -> float:
        """Wake-ups per second between two moments."""
        return (later.wakeups - self.wakeups) / (later.at - self.at)


def resident(pid: int) -> float:
    """MB of memory a process holds now."""
    return _field(Path(f"/proc/{pid}/status"), "VmRSS") / 1024


def _field(status: Path, name: str) -> int:
    for line in status.read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0
