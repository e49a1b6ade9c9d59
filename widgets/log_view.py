"""The log view: follows, searches, filters and wraps what is appended, and paints only what is seen.

Appending stores lines and no more; index, rows and screen are brought up to date together, at most 20 times a second
and, when lines come in by the thousand, five times. The widget has no letters of its own beyond movement: the screen
gives keys to its methods.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from textual.message import Message
from typing_extensions import override

from backends.contract.model import LogLine, ResourceId, Stream
from widgets.ansi import plain
from widgets.log_buffer import MAX_BYTES, MAX_LINES, Criteria, Pattern
from widgets.log_export import write_new
from widgets.log_format import Timestamps, exported, fitted, moment
from widgets.log_model import LogModel, LogStatus
from widgets.log_paint import ASCII, UNICODE, ColourBy, Painter
from widgets.log_surface import LogSurface


class LogView(LogSurface):
    """Shows the lines of one or several logs."""

    @dataclass
    class StatusChanged(Message):
        """Read ``status`` again. Carries nothing, so a burst collapses into one."""

        log_view: LogView

        @property
        @override
        def control(self) -> LogView:
            return self.log_view

        @override
        def can_replace(self, message: Message) -> bool:
            return isinstance(message, LogView.StatusChanged)

    @dataclass
    class FollowChanged(Message):
        """The view began or ceased to follow the newest lines."""

        log_view: LogView

        @property
        @override
        def control(self) -> LogView:
            return self.log_view

    def __init__(
        self,
        *,
        names: Mapping[ResourceId, str] | None = None,
        max_bytes: int = MAX_BYTES,
        max_lines: int = MAX_LINES,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        model = LogModel(max_bytes=max_bytes, max_lines=max_lines)
        super().__init__(model, Painter(glyphs=ASCII if ascii_only else UNICODE), identity=id, classes=classes)
        self._names = dict(names or {})
        self._painter.name(self._names)
        self._reported = LogStatus()

    # What is shown

    def append(self, lines: Sequence[LogLine]) -> None:
        """Add lines, newest last. Cheap: the screen follows at its own pace."""
        if not lines:
            return
        self._model.append(lines)
        self._fresh += len(lines)
        if self.paused or not self._follow:
            self._new += len(lines)
        self._schedule()

    def clear(self) -> None:
        """Forget all lines and counts; filter, search and settings stay."""
        self._model.clear()
        self._new = 0
        self._cursor = self._anchor = None
        self._reshape()

    def mark(self, text: str = "mark") -> None:
        """Put a ruler with the time after the newest line."""
        now = time.time()
        clock = time.strftime("%H:%M:%S", time.localtime(now))
        self.append([LogLine(text=f"{text} {clock}", at=now, stream=Stream.NOTE)])

    def search(self, text: str, *, regex: bool = False) -> int:
        """Light up what matches and go to the match nearest the end of the screen; returns how many lines match.

        An empty text ends the search.

        Raises:
            ValueError: with a sentence, if it is no regular expression.
        """
        pattern = Pattern.parse(text, regex=regex) if text else None
        self._catch_up()
        self._model.search(pattern)
        self._painter.pattern = pattern
        self._repaint()
        if (matches := self._model.matches) is not None:
            bottom = self._model.nearest(self.scroll_offset.y + self._height - 1)
            self._go(matches.step(None if bottom is None else bottom + 1, -1))
        self._tell()
        return len(matches.numbers) if matches else 0

    def next_match(self, step: int = 1) -> bool:
        """Go to the match ``step`` matches on, round at the ends; tells whether there is one."""
        if (matches := self._model.matches) is None:
            return False
        self._catch_up()
        number = matches.step(self._cursor, step)
        self._go(number)
        self._tell()
        return number is not None

    def filter(self, text: str, *, regex: bool = False, context: int = 0) -> int:
        """Show only lines that match (``!`` before it: that do not), with ``context`` lines around; returns how many.

        Raises:
            ValueError: with a sentence, if it is no regular expression.
        """
        pattern = Pattern.parse(text, regex=regex) if text else None
        return self._choose(replace(self._model.shown.criteria, pattern=pattern, context=context))

    def window(self, since: float | None = None, until: float | None = None) -> int:
        """Show only lines between two moments, both included; returns how many."""
        return self._choose(replace(self._model.shown.criteria, since=since, until=until))

    # How it is shown

    @property
    def names(self) -> Mapping[ResourceId, str]:
        """What the sources are called; with more than one, every line says its source."""
        return self._names

    @names.setter
    def names(self, names: Mapping[ResourceId, str]) -> None:
        self._names = dict(names)
        self._painter.name(self._names)
        self._reshape()

    @property
    def wrap(self) -> bool:
        """Whether long lines go on in the next row; otherwise the view moves sideways."""
        return self._painter.wrap

    @wrap.setter
    def wrap(self, wrap: bool) -> None:
        self._painter.wrap = wrap
        self._left = 0
        self._reshape()

    @property
    def json(self) -> bool:
        """Whether lines that are JSON objects are shown as level, message and the rest."""
        return self._painter.json

    @json.setter
    def json(self, json: bool) -> None:
        self._painter.json = json
        self._reshape()

    @property
    def timestamps(self) -> Timestamps:
        """How times are shown."""
        return self._painter.timestamps

    @timestamps.setter
    def timestamps(self, timestamps: Timestamps) -> None:
        self._painter.timestamps = timestamps
        self._age()
        self._reshape()

    @property
    def colour_by(self) -> ColourBy:
        """What colours stand for: sources, or levels over whole lines."""
        return self._painter.colour_by

    @colour_by.setter
    def colour_by(self, colour_by: ColourBy) -> None:
        self._painter.colour_by = colour_by
        self._repaint()

    @property
    def empty(self) -> str:
        """Why there is nothing to see, for when there is nothing."""
        return self._empty

    @empty.setter
    def empty(self, reason: str) -> None:
        self._empty = plain(reason)
        self.refresh()

    @property
    def follow(self) -> bool:
        """Whether the newest line stays in sight. Scrolling up ends it, reaching the end begins it."""
        return self._follow

    @follow.setter
    def follow(self, follow: bool) -> None:
        self._follow_on(follow=follow)

    @property
    def paused(self) -> bool:
        """Whether the picture stands still. Lines are kept, under the same bounds, until it goes on."""
        return self._model.paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        if paused == self.paused:
            return
        if paused:
            self._catch_up()
        elif self._follow:
            self._new = 0
        self._model.paused = paused
        self._refresh_last()
        self._schedule()

    @property
    def status(self) -> LogStatus:
        """How things stand now."""
        return self._model.status(cursor=self._cursor, new=self._new, follow=self._follow)

    # Copying

    @property
    def cursor_shown(self) -> bool:
        """Whether there is a cursor line."""
        return self._cursor is not None

    def toggle_cursor(self) -> None:
        """Show a cursor line that the movement keys move, or take it and the selection away."""
        if self._cursor is None:
            self._go(self._model.nearest(self.scroll_offset.y + self._height - 1))
        else:
            self._cursor = self._anchor = None
            self._repaint()
        self._tell()

    def toggle_selection(self) -> None:
        """Begin selecting lines at the cursor, or end it."""
        if self._cursor is None:
            self.toggle_cursor()
        self._anchor = self._cursor if self._anchor is None else None
        self.refresh()

    def selected_text(self) -> str:
        """The selected lines as shown; without a selection the cursor's, without a cursor those on screen."""
        now = time.time()
        return "\n".join(self._words(self._model.buffer[number], now) for number in self._selection())

    async def export(self, path: str | Path, *, everything: bool = False, overwrite: bool = False) -> Path:
        """Write what is shown, or everything held, as plain text; returns the file's full path.

        Raises:
            ValueError: with a sentence, if it cannot be written or, without ``overwrite``, already exists.
        """
        self._catch_up()
        buffer = self._model.buffer
        numbers = range(buffer.first, buffer.end) if everything else self._model.shown.numbers
        lines, names = [buffer[number] for number in numbers], dict(self._names)
        return await asyncio.to_thread(lambda: write_new(Path(path), exported(lines, names), overwrite=overwrite))

    @override
    def _tell(self) -> None:
        status = self.status
        if status != self._reported:
            self._reported = status
            self.post_message(self.StatusChanged(self))

    @override
    def _told_follow(self) -> None:
        self.post_message(self.FollowChanged(self))

    def _choose(self, criteria: Criteria) -> int:
        top = self._model.nearest(self.scroll_offset.y)
        self._model.choose(criteria)
        self._reshape(top)
        self._tell()
        return len(self._model.shown.numbers)

    def _selection(self) -> Sequence[int]:
        if chosen := self._selected:
            return self._model.between(chosen[0], chosen[-1])
        if self._cursor is not None:
            return [self._cursor]
        y = self.scroll_offset.y
        first, last = self._model.nearest(y), self._model.nearest(y + self._height - 1)
        return () if first is None or last is None else self._model.between(first, last)

    def _words(self, line: LogLine, now: float) -> str:
        words = [moment(line.at, self.timestamps, now)] if self.timestamps is not Timestamps.OFF else []
        if width := self._painter.name_width:
            words.append(fitted(plain(self._names.get(line.source, "")) if line.source else "", width))
        return " ".join([*words, plain(line.text)]).rstrip()
