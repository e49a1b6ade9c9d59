"""A log view without its screen: lines, those shown, those found, and the rows they take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from backends.contract.model import LogLine
from widgets.log_buffer import MAX_BYTES, MAX_LINES, Criteria, LogBuffer, Matches, Pattern, Rows, Shown


@dataclass(frozen=True)
class LogStatus:
    """What a status line may say of a log view."""

    lines: int = 0
    shown: int = 0
    bytes: int = 0
    dropped: int = 0
    dropped_bytes: int = 0
    search: str = ""
    matches: int = 0
    position: int = 0
    """Which match the cursor is on, from 1; 0 if on none."""
    new: int = 0
    """Lines that came while paused or scrolled up."""
    follow: bool = True
    paused: bool = False


class Step(NamedTuple):
    """What an update changed, in rows."""

    gone: int
    """Rows that went at the top."""
    come: int
    """Lines that came at the end."""
    before: int
    """Rows there were."""


class LogModel:
    """Keeps store, filter, search and rows in step. Reads lines when told to, not when they come."""

    def __init__(self, *, max_bytes: int = MAX_BYTES, max_lines: int = MAX_LINES) -> None:
        self._limits = (max_bytes, max_lines)
        self.buffer = self._empty()
        self.paused = False
        """While it is set, updates change nothing."""
        self._waiting = self._empty()
        """What came since the last update, under the same bounds. Were it in ``buffer`` already, lines on screen could
        be dropped before anyone learns of it."""
        self.shown = Shown(self.buffer)
        self.matches: Matches | None = None
        self._rows = Rows()
        self._height: Callable[[LogLine], int] | None = None

    def append(self, lines: Sequence[LogLine]) -> None:
        """Keep lines. They are there from the next update on."""
        self._waiting.append(lines)

    def update(self) -> Step:
        """Take in what came, unless paused."""
        before = self.total
        if self.paused or not self._waiting.end:
            return Step(0, 0, before)
        waiting, self._waiting = self._waiting, self._empty()
        self.buffer.take(waiting)
        gone, come = self.shown.update()
        added = self.shown.numbers[len(self.shown.numbers) - come :]
        if self._height is not None:
            gone = self._rows.drop(gone)
            self._rows.append(self._heights(added))
        if self.matches is not None and (gone or come):
            self.matches.update(added)
        return Step(gone, come, before)

    def clear(self) -> None:
        """Forget all lines."""
        self.buffer.clear()
        self._waiting = self._empty()
        self.choose(self.shown.criteria)

    def choose(self, criteria: Criteria) -> None:
        """Show other lines than before; the search goes on among them."""
        self.shown = Shown(self.buffer, criteria)
        self.search(self.matches.pattern if self.matches else None)
        self.reshape(self._height)

    def search(self, pattern: Pattern | None) -> None:
        """Find what matches among the lines shown."""
        self.matches = Matches(pattern, self.buffer, self.shown) if pattern else None

    def reshape(self, height: Callable[[LogLine], int] | None) -> None:
        """Count the rows anew; without ``height`` each line takes one."""
        self._height = height
        self._rows.clear()
        self._rows.append(self._heights(self.shown.numbers))

    def status(self, *, cursor: int | None, new: int, follow: bool) -> LogStatus:
        """How things stand."""
        buffers, matches = (self.buffer, self._waiting), self.matches
        return LogStatus(
            lines=len(self.buffer),
            shown=len(self.shown.numbers),
            bytes=sum(buffer.bytes for buffer in buffers),
            dropped=sum(buffer.dropped for buffer in buffers),
            dropped_bytes=sum(buffer.dropped_bytes for buffer in buffers),
            search=matches.pattern.text if matches else "",
            matches=len(matches.numbers) if matches else 0,
            position=matches.position(cursor) if matches else 0,
            new=new,
            follow=follow,
            paused=self.paused,
        )

    @property
    def total(self) -> int:
        """Rows of all lines shown."""
        return len(self.shown.numbers) if self._height is None else self._rows.total

    def at(self, row: int) -> tuple[int, int]:
        """The line at a row, and which of its rows that is."""
        index, offset = (row, 0) if self._height is None else self._rows.line(row)
        return self.shown.numbers[index], offset

    def nearest(self, row: int) -> int | None:
        """The line at a row, or the one nearest to it; ``None`` when nothing is shown."""
        return self.at(min(max(0, row), self.total - 1))[0] if self.total else None

    def top(self, number: int) -> int:
        """The first row of a line, or of the next one shown."""
        index = self.shown.index(number)
        return index if self._height is None else self._rows.top(index)

    def between(self, first: int, last: int) -> Sequence[int]:
        """The shown lines from one to another, both included."""
        return self.shown.numbers[self.shown.index(first) : self.shown.index(last + 1)]

    def moved(self, number: int, step: int) -> int:
        """The shown line ``step`` lines on from another, or the outermost."""
        numbers = self.shown.numbers
        return numbers[min(max(0, self.shown.index(number) + step), len(numbers) - 1)]

    def _empty(self) -> LogBuffer:
        max_bytes, max_lines = self._limits
        return LogBuffer(max_bytes=max_bytes, max_lines=max_lines)

    def _heights(self, numbers: Sequence[int]) -> Sequence[int]:
        height, buffer = self._height, self.buffer
        return [height(buffer[number]) for number in numbers] if height is not None else ()
