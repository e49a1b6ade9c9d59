"""Keys while the machine has other things to do: a daemon starts, imports, connects and lists; lists are refreshed."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from benchmarks.ground import FakeFleet, cached_home, environment, fake_fleet, quarterdeck, temporary_home
from benchmarks.groups import Effort
from benchmarks.groups.watched import SIZE, bare_key, bare_keys, cockpit, hello, names, ready
from benchmarks.report import Figure, Peer, limited, percentile
from benchmarks.terminal import Terminal
from fleet.daemon.lock import Lock
from fleet.paths import Paths

DOWN, UP = b"j", b"k"
TYPED: Final = b"xyzxyzxyzx" + b"\x7f" * 10
"""Into the command line, which every screen has, and out again."""
MANY: Final = 10_000
AT_START: Final = 60
"""Keys pressed after each start: about as long as the daemon needs to come up."""
PAUSE: Final = 0.04


def measure(effort: Effort) -> Iterator[Figure]:
    """Row 8."""
    with hello() as plain:
        ready(plain, "READY")
        key = bare_key(bare_keys(plain, 200), 99)
    starting: list[float] = []
    with temporary_home() as home:
        for _ in range(max(3, effort.rounds // 2)):
            starting += _while_it_starts(home)
    yield from _figures("while the daemon starts, imports and connects", starting, key)
    with cached_home(MANY) as cached, fake_fleet(cached, MANY) as fleet, cockpit(fleet.environment) as terminal:
        ready(terminal)
        terminal.rest(2)
        took = _while_it_is_lost(fleet, terminal, effort.keys)
    yield from _figures("while 10,000 rows are lost, found and refreshed", took, key)


def _figures(what: str, took: list[float], key: Peer) -> Iterator[Figure]:
    yield limited("8", f"key p99 {what}", percentile(took, 99), limit_ms=16, peer=key)
    yield limited("8", f"… longest of {len(took)}", max(took, default=0.0), limit_ms=50, peer=key)


def _while_it_starts(home: Path) -> list[float]:
    """Type from the first moment on, while nothing runs yet; then end daemon and interface."""
    with Terminal(quarterdeck(), environment=environment(home), size=SIZE) as terminal:
        terminal.wait_for_text("Help")
        terminal.send(b":")
        terminal.wait_for_text("a kind or a verb")
        took = [took for number in range(AT_START) if (took := _typed(terminal, number)) is not None]
        terminal.send(b"\x1b")
        terminal.rest(0.1)
        terminal.leave(b"\x11")
    holder = Lock(Paths.under(home).lock).holder()
    if holder is not None:
        with suppress(ProcessLookupError):
            os.kill(holder, signal.SIGTERM)
            descriptor = os.pidfd_open(holder)
            _wait(descriptor)
    return took


def _typed(terminal: Terminal, number: int) -> float | None:
    terminal.rest(PAUSE)
    letter = TYPED[number % len(TYPED)]
    answer = terminal.press(bytes((letter,)), lambda picture: picture.row(SIZE[1] - 2), limit=1)
    return answer.seconds if answer else None


def _wait(descriptor: int) -> None:
    select.select([descriptor], [], [], 20)
    os.close(descriptor)


def _while_it_is_lost(fleet: FakeFleet, terminal: Terminal, count: int) -> list[float]:
    took: list[float] = []
    for number in range(max(2, count // 50)):
        fleet.say("offline" if number % 2 == 0 else "online")
        took += _keys(terminal, 25)
        terminal.send(b"\x12")  # ctrl+r: list everything again
        took += _keys(terminal, 25)
    return took


def _keys(terminal: Terminal, count: int) -> list[float]:
    took = []
    for number in range(count):
        terminal.rest(PAUSE)
        if (answer := terminal.press((DOWN, UP)[number % 2], names)) is not None:
            took.append(answer.seconds)
    return took
