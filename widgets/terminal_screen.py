"""What the terminal widget needs of an emulator, in plain values, and the lines that have scrolled away.

The widget knows only :class:`Emulator`; ``widgets.terminal_board`` keeps that protocol with bittty, and another
emulator could take its place without the widget changing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple, Protocol

from rich.cells import cell_len, get_character_cell_size

Colour = None | int | tuple[int, int, int]
"""``None`` is the theme's own, a number one of the 256 of xterm's table, a triple red, green and blue."""


class Pen(NamedTuple):
    """How a run of characters looks. Blinking is not kept: nothing in this interface blinks."""

    foreground: Colour = None
    background: Colour = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False
    conceal: bool = False
    strike: bool = False

    @property
    def shows_on_blank(self) -> bool:
        """Whether a space written with it differs from an untouched cell."""
        return self.background is not None or self.reverse or self.underline or self.strike


PLAIN = Pen()

Run = tuple[str, Pen]


class Row(NamedTuple):
    """One row of a screen without its untouched right end."""

    runs: tuple[Run, ...] = ()
    cells: int = 0
    wrapped: bool = False
    """The line goes on in the next row: it was too long, not ended."""

    @property
    def text(self) -> str:
        """The characters alone."""
        return "".join(text for text, _pen in self.runs)


EMPTY = Row()


class Shape(IntEnum):
    """What the program wants its cursor to look like."""

    BLOCK = 0
    UNDERLINE = 1
    BAR = 2


class Cursor(NamedTuple):
    """Where the program's cursor is."""

    x: int = 0
    y: int = 0
    visible: bool = True
    shape: Shape = Shape.BLOCK


class Mouse(IntEnum):
    """Which movements of the mouse the program wants to hear of."""

    OFF = 0
    PRESSES = 1
    """Mode 9: presses only, without modifiers."""
    CLICKS = 2
    DRAGS = 3
    MOVES = 4


class Modes(NamedTuple):
    """What the program has asked of its terminal, as far as keys, paste, mouse and painting depend on it."""

    application_cursor: bool = False
    application_keypad: bool = False
    backspace_is_control_h: bool = False
    enter_adds_line_feed: bool = False
    bracketed_paste: bool = False
    focus_reports: bool = False
    mouse: Mouse = Mouse.OFF
    mouse_sgr: bool = False
    alternate_screen: bool = False
    composing: bool = False
    """Synchronised output: the program is in the middle of a frame."""
    inverted: bool = False
    """The whole screen is shown in reverse."""


class Emulator(Protocol):
    """A terminal without a window: bytes in, rows out, answers on the side."""

    @property
    def columns(self) -> int:
        """Cells in a row."""

    @property
    def rows(self) -> int:
        """Rows on the screen."""

    @property
    def cursor(self) -> Cursor:
        """The cursor now."""

    @property
    def modes(self) -> Modes:
        """What the program has asked for."""

    @property
    def title(self) -> str:
        """The window title the program has set; printable and bounded."""

    @property
    def history(self) -> History:
        """The rows that have left the primary screen at its top."""

    def feed(self, data: bytes) -> None:
        """Take output of the program. Never raises, whatever it contains; sequences may be cut anywhere."""

    def replies(self) -> bytes:
        """What the terminal has to answer since this was last called."""

    def bell(self) -> bool:
        """Whether the bell rang since this was last called."""

    def changed(self) -> Sequence[int]:
        """The rows of the screen that may differ since this was last called."""

    def row(self, y: int) -> Row:
        """A row of the screen."""

    def resize(self, columns: int, rows: int) -> None:
        """Change size; lines that were wrapped are wrapped again, and none of the primary screen's is lost."""

    def colours(self, foreground: tuple[int, int, int], background: tuple[int, int, int]) -> None:
        """Tell what the theme's own colours are, for programs that ask whether the screen is dark."""


SCROLLBACK = 10_000
"""Rows kept that have scrolled off the top."""


class History:
    """Rows that scrolled off the top, bounded in rows and characters; the oldest go first.

    Rows are numbered from the first one ever kept, so that a number means the same row when older ones have gone.
    """

    def __init__(self, *, rows: int = SCROLLBACK, characters: int = 4_000_000) -> None:
        self._rows: list[Row] = []
        self._limit = rows
        self._room = characters
        self._characters = 0
        self._head = 0
        self._width = 0
        self.first = 0
        """The number of the oldest row still kept."""

    def __len__(self) -> int:
        return len(self._rows) - self._head

    @property
    def end(self) -> int:
        """The number the next row will get."""
        return self.first + len(self)

    @property
    def characters(self) -> int:
        """Characters kept."""
        return self._characters

    def push(self, row: Row) -> None:
        """Keep one more row."""
        self._rows.append(row)
        self._characters += row.cells
        while len(self) > self._limit or (self._characters > self._room and len(self) > 1):
            self._characters -= self._rows[self._head].cells
            self._rows[self._head] = EMPTY
            self._head += 1
            self.first += 1
        if self._head > 2_000:  # forgetting in batches: each one moves the whole list
            del self._rows[: self._head]
            self._head = 0

    def take_line(self) -> list[Row]:
        """Give back the newest line, with all its wrapped rows; empty when nothing is kept."""
        if not len(self):
            return []
        taken = [self._pop()]
        while len(self) and self._rows[-1].wrapped:
            taken.insert(0, self._pop())
        return taken

    def row(self, number: int) -> Row:
        """The row of this number, or an empty one when it has gone or is still to come."""
        if not self.first <= number < self.end:
            return EMPTY
        return self._rows[self._head + number - self.first]

    def clear(self) -> None:
        """Forget everything. Numbers go on from where they were."""
        self.first = self.end
        self._rows.clear()
        self._head = 0
        self._characters = 0

    def fit(self, width: int) -> None:
        """Wrap again what does not fit this width any more, or was wrapped for another. Costs nothing twice."""
        if width == self._width or not self._rows:
            self._width = width
            return
        rows = self._rows[self._head :]
        self._head, self._width = 0, width
        if any(row.wrapped or row.cells > width for row in rows):
            last = self.end
            rows = list(_rewrapped(rows, width))[-self._limit :]
            self.first = max(0, last - len(rows))
            self._characters = sum(row.cells for row in rows)
        self._rows = rows

    def _pop(self) -> Row:
        row = self._rows.pop()
        self._characters -= row.cells
        return row


def _rewrapped(rows: Iterable[Row], width: int) -> Iterable[Row]:
    line: list[Row] = []
    for row in rows:
        if not line and not row.wrapped and row.cells <= width:
            yield row
            continue
        line.append(row)
        if not row.wrapped:
            yield from wrapped([run for part in line for run in part.runs], width)
            line = []
    if line:  # the line goes on on the screen
        *whole, last = wrapped([run for part in line for run in part.runs], width)
        yield from whole
        yield last._replace(wrapped=True)


def wrapped(runs: Iterable[Run], width: int) -> list[Row]:
    """Cut a line into rows of at most ``width`` cells; a wide character is never cut."""
    rows: list[Row] = []
    current: list[Run] = []
    used = 0
    for text, pen in runs:
        start = 0
        while start < len(text):
            end, cells = _fitting(text, start, width - used)
            if end == start and used:  # nothing more fits in this row
                rows.append(Row(tuple(current), used, wrapped=True))
                current, used = [], 0
                continue
            end = max(end, start + 1)
            current.append((text[start:end], pen))
            used += cells
            start = end
    rows.append(Row(tuple(current), used))
    return rows


def _fitting(text: str, start: int, room: int) -> tuple[int, int]:
    """Where to cut so that the part from ``start`` fits, and how many cells that part has."""
    if text.isascii():
        end = min(len(text), start + room)
        return end, end - start
    if len(text) - start <= room and (cells := cell_len(text[start:])) <= room:
        return len(text), cells
    used = 0
    for index in range(start, len(text)):
        cells = get_character_cell_size(text[index])
        if used + cells > room:
            return index, used
        used += cells
    return len(text), used
