"""Kinds that several technologies bring: a host and its processes, wherever they run and however they are reached."""

from __future__ import annotations

from backends.contract.model import Area, Column, Kind, Metric, Source, Unit

HOST_METRICS = (
    Metric("cpu", "CPU", Unit.PERCENT, ceiling=100, warning=90, charted=True),
    Metric("core", "CPU per core", Unit.PERCENT, parts=True, ceiling=100),
    Metric("memory", "Memory", Unit.BYTES, limit="memory_total", charted=True),
    Metric("memory_total", "Memory in all", Unit.BYTES),
    Metric("memory_percent", "Memory used", Unit.PERCENT, ceiling=100, warning=90, fault=97),
    Metric("swap", "Swap", Unit.BYTES, limit="swap_total"),
    Metric("swap_total", "Swap in all", Unit.BYTES),
    Metric("swap_percent", "Swap used", Unit.PERCENT, ceiling=100, warning=80, fault=97),
    Metric("load1", "Load, 1 min", charted=True),
    Metric("load5", "Load, 5 min"),
    Metric("load15", "Load, 15 min"),
    Metric("disk", "Disk used", Unit.PERCENT, parts=True, ceiling=100, warning=90, fault=95),
    Metric("disk_used", "Disk used", Unit.BYTES, parts=True, limit="disk_total"),
    Metric("disk_total", "Disk in all", Unit.BYTES, parts=True),
    Metric("disk_fullest", "Fullest disk", Unit.PERCENT, ceiling=100, warning=90, fault=95),
    Metric("disk_read", "Disk read", Unit.BYTES_PER_SECOND, charted=True),
    Metric("disk_write", "Disk written", Unit.BYTES_PER_SECOND, charted=True),
    Metric("disk_read_dev", "Disk read per device", Unit.BYTES_PER_SECOND, parts=True),
    Metric("disk_write_dev", "Disk written per device", Unit.BYTES_PER_SECOND, parts=True),
    Metric("net_rx", "Received", Unit.BYTES_PER_SECOND, charted=True),
    Metric("net_tx", "Sent", Unit.BYTES_PER_SECOND, charted=True),
    Metric("net_rx_if", "Received per interface", Unit.BYTES_PER_SECOND, parts=True),
    Metric("net_tx_if", "Sent per interface", Unit.BYTES_PER_SECOND, parts=True),
    Metric("temperature", "Temperature", Unit.CELSIUS, parts=True, warning=85, fault=95),
    Metric("gpu", "GPU", Unit.PERCENT, parts=True, ceiling=100),
    Metric("gpu_memory", "GPU memory", Unit.BYTES, parts=True, limit="gpu_memory_total"),
    Metric("gpu_memory_total", "GPU memory in all", Unit.BYTES, parts=True),
    Metric("uptime", "Uptime", Unit.SECONDS),
    Metric("processes", "Processes", Unit.COUNT),
)
"""What can be measured of a host. ``cpu`` is percent of all cores together."""

HOST_COLUMNS = (
    Column("name", "NAME", Source.FIELD, "name", width=12, grow=2, rank=0),
    Column("state", "STATE", Source.FIELD, "state", width=9, rank=1),
    Column("cpu", "CPU", Source.METRIC, "cpu", Unit.PERCENT, width=6, right=True, rank=1),
    Column("cpu_history", "CPU, LAST MINUTE", Source.HISTORY, "cpu", Unit.PERCENT, width=16, rank=6),
    Column("memory_percent", "MEM", Source.METRIC, "memory_percent", Unit.PERCENT, width=6, right=True, rank=1),
    Column("memory", "USED", Source.METRIC, "memory", Unit.BYTES, width=9, right=True, rank=4),
    Column("load1", "LOAD", Source.METRIC, "load1", width=6, right=True, rank=3),
    Column("disk", "DISK", Source.METRIC, "disk_fullest", Unit.PERCENT, width=6, right=True, rank=2),
    Column("net_rx", "RX/S", Source.METRIC, "net_rx", Unit.BYTES_PER_SECOND, width=9, right=True, rank=5),
    Column("net_tx", "TX/S", Source.METRIC, "net_tx", Unit.BYTES_PER_SECOND, width=9, right=True, rank=5),
    Column("uptime", "UPTIME", Source.METRIC, "uptime", Unit.SECONDS, width=8, right=True, rank=6),
    Column("os", "SYSTEM", Source.FACT, "os", width=14, grow=1, rank=7),
    Column("kernel", "KERNEL", Source.FACT, "kernel", width=14, shown=False),
    Column("cpu_model", "PROCESSOR", Source.FACT, "cpu_model", width=20, shown=False),
    Column("cores", "CORES", Source.FACT, "cores", Unit.COUNT, width=5, right=True, shown=False),
    Column("swap", "SWAP", Source.METRIC, "swap", Unit.BYTES, width=9, right=True, shown=False),
    Column("load5", "LOAD 5", Source.METRIC, "load5", width=6, right=True, shown=False),
    Column("load15", "LOAD 15", Source.METRIC, "load15", width=7, right=True, shown=False),
    Column("disk_read", "READ/S", Source.METRIC, "disk_read", Unit.BYTES_PER_SECOND, width=9, right=True, shown=False),
    Column(
        "disk_write", "WRITTEN/S", Source.METRIC, "disk_write", Unit.BYTES_PER_SECOND, width=9, right=True, shown=False
    ),
    Column("processes", "PROCS", Source.METRIC, "processes", Unit.COUNT, width=6, right=True, shown=False),
    Column("users", "USERS", Source.FACT, "users", width=10, shown=False),
    Column("connection", "CONNECTION", Source.FIELD, "connection", width=10, shown=False),
)

HOST = Kind(
    id="host",
    title="Host",
    plural="Hosts",
    area=Area.HOSTS,
    columns=HOST_COLUMNS,
    aliases=("h", "server"),
    metrics=HOST_METRICS,
    order=10,
    always=True,
)
"""A machine with an operating system. Its facts: hostname, os, kernel, architecture, cpu_model, cores, users."""

PROCESS = Kind(
    id="process",
    title="Process",
    plural="Processes",
    area=Area.HOSTS,
    columns=(
        Column("pid", "PID", Source.FACT, "pid", width=7, right=True, rank=0),
        Column("user", "USER", Source.FACT, "user", width=9, rank=3),
        Column("cpu", "CPU", Source.FACT, "cpu", Unit.PERCENT, width=6, right=True, rank=1),
        Column("memory", "MEMORY", Source.FACT, "memory", Unit.BYTES, width=9, right=True, rank=1),
        Column("state", "STATE", Source.FIELD, "status", width=10, rank=4),
        Column("threads", "THR", Source.FACT, "threads", Unit.COUNT, width=4, right=True, rank=6),
        Column("nice", "NI", Source.FACT, "nice", width=3, right=True, rank=6),
        Column("started", "STARTED", Source.FIELD, "created", Unit.TIME, width=8, right=True, rank=5),
        Column("command", "COMMAND", Source.FACT, "command", width=16, grow=3, rank=0),
        Column("name", "NAME", Source.FIELD, "name", width=16, shown=False),
        Column("ppid", "PPID", Source.FACT, "ppid", width=7, right=True, shown=False),
        Column("connection", "CONNECTION", Source.FIELD, "connection", width=10, shown=False),
    ),
    aliases=("ps", "proc", "top"),
    metrics=(
        Metric("cpu", "CPU of one core", Unit.PERCENT, charted=True),
        Metric("memory", "Memory", Unit.BYTES, charted=True),
        Metric("threads", "Threads", Unit.COUNT),
    ),
    sort="-cpu",
    parent_field="ppid",
    order=20,
    volatile=True,
)
"""A process of a host.

``cpu`` is percent of one core, so it may exceed 100. It is a fact as well as a metric: lists are sorted by it, and a
list is complete while samples are only of what somebody looks at. ``command`` is the command line as it is; it may
hold what its user should not have put there, so it is shown and never journalled.
"""
