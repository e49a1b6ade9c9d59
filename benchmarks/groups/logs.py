"""Lines a second through daemon, socket, client and log view, and whether each arrived."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Final

from benchmarks.ground import FakeFleet, cached_home, fake_fleet
from benchmarks.groups import Effort
from benchmarks.groups.watched import cockpit, ready
from benchmarks.processes import Usage
from benchmarks.report import Figure
from benchmarks.screen import Picture
from benchmarks.terminal import Terminal

RATE: Final = 20_000
FLOOD: Final = 200_000
"""More than can be taken: what then arrives is what can be."""
FIRST: Final = 50
"""Lines a fake log has before it is followed."""

_HELD: Final = re.compile(r"([\d,]+) lines")
_DROPPED: Final = re.compile(r"([\d,]+) older dropped")
_NUMBER: Final = re.compile(r"^\W*(\d{8}) ")


def measure(effort: Effort) -> Iterator[Figure]:
    """The log figure of the issue: 20,000 lines a second without loss."""
    with cached_home(100) as home, fake_fleet(home, 100, log_size=FIRST) as fleet:
        for rate, limit in ((RATE, float(RATE)), (FLOOD, None)):
            with cockpit(fleet.environment) as terminal:
                ready(terminal)
                terminal.send(b"l")
                terminal.wait_for_text(f"{FIRST - 1:08d}")
                yield from _flood(fleet, terminal, rate, effort.seconds, limit)


def _flood(fleet: FakeFleet, terminal: Terminal, rate: int, seconds: float, limit: float | None) -> Iterator[Figure]:
    before, began = Usage.of(terminal.pid), time.perf_counter()
    fleet.say(f"log {rate}")
    terminal.rest(seconds)
    fleet.say("log 0")
    after, ended = Usage.of(terminal.pid), time.perf_counter()
    last = terminal.settle(1.0, limit=60)
    taken, newest = counted(terminal.picture), last_number(terminal.picture)
    arrived = (newest - FIRST + 1) / max(last - began, 0.001)
    name = f"{rate:,} lines/s asked"
    # What a rate of a few milliseconds' grain can bring is a little less than asked.
    goal, least = (f"≥ {RATE:,}", 0.98 * limit) if limit else ("", None)
    yield Figure("log", f"{name}: shown", arrived, "lines/s", goal, least, least=True)
    yield Figure("log", f"{name}: lines lost", newest + 1 - taken, "", "0", 0.0)
    yield Figure("", f"{name}: last line after the last was said", max(0.0, (last - ended)) * 1000, "ms")
    yield Figure("", f"{name}: CPU of the interface", before.cpu_percent(after), "%")


def counted(picture: Picture) -> int:
    """Lines held and lines dropped because older, as the log view's state line says."""
    held, dropped = _HELD.search(picture.text), _DROPPED.search(picture.text)
    assert held is not None, picture.text
    return _integer(held[1]) + (_integer(dropped[1]) if dropped else 0)


def last_number(picture: Picture) -> int:
    """The number of the newest line that is shown."""
    numbers = [int(found[1]) for line in picture.text.splitlines() if (found := _NUMBER.match(line))]
    return max(numbers, default=-1)


def _integer(text: str) -> int:
    return int(text.replace(",", ""))
