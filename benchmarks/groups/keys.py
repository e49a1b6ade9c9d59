"""Cursor, page and filter keys beside the bare app's key, in turns, calm and while 200 rows change each second."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

from benchmarks.ground import FakeFleet, cached_home, fake_fleet
from benchmarks.groups import Effort
from benchmarks.groups.watched import bare_key, cockpit, first_line, hello, names, ready
from benchmarks.report import Figure, Peer, limited, middle, percentile
from benchmarks.terminal import Terminal

SIZES: Final = (100, 10_000)
RATES: Final = (0, 200)
"""Changes of state a second, of rows anywhere in the list. What is measured of the rows in sight moves in any case."""
DOWN, UP, PAGE_DOWN, HOME = b"j", b"k", b"\x1b[6~", b"\x1b[H"
TURN: Final = 10
"""Keys pressed on one program before the next has its turn."""
SETTLING: Final = 2.0
"""Seconds after the start in which what was put off may still be done."""
PAUSE: Final = 0.02
"""Seconds between two keys: a fast hand, and another phase of what goes on besides each time."""


class Presses:
    """The answer times of one program, by key; those without an answer are counted, not forgotten."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)
        self.sizes: defaultdict[str, list[int]] = defaultdict(list)
        self.silent: defaultdict[str, int] = defaultdict(int)

    def press(self, terminal: Terminal, name: str, key: bytes, *, bare: bool = False) -> None:
        """Press a key and note what came."""
        terminal.rest(PAUSE)
        answer = terminal.press(key, first_line if bare else names)
        if answer is None:
            self.silent[name] += 1
        else:
            self.seconds[name].append(answer.seconds)
            self.sizes[name].append(answer.size)


def measure(effort: Effort) -> Iterator[Figure]:
    """Rows 5, 6 and 7."""
    bare, ours = Presses(), {(rows, rate): Presses() for rows in SIZES for rate in RATES}
    with ExitStack() as stack:
        plain = stack.enter_context(hello())
        ready(plain, "READY")
        fleets: dict[int, FakeFleet] = {}
        shown: dict[int, Terminal] = {}
        for rows in SIZES:
            fleets[rows] = stack.enter_context(fake_fleet(stack.enter_context(cached_home(rows)), rows))
            shown[rows] = stack.enter_context(cockpit(fleets[rows].environment))
            ready(shown[rows])
            shown[rows].rest(SETTLING)
        for _ in range(0, effort.keys, TURN):
            for _ in range(TURN):
                bare.press(plain, "key", b"a", bare=True)
            for (rows, rate), presses in ours.items():
                fleets[rows].say(f"churn {rate}")
                _round(presses, shown[rows])
                fleets[rows].say("churn 0")
    keys = bare.seconds["key"]
    for rate in RATES:
        yield from _figures(keys, {rows: ours[rows, rate] for rows in SIZES}, f", {rate} changes/s" if rate else "")


def _round(presses: Presses, terminal: Terminal) -> None:
    for _ in range(TURN // 2):
        presses.press(terminal, "cursor", DOWN)
    for _ in range(TURN // 2):
        presses.press(terminal, "cursor", UP)
    for _ in range(2):  # as many full pages as 100 rows have
        presses.press(terminal, "page", PAGE_DOWN)
    terminal.press(HOME, names)
    terminal.send(b"/")
    terminal.rest(0.1)
    for digit in b"73":
        presses.press(terminal, "filter", bytes((digit,)))
    terminal.press(b"\x1b", names)
    terminal.rest(0.1)
    terminal.press(HOME, names, limit=0.3)


def _figures(keys: list[float], ours: dict[int, Presses], while_: str) -> Iterator[Figure]:
    key, tail = bare_key(keys, 50), bare_key(keys, 95)
    few, many = SIZES
    for rows in SIZES:
        cursor = ours[rows].seconds["cursor"]
        lost = _silent(ours[rows], "cursor")
        value, about = middle(cursor) * 1000, f"{rows:,} rows{while_}"
        yield Figure("5", f"cursor, {about}, p50", value, "ms", "≤ 1.2 x hello's key", 1.2 * key.value, key, note=lost)
        yield limited("5", f"cursor, {about}, p95", percentile(cursor, 95), limit_ms=5, peer=tail)
    at_few = Peer(f"at {few} rows", middle(ours[few].seconds["cursor"]) * 1000)
    value = middle(ours[many].seconds["cursor"]) * 1000
    yield Figure("5", f"cursor, {many:,} rows{while_}, p50", value, "ms", f"≤ 1.2 x {few}", 1.2 * at_few.value, at_few)
    for row, name, limit in (("6", "page", 8.0), ("7", "filter", 30.0)):
        for rows in SIZES:
            seconds, lost = ours[rows].seconds[name], _silent(ours[rows], name)
            about = f"{name}, {rows:,} rows{while_}"
            yield Figure("", f"{about}, p50", middle(seconds) * 1000, "ms", peer=key)
            yield limited(row, f"{about}, p95", percentile(seconds, 95), limit_ms=limit, peer=tail, note=lost)
    if not while_:
        for name in ("cursor", "page", "filter"):
            yield Figure("", f"bytes of a {name} key, p50", middle(ours[many].sizes[name]), "B")


def _silent(presses: Presses, name: str) -> str:
    silent = presses.silent[name]
    return (
        f"{silent} of {silent + len(presses.seconds[name])} {name} keys changed nothing that was looked at"
        if silent
        else ""
    )
