"""What a log view holds: lines bounded by bytes and count, which of them are shown, and which match a search.

Nothing here paints. Lines are kept raw and numbered from the first that ever came, so that a number stays true while
old lines are dropped. Escapes are taken out only of lines that are painted or looked through.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec

from backends.contract.model import LogLine, Stream
from widgets.ansi import plain

MAX_BYTES = 16 << 20
MAX_LINES = 50_000
LONGEST = 1 << 20
"""Characters kept of a single line: one line must not push out all others."""


class LogBuffer:
    """The newest lines, as many as fit. What had to go is counted."""

    def __init__(self, *, max_bytes: int = MAX_BYTES, max_lines: int = MAX_LINES) -> None:
        self._lines: list[LogLine] = []
        self._max_bytes = max_bytes
        self._max_lines = max_lines
        self.first = 0
        """The number of the oldest line kept."""
        self.bytes = 0
        """Memory the texts take."""
        self.dropped = 0
        self.dropped_bytes = 0

    @property
    def end(self) -> int:
        """The number the next line will get."""
        return self.first + len(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, number: int) -> LogLine:
        """The line of that number.

        Raises:
            IndexError: if it is not, or no longer, here.
        """
        if number < self.first:
            raise IndexError(number)
        return self._lines[number - self.first]

    def lines(self, start: int, end: int) -> Sequence[LogLine]:
        """The lines from number ``start`` up to, not including, ``end``, as far as they are here."""
        return self._lines[max(0, start - self.first) : max(0, end - self.first)]

    def append(self, lines: Sequence[LogLine]) -> int:
        """Add lines, newest last, and return how many old ones had to go."""
        longest = min(LONGEST, self._max_bytes // 4)
        if any(len(line.text) > longest for line in lines):
            lines = [self._shortened(line, longest) for line in lines]
        return self._add(lines, sum(line.text.__sizeof__() for line in lines))

    def take(self, other: LogBuffer) -> None:
        """Add the lines of another buffer under the same bounds, and what that had to drop."""
        self.dropped += other.dropped
        self.dropped_bytes += other.dropped_bytes
        self._add(other.lines(other.first, other.end), other.bytes)

    def clear(self) -> None:
        """Forget all lines; numbers go on where they were, counts start again."""
        self.first = self.end
        self._lines.clear()
        self.bytes = self.dropped = self.dropped_bytes = 0

    def _shortened(self, line: LogLine, longest: int) -> LogLine:
        too_much = len(line.text) - longest
        if too_much <= 0:
            return line
        self.dropped_bytes += too_much
        return msgspec.structs.replace(line, text=f"{line.text[:longest]} … {too_much:,} characters were cut off")

    def _add(self, lines: Sequence[LogLine], size: int) -> int:
        self._lines.extend(lines)
        self.bytes += size
        return self._trim()

    def _trim(self) -> int:
        gone = max(0, len(self._lines) - self._max_lines)
        freed = sum(line.text.__sizeof__() for line in self._lines[:gone])
        while self.bytes - freed > self._max_bytes and gone < len(self._lines) - 1:
            freed += self._lines[gone].text.__sizeof__()
            gone += 1
        if gone:
            del self._lines[:gone]
            self.first += gone
            self.bytes -= freed
            self.dropped += gone
            self.dropped_bytes += freed
        return gone


@dataclass(frozen=True)
class Pattern:
    """What to look for in a line. Lower-case words match any case; a capital asks for exactly that."""

    text: str
    regex: bool = False
    inverse: bool = False

    @classmethod
    def parse(cls, text: str, *, regex: bool = False) -> Pattern:
        """``word``, ``re:expression``, and either with ``!`` before it for lines that do not match.

        Raises:
            ValueError: with a sentence, if the expression is none.
        """
        inverse = text.startswith("!") and len(text) > 1
        body = text[1:] if inverse else text
        if body.startswith("re:"):
            body, regex = body[3:], True
        try:
            re.compile(body if regex else "")
        except re.error as error:
            raise ValueError(f"“{body}” is not a regular expression: {error}.") from error
        return cls(body, regex, inverse)

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        flags = re.IGNORECASE if self.text == self.text.lower() else re.NOFLAG
        return re.compile(self.text if self.regex else re.escape(self.text), flags)

    @cached_property
    def _folded(self) -> bool:
        return self.text == self.text.lower()

    def accepts(self, raw: str) -> bool:
        """Whether a line belongs to what was asked for. Colours in it do not matter."""
        text = plain(raw)
        if self.regex:
            found = self._compiled.search(text) is not None
        else:
            found = self.text in (text.lower() if self._folded else text)
        return found != self.inverse

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where clean text matches, to be lit up; nowhere for an inverse pattern."""
        if self.inverse or not self.text:
            return []
        return [match.span() for match in self._compiled.finditer(text) if match.end() > match.start()]


@dataclass(frozen=True)
class Criteria:
    """Which lines are shown. Our own remarks always are, and a line without a time is in every window."""

    pattern: Pattern | None = None
    context: int = 0
    """Lines kept before and after each that matches."""
    since: float | None = None
    until: float | None = None

    def __bool__(self) -> bool:
        return self.pattern is not None or self.since is not None or self.until is not None

    def timely(self, line: LogLine) -> bool:
        """Whether the line lies in the time window."""
        if line.at is None:
            return True
        return (self.since is None or line.at >= self.since) and (self.until is None or line.at <= self.until)

    def accepts(self, line: LogLine) -> bool:
        """Whether the line itself matches; its neighbours may be shown for context."""
        return line.stream is Stream.NOTE or self.pattern is None or self.pattern.accepts(line.text)


class Shown:
    """The numbers of the lines shown, in order, kept up to date as lines come and go."""

    def __init__(self, buffer: LogBuffer, criteria: Criteria | None = None) -> None:
        self.criteria = criteria or Criteria()
        self.numbers: Sequence[int] = range(buffer.first, buffer.first)
        self._chosen: list[int] = []
        self._buffer = buffer
        self._seen = buffer.first
        self._last_hit = -(1 << 60)
        self.update()

    def update(self) -> tuple[int, int]:
        """Take in what the buffer got and lost; returns how many numbers went at the front and came at the end."""
        first, end = self._buffer.first, self._buffer.end
        if not self.criteria:
            old = self.numbers
            self.numbers = range(first, end)
            gone = min(len(old), first - old[0]) if old else 0
            return gone, end - first - (len(old) - gone)
        gone = bisect_left(self._chosen, first)
        del self._chosen[:gone]
        kept = len(self._chosen)
        self._extend(max(self._seen, first), end)
        self._seen = end
        self.numbers = self._chosen
        return gone, len(self._chosen) - kept

    def _extend(self, start: int, end: int) -> None:
        criteria, chosen, context = self.criteria, self._chosen, self.criteria.context
        for number, line in enumerate(self._buffer.lines(start, end), start):
            if not criteria.timely(line):
                continue
            if criteria.accepts(line):
                self._last_hit = number
                after = max(number - context, chosen[-1] + 1 if chosen else 0, self._buffer.first)
                chosen.extend(before for before in range(after, number) if criteria.timely(self._buffer[before]))
                chosen.append(number)
            elif number - self._last_hit <= context:
                chosen.append(number)

    def index(self, number: int) -> int:
        """Where that line, or the next one shown after it, stands among those shown."""
        if isinstance(self.numbers, range):
            return min(max(0, number - self.numbers.start), len(self.numbers))
        return bisect_left(self.numbers, number)


class Matches:
    """The numbers of shown lines that match a search."""

    def __init__(self, pattern: Pattern, buffer: LogBuffer, shown: Shown) -> None:
        self.pattern = pattern
        self.numbers: list[int] = []
        self._buffer = buffer
        self.update(shown.numbers)

    def update(self, added: Sequence[int]) -> None:
        """Look through numbers that are new, and forget those whose lines are gone."""
        del self.numbers[: bisect_left(self.numbers, self._buffer.first)]
        buffer, accepts = self._buffer, self.pattern.accepts
        self.numbers.extend(number for number in added if accepts(buffer[number].text))

    def step(self, number: int | None, step: int) -> int | None:
        """The match ``step`` matches on from a line, going round at either end; ``None`` if nothing matches."""
        if not self.numbers:
            return None
        if number is None:
            return self.numbers[-1 if step < 0 else 0]
        at = bisect_right(self.numbers, number) - 1 if step > 0 else bisect_left(self.numbers, number)
        return self.numbers[(at + step) % len(self.numbers)]

    def position(self, number: int | None) -> int:
        """Which match a line is, from 1; 0 if it is none."""
        if number is None:
            return 0
        at = bisect_left(self.numbers, number)
        return at + 1 if at < len(self.numbers) and self.numbers[at] == number else 0


class Rows:
    """Which screen row a shown line begins at, when lines take more than one.

    Keeps running totals that only ever grow at the end; dropping from the front moves the base. So appending is cheap,
    finding is a binary search, and only a new width counts anew.
    """

    def __init__(self) -> None:
        self._ends: list[int] = []
        self._base = 0

    def append(self, heights: Sequence[int]) -> None:
        """Add lines of these heights at the end."""
        total = self._ends[-1] if self._ends else self._base
        for height in heights:
            total += height
            self._ends.append(total)

    def drop(self, count: int) -> int:
        """Forget the first lines; returns the rows they took."""
        if not count:
            return 0
        base = self._ends[count - 1]
        del self._ends[:count]
        rows, self._base = base - self._base, base
        return rows

    def clear(self) -> None:
        """Forget all."""
        self._ends.clear()
        self._base = 0

    @property
    def total(self) -> int:
        """Rows of all lines."""
        return (self._ends[-1] if self._ends else self._base) - self._base

    def line(self, row: int) -> tuple[int, int]:
        """Which line a row belongs to, and which of its rows it is."""
        index = bisect_right(self._ends, row + self._base)
        return index, row - self.top(index)

    def top(self, index: int) -> int:
        """The first row of a line."""
        if not self._ends or index <= 0:
            return 0
        return self._ends[min(index, len(self._ends)) - 1] - self._base
