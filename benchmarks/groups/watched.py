"""The programs under test as the groups need them: started, ready, and what to look at on their screens."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks.ground import HELLO, ROOT, environment, quarterdeck
from benchmarks.screen import Picture, Region
from benchmarks.terminal import Terminal

SIZE: Final = (120, 40)
NAMES: Final[Region] = (0, 3, 20, 38)
"""Where a list at 120x40 has its cursor and the names."""
READY: Final = "auth-8"
"""Whose row is on the first screen of any number of fake containers."""

PAINT_REFERENCE: Final = 0.171
USABLE_REFERENCE: Final = 0.195
KEY_REFERENCE: Final = 0.0021
"""Seconds of the bare app where the goals were set."""


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
