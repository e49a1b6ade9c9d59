"""The log view: follows, searches, filters and wraps what is appended, and paints only what is seen.

Appending stores lines and no more; index, rows and screen are brought up to date together, at most 20 times a second
and, when lines come in by the thousand, five times. The widget has no letters of its own beyond movement: the screen
gives keys to its methods.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget
from typing_extensions import override

from backends.contract.model import LogLine, ResourceId, Stream
from widgets.ansi import plain
from widgets.log_buffer import MAX_BYTES, MAX_LINES, Criteria, Pattern
from widgets.log_export import write_new
from widgets.log_format import Timestamps, exported, fitted, moment
from widgets.log_model import LogModel, LogStatus, Step
from widgets.log_paint import ASCII, UNICODE, ColourBy, Painter, Role

FRAME, BUSY_FRAME = 0.05, 0.2
"""Seconds between paints, and when more than ``BUSY`` lines come per second."""
BUSY = 2_000
SIDEWAYS = 16
"""Cells that a step sideways moves."""


class LogView(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows the lines of one or several logs."""

    DEFAULT_CSS = """
    LogView {
        overflow-x: hidden;
        overflow-y: scroll;
        background: $surface;
        color: $foreground;
        scrollbar-size-vertical: 1;
        & > .log-view--time { color: $text-muted; }
        & > .log-view--note { color: $text-accent; text-style: italic; }
        & > .log-view--match { color: $text-warning; background: $warning-muted; text-style: underline; }
        & > .log-view--current { color: $background; background: $warning; text-style: bold underline; }
        & > .log-view--error { color: $text-error; text-style: bold; }
        & > .log-view--warning { color: $text-warning; }
        & > .log-view--quiet { color: $text-muted; }
        & > .log-view--cursor { background: $panel; text-style: bold; }
        & > .log-view--badge { color: $background; background: $accent; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"log-view--{role.value}" for role in Role}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Line up", show=False, id="log.up"),
        Binding("down,j", "move(1)", "Line down", show=False, id="log.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="log.page-up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="log.page-down"),
        Binding("ctrl+u", "page(-0.5)", "Half a page up", show=False, id="log.half-up"),
        Binding("ctrl+d", "page(0.5)", "Half a page down", show=False, id="log.half-down"),
        Binding("home,g", "top", "First line", show=False, id="log.top"),
        Binding("end,G", "bottom", "Last line, and follow", show=False, id="log.bottom"),
        Binding("left,H", "sideways(-1)", "Scroll left", show=False, id="log.left"),
        Binding("right,L", "sideways(1)", "Scroll right", show=False, id="log.right"),
    ]

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
        self._restyled = False
        super().__init__(id=id, classes=classes)
        self._model = LogModel(max_bytes=max_bytes, max_lines=max_lines)
        self._painter = Painter(glyphs=ASCII if ascii_only else UNICODE)
        self._painted: LRUCache[int, list[Strip]] = LRUCache(512)
        self._names = dict(names or {})
        self._painter.name(self._names)
        self._cursor: int | None = None
        self._anchor: int | None = None
        self._follow = True
        self._placing = False
        self._left = self._widest = 0
        self._new = self._fresh = 0
        self._frame_at = 0.0
        self._frame_timer: Timer | None = None
        self._age_timer: Timer | None = None
        self._reported = LogStatus()
        self._empty = "Nothing has been written yet."

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
        self._catch_up()
        self._set_follow(follow=follow)
        self._place(self._model.total if follow else self.scroll_offset.y)
        self._tell()

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

    # Moving

    def action_move(self, step: int) -> None:
        """Move the cursor where there is one, the view where there is none."""
        if self._cursor is None or not self._model.total:
            self.scroll_to(y=self.scroll_offset.y + step, animate=False)
            return
        self._go(self._model.moved(self._cursor, step), around=0)
        self._tell()

    def action_page(self, pages: float) -> None:
        """Move by pages."""
        self.action_move(max(1, round(abs(pages) * self._height)) * (1 if pages > 0 else -1))

    def action_top(self) -> None:
        """Go to the first line."""
        self.action_move(-self._model.total)

    def action_bottom(self) -> None:
        """Go to the last line and follow."""
        if self._cursor is not None:
            self._go(self._model.nearest(self._model.total))
        self.follow = True

    def action_sideways(self, step: int) -> None:
        """Move sideways, where lines are not wrapped."""
        if not self.wrap:
            most = max(0, self._widest - self._painter.text_width)
            self._left = min(max(0, self._left + step * SIDEWAYS), most)
            self.refresh()

    # Painting

    @override
    def render_line(self, y: int) -> Strip:
        if not self._restyled:
            self._restyle()
        width, base, row = self._painter.width, self._painter.base, self.scroll_offset.y + y
        strip = self._row(row) if row < self._model.total else self._blank(y)
        strip = strip.crop_extend(0, width, base)
        if y == self._height - 1 and (badge := self._badge()):
            badge_strip = Strip([Segment(badge, base + self._painter.role(Role.BADGE))])
            strip = Strip([*strip.crop(0, max(0, width - badge_strip.cell_length)), *badge_strip])
        return strip

    def _row(self, row: int) -> Strip:
        painter = self._painter
        number, offset = self._model.at(row)
        line = self._model.buffer[number]
        rows = self._rows_of(number, line)
        text = rows[min(offset, len(rows) - 1)]
        if not painter.wrap and line.stream is not Stream.NOTE:
            text = painter.sideways(text, self._left)
        if offset == 0:
            prefix = [Segment(self._gutter(number), painter.base), *painter.prefix(line, time.time())]
        else:
            prefix = [Segment(" " * painter.prefix_width, painter.base)]
        strip = Strip([*prefix, *text])
        if number == self._cursor or number in self._selected:
            whole = strip.crop_extend(0, painter.width, painter.base)
            strip = Strip(Segment.apply_style(whole, post_style=painter.role(Role.CURSOR)))
        return strip

    def _rows_of(self, number: int, line: LogLine) -> list[Strip]:
        rows = self._painted.get(number)
        if rows is None:
            rows = self._painted[number] = self._painter.rows(line, current=number == self._cursor)
            if not self.wrap and line.stream is not Stream.NOTE:
                self._widest = max(self._widest, rows[0].cell_length)
        return rows

    def _gutter(self, number: int) -> str:
        glyphs = self._painter.glyphs
        if number == self._cursor:
            return glyphs.cursor
        if number in self._selected:
            return glyphs.selected
        if self._model.matches is not None and self._model.matches.position(number):
            return glyphs.hit
        return " "

    def _blank(self, y: int) -> Strip:
        base = self._painter.base
        if y != 0 or self._model.total:
            return Strip.blank(self._painter.width, base)
        lines = len(self._model.buffer)
        text = f"The filter hides all {lines:,} lines." if lines else self._empty
        return Strip([Segment(f"  {text}", base + self._painter.role(Role.NOTE))])

    def _badge(self) -> str:
        if self.paused:
            return f" paused, {self._new:,} new "
        return f" {self._painter.glyphs.new} {self._new:,} new " if self._new and not self._follow else ""

    # Keeping up

    def _schedule(self) -> None:
        """Let one frame follow, as soon as the pace allows."""
        if self._frame_timer is not None or not self.is_attached:
            return
        elapsed = time.monotonic() - self._frame_at
        busy = self._fresh > BUSY * max(elapsed, FRAME)
        delay = max(0.001, (BUSY_FRAME if busy else FRAME) - elapsed)
        self._frame_timer = self.set_timer(delay, self._frame)

    def _frame(self) -> None:
        self._frame_timer = None
        self._catch_up()
        self._frame_at = time.monotonic()
        self._tell()

    def _catch_up(self) -> None:
        """Take in what was appended and put the view where it belongs, in one step."""
        fresh, self._fresh = self._fresh, 0
        step = self._model.update()
        if step.gone or step.come:
            self._forget_dropped()
            self._follow_up(step)
        elif fresh:
            self._refresh_last()

    def _follow_up(self, step: Step) -> None:
        y, seen = self.scroll_offset.y, self.scroll_offset.y + self._height
        self._place(self._model.total if self._follow else y - step.gone)
        if self._follow or y < step.gone or step.before < seen:
            self.refresh()
        else:
            self._refresh_last()

    def _forget_dropped(self) -> None:
        first = self._model.buffer.first
        if self._cursor is not None and self._cursor < first:
            self._cursor = self._anchor = None
        if self._anchor is not None:
            self._anchor = max(self._anchor, first)

    def _age(self) -> None:
        """Keep relative times true, but only while they are shown."""
        if self._age_timer is not None:
            self._age_timer.stop()
            self._age_timer = None
        if self.timestamps is Timestamps.RELATIVE and self.is_attached:
            self._age_timer = self.set_interval(1.0, self._refresh_prefix)

    def _refresh_prefix(self) -> None:
        if not self.paused:
            self.refresh(Region(0, 0, self._painter.prefix_width, self._height))

    def _refresh_last(self) -> None:
        self.refresh(Region(0, self._height - 1, self._painter.width, 1))

    def _tell(self) -> None:
        status = self.status
        if status != self._reported:
            self._reported = status
            self.post_message(self.StatusChanged(self))

    def _choose(self, criteria: Criteria) -> int:
        top = self._model.nearest(self.scroll_offset.y)
        self._model.choose(criteria)
        self._reshape(top)
        self._tell()
        return len(self._model.shown.numbers)

    def _reshape(self, top: int | None = None) -> None:
        """Lines take other rows than before; the line at the top stays there."""
        top = self._model.nearest(self.scroll_offset.y) if top is None else top
        self._painter.width = max(1, self.scrollable_content_region.width)
        self._model.reshape(self._painter.height if self.wrap else None)
        self._repaint()
        self._place(self._model.total if self._follow or top is None else self._model.top(top))

    def _repaint(self) -> None:
        self._painted.clear()
        self._widest = 0
        self.refresh()

    # Places

    @property
    def _height(self) -> int:
        return self.scrollable_content_region.height

    def _go(self, number: int | None, *, around: int | None = None) -> None:
        """Put the cursor on a line and that in sight, with some lines around it when it was far away."""
        if number is None:
            return
        for changed in (self._cursor, number):
            if changed is not None:
                self._painted.discard(changed)
        self._cursor = number
        self._set_follow(follow=False)
        top, y = self._model.top(number), self.scroll_offset.y
        margin = self._height // 3 if around is None else around
        if top < y:
            self._place(top - margin)
        elif top >= y + self._height:
            self._place(top - self._height + 1 + margin)
        self.refresh()

    def _place(self, y: int) -> None:
        """Set the number of rows and the scroll position together, without a layout of the whole screen."""
        total = self._model.total
        size = Size(self._painter.width, total)
        with self._own_move():
            if size != self.virtual_size:
                self.set_reactive(Widget.virtual_size, size)
                self._scroll_update(size)
            self.scroll_to(y=min(max(0, y), max(0, total - self._height)), animate=False, force=True)

    @contextmanager
    def _own_move(self) -> Iterator[None]:
        """Moves within are ours and say nothing about what the person wants."""
        before, self._placing = self._placing, True
        try:
            yield
        finally:
            self._placing = before

    @override
    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if not self._placing and round(old_value) != round(new_value):
            self._set_follow(follow=round(new_value) >= self._model.total - self._height)
            self._tell()

    def _set_follow(self, *, follow: bool) -> None:
        if follow == self._follow:
            return
        self._follow = follow
        if follow and not self.paused:
            self._new = 0
        self._refresh_last()
        self.post_message(self.FollowChanged(self))

    @property
    def _selected(self) -> range:
        if self._anchor is None or self._cursor is None:
            return range(0)
        return range(min(self._anchor, self._cursor), max(self._anchor, self._cursor) + 1)

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

    # Textual's own events

    @override
    def on_mount(self) -> None:
        self._age()
        self._schedule()

    def _on_resize(self) -> None:
        self._reshape()

    @override
    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._restyled = False

    def _restyle(self) -> None:
        """Take colours from the theme: when painting, since they are not there yet when the news of them comes."""
        self._restyled = True
        roles = {role: self.get_component_rich_style(f"log-view--{role.value}") for role in Role}
        cursor = roles[Role.CURSOR]
        roles[Role.CURSOR] = Style(bgcolor=cursor.bgcolor, bold=cursor.bold)  # it must not hide a line's own colours
        self._painter.base, self._painter.roles = self.rich_style, roles
        self._painted.clear()
