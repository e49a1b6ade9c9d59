"""What the client reads, as plain values without an SDK. ``None`` is what this machine does not tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Busy(NamedTuple):
    """Processor time of one core since boot, in seconds."""

    busy: float
    total: float


class Disk(NamedTuple):
    """A mounted file system."""

    mount: str
    device: str
    total: int
    used: int
    percent: float


class Traffic(NamedTuple):
    """Bytes since boot. ``counted`` tells whether it belongs to the total: a bridge carries the same bytes again."""

    received: int
    sent: int
    counted: bool


class Memory(NamedTuple):
    """Memory or swap, in bytes."""

    total: int
    used: int

    @property
    def percent(self) -> float:
        """How much of it is used."""
        return 100 * self.used / self.total if self.total else 0.0


class HostReading(NamedTuple):
    """Everything measured of the host at one moment."""

    at: float
    """Wall clock, for people."""
    moment: float
    """Monotonic clock, for rates."""
    cores: tuple[Busy, ...] | None
    memory: Memory | None
    swap: Memory | None
    load: tuple[float, float, float] | None
    disks: tuple[Disk, ...]
    disk_io: Mapping[str, Traffic]
    """By device; ``received`` is read, ``sent`` is written."""
    net_io: Mapping[str, Traffic]
    temperatures: Mapping[str, float]
    boot: float | None
    processes: int | None
    users: tuple[str, ...]


class HostFacts(NamedTuple):
    """What does not change while it runs."""

    hostname: str
    os: str
    kernel: str
    architecture: str
    cpu_model: str
    cores: int | None
    os_release: Mapping[str, str]


class ProcessReading(NamedTuple):
    """One process at one moment."""

    pid: int
    ppid: int | None
    name: str
    user: str | None
    status: str
    created: float
    cpu_seconds: float | None
    memory: int | None
    threads: int | None
    nice: int | None
    argv: tuple[str, ...]
    ours: bool
    """Whether we may signal it."""

    @property
    def key(self) -> tuple[int, float]:
        """Tells it from another process that got the same number later."""
        return self.pid, self.created


class Pass(NamedTuple):
    """All processes at one moment, with processor use since an earlier pass."""

    moment: float
    processes: tuple[ProcessReading, ...]
    cpu: Mapping[tuple[int, float], float]
    """Percent of one core; absent for processes the earlier pass did not know."""


def cpu_use(now: Pass, before: Pass | None) -> dict[tuple[int, float], float]:
    """Percent of one core each process has used between two passes."""
    if before is None or now.moment <= before.moment:
        return {}
    elapsed = now.moment - before.moment
    earlier = {process.key: process.cpu_seconds for process in before.processes}
    used: dict[tuple[int, float], float] = {}
    for process in now.processes:
        then = earlier.get(process.key)
        if process.cpu_seconds is not None and then is not None:
            used[process.key] = max(0.0, 100 * (process.cpu_seconds - then) / elapsed)
    return used
