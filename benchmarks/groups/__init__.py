"""What can be measured: one module per question, each with ``measure(effort)``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from benchmarks.report import Figure


@dataclass(frozen=True, slots=True)
class Effort:
    """How often and how long to measure."""

    rounds: int
    """Fresh starts of each program."""
    keys: int
    """Presses of each key."""
    seconds: float
    """Of idleness, of a flood."""

    @classmethod
    def quick(cls) -> Effort:
        """For a glance: noisy."""
        return cls(rounds=3, keys=40, seconds=4.0)

    @classmethod
    def full(cls) -> Effort:
        """For figures to quote."""
        return cls(rounds=9, keys=250, seconds=15.0)


Measure = Callable[[Effort], Iterable[Figure]]

GROUPS: Final[Mapping[str, str]] = {
    "start": "first paint and usable, beside `python -c pass` and a bare Textual app",
    "modules": "what is imported when the screen is usable",
    "keys": "cursor, page and filter keys at 100 and 10,000 rows while 200 rows change a second",
    "busy": "keys while a daemon starts, connections open, and lists are refreshed",
    "typing": "Escape, and type-ahead in one write",
    "idle": "what it costs when nothing happens, and when 10,000 rows change each second",
    "memory": "what the interface holds at 10,000 and 100,000 rows",
    "leaving": "quit, signals, a hang-up, a killed daemon: how soon, and is the terminal restored",
    "logs": "lines a second from the daemon to the screen, without loss",
    "docker": "lists of a real engine beside docker-py, and inspections per refresh",
    "install": "whether `qd doctor` sees missing bytecode",
}


def measure(name: str, effort: Effort) -> Iterable[Figure]:
    """The figures of a group."""
    group: Measure = import_module(f"benchmarks.groups.{name}").measure
    return group(effort)
