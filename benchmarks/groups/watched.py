"""The programs under test as the groups need them: started, ready, and what to look at on their screens."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.ground import HELLO, PASS, ROOT, environment, quarterdeck
from benchmarks.report import Peer, percentile
from benchmarks.screen import Picture, Region
from benchmarks.terminal import Terminal

SIZE: Final = (120, 40)
NAMES: Final[Region] = (0, 3, 20, 38)
"""Where a list at 120x40 has its cursor and the names."""
READY: Final = "auth-8"
"""Whose row is on the first screen of any number of fake containers."""

PAINT_REFERENCE: Final = 0.171
USABLE_REFERENCE: Final = 0.195
FLOOR_REFERENCE: Final = 0.0105
KEY_REFERENCES: Final = {50: 0.0021, 95: 0.0060, 99: 0.0069}
"""Seconds of the bare app where the goals were set; of its key by percentile."""


def bare_key(seconds: Sequence[float], percent: int) -> Peer:
    """A percentile of the bare app's key, to measure one of ours with."""
    name = "hello's key" if percent == 50 else f"hello's key p{percent}"
    return Peer(name, percentile(seconds, percent) * 1000, KEY_REFERENCES[percent] * 1000)


def bare_keys(terminal: Terminal, count: int = 100) -> list[float]:
    """How long keys take in the bare app now."""
    return [answer.seconds for _ in range(count) if (answer := terminal.press(b"a", first_line))]


def floor() -> float:
    """Seconds of ``python -c pass``."""
    with Terminal(PASS, environment=environment()) as terminal:
        while not terminal.ended:
            terminal.rest(0.001)
        return time.perf_counter() - terminal.began


def hello() -> Terminal:
    """The bare Textual app."""
    return Terminal(HELLO, environment=environment(), size=SIZE, cwd=ROOT)


def cockpit(
    variables: Mapping[str, str], *, place: str = "containers", cwd: Path | None = None, errors: Path | None = None
) -> Terminal:
    """The product, as a user starts it."""
    return Terminal(quarterdeck("--place", place), environment=variables, size=SIZE, cwd=cwd, errors=errors)


def ready(terminal: Terminal, text: str = READY) -> float:
    """Wait until a program shows what it is for and stands still; seconds from its start."""
    terminal.wait_for_text(text)
    return terminal.settle() - terminal.began


def names(picture: Picture) -> object:
    """The cursor and the names of a list: what a movement or a filter changes, and a change of state does not."""
    return picture.words(NAMES)


def first_line(picture: Picture) -> object:
    """What the bare app changes."""
    return picture.row(0)
