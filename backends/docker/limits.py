"""The verb that changes a running container's limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backends.contract.errors import Invalid
from backends.contract.model import Fact, Resource
from backends.contract.operation import Arguments, Outcome, Report, Step, Undo
from backends.docker.session import DockerSession

_BILLION = 1_000_000_000
_UNLIMITABLE = "{what} had no limit before, and an engine can lower or raise a limit but not lift it"


async def plan_update(session: DockerSession, resource: Resource, arguments: Arguments) -> Step:
    """Says what each limit is now and becomes."""
    host = (await session.describe(resource.id.native)).get("HostConfig") or {}
    wanted = _wanted(arguments)
    undo, loses = _before(host, wanted)
    changes = [f"{_LABELS[name]} {_shown(name, _now(host, name))} → {_shown(name, wanted[name])}" for name in wanted]
    return Step(
        resource.id,
        resource.name,
        f"gets other limits: {', '.join(changes)}",
        session.endpoint.call("update", *_options(host, wanted), resource.name),
        undo="" if loses and not undo else f"the old limits can be set again{f', but {loses}' if loses else ''}",
    )


async def update(session: DockerSession, resource: Resource, arguments: Arguments, _report: Report) -> Outcome:
    """Change the limits that are given and leave the others."""
    wanted = _wanted(arguments)
    host = (await session.describe(resource.id.native)).get("HostConfig") or {}
    answer = await session.engine.post(f"/containers/{resource.id.native}/update", body=_body(host, wanted))
    for warning in (answer or {}).get("Warnings") or ():
        _report.output(f"{warning}\n".encode(), error=True)
    before, loses = _before(host, wanted)
    undo = Undo(f"Give {resource.name} its old limits", "update", (resource.id,), before, loses) if before else None
    return Outcome(f"{resource.name} has other limits.", undo)


_LABELS = {"memory": "memory", "cpus": "cores", "pids": "processes", "restart": "restart policy"}


def _wanted(arguments: Arguments) -> dict[str, Any]:
    wanted = {name: arguments[name] for name in _LABELS if arguments.get(name) not in (None, "")}
    if not wanted:
        raise Invalid("No limit is given.", hint="Give at least one of memory, cpus, pids and restart.")
    return wanted


def _now(host: Mapping[str, Any], name: str) -> Fact:
    """A limit as it is; ``None`` for none."""
    match name:
        case "memory":
            return int(host.get("Memory") or 0) or None
        case "cpus":
            quota, period = int(host.get("CpuQuota") or 0), int(host.get("CpuPeriod") or 0) or 100_000
            nano = int(host.get("NanoCpus") or 0)
            return nano / _BILLION if nano else (quota / period if quota > 0 else None)
        case "pids":
            pids = host.get("PidsLimit")
            return int(pids) if pids and pids > 0 else None
        case _:
            return str((host.get("RestartPolicy") or {}).get("Name") or "no")


def _before(host: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[dict[str, Fact], str]:
    """Arguments that undo the change, and what they cannot bring back."""
    before: dict[str, Fact] = {}
    lost = []
    for name in wanted:
        value = _now(host, name)
        if value is not None:
            before[name] = value
        elif name == "pids":
            before[name] = -1
        else:
            lost.append(_UNLIMITABLE.format(what=_LABELS[name]))
    return before, "; ".join(lost)


def _body(host: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if "memory" in wanted:
        body["Memory"] = int(wanted["memory"])
        if (swap := _swap(host, int(wanted["memory"]))) is not None:
            body["MemorySwap"] = swap
    if "cpus" in wanted:
        if host.get("CpuQuota"):
            period = int(host.get("CpuPeriod") or 100_000)
            body |= {"CpuPeriod": period, "CpuQuota": int(float(wanted["cpus"]) * period)}
        else:
            body["NanoCpus"] = round(float(wanted["cpus"]) * _BILLION)
    if "pids" in wanted:
        body["PidsLimit"] = int(wanted["pids"])
    if "restart" in wanted:
        tries = int((host.get("RestartPolicy") or {}).get("MaximumRetryCount") or 0)
        count = tries if wanted["restart"] == "on-failure" else 0
        body["RestartPolicy"] = {"Name": wanted["restart"], "MaximumRetryCount": count}
    return body


def _swap(host: Mapping[str, Any], memory: int) -> int | None:
    """The limit of memory and swap together, which has to move with the memory: the same room for swap as before."""
    before, swap = int(host.get("Memory") or 0), int(host.get("MemorySwap") or 0)
    if swap == -1:
        return -1
    return memory + (swap - before) if before and swap >= before else None


def _options(host: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    options: list[str] = []
    for name, value in wanted.items():
        flag = {"pids": "pids-limit"}.get(name, name)
        options += [f"--{flag}", str(value) if name != "cpus" else f"{float(value):g}"]
    if "memory" in wanted and (swap := _swap(host, int(wanted["memory"]))) is not None:
        options += ["--memory-swap", str(swap)]
    return options


def _shown(name: str, value: Fact) -> str:
    if value is None or value == -1:
        return "unlimited"
    if name == "memory" and isinstance(value, int):
        return f"{value / 1024**2:g} MiB" if value < 1024**3 else f"{value / 1024**3:.3g} GiB"
    return f"{value:g}" if isinstance(value, float) else str(value)
