"""The engine's counters into measured numbers. Pure, and the same arithmetic as ``docker stats``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from backends.docker.moments import moment


class Counters(NamedTuple):
    """What is counted ever upwards, at one moment of the engine's clock; rates come from two of these."""

    at: float
    cpu: float
    system: float | None
    rx: float | None
    tx: float | None
    read: float | None
    written: float | None
    periods: float
    throttled: float


def counters(raw: Mapping[str, Any]) -> Counters | None:
    """The counters in one answer, or ``None`` when the container does not run."""
    at = moment(raw.get("read"))
    cpu = raw.get("cpu_stats") or {}
    if at is None or not cpu.get("cpu_usage"):
        return None
    rx, tx = _network(raw)
    read, written = _blocks(raw)
    throttling = cpu.get("throttling_data") or {}
    return Counters(
        at=at,
        cpu=float(cpu["cpu_usage"].get("total_usage") or 0),
        system=_positive(cpu.get("system_cpu_usage")),
        rx=rx,
        tx=tx,
        read=read,
        written=written,
        periods=float(throttling.get("periods") or 0),
        throttled=float(throttling.get("throttled_periods") or 0),
    )


def measured(raw: Mapping[str, Any], now: Counters, before: Counters | None) -> dict[str, float]:
    """What one answer says, with rates against the answer before it. What cannot be known is left out."""
    values = _memory(raw)
    pids = (raw.get("pids_stats") or {}).get("current")
    if pids is not None:
        values["pids"] = float(pids)
    cpu = _cpu(raw, now, before)
    if cpu is not None:
        values["cpu"] = cpu
    if before is not None and now.at > before.at:
        values |= _rates(now, before)
    return values


def _cpu(raw: Mapping[str, Any], now: Counters, before: Counters | None) -> float | None:
    """Percent of one core. The engine's own earlier counters are used when it sends them; Podman may not."""
    stats, earlier = raw.get("cpu_stats") or {}, raw.get("precpu_stats") or {}
    cores = _cores(stats)
    past = _positive(earlier.get("system_cpu_usage"))
    if past is not None and now.system is not None and now.system > past:
        used = now.cpu - float((earlier.get("cpu_usage") or {}).get("total_usage") or 0)
        return max(0.0, used / (now.system - past) * cores * 100)
    if before is None:
        return None
    used = now.cpu - before.cpu
    if now.system is not None and before.system is not None and now.system > before.system:
        return max(0.0, used / (now.system - before.system) * cores * 100)
    if now.at > before.at:
        return max(0.0, used / ((now.at - before.at) * 1e9) * 100)
    return None


def _cores(stats: Mapping[str, Any]) -> int:
    online = stats.get("online_cpus")
    return int(online or len((stats.get("cpu_usage") or {}).get("percpu_usage") or ()) or 1)


def _memory(raw: Mapping[str, Any]) -> dict[str, float]:
    """Memory in use without the file cache that could be dropped: cgroup v1 and v2 name it differently."""
    memory = raw.get("memory_stats") or {}
    usage = memory.get("usage")
    if not usage:
        return {}
    detail = memory.get("stats") or {}
    cache = detail.get("total_inactive_file", detail.get("inactive_file", 0)) or 0
    values = {"memory": float(usage - cache if cache < usage else usage)}
    limit = _positive(memory.get("limit"))
    if limit is not None and limit < 2**62:
        values["memory_limit"] = limit
    return values


def _network(raw: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Bytes over all interfaces; a container in its host's network has none of its own."""
    networks = raw.get("networks")
    if not networks:
        return None, None
    values = networks.values()
    return (
        float(sum(interface.get("rx_bytes") or 0 for interface in values)),
        float(sum(interface.get("tx_bytes") or 0 for interface in values)),
    )


def _blocks(raw: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Bytes read and written over all devices. An empty list is a container that did neither yet."""
    entries = (raw.get("blkio_stats") or {}).get("io_service_bytes_recursive")
    if entries is None:
        return None, None
    sums = {"read": 0.0, "write": 0.0}
    for entry in entries:
        operation = str(entry.get("op") or "").lower()
        if operation in sums:
            sums[operation] += float(entry.get("value") or 0)
    return sums["read"], sums["write"]


def _rates(now: Counters, before: Counters) -> dict[str, float]:
    seconds = now.at - before.at
    pairs = {
        "net_rx": (now.rx, before.rx),
        "net_tx": (now.tx, before.tx),
        "block_read": (now.read, before.read),
        "block_write": (now.written, before.written),
    }
    rates = {
        name: (new - old) / seconds
        for name, (new, old) in pairs.items()
        if new is not None and old is not None and new >= old  # a restart begins again at zero
    }
    periods = now.periods - before.periods
    if periods > 0 and now.throttled >= before.throttled:
        rates["throttled"] = min(100.0, (now.throttled - before.throttled) / periods * 100)
    return rates


def _positive(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and value > 0 else None
