"""How soon it is gone, and whether the terminal is as it was."""

from __future__ import annotations

import signal
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from benchmarks.ground import FakeFleet, cached_home, fake_fleet
from benchmarks.groups import Effort
from benchmarks.groups.watched import FLOOR_REFERENCE, READY, cockpit, floor, hello, ready
from benchmarks.report import Figure, Peer, limited, middle
from benchmarks.terminal import Leave, Terminal

QUIT: Final = b"\x11"
ROWS: Final = 1_000
WAYS: Final = {
    "SIGTERM": signal.SIGTERM,
    "SIGHUP": signal.SIGHUP,
    "SIGINT from outside": signal.SIGINT,
    "SIGQUIT": signal.SIGQUIT,
    "the terminal is gone": None,
}


def measure(effort: Effort) -> Iterator[Figure]:
    """Rows 15 and 16."""
    passes: list[float] = []
    bare: defaultdict[str, list[Leave]] = defaultdict(list)
    ours: defaultdict[str, list[Leave]] = defaultdict(list)
    with cached_home(ROWS) as home, fake_fleet(home, ROWS) as fleet:
        for _ in range(effort.rounds):
            passes.append(floor())
            bare["quit"].append(_left(hello(), "READY", b"q"))
            ours["quit"].append(_left(cockpit(fleet.environment), READY, QUIT))
            for name, way in WAYS.items():
                bare[name].append(_left(hello(), "READY", way))
                ours[name].append(_left(cockpit(fleet.environment), READY, way))
    with cached_home(ROWS) as home:
        ours["the daemon was killed, then quit"] = [_after_a_kill(home) for _ in range(max(2, effort.rounds // 3))]
    yield from _figures(bare, ours, Peer("python -c pass", middle(passes) * 1000, FLOOR_REFERENCE * 1000).slowness)


def _figures(bare: dict[str, list[Leave]], ours: dict[str, list[Leave]], slowness: float) -> Iterator[Figure]:
    # The bare app dies of most signals without a word, and waits for a thread when it quits: neither is a measure of
    # how slow this machine is now. The bare interpreter is.
    quick = Peer("hello", _time(bare["the terminal is gone"]))
    for name, left in ours.items():
        row, limit = ("15", 50.0) if name == "quit" else ("16", 100.0)
        beside = Peer("hello", _time(bare[name])) if name in bare else quick
        yield limited(
            row,
            f"{name}: gone after",
            middle([one.seconds for one in left]),
            limit_ms=limit,
            peer=beside,
            slowness=slowness,
        )
        wrong = sorted({mode for one in left for mode in one.left})
        theirs = f"{sum(one.restored for one in bare[name])} of {len(bare[name])} by hello" if name in bare else ""
        note = "; ".join(filter(None, (theirs, f"left: {', '.join(wrong)}" if wrong else "")))
        restored = sum(one.restored for one in left)
        what = f"{name}: terminal restored"
        yield Figure(
            "16",
            what,
            restored,
            f"of {len(left)}",
            "all",
            len(left),
            least=True,
            note=f"{name}: {note}" if note else "",
        )


def _time(left: list[Leave]) -> float:
    return middle([one.seconds for one in left]) * 1000


def _left(terminal: Terminal, text: str, way: signal.Signals | bytes | None) -> Leave:
    with terminal:
        ready(terminal, text)
        terminal.rest(0.3)
        return terminal.leave(way)


def _after_a_kill(home: object) -> Leave:
    from pathlib import Path

    assert isinstance(home, Path)
    with fake_fleet(home, ROWS) as fleet, cockpit(fleet.environment) as terminal:
        ready(terminal)
        _kill(fleet)
        terminal.wait_for_text("fleet daemon gone")
        return terminal.leave(QUIT)


def _kill(fleet: FakeFleet) -> None:
    fleet.process.kill()
    fleet.process.wait()
