"""What a terminal would show: pyte's screen, fed with what pyte itself does not understand taken out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pyte

SYNCHRONISED: Final = 2026 << 5
"""How pyte notes private mode 2026: between its begin and its end nothing counts as visible."""

_STRANGE: Final = re.compile(
    rb"\x1b\[[<=>][0-9;:]*[ -/]*[@-~]"  # kitty keyboard, XTVERSION, modifyOtherKeys
    rb"|\x1b\[[?0-9;]*\$[@-~]"  # mode requests
    rb"|\x1b[P_^X][^\x1b]*\x1b\\"  # device control and other strings
)
_CUT: Final = re.compile(rb"\x1b(?:\[[0-9;:<=>?$ ]*|[P_^X\]][^\x1b\x07]*\x1b?)?$")
"""A sequence at the end of a piece that goes on in the next."""

Cell = tuple[Any, ...]
Region = tuple[int, int, int, int]
"""Left, top, right, bottom; the last two are outside."""


class Picture:
    """A screen as a person would see it now."""

    def __init__(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take what the program wrote."""
        data = self._rest + data
        cut = _CUT.search(data)
        self._rest = data[cut.start() :] if cut else b""
        self._stream.feed(_STRANGE.sub(b"", data[: len(data) - len(self._rest)]))

    @property
    def visible(self) -> bool:
        """Whether what is there may be looked at; within a synchronised update it may not."""
        return SYNCHRONISED not in self._screen.mode

    @property
    def blank(self) -> bool:
        """Whether there is nothing to see."""
        return not any(line.strip() for line in self._screen.display)

    @property
    def text(self) -> str:
        """All lines, without the blanks at their ends."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def row(self, line: int) -> str:
        """One line."""
        return str(self._screen.display[line]).rstrip()

    def find(self, text: str) -> int | None:
        """The first line that holds a text."""
        return next((number for number, line in enumerate(self._screen.display) if text in line), None)

    def cells(self, region: Region | None = None) -> tuple[Cell, ...]:
        """The characters and styles of a part of the screen, or of all of it and the cursor, for comparing."""
        left, top, right, bottom = region or (0, 0, self.columns, self.lines)
        found = tuple(tuple(self._screen.buffer[y][x] for x in range(left, right)) for y in range(top, bottom))
        if region is not None:
            return found
        cursor = self._screen.cursor
        return (*found, (None,) if cursor.hidden else (cursor.x, cursor.y))

    def words(self, region: Region) -> tuple[str, ...]:
        """The lines of a part of the screen."""
        left, top, right, bottom = region
        return tuple(line[left:right].rstrip() for line in self._screen.display[top:bottom])


_PRIVATE: Final = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
_KEYBOARD: Final = re.compile(rb"\x1b\[([<>])([0-9]*)u")
_ON_AT_FIRST: Final = frozenset({7, 25})
_NAMES: Final = {
    7: "wrapping",
    25: "cursor",
    1000: "mouse",
    1002: "mouse drags",
    1003: "mouse movements",
    1004: "focus reports",
    1006: "mouse coordinates",
    1049: "alternate screen",
    2004: "bracketed paste",
    2026: "synchronised output",
}


def disorder(output: bytes) -> list[str]:
    """The modes of the terminal that a program did not put back, by the whole of its output."""
    on = set(_ON_AT_FIRST)
    for numbers, way in _PRIVATE.findall(output):
        for number in map(int, filter(None, numbers.split(b";"))):
            on.add(number) if way == b"h" else on.discard(number)
    wrong = [name for number, name in _NAMES.items() if (number in on) != (number in _ON_AT_FIRST)]
    if _depth(output) > 0:
        wrong.append("keyboard protocol")
    return wrong


def _depth(output: bytes) -> int:
    depth = 0
    for way, number in _KEYBOARD.findall(output):
        depth = depth + 1 if way == b">" else max(0, depth - int(number or 1))
    return depth


_ANSWERS: Final = (
    (re.compile(rb"\x1b\[c"), b"\x1b[?62;22c"),
    (re.compile(rb"\x1b\[5n"), b"\x1b[0n"),
    (re.compile(rb"\x1b\[6n"), b"\x1b[1;1R"),
    (re.compile(rb"\x1b\[\?2026\$p"), b"\x1b[?2026;2$y"),
)


def answers(data: bytes) -> Iterator[bytes]:
    """What a terminal replies to the questions in what a program wrote."""
    for question, answer in _ANSWERS:
        for _ in question.finditer(data):
            yield answer
