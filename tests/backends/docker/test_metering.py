"""Measurements, compared with what ``docker stats`` says of the same container."""

from __future__ import annotations

import asyncio
import statistics
from contextlib import aclosing

import pytest

from backends.contract.model import Sample
from backends.docker import metering
from backends.docker.session import DockerSession
from quarterdeck.testing import Gaze
from tests.backends.docker.conftest import Find
from tests.bed.docker import DockerEngine

pytestmark = pytest.mark.engine
_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def in_bytes(text: str) -> float:
    unit = text.lstrip("0123456789.")
    return float(text.removesuffix(unit)) * _UNITS[unit]


async def test_numbers_agree_with_docker_stats(session: DockerSession, engine: DockerEngine, find: Find) -> None:
    """A quota makes the load steady: whoever measures, at whatever second, has to see the same."""
    busy = ("sh", "-c", "head -c 20000000 /dev/zero > /dev/shm/held; while :; do :; done")
    await engine.run("--cpus", "0.2", name="busy", command=busy)
    resource = await find("busy")
    seen: list[Sample] = []
    said: list[tuple[float, float]] = []
    async with asyncio.timeout(90), aclosing(session.samples(Gaze({resource.id}), 1.0)) as batches:
        async for batch in batches:
            seen += batch
            if len(seen) > 3:
                line = await engine.docker("stats", "--no-stream", "--format", "{{.CPUPerc}} {{.MemUsage}}", "busy")
                cpu, memory, *_ = line.split()
                said.append((float(cpu.rstrip("%")), in_bytes(memory)))
            if len(said) == 4:
                break
    ours = [sample.values["cpu"] for sample in seen[2:] if "cpu" in sample.values]
    assert statistics.median(ours) == pytest.approx(statistics.median(cpu for cpu, _ in said), abs=1.0)
    held = [sample.values["memory"] for sample in seen[3:]]
    assert statistics.median(held) == pytest.approx(statistics.median(m for _, m in said), rel=0.02)
    assert {"net_rx", "net_tx", "block_read", "block_write", "pids", "throttled"} <= seen[-1].values.keys()


async def test_more_containers_than_streams_take_turns(
    session: DockerSession, engine: DockerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metering, "STREAMS", 1)
    monkeypatch.setattr(metering, "TURN", 2)
    for number in range(4):
        await engine.run(name=f"web{number}")
    wanted = {r.id for r in await session.resources(frozenset({"container"}))}
    rated = set()
    async with asyncio.timeout(60), aclosing(session.samples(Gaze(wanted), 0.2)) as batches:
        async for batch in batches:
            rated |= {sample.resource for sample in batch if "cpu" in sample.values}
            if rated == wanted:
                break
    assert rated == wanted


async def test_a_container_is_measured_again_after_it_was_started_again(
    session: DockerSession, engine: DockerEngine, find: Find
) -> None:
    await engine.run(name="web")
    web = await find("web")
    async with asyncio.timeout(60), aclosing(session.samples(Gaze({web.id}), 0.2)) as batches:
        assert await anext(batches)
        await engine.docker("kill", "web")
        await find("web")
        await engine.docker("start", "web")
        await find("web")
        started = asyncio.get_running_loop().time()
        async for batch in batches:
            if batch and asyncio.get_running_loop().time() - started > 3:
                break
