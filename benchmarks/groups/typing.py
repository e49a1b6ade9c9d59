"""Escape, and letters that arrive faster than anything they do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from benchmarks.ground import cached_home, fake_fleet
from benchmarks.groups import Effort
from benchmarks.groups.watched import bare_key, bare_keys, cockpit, hello, names, ready
from benchmarks.report import Figure, limited, middle, percentile
from benchmarks.screen import Picture
from benchmarks.terminal import Lost, Terminal

ROWS: Final = 1_000
ESCAPES: Final = {"legacy": (b"\x1b", 50.0), "kitty": (b"\x1b[27u", 5.0)}
FILTERED: Final = "auth-738"


def measure(effort: Effort) -> Iterator[Figure]:
    """Rows 17 and 18."""
    times = 100 if effort.keys > 100 else 20
    with cached_home(ROWS) as home, fake_fleet(home, ROWS) as fleet, hello() as plain:
        ready(plain, "READY")
        key = bare_key(bare_keys(plain), 50)
        with cockpit(fleet.environment) as terminal:
            ready(terminal)
            terminal.rest(1)
            for name, (escape, limit) in ESCAPES.items():
                took = [_unmarks(terminal, escape) for _ in range(max(10, times // 2))]
                yield limited(
                    "17", f"Escape takes a mark away, {name} keys, p50", middle(took), limit_ms=limit, peer=key
                )
                yield Figure("", f"… {name} keys, p95", percentile(took, 95) * 1000, "ms", peer=key)
            took = [_unfilters(terminal, ESCAPES["kitty"][0]) for _ in range(max(5, times // 4))]
            yield Figure(
                "", f"Escape ends a filter of {ROWS:,} rows, kitty keys, p50", middle(took) * 1000, "ms", peer=key
            )
            yield _counted("`/text` in one write filters", [_filters(terminal) for _ in range(times)])
            yield _counted("`:images⏎` in one write goes there", [_goes(terminal) for _ in range(times)])
            yield _counted("`ctrl+p` and a word in one write finds it", [_finds(terminal) for _ in range(times)])
        starts = [_before_the_start(cockpit(fleet.environment)) for _ in range(effort.rounds)]
        yield _counted("`/text` typed at the first frame filters", starts)


def _counted(what: str, outcomes: list[bool]) -> Figure:
    total = len(outcomes)
    return Figure("18", what, sum(outcomes), f"of {total}", "all", total, least=True)


def _unmarks(terminal: Terminal, escape: bytes) -> float:
    """The smallest thing Escape does to a list: one cell changes."""
    terminal.press(b" ", _first_row)
    terminal.rest(0.05)
    answer = terminal.press(escape, _first_row)
    assert answer is not None, "the mark stayed"
    terminal.rest(0.02)
    return answer.seconds


def _first_row(picture: Picture) -> object:
    return picture.cells((0, 3, 3, 4))


def _unfilters(terminal: Terminal, escape: bytes) -> float:
    terminal.send(b"/73")
    terminal.wait_for(lambda picture: picture.row(3)[2:].startswith(FILTERED))
    terminal.rest(0.15)
    answer = terminal.press(escape, names)
    assert answer is not None
    terminal.rest(0.1)
    return answer.seconds


def _filters(terminal: Terminal) -> bool:
    terminal.send(f"/{FILTERED}".encode())
    done = _shows(terminal, FILTERED, 3) and terminal.picture.row(4) == ""
    terminal.press(b"\x1b", names)
    terminal.rest(0.08)
    return done


def _goes(terminal: Terminal) -> bool:
    terminal.send(b":images\r")
    try:
        terminal.wait_for(lambda picture: "Images" in picture.row(0), limit=2)
        done = True
    except Lost:
        done = False
    terminal.send(b"\x1b:containers\r")
    terminal.wait_for(lambda picture: "Containers" in picture.row(0))
    terminal.rest(0.08)
    return done


def _finds(terminal: Terminal) -> bool:
    """Whether a palette opens with the whole word in it."""
    terminal.send(b"\x10rename")
    try:
        terminal.wait_for(lambda picture: "│ rename" in picture.text, limit=2)
        done = True
    except Lost:
        done = False
    terminal.send(b"\x1b")
    terminal.rest(0.15)
    return done


def _before_the_start(terminal: Terminal) -> bool:
    with terminal:
        terminal.wait_for_text("Quarterdeck")
        terminal.send(f"/{FILTERED}".encode())
        return _shows(terminal, FILTERED, 3, limit=10)


def _shows(terminal: Terminal, text: str, row: int, *, limit: float = 2) -> bool:
    try:
        terminal.wait_for(lambda picture: picture.row(row)[2:].startswith(text), limit=limit)
    except Lost:
        return False
    return True
