"""Reads this machine through psutil: the only module that imports it. Everything here blocks and runs on the lane."""

from __future__ import annotations

import os
import platform
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psutil

from backends.contract.errors import Conflict, Invalid, NotFound, Refused
from backends.contract.model import JSON
from backends.local.readings import (
    Busy,
    Disk,
    HostFacts,
    HostReading,
    Memory,
    Pass,
    ProcessReading,
    Traffic,
    cpu_use,
)

T = TypeVar("T")

ALWAYS_FULL = frozenset({"squashfs", "iso9660", "udf", "erofs", "cramfs"})
"""Read-only images, which are full by nature and never a warning."""
SETTLED = 0.5
"""Seconds between two passes whose difference says something about processor use."""
SAME_START = 1.5
"""Seconds by which start times of one process may differ, because clocks are set."""
UNTOLD = (OSError, psutil.Error, NotImplementedError, AttributeError, RuntimeError, ValueError)
"""How psutil says that this system, or this user, is not told something."""


class Client:
    """Readings of the host and its processes."""

    def __init__(self) -> None:
        self._latest: Pass | None = None
        self._marks: deque[Pass] = deque(maxlen=2)
        """Earlier passes to compare with, ``SETTLED`` apart, however often lists are asked for."""
        self._users: dict[int, str] = {}
        self._me = os.geteuid() if hasattr(os, "geteuid") else -1

    def facts(self) -> HostFacts:
        """What does not change while the machine runs."""
        release = told(platform.freedesktop_os_release) or {}
        name = release.get("PRETTY_NAME") or f"{platform.system()} {platform.release()}"
        return HostFacts(
            hostname=socket.gethostname(),
            os=name,
            kernel=platform.release(),
            architecture=platform.machine(),
            cpu_model=_cpu_model(),
            cores=psutil.cpu_count(),
            os_release=release,
        )

    def host(self) -> HostReading:
        """Everything measured, now."""
        return HostReading(
            at=time.time(),
            moment=time.monotonic(),
            cores=told(_cores),
            memory=told(_memory),
            swap=told(_swap),
            load=told(psutil.getloadavg),
            disks=told(_disks) or (),
            disk_io=told(_disk_io) or {},
            net_io=told(_net_io) or {},
            temperatures=told(_temperatures) or {},
            boot=told(psutil.boot_time),
            processes=told(lambda: len(psutil.pids())),
            users=tuple(sorted({clean(user.name) for user in told(psutil.users) or ()})),
        )

    def processes(self, *, age: float = 0.0) -> Pass:
        """All processes; a pass that is at most ``age`` seconds old is good enough."""
        latest = self._latest
        now = time.monotonic()
        if latest is not None and now - latest.moment < age:
            return latest
        found = tuple(reading for pid in psutil.pids() if (reading := self._reading(pid)))
        bare = Pass(now, found, {})
        self._latest = bare._replace(cpu=cpu_use(bare, self._earlier(now)))
        if not self._marks or now - self._marks[-1].moment >= SETTLED:
            self._marks.append(bare)
        return self._latest

    def _earlier(self, now: float) -> Pass | None:
        """The newest pass that is old enough for a difference to say something, or at least the oldest."""
        for mark in reversed(self._marks):
            if now - mark.moment >= SETTLED:
                return mark
        return self._marks[0] if self._marks else None

    def process(self, pid: int, created: float | None = None) -> ProcessReading:
        """One process.

        Raises:
            NotFound: if it has ended.
            Conflict: if its number belongs to another one by now.
        """
        reading = self._reading(pid)
        if reading is None:
            raise NotFound(f"Process {pid} has ended.")
        if created is not None and abs(reading.created - created) > SAME_START:
            raise Conflict(f"Number {pid} belongs to another process by now ({reading.name}).")
        return reading

    def alive(self, pid: int, created: float | None) -> bool:
        """Whether the process still runs; one that has ended and was not yet fetched by its parent does not."""
        try:
            return self.process(pid, created).status not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
        except (NotFound, Conflict):
            return False

    def signal(self, pid: int, created: float | None, name: str) -> None:
        """Send a signal to exactly this process.

        Raises:
            NotFound, Conflict, Refused, Invalid: as the case may be.
        """
        number = getattr(signal, f"SIG{name}", None)
        if number is None:
            raise Invalid(f"There is no signal {name} on this system.")
        self.process(pid, created)
        with _translated(pid):
            psutil.Process(pid).send_signal(number)

    def renice(self, pid: int, created: float | None, nice: int) -> int:
        """Set the priority; returns what it was."""
        was = self.process(pid, created).nice
        with _translated(pid):
            psutil.Process(pid).nice(nice)
        return was or 0

    def describe(self, facts: HostFacts) -> JSON:
        """The machine in full, for inspecting."""
        described: dict[str, JSON] = {
            "hostname": facts.hostname,
            "os_release": dict(facts.os_release),
            "kernel": facts.kernel,
            "architecture": facts.architecture,
            "cpu": {
                "model": facts.cpu_model,
                "logical": facts.cores,
                "physical": told(lambda: psutil.cpu_count(logical=False)),
                "frequency": _plain(told(psutil.cpu_freq)),
                "load": _plain(told(psutil.getloadavg)),
            },
            "memory": _plain(told(psutil.virtual_memory)),
            "swap": _plain(told(psutil.swap_memory)),
            "boot_time": told(psutil.boot_time),
            "disks": [_plain(disk) for disk in told(_disks) or ()],
            "interfaces": _interfaces(),
            "users": [_plain(user) for user in told(psutil.users) or ()],
            "python": platform.python_version(),
        }
        return described

    def describe_process(self, pid: int) -> JSON:
        """A process in full, without its environment, which holds secrets."""
        reading = self.process(pid)
        process = psutil.Process(pid)
        more: dict[str, Callable[[], Any]] = {
            "exe": process.exe,
            "cwd": process.cwd,
            "terminal": process.terminal,
            "uids": process.uids,
            "gids": process.gids,
            "memory": process.memory_info,
            "cpu_times": process.cpu_times,
            "context_switches": process.num_ctx_switches,
            "files": lambda: [clean(file.path) for file in process.open_files()],
            "connections": lambda: [_plain(each) for each in process.net_connections()],
        }
        described = {name: _plain(value) for name, value in reading._asdict().items() if name not in ("argv", "ours")}
        described["argv"] = list(reading.argv)
        described |= {name: _plain(told(read)) for name, read in more.items()}
        return described

    def _reading(self, pid: int) -> ProcessReading | None:
        try:
            process = psutil.Process(pid)
            with process.oneshot():
                ppid = told(process.ppid)
                times = told(process.cpu_times)
                memory = told(process.memory_info)
                return ProcessReading(
                    pid=pid,
                    ppid=ppid or None,
                    name=clean(process.name()),
                    user=self._user(process),
                    status=str(process.status()),
                    created=process.create_time(),
                    cpu_seconds=None if times is None else times.user + times.system,
                    memory=None if memory is None else memory.rss,
                    threads=told(process.num_threads),
                    nice=told(process.nice),
                    argv=tuple(clean(word) for word in told(process.cmdline) or ()),
                    ours=self._ours(process, ppid),
                )
        except psutil.Error:
            return None

    def _user(self, process: psutil.Process) -> str | None:
        uids = told(process.uids)
        if uids is None:
            return None
        if uids.real not in self._users:
            self._users[uids.real] = clean(told(process.username) or str(uids.real))
        return self._users[uids.real]

    def _ours(self, process: psutil.Process, ppid: int | None) -> bool:
        kernel = platform.system() == "Linux" and 2 in (process.pid, ppid)
        uids = told(process.uids)
        return not kernel and uids is not None and self._me in (0, uids.real, uids.effective)


def told(ask: Callable[[], T]) -> T | None:
    """The answer, or ``None`` where this system or this user is not told."""
    try:
        return ask()
    except UNTOLD:
        return None


def clean(text: str) -> str:
    """Text that can be encoded: bytes that are no UTF-8, which Linux allows in names, become U+FFFD."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


@contextmanager
def _translated(pid: int) -> Iterator[None]:
    try:
        yield
    except psutil.NoSuchProcess as error:
        raise NotFound(f"Process {pid} has ended.") from error
    except (psutil.AccessDenied, PermissionError) as error:
        hint = "Only its owner and root may do that."
        raise Refused(f"The system refused to let us do that to process {pid}.", hint=hint) from error


def _cores() -> tuple[Busy, ...]:
    return tuple(_busy(times._asdict()) for times in psutil.cpu_times(percpu=True))


def _busy(times: Mapping[str, float]) -> Busy:
    total = sum(times.values()) - times.get("guest", 0.0) - times.get("guest_nice", 0.0)  # part of user and nice
    return Busy(busy=total - times["idle"] - times.get("iowait", 0.0), total=total)


def _memory() -> Memory:
    memory = psutil.virtual_memory()
    return Memory(memory.total, memory.total - memory.available)


def _swap() -> Memory:
    swap = psutil.swap_memory()
    return Memory(swap.total, swap.used)


def _disks() -> tuple[Disk, ...]:
    """File systems on devices, each once; network ones are left out because asking them can hang."""
    mounted = sorted(psutil.disk_partitions(all=False), key=lambda part: (len(part.mountpoint), part.mountpoint))
    places = {part.device: part.mountpoint for part in reversed(mounted) if part.fstype not in ALWAYS_FULL}
    if "/" not in places.values():  # in a container the root is no device
        places["/"] = "/"
    found = []
    for device, mount in places.items():
        usage = told(lambda mount=mount: psutil.disk_usage(mount))  # type: ignore[misc] # a default binds it now
        if usage is not None and usage.total:
            found.append(Disk(clean(mount), clean(device), usage.total, usage.used, usage.percent))
    return tuple(sorted(found))


def _disk_io() -> dict[str, Traffic]:
    counters = psutil.disk_io_counters(perdisk=True)
    block = Path("/sys/block")
    found = {}
    for name, counter in counters.items():
        if block.is_dir() and not (block / name).exists():
            continue  # a partition, whose device is counted
        real = not _virtual(block / name)
        if real or counter.read_bytes or counter.write_bytes:
            found[name] = Traffic(counter.read_bytes, counter.write_bytes, real)
    return found


def _net_io() -> dict[str, Traffic]:
    counters = psutil.net_io_counters(pernic=True)
    outside = {name for name in counters if not name.startswith("lo")}
    real = {name for name in outside if not _virtual(Path("/sys/class/net") / name)} or outside
    return {
        name: Traffic(counter.bytes_recv, counter.bytes_sent, name in real)
        for name, counter in counters.items()
        if not name.startswith("veth")  # one per container, and shown there
    }


def _virtual(entry: Path) -> bool:
    return "/devices/virtual/" in str(entry.resolve())


def _temperatures() -> dict[str, float]:
    chips = psutil.sensors_temperatures()
    return {
        f"{chip}:{sensor.label or index}": sensor.current
        for chip, sensors in chips.items()
        for index, sensor in enumerate(sensors)
        if sensor.current
    }


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    lines = told(lambda: info.read_text(errors="replace").splitlines()) or []
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Hardware", "cpu model") and value.strip():
            return value.strip()
    return platform.processor()


def _interfaces() -> dict[str, JSON]:
    stats = told(psutil.net_if_stats) or {}
    addresses = told(psutil.net_if_addrs) or {}
    return {
        name: {
            "up": stats[name].isup if name in stats else None,
            "mtu": stats[name].mtu if name in stats else None,
            "addresses": [address.address for address in found],
        }
        for name, found in addresses.items()
    }


def _plain(value: Any) -> JSON:
    """A psutil value as JSON: its named tuples become objects."""
    if hasattr(value, "_asdict"):
        return {name: _plain(part) for name, part in value._asdict().items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return clean(str(value))
