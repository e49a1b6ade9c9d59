"""The screen side of a log view: paints the rows in sight, keeps its pace and its place.

Nothing but movement comes from the person here; what is shown and how is for :class:`widgets.log_view.LogView` to say.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget
from typing_extensions import override

from backends.contract.model import LogLine, Stream
from widgets.log_format import Timestamps
from widgets.log_model import LogModel, Step
from widgets.log_paint import Painter, Role
from widgets.spans import lit

FRAME, BUSY_FRAME = 0.05, 0.2
"""Seconds between paints, and when more than ``BUSY`` lines come per second."""
BUSY = 2_000
SIDEWAYS = 16
"""Cells that a step sideways moves."""


class LogSurface(ScrollView, can_focus=True, inherit_bindings=False):
    """Paints a log model, a cursor and a selection."""

    DEFAULT_CSS = """
    LogSurface {
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

    def __init__(self, model: LogModel, painter: Painter, *, identity: str | None, classes: str | None) -> None:
        self._restyled = False
        super().__init__(id=identity, classes=classes)
        self._model = model
        self._painter = painter
        self._painted: LRUCache[int, list[Strip]] = LRUCache(512)
        """Texts of lines by number."""
        self._finished: LRUCache[tuple[int, int], Strip] = LRUCache(512)
        """Whole rows by line and row within it, those left out that change by themselves."""
        self._cursor: int | None = None
        self._anchor: int | None = None
        self._follow = True
        self._placing = False
        self._height = 0
        self._left = self._widest = 0
        self._new = self._fresh = 0
        self._frame_at = 0.0
        self._busy = False
        self._frame_timer: Timer | None = None
        self._age_timer: Timer | None = None
        self._empty = "Nothing has been written yet."

    # What the view on top of this is told

    def _tell(self) -> None:
        """Something of the status may have changed."""

    def _told_follow(self) -> None:
        """Following began or ended."""

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
        self._follow_on(follow=True)

    def action_sideways(self, step: int) -> None:
        """Move sideways, where lines are not wrapped."""
        if not self._painter.wrap:
            most = max(0, self._widest - self._painter.text_width)
            self._left = min(max(0, self._left + step * SIDEWAYS), most)
            self._finished.clear()
            self.refresh()

    # Painting

    @override
    def render_line(self, y: int) -> Strip:
        if not self._restyled:
            self._restyle()
        width, base, row = self._painter.width, self._painter.base, self.scroll_offset.y + y
        strip = self._row(row) if row < self._model.total else self._blank(y)
        if y == self._height - 1 and (badge := self._badge()):
            badge_strip = Strip([Segment(badge, base + self._painter.role(Role.BADGE))])
            strip = Strip([*strip.crop(0, max(0, width - badge_strip.cell_length)), *badge_strip])
        return strip

    def _row(self, row: int) -> Strip:
        place = number, offset = self._model.at(row)
        if number == self._cursor or number in self._selected:
            over = self._painter.role(Role.CURSOR)
            return Strip(lit(self._finish(number, offset), over, self._painter.base))
        if self._painter.timestamps is Timestamps.RELATIVE:
            return self._finish(number, offset)
        finished = self._finished.get(place)
        if finished is None:
            finished = self._finished[place] = self._finish(number, offset)
        return finished

    def _finish(self, number: int, offset: int) -> Strip:
        """A whole row: cursor's cell, time, source, text."""
        painter, line = self._painter, self._model.buffer[number]
        rows = self._rows_of(number, line)
        text = rows[min(offset, len(rows) - 1)]
        if not painter.wrap and line.stream is not Stream.NOTE:
            text = painter.sideways(text, self._left)
        if offset == 0:
            prefix = [Segment(self._gutter(number), painter.base), *painter.prefix(line, time.time())]
        else:
            prefix = [Segment(" " * painter.prefix_width, painter.base)]
        return Strip([*prefix, *text]).crop_extend(0, painter.width, painter.base)

    def _rows_of(self, number: int, line: LogLine) -> list[Strip]:
        rows = self._painted.get(number)
        if rows is None:
            rows = self._painted[number] = self._painter.rows(line, current=number == self._cursor)
            if not self._painter.wrap and line.stream is not Stream.NOTE:
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
        strip = Strip([Segment(f"  {text}", base + self._painter.role(Role.NOTE))])
        return strip.crop_extend(0, self._painter.width, base)

    def _badge(self) -> str:
        if self._model.paused:
            return f" paused, {self._new:,} new "
        return f" {self._painter.glyphs.new} {self._new:,} new " if self._new and not self._follow else ""

    # Keeping up

    def _schedule(self) -> None:
        """Let one frame follow, as soon as the pace allows."""
        if self._frame_timer is not None or not self.is_attached:
            return
        elapsed = time.monotonic() - self._frame_at
        delay = (BUSY_FRAME if self._busy else FRAME) - elapsed
        self._frame_timer = self.set_timer(max(0.001, delay), self._frame)

    def _frame(self) -> None:
        self._frame_timer = None
        now = time.monotonic()
        self._busy = self._fresh > BUSY * (now - self._frame_at)
        self._frame_at = now
        self._catch_up()
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
        if self._painter.timestamps is Timestamps.RELATIVE and self.is_attached:
            self._age_timer = self.set_interval(1.0, self._refresh_prefix)

    def _refresh_prefix(self) -> None:
        if not self._model.paused:
            self.refresh(Region(0, 0, self._painter.prefix_width, self._height))

    def _refresh_last(self) -> None:
        self.refresh(Region(0, self._height - 1, self._painter.width, 1))

    def _reshape(self, top: int | None = None) -> None:
        """Lines take other rows than before; the line at the top stays there."""
        top = self._model.nearest(self.scroll_offset.y) if top is None else top
        region = self.scrollable_content_region
        self._painter.width, self._height = max(1, region.width), region.height
        self._model.reshape(self._painter.height if self._painter.wrap else None)
        self._repaint()
        self._place(self._model.total if self._follow or top is None else self._model.top(top))

    def _repaint(self) -> None:
        self._forget_painted()
        self._widest = 0
        self.refresh()

    def _forget_painted(self) -> None:
        self._painted.clear()
        self._finished.clear()

    # Places

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
        resizing = self.scrollable_content_region.height != self._height  # then it is the layout that moves it
        if not self._placing and not resizing and round(old_value) != round(new_value):
            self._set_follow(follow=round(new_value) >= self._model.total - self._height)
            self._tell()

    def _set_follow(self, *, follow: bool) -> None:
        if follow == self._follow:
            return
        self._follow = follow
        if follow and not self._model.paused:
            self._new = 0
        self._refresh_last()
        self._told_follow()

    def _follow_on(self, *, follow: bool) -> None:
        self._catch_up()
        self._set_follow(follow=follow)
        self._place(self._model.total if follow else self.scroll_offset.y)
        self._tell()

    @property
    def _selected(self) -> range:
        if self._anchor is None or self._cursor is None:
            return range(0)
        return range(min(self._anchor, self._cursor), max(self._anchor, self._cursor) + 1)

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
        self._forget_painted()
