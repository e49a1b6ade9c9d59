"""Which rows of a terminal are looked at: the live screen, or a place in the scrollback; and finding text in both."""

from __future__ import annotations

from typing import NamedTuple

from widgets.terminal_screen import Emulator, Row


class Hit(NamedTuple):
    """Where text was found: a row's number, the place in its text, and how many characters."""

    number: int
    start: int
    length: int


class Window:
    """A view of as many rows as the screen has. Rows are numbered through the history and on through the screen."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._top: int | None = None
        self._needle = ""
        self.hit: Hit | None = None
        """The text found last, as long as it is looked at."""

    @property
    def live(self) -> bool:
        """Whether the live screen is shown."""
        return self._top is None

    @property
    def back(self) -> int:
        """How many lines it stands above the live screen."""
        return 0 if self._top is None else self._emulator.history.end - self._top

    def number(self, y: int) -> int:
        """The number of the row shown at line ``y``."""
        return (self._emulator.history.end if self._top is None else self._top) + y

    def row(self, number: int) -> Row:
        """The row of this number; an empty one where there is none."""
        history = self._emulator.history
        return history.row(number) if number < history.end else self._emulator.row(number - history.end)

    def keep(self) -> None:
        """Stay where it is while output goes on, as far as those rows are still kept."""
        if self._top is not None:
            self._top = max(self._top, self._emulator.history.first)

    def scroll(self, lines: int) -> None:
        """Move by lines, up with a negative number; below the newest line is the live screen."""
        self._emulator.history.fit(self._emulator.columns)
        self._show(self.number(0) + lines)

    def to_live(self) -> None:
        """Show the live screen."""
        self._top = self.hit = None

    def _show(self, top: int) -> None:
        history = self._emulator.history
        if top >= history.end:
            self.to_live()
        else:
            self._top = max(history.first, top)

    def find(self, needle: str, *, forward: bool) -> bool:
        """Go to the next hit: older ones, or newer ones with ``forward``; from the last one if the text is the same.

        Capitals count only if there are some.
        """
        if not needle:
            return False
        self._emulator.history.fit(self._emulator.columns)
        start = self.hit if needle == self._needle else None
        self._needle = needle
        for number in self._numbers(start, forward=forward):
            place = self._place(number, start, forward=forward)
            if place >= 0:
                self._show(number - self._emulator.rows // 2)
                self.hit = Hit(number, place, len(needle))
                return True
        return False

    def _numbers(self, start: Hit | None, *, forward: bool) -> range:
        first = self._emulator.history.first
        last = self._emulator.history.end + self._emulator.rows - 1
        if forward:
            return range(start.number if start else first, last + 1)
        return range(min(start.number, last) if start else last, first - 1, -1)

    def _place(self, number: int, start: Hit | None, *, forward: bool) -> int:
        """Where in this row the hit is that comes next, or -1."""
        text, needle = self.row(number).text, self._needle
        if needle == needle.lower():
            lower = text.lower()
            text = lower if len(lower) == len(text) else text
        if start is None or number != start.number:
            return text.find(needle) if forward else text.rfind(needle)
        if forward:
            return text.find(needle, start.start + 1)
        return text.rfind(needle, 0, start.start + len(needle) - 1)

    def text(self, *, history: bool) -> str:
        """The screen as text, with the scrollback above it if asked; wrapped lines are joined."""
        emulator = self._emulator
        first = emulator.history.first if history else emulator.history.end
        rows = [self.row(number) for number in range(first, emulator.history.end + emulator.rows)]
        parts = [row.text if row.wrapped else row.text.rstrip(" ") + "\n" for row in rows]
        return "".join(parts).rstrip("\n")
