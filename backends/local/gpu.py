"""NVIDIA cards, through ``nvidia-smi`` where it is installed."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import Mapping
from typing import Final

EVERY: Final = 2.0
"""Seconds between two questions at least: each starts a program."""
PATIENCE: Final = 5.0
"""Seconds after which it is not going to answer; a driver in trouble hangs."""
REST: Final = 60.0
"""Seconds it is left alone after it failed."""
MEBIBYTE: Final = 1024 * 1024
QUESTION: Final = (
    "--query-gpu=index,utilization.gpu,memory.used,memory.total,temperature.gpu",
    "--format=csv,noheader,nounits",
)


class Cards:
    """The last answer, asked again when it is old."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._program = shutil.which("nvidia-smi", path=environment.get("PATH"))
        self._values: dict[str, float] = {}
        self._next = 0.0

    async def values(self) -> Mapping[str, float]:
        """Metrics of all cards; none without cards, or while they do not answer."""
        if self._program is not None and time.monotonic() >= self._next:
            answer = await self._ask(self._program)
            self._values = {} if answer is None else parse(answer)
            self._next = time.monotonic() + (REST if answer is None else EVERY)
        return self._values

    async def _ask(self, program: str) -> str | None:
        try:
            process = await asyncio.create_subprocess_exec(
                program,
                *QUESTION,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError:
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                answer, _ = await process.communicate()
        except TimeoutError:
            return None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
        return answer.decode(errors="replace") if process.returncode == 0 else None


def parse(answer: str) -> dict[str, float]:
    """Metrics from the tool's table; what a card does not tell (``[N/A]``) is absent."""
    values: dict[str, float] = {}
    for row in answer.splitlines():
        index, *cells = (cell.strip() for cell in row.split(","))
        if len(cells) != 4 or not index.isdigit():
            continue
        use, used, total, degrees = map(_number, cells)
        found = {
            f"gpu/{index}": use,
            f"gpu_memory/{index}": None if used is None else used * MEBIBYTE,
            f"gpu_memory_total/{index}": None if total is None else total * MEBIBYTE,
            f"temperature/gpu{index}": degrees,
        }
        values.update((name, value) for name, value in found.items() if value is not None)
    return values


def _number(cell: str) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if 0 <= number < 1e12 else None
