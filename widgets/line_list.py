"""A list of lines under a header, of any length: the cursor, the scrolling, and painting no more than what differs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget
from typing_extensions import override

from widgets.glyphs import Tone
from widgets.table_lines import Line, Look, Painter, Styles

HEADER = 1
"""Lines at the top that do not scroll."""


class LineList(ScrollView, can_focus=True, inherit_bindings=False):
    """Base of a table that asks for a line when it comes in sight; subclasses say how many there are, and which."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", id="table.up", show=False),
        Binding("down,j", "move(1)", "Down", id="table.down", show=False),
        Binding("pageup", "page(-1)", "Page up", id="table.page_up", show=False),
        Binding("pagedown", "page(1)", "Page down", id="table.page_down", show=False),
        Binding("ctrl+u", "page(-0.5)", "Half a page up", id="table.half_up", show=False),
        Binding("ctrl+d", "page(0.5)", "Half a page down", id="table.half_down", show=False),
        Binding("home,g", "first", "First row", id="table.first", show=False),
        Binding("end,G", "last", "Last row", id="table.last", show=False),
    ]

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - as every widget names it
        super().__init__(name=name, id=id, classes=classes)
        self.cursor_row = 0
        self._painter = Painter()
        self._styles: Styles | None = None
        self._painted: dict[int, Line | None] = {}
        self._said_why = False
        """Whether the words for a list without rows are on the screen."""
        """What stands on each line of the screen."""
        self._lines: dict[int, Line] = {}
        """Lines made since the last news, by row: scrolling makes only those that come in sight."""

    # What a subclass says

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def line_of(self, row: int) -> Line:
        """The line of a row."""
        raise NotImplementedError

    def header_line(self) -> Line:
        """The line above the rows."""
        raise NotImplementedError

    def empty_lines(self) -> Sequence[Line]:
        """What stands there when there is no row."""
        return ()

    def style_of(self, role: Look | Tone) -> str:
        """The component class of a role."""
        raise NotImplementedError

    def row_reached(self, row: int) -> None:
        """Somebody moved the cursor to a row."""

    def row_opened(self, row: int) -> None:
        """Somebody clicked a row twice."""

    def header_clicked(self, x: int) -> None:
        """Somebody clicked the header."""

    def window_moved(self) -> None:
        """Other rows may be in sight."""

    # What is in sight

    @property
    def top(self) -> int:
        """The first row in sight."""
        return self.scroll_offset.y

    @property
    def page(self) -> int:
        """How many rows fit."""
        return max(0, self.size.height - HEADER)

    def go(self, row: int) -> None:
        """Move the cursor to a row, or as near as there is one, and bring it in sight."""
        if not self.row_count:
            return
        before, self.cursor_row = self.cursor_row, max(0, min(row, self.row_count - 1))
        self._lines.pop(before, None)
        self._lines.pop(self.cursor_row, None)
        self.row_reached(self.cursor_row)
        if not self._scroll(self._top_for(self.cursor_row, self.top)):
            self.repaint_rows({before, self.cursor_row})

    def rows_changed(self, cursor: int, top: int) -> None:
        """There are other rows, or in another order: put the cursor and the scrolling where they belong.

        Both are set before anything is painted, and without a layout of the screen, so that it costs one frame.
        """
        self._lines.clear()
        self.cursor_row = max(0, min(cursor, self.row_count - 1))
        height = self.row_count + HEADER
        if self.virtual_size.height != height:
            self.set_reactive(Widget.virtual_size, Size(self.size.width, height))
            if self.is_mounted and self.show_vertical_scrollbar:
                self.vertical_scrollbar.window_virtual_size = height
        if not self._scroll(top):
            self.repaint_rows()
        self.window_moved()

    def repaint_rows(self, rows: Iterable[int] | None = None) -> None:
        """Paint those of the rows whose line is not what is on the screen: some rows, or all in sight."""
        top, page, count = self.top, self.page, self.row_count
        if not count:
            if any(self._painted.values()) or not self._painted:
                self.repaint_everything()
            return
        if self._said_why:
            self.repaint_everything()
            return
        kept = range(0) if rows is None else range(top, top + page)
        self._lines = {row: line for row, line in self._lines.items() if row in kept}
        width = self.size.width
        dirty = []
        for row in range(top, top + page) if rows is None else rows:
            self._lines.pop(row, None)
            y = row - top
            if 0 <= y < page and self._painted.get(y, _UNPAINTED) != self._line(row):
                dirty.append(Region(0, y + HEADER, width, 1))
        if dirty:
            self.refresh(*dirty)

    def repaint_header(self) -> None:
        """Paint the header again."""
        self.refresh(Region(0, 0, self.size.width, HEADER))

    def repaint_everything(self) -> None:
        """Paint all of it again."""
        self._painted.clear()
        self._lines.clear()
        self._said_why = False
        self.refresh()

    # Painting

    @override
    def render_lines(self, crop: Region) -> list[Strip]:
        styles = self.styles
        if any(styles.gutter) or styles.tint.a or styles.text_opacity != 1 or self.opacity != 1:
            return super().render_lines(crop)
        # The lines are kept by the painter already; the general way would cost twice as much as making them.
        filters, background = self.get_line_filters(), self.background_colors[1]
        strips = []
        for y in crop.line_range:
            strip = self.render_line(y)
            for line_filter in filters:
                strip = strip.apply_filter(line_filter, background)
            strips.append(strip)
        if crop.column_span == (0, self.size.width):
            return strips
        return [strip.crop(*crop.column_span) for strip in strips]

    @override
    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if self._styles is None:
            self._styles = self._read_styles()
        if y < HEADER:
            return self._painter.strip(self.header_line(), width, self._styles)
        row = self.top + y - HEADER
        line = self._line(row)
        self._painted[y - HEADER] = line
        if line is None and not self.row_count:
            empty = self.empty_lines()
            self._said_why = True
            line = empty[y - HEADER] if y - HEADER < len(empty) else None
        return self._painter.strip(line or _BLANK, width, self._styles)

    @override
    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles = None
        self._painter.forget()
        self._painted.clear()
        self._lines.clear()

    @override
    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.window_moved()

    def on_resize(self) -> None:
        """Make the lines as wide as the widget is now, and keep the cursor in sight."""
        self._painter.forget()
        self._painted.clear()
        self.rows_changed(self.cursor_row, self._top_for(self.cursor_row, self.top))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; a second click opens."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        row = self.top + offset.y - HEADER
        if offset.y < HEADER:
            self.header_clicked(offset.x)
        elif row < self.row_count:
            self.go(row)
            if event.chain == 2:
                self.row_opened(row)

    # Keys

    def action_move(self, rows: int) -> None:
        """Move the cursor by some rows."""
        self.go(self.cursor_row + rows)

    def action_page(self, pages: float) -> None:
        """Move the cursor by pages, or parts of one."""
        self.go(self.cursor_row + int(pages * max(1, self.page - 1)))

    def action_first(self) -> None:
        """Move the cursor to the first row."""
        self.go(0)

    def action_last(self) -> None:
        """Move the cursor to the last row."""
        self.go(self.row_count - 1)

    # Inside

    def _line(self, row: int) -> Line | None:
        line = self._lines.get(row)
        if line is None and row < self.row_count:
            line = self._lines[row] = self.line_of(row)
        return line

    def _top_for(self, row: int, top: int) -> int:
        """The least scrolling that brings a row in sight."""
        return max(min(top, row), row - self.page + 1, 0)

    def _scroll(self, top: int) -> bool:
        """Scroll, which paints everything; tells whether there was anything to scroll."""
        wanted = max(0, min(top, self.row_count - self.page))
        if not self.is_mounted or wanted == self.top:
            return False
        before = self.top
        self.scroll_to(y=wanted, animate=False, force=True)
        return self.top != before

    def _read_styles(self) -> Styles:
        looks = {
            look: self.rich_style if look is Look.NORMAL else self.get_component_rich_style(self.style_of(look))
            for look in Look
        }
        tones = {tone: self.get_component_rich_style(self.style_of(tone), partial=True) for tone in Tone}
        return Styles(looks, tones)


_BLANK = Line("")
_UNPAINTED = Line("", look=Look.HEADER)
