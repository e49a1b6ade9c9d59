"""What the Docker backend brings: its kinds with their columns and metrics, as data."""

from __future__ import annotations

from backends.contract.model import Area, Column, Kind, Metric, Source, Unit

CONTAINER, STACK, IMAGE, VOLUME, NETWORK = "container", "stack", "image", "volume", "network"

METRICS = (
    Metric("cpu", "CPU (100 = one core)", Unit.PERCENT, warning=80, charted=True),
    Metric("memory", "Memory", Unit.BYTES, limit="memory_limit", charted=True),
    Metric("memory_limit", "Memory limit", Unit.BYTES),
    Metric("net_rx", "Network in", Unit.BYTES_PER_SECOND, charted=True),
    Metric("net_tx", "Network out", Unit.BYTES_PER_SECOND, charted=True),
    Metric("block_read", "Disk read", Unit.BYTES_PER_SECOND, charted=True),
    Metric("block_write", "Disk written", Unit.BYTES_PER_SECOND, charted=True),
    Metric("pids", "Processes", Unit.COUNT),
    Metric("throttled", "CPU periods throttled", Unit.PERCENT, ceiling=100, warning=25),
)


def _field(key: str, title: str, *, width: int, rank: int, grow: int = 0, shown: bool = True) -> Column:
    unit = Unit.TIME if key in ("created", "since") else Unit.NONE
    return Column(key, title, Source.FIELD, key, unit, width=width, grow=grow, shown=shown, rank=rank)


def _fact(
    key: str, title: str, *, width: int, rank: int, grow: int = 0, unit: Unit = Unit.NONE, shown: bool = True
) -> Column:
    right = unit is not Unit.NONE
    return Column(key, title, Source.FACT, key, unit, width=width, grow=grow, right=right, shown=shown, rank=rank)


def _metric(key: str, title: str, unit: Unit, *, width: int, rank: int, shown: bool = True) -> Column:
    return Column(key, title, Source.METRIC, key, unit, width=width, right=True, shown=shown, rank=rank)


CONTAINERS = Kind(
    id=CONTAINER,
    title="Container",
    plural="Containers",
    area=Area.CONTAINERS,
    aliases=("c", "ct", "ps"),
    metrics=METRICS,
    order=10,
    columns=(
        _field("state", "State", width=11, rank=0),
        _field("name", "Name", width=14, grow=3, rank=0),
        _field("connection", "Engine", width=8, rank=5),
        _fact("project", "Project", width=10, rank=6),
        _fact("service", "Service", width=10, rank=8, shown=False),
        _fact("image", "Image", width=12, grow=2, rank=2),
        Column("cpu_history", "CPU", Source.HISTORY, "cpu", Unit.PERCENT, width=10, rank=4),
        _metric("cpu", "CPU %", Unit.PERCENT, width=6, rank=1),
        _metric("memory", "Memory", Unit.BYTES, width=8, rank=1),
        _metric("memory_limit", "Limit", Unit.BYTES, width=8, rank=8, shown=False),
        _metric("net_rx", "Net in", Unit.BYTES_PER_SECOND, width=9, rank=6),
        _metric("net_tx", "Net out", Unit.BYTES_PER_SECOND, width=9, rank=6),
        _metric("block_read", "Disk read", Unit.BYTES_PER_SECOND, width=9, rank=8),
        _metric("block_write", "Disk write", Unit.BYTES_PER_SECOND, width=10, rank=8),
        _metric("pids", "Procs", Unit.COUNT, width=5, rank=9, shown=False),
        _metric("throttled", "Throttled", Unit.PERCENT, width=9, rank=9, shown=False),
        _fact("restarts", "Restarts", width=8, rank=7, unit=Unit.COUNT),
        _fact("ports", "Ports", width=14, grow=1, rank=7),
        _field("status", "Status", width=12, rank=3),
        _field("since", "Since", width=6, rank=5),
        _field("created", "Age", width=6, rank=6),
        _field("reason", "Why", width=20, grow=2, rank=9, shown=False),
        _fact("command", "Command", width=20, grow=1, rank=9, shown=False),
        _fact("ip", "Address", width=15, rank=9, shown=False),
        _fact("networks", "Networks", width=12, rank=9, shown=False),
        _fact("mounts", "Mounts", width=16, rank=9, shown=False),
        _fact("exit_code", "Exit", width=5, rank=9, unit=Unit.NONE, shown=False),
    ),
)

STACKS = Kind(
    id=STACK,
    title="Stack",
    plural="Stacks",
    area=Area.CONTAINERS,
    aliases=("st", "compose", "project", "projects"),
    order=20,
    columns=(
        _field("state", "State", width=11, rank=0),
        _field("name", "Name", width=16, grow=2, rank=0),
        _field("connection", "Engine", width=8, rank=3),
        _field("status", "Running", width=14, rank=1),
        _fact("services", "Services", width=24, grow=3, rank=2),
        _fact("folder", "Folder", width=20, grow=1, rank=4),
        _field("created", "Age", width=6, rank=3),
        _field("reason", "Why", width=20, grow=1, rank=5, shown=False),
    ),
)

IMAGES = Kind(
    id=IMAGE,
    title="Image",
    plural="Images",
    area=Area.CONTAINERS,
    aliases=("i", "img"),
    order=30,
    columns=(
        _field("state", "State", width=8, rank=0),
        _field("name", "Name", width=24, grow=3, rank=0),
        _field("connection", "Engine", width=8, rank=3),
        _fact("size", "Size", width=9, rank=1, unit=Unit.BYTES),
        _fact("used_by", "Used by", width=7, rank=2, unit=Unit.COUNT),
        _fact("short_id", "Id", width=12, rank=4),
        _fact("tags", "Tags", width=20, grow=1, rank=6, shown=False),
        _field("created", "Age", width=6, rank=2),
    ),
)

VOLUMES = Kind(
    id=VOLUME,
    title="Volume",
    plural="Volumes",
    area=Area.CONTAINERS,
    aliases=("v", "vol"),
    order=40,
    columns=(
        _field("state", "State", width=8, rank=0),
        _field("name", "Name", width=24, grow=3, rank=0),
        _field("connection", "Engine", width=8, rank=3),
        _fact("driver", "Driver", width=8, rank=2),
        _fact("used_by", "Used by", width=7, rank=1, unit=Unit.COUNT),
        _fact("project", "Project", width=10, rank=4),
        _fact("mountpoint", "Place", width=24, grow=2, rank=5, shown=False),
        _field("created", "Age", width=6, rank=2),
    ),
)

NETWORKS = Kind(
    id=NETWORK,
    title="Network",
    plural="Networks",
    area=Area.CONTAINERS,
    aliases=("n", "net"),
    order=50,
    columns=(
        _field("state", "State", width=8, rank=0),
        _field("name", "Name", width=20, grow=3, rank=0),
        _field("connection", "Engine", width=8, rank=3),
        _fact("driver", "Driver", width=8, rank=1),
        _fact("subnet", "Subnet", width=18, rank=2),
        _fact("used_by", "Members", width=7, rank=1, unit=Unit.COUNT),
        _fact("scope", "Scope", width=6, rank=5),
        _fact("internal", "Internal", width=8, rank=6, shown=False),
        _field("created", "Age", width=6, rank=4),
    ),
)

KINDS = (CONTAINERS, STACKS, IMAGES, VOLUMES, NETWORKS)
