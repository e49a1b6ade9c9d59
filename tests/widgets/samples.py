"""Resources and columns for the tests of tables."""

from __future__ import annotations

from backends.contract.model import Column, Health, Resource, ResourceId, Sample, Source, State, Unit

NOW = 1_000_000.0
COLUMNS = (
    Column(id="state", title="STATE", source=Source.FIELD, width=12, rank=0),
    Column(id="name", title="NAME", source=Source.FIELD, width=12, grow=1, rank=0),
    Column(id="connection", title="HOST", source=Source.FIELD, width=8, rank=3),
    Column(id="image", title="IMAGE", width=12, rank=5),
    Column(id="cpu", title="CPU", source=Source.METRIC, unit=Unit.PERCENT, width=6, right=True, rank=1),
    Column(id="mem", title="MEM", source=Source.METRIC, key="memory", unit=Unit.BYTES, width=6, right=True, rank=2),
    Column(id="load", title="LOAD", source=Source.HISTORY, key="cpu", unit=Unit.PERCENT, width=8, rank=6),
    Column(id="age", title="AGE", source=Source.FIELD, key="created", unit=Unit.TIME, width=6, right=True, rank=2),
)


def identity(name: str, connection: str = "here") -> ResourceId:
    return ResourceId(connection, "container", name)


def thing(
    name: str,
    *,
    state: State = State.RUNNING,
    health: Health = Health.UNKNOWN,
    created: float | None = NOW - 60,
    connection: str = "here",
    **facts: str | float | bool | list[str] | None,
) -> Resource:
    return Resource(
        id=identity(name, connection),
        name=name,
        state=state,
        health=health,
        created=created,
        labels={"env": "prod"},
        facts=facts,
    )


def measured(name: str, cpu: float, memory: float = 0.0, at: float = NOW) -> Sample:
    return Sample(identity(name), at, {"cpu": cpu, "memory": memory})
