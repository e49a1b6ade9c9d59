"""Readings into the contract's words. Pure: no SDK, no clock, no files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from backends.contract.model import Ability, Fact, Health, ProcessTable, Resource, ResourceId, Sample, State
from backends.local.readings import Disk, HostFacts, HostReading, Memory, Pass, ProcessReading, Traffic

HOST = "this"
"""The native id of the machine itself."""
LONGEST_COMMAND = 4096
"""Characters of a command line that are kept in lists; inspecting shows all of it."""
STATES: Mapping[str, State] = {
    "running": State.RUNNING,
    "sleeping": State.RUNNING,
    "disk-sleep": State.RUNNING,
    "idle": State.RUNNING,
    "waking": State.RUNNING,
    "parked": State.RUNNING,
    "locked": State.RUNNING,
    "waiting": State.RUNNING,
    "suspended": State.PAUSED,
    "stopped": State.PAUSED,
    "tracing-stop": State.PAUSED,
    "zombie": State.STOPPED,
    "dead": State.STOPPED,
    "wake-kill": State.STOPPING,
}
MIGHT = Ability.STOP | Ability.SIGNAL | Ability.UPDATE
"""What may be done to a process by its owner."""


def host_id(connection: str) -> ResourceId:
    """The id of the machine itself."""
    return ResourceId(connection, "host", HOST)


def host(connection: str, facts: HostFacts, reading: HostReading, *, abilities: Ability) -> Resource:
    """The machine as a resource, with what is wrong with it."""
    health, reason = wellbeing(reading, facts.cores)
    known: dict[str, Fact] = {
        "hostname": facts.hostname,
        "os": facts.os,
        "kernel": facts.kernel,
        "architecture": facts.architecture,
        "cpu_model": facts.cpu_model,
        "cores": facts.cores,
        "users": list(reading.users),
        "memory_total": reading.memory.total if reading.memory else None,
    }
    return Resource(
        id=host_id(connection),
        name=facts.hostname,
        state=State.RUNNING,
        status="up",
        health=health,
        reason=reason,
        abilities=abilities,
        facts=known,
        since=None if reading.boot is None else round(reading.boot),
    )


def wellbeing(reading: HostReading, cores: int | None) -> tuple[Health, str | None]:
    """How the machine is, and the sentences that say what is wrong; the worst first."""
    found = sorted(_troubles(reading, cores), key=lambda trouble: trouble[0] is not Health.FAULT)
    if not found:
        return Health.GOOD, None
    return found[0][0], " ".join(sentence for _, sentence in found)


def _troubles(reading: HostReading, cores: int | None) -> Iterator[tuple[Health, str]]:
    for disk in reading.disks:
        if disk.percent > 90:
            yield _fault_above(disk.percent, 95), f"Disk {disk.mount} is {disk.percent:.0f} % full."
    if reading.memory and reading.memory.percent > 90:
        yield _fault_above(reading.memory.percent, 97), f"Memory is {reading.memory.percent:.0f} % used."
    if reading.swap and reading.swap.percent > 80:
        yield Health.WARNING, f"Swap is {reading.swap.percent:.0f} % used."
    if reading.load and cores and reading.load[1] > 2 * cores:
        yield Health.WARNING, f"Load is {reading.load[1]:.1f} over 5 minutes, more than twice its {cores} cores."


def _fault_above(value: float, limit: float) -> Health:
    return Health.FAULT if value > limit else Health.WARNING


def host_sample(
    connection: str, now: HostReading, before: HostReading | None, extra: Mapping[str, float] | None = None
) -> Sample:
    """The machine's numbers; rates and processor use need an earlier reading."""
    values: dict[str, float] = dict(extra or {})
    values.update(_levels(now))
    for disk in now.disks:
        values.update(_disk(disk))
    if now.disks:
        values["disk_fullest"] = max(disk.percent for disk in now.disks)
    values.update((f"temperature/{name}", degrees) for name, degrees in now.temperatures.items())
    if before is not None and now.moment > before.moment:
        values.update(_use(now, before))
        elapsed = now.moment - before.moment
        values.update(_rates("disk_read", "disk_write", "_dev", _differences(now.disk_io, before.disk_io), elapsed))
        values.update(_rates("net_rx", "net_tx", "_if", _differences(now.net_io, before.net_io), elapsed))
    return Sample(host_id(connection), now.at, values)


def _levels(now: HostReading) -> Iterator[tuple[str, float]]:
    yield from _memory("memory", now.memory)
    yield from _memory("swap", now.swap)
    if now.load is not None:
        yield from zip(("load1", "load5", "load15"), now.load, strict=True)
    if now.boot is not None:
        yield "uptime", max(0.0, now.at - now.boot)
    if now.processes is not None:
        yield "processes", now.processes


def _memory(name: str, memory: Memory | None) -> Iterator[tuple[str, float]]:
    if memory is not None:
        yield name, memory.used
        yield f"{name}_total", memory.total
        if memory.total:
            yield f"{name}_percent", memory.percent


def _disk(disk: Disk) -> Iterator[tuple[str, float]]:
    yield f"disk/{disk.mount}", disk.percent
    yield f"disk_used/{disk.mount}", disk.used
    yield f"disk_total/{disk.mount}", disk.total


def _use(now: HostReading, before: HostReading) -> Iterator[tuple[str, float]]:
    if now.cores is None or before.cores is None or len(now.cores) != len(before.cores):
        return  # a core came or went: its times cannot be compared
    spent = [(new.busy - old.busy, new.total - old.total) for new, old in zip(now.cores, before.cores, strict=True)]
    for core, (busy, total) in enumerate(spent):
        if total > 0:
            yield f"core/{core}", _percent(busy, total)
    everything = sum(total for _, total in spent)
    if everything > 0:
        yield "cpu", _percent(sum(busy for busy, _ in spent), everything)


def _percent(part: float, whole: float) -> float:
    return min(100.0, max(0.0, 100 * part / whole))


def _differences(now: Mapping[str, Traffic], before: Mapping[str, Traffic]) -> dict[str, Traffic]:
    """What came and went since; a counter that was set back counts as nothing, and a newcomer not at all."""
    return {
        name: Traffic(
            max(0, traffic.received - before[name].received), max(0, traffic.sent - before[name].sent), traffic.counted
        )
        for name, traffic in now.items()
        if name in before
    }


def _rates(
    received: str, sent: str, suffix: str, differences: Mapping[str, Traffic], elapsed: float
) -> Iterator[tuple[str, float]]:
    for name, traffic in differences.items():
        yield f"{received}{suffix}/{name}", traffic.received / elapsed
        yield f"{sent}{suffix}/{name}", traffic.sent / elapsed
    counted = [traffic for traffic in differences.values() if traffic.counted]
    if counted:
        yield received, sum(traffic.received for traffic in counted) / elapsed
        yield sent, sum(traffic.sent for traffic in counted) / elapsed


def process_id(connection: str, pid: int) -> ResourceId:
    """The id of a process."""
    return ResourceId(connection, "process", str(pid))


def process(connection: str, reading: ProcessReading, cpu: float | None) -> Resource:
    """A process as a resource."""
    state = STATES.get(reading.status, State.UNKNOWN)
    ended = state is State.STOPPED
    abilities = Ability.METRICS | Ability.INSPECT
    if reading.ours and not ended:
        abilities |= MIGHT & ~Ability.STOP if reading.pid == 1 else MIGHT
    return Resource(
        id=process_id(connection, reading.pid),
        name=reading.name,
        state=state,
        status=reading.status,
        reason="It has ended and waits for its parent to fetch its exit code." if ended else None,
        abilities=abilities,
        parent=host_id(connection),
        facts={
            "pid": reading.pid,
            "ppid": None if reading.ppid is None else str(reading.ppid),
            "user": reading.user,
            "cpu": None if cpu is None else round(cpu, 1),
            "memory": reading.memory,
            "threads": reading.threads,
            "nice": reading.nice,
            "command": command_line(reading),
        },
        created=reading.created,
    )


def command_line(reading: ProcessReading) -> str:
    """The command line as it is, bounded; a kernel thread's name stands in brackets, as ``ps`` writes it."""
    if not reading.argv:
        return f"[{reading.name}]"
    return " ".join(reading.argv)[:LONGEST_COMMAND]


def process_sample(connection: str, reading: ProcessReading, cpu: float | None, at: float) -> Sample:
    """A process's numbers."""
    numbers = {"cpu": cpu, "memory": reading.memory, "threads": reading.threads}
    values = {name: float(value) for name, value in numbers.items() if value is not None}
    return Sample(process_id(connection, reading.pid), at, values)


def process_table(found: Pass) -> ProcessTable:
    """All processes as ``top`` lists them, the busiest first."""
    rows: list[tuple[float, tuple[str, ...]]] = []
    for reading in found.processes:
        cpu = found.cpu.get(reading.key)
        row = (
            str(reading.pid),
            reading.user or "",
            "" if cpu is None else f"{cpu:.1f}",
            "" if reading.memory is None else f"{reading.memory / 2**20:.1f}",
            reading.status,
            command_line(reading),
        )
        rows.append((cpu or 0.0, row))
    rows.sort(key=lambda each: -each[0])
    return ProcessTable(("PID", "USER", "CPU %", "MEMORY MiB", "STATE", "COMMAND"), tuple(row for _, row in rows))


def descendants(found: Sequence[ProcessReading], pid: int) -> list[ProcessReading]:
    """The children of a process, their children, and so on."""
    children: dict[int | None, list[ProcessReading]] = {}
    for reading in found:
        children.setdefault(reading.ppid, []).append(reading)
    below: list[ProcessReading] = []
    waiting = [pid]
    seen = {pid}
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child.pid not in seen:
                seen.add(child.pid)
                below.append(child)
                waiting.append(child.pid)
    return below
