"""Lists of a real engine beside docker-py, in one process, with every request counted on its way to the engine."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

from benchmarks.ground import ROOT, environment
from benchmarks.groups import Effort
from benchmarks.report import Figure, Peer, at_most

SIZES: Final = {50: 5.0, 500: 40.0}
LISTING: Final = "benchmarks.programs.listing"


def measure(effort: Effort) -> Iterator[Figure]:
    """Row 22; nothing where no engine can be started."""
    from tests.bed import docker

    if reason := docker.obstacle():
        print(f"  left out: {reason}", file=sys.stderr)
        return
    sizes = SIZES if effort.keys > 100 else {50: SIZES[50]}
    for size, measured in asyncio.run(_measured(sizes, effort.keys // 2)).items():
        theirs = Peer("docker-py list", measured["theirs"])
        low = Peer("docker-py low level", measured["low"])
        goal = f"≤ {SIZES[size]:g} ms, or 2 x low level"
        limit = max(SIZES[size], 2 * measured["low"])
        yield Figure("22", f"list of {size} containers, p50", measured["ours"], "ms", goal, limit, low)
        yield Figure("22", "… beside docker-py's high-level list", measured["ours"], "ms", "less", theirs.value, theirs)
        yield at_most("22", f"inspections per refresh of {size}", measured["inspections"], "", 0)


async def _measured(sizes: dict[int, float], times: int) -> dict[int, dict[str, float]]:
    from tests.bed import docker

    found: dict[int, dict[str, float]] = {}
    async with docker.running() as engine:
        there = 0
        for size in sizes:
            for number in range(there, size):
                await engine.create(name=f"bench-{number}")
            there = size
            found[size] = await asyncio.to_thread(_listed, engine.host, size, times)
    return found


def _listed(host: str, size: int, times: int) -> dict[str, float]:
    """What the listing program measured."""
    command = (sys.executable, "-m", LISTING, host, str(size), str(max(5, times // (size // 50))))
    answer = subprocess.run(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, check=True)
    measured: dict[str, float] = json.loads(answer.stdout)
    return measured
