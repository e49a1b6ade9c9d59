"""What the fake backend declares: the shared kinds, and container-like things of its own."""

from __future__ import annotations

from backends.contract.kinds import HOST, PROCESS
from backends.contract.model import Area, Column, Kind, Metric, Source, Unit

CONTAINER = Kind(
    id="container",
    title="container",
    plural="Containers",
    area=Area.CONTAINERS,
    columns=(
        Column("name", "NAME", Source.FIELD, "name", width=16, grow=2, rank=0),
        Column("state", "STATE", Source.FIELD, "state", width=9, rank=0),
        Column("image", "IMAGE", Source.FACT, "image", width=16, grow=1, rank=4),
        Column("cpu", "CPU", Source.METRIC, "cpu", Unit.PERCENT, width=6, right=True, rank=1),
        Column("cpu_history", "CPU, LAST MINUTE", Source.HISTORY, "cpu", Unit.PERCENT, width=16, rank=6),
        Column("memory", "MEMORY", Source.METRIC, "memory", Unit.BYTES, width=9, right=True, rank=2),
        Column("net_rx", "RX/S", Source.METRIC, "net_rx", Unit.BYTES_PER_SECOND, width=9, right=True, rank=5),
        Column("status", "STATUS", Source.FIELD, "status", width=18, grow=1, rank=3),
        Column("ports", "PORTS", Source.FACT, "ports", width=12, shown=False),
        Column("created", "CREATED", Source.FIELD, "created", Unit.TIME, width=8, right=True, rank=7),
        Column("connection", "CONNECTION", Source.FIELD, "connection", width=10, shown=False),
    ),
    aliases=("c", "ct"),
    metrics=(
        Metric("cpu", "CPU", Unit.PERCENT, charted=True),
        Metric("memory", "Memory", Unit.BYTES, limit="memory_limit", charted=True),
        Metric("memory_limit", "Memory limit", Unit.BYTES),
        Metric("net_rx", "Received", Unit.BYTES_PER_SECOND, charted=True),
        Metric("net_tx", "Sent", Unit.BYTES_PER_SECOND, charted=True),
        Metric("pids", "Processes", Unit.COUNT),
    ),
)

IMAGE = Kind(
    id="image",
    title="image",
    plural="Images",
    area=Area.CONTAINERS,
    columns=(
        Column("name", "NAME", Source.FIELD, "name", width=20, grow=2, rank=0),
        Column("state", "STATE", Source.FIELD, "state", width=9, rank=1),
        Column("size", "SIZE", Source.FACT, "size", Unit.BYTES, width=9, right=True, rank=1),
        Column("created", "CREATED", Source.FIELD, "created", Unit.TIME, width=8, right=True, rank=3),
    ),
    aliases=("i", "img"),
    order=60,
)

KINDS = (HOST, CONTAINER, IMAGE, PROCESS)
