"""How soon there is something to see, and how soon a key does something; all programs take turns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from benchmarks.ground import cached_home, fake_fleet
from benchmarks.groups import Effort
from benchmarks.groups.watched import (
    FLOOR_REFERENCE,
    PAINT_REFERENCE,
    READY,
    USABLE_REFERENCE,
    cockpit,
    floor,
    hello,
    ready,
)
from benchmarks.report import Figure, Peer, middle
from benchmarks.terminal import Terminal

FEW, MANY = 100, 10_000


def measure(effort: Effort) -> Iterator[Figure]:
    """Rows 1 and 2."""
    seen: defaultdict[str, list[float]] = defaultdict(list)
    with (
        cached_home(FEW) as few,
        cached_home(MANY) as many,
        fake_fleet(few, FEW) as small,
        fake_fleet(many, MANY) as large,
    ):
        for _ in range(effort.rounds + 1):  # the first round warms the disk's cache up
            seen["pass"].append(floor())
            _start(seen, "hello", hello(), b"a", "READY")
            _start(seen, "few", cockpit(small.environment), b"j")
            _start(seen, "many", cockpit(large.environment), b"j")
    for values in seen.values():
        del values[0]
    yield from _figures(seen)


def _figures(seen: defaultdict[str, list[float]]) -> Iterator[Figure]:
    least = Peer("python -c pass", middle(seen["pass"]) * 1000, FLOOR_REFERENCE * 1000)
    bare = Peer("hello", middle(seen["hello usable"]) * 1000, USABLE_REFERENCE * 1000)
    bare_paint = Peer("hello", middle(seen["hello paint"]) * 1000, PAINT_REFERENCE * 1000)
    for name, rows in (("few", FEW), ("many", MANY)):
        value = middle(seen[f"{name} paint"]) * 1000
        yield Figure("1", f"first paint, {rows:,} cached rows", value, "ms", "≤ 3 F", 3 * least.value, least)
    for name, rows in (("few", FEW), ("many", MANY)):
        value = middle(seen[f"{name} usable"]) * 1000
        yield Figure("2", f"usable, {rows:,} cached rows", value, "ms", "≤ 1.3 H", 1.3 * bare.value, bare)
    yield Figure("", "the bare app's own first paint", bare_paint.value, "ms", peer=least)
    yield Figure("", "bytes to start, 10,000 rows", middle(seen["many bytes"]), "B")


def _start(seen: defaultdict[str, list[float]], name: str, terminal: Terminal, key: bytes, text: str = READY) -> None:
    """Start once; the time until the screen stands still and a key, pressed then, has its effect."""
    with terminal:
        shown = ready(terminal, text)
        seen[f"{name} bytes"].append(len(terminal.output))
        answer = terminal.press(key)
        assert answer is not None, f"{name} does not react"
        assert terminal.first_paint is not None
        seen[f"{name} paint"].append(terminal.first_paint - terminal.began)
        seen[f"{name} usable"].append(shown + answer.seconds)
