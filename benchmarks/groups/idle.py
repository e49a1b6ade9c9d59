"""What the interface costs when nobody touches it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from benchmarks.ground import cached_home, fake_fleet
from benchmarks.groups import Effort
from benchmarks.groups.keys import DOWN, UP
from benchmarks.groups.watched import bare_key, bare_keys, cockpit, hello, names, ready
from benchmarks.processes import Usage
from benchmarks.report import Figure, Peer, at_most, limited, middle, percentile
from benchmarks.terminal import Terminal

MANY: Final = 10_000
CALM: Final = 5.0
"""Seconds after the start in which what was put off may still be done."""


class Rest:
    """What a program did while nobody touched it."""

    def __init__(self, terminal: Terminal, seconds: float) -> None:
        terminal.rest(CALM)
        before = Usage.of(terminal.pid)
        came = terminal.rest(seconds)
        after = Usage.of(terminal.pid)
        self.cpu = before.cpu_percent(after)
        self.wakeups = before.wakeups_per_second(after)
        self.rate = came / seconds


def measure(effort: Effort) -> Iterator[Figure]:
    """Rows 10, 11 (for information) and 12."""
    with hello() as plain, cached_home(MANY) as home, fake_fleet(home, MANY) as fleet:
        ready(plain, "READY")
        bare = Rest(plain, effort.seconds)
        keys = bare_keys(plain)
        with cockpit(fleet.environment, place="images") as terminal:
            ready(terminal, "auth:1.0")
            yield from _still(Rest(terminal, effort.seconds), bare)
        with cockpit(fleet.environment) as terminal:
            ready(terminal)
            live = Rest(terminal, effort.seconds)
            yield Figure("", "36 live rows: bytes per second", live.rate, "B/s")
            yield Figure("", "36 live rows: CPU", live.cpu, "%", peer=Peer("hello idle", bare.cpu))
        with cockpit(fleet.environment) as terminal:
            ready(terminal)
            fleet.say(f"turn {MANY} 1")
            moving = Rest(terminal, effort.seconds)
            took = _keys(terminal, effort.keys // 2)
        key, tail = bare_key(keys, 50), bare_key(keys, 95)
        yield at_most("12", "10,000 rows change each second: CPU", moving.cpu, "%", 3.0 * key.slowness)
        yield limited("12", "… cursor key p95", percentile(took, 95), limit_ms=5, peer=tail)
        yield Figure("", "… cursor key p50", middle(took) * 1000, "ms", peer=key)
        yield Figure("", "… bytes per second", moving.rate, "B/s")


def _still(still: Rest, bare: Rest) -> Iterator[Figure]:
    yield at_most("10", "nothing changes: bytes per second", still.rate, "B/s", 0)
    yield Figure("10", "nothing changes: CPU", still.cpu, "%", "≤ 0.05 %", 0.05, Peer("hello idle", bare.cpu))
    wakeups = Peer("hello idle", bare.wakeups)
    yield Figure("10", "nothing changes: wake-ups per second", still.wakeups, "/s", "≤ 1 /s", 1.0, wakeups)


def _keys(terminal: Terminal, count: int) -> list[float]:
    took = []
    for number in range(count):
        terminal.rest(0.03)
        if (answer := terminal.press(DOWN if number % 10 < 5 else UP, names)) is not None:
            took.append(answer.seconds)
    return took
