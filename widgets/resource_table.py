"""The table every kind of resource is shown in: only lines in sight are built, and only those that differ are sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from typing_extensions import override

from backends.contract.model import Column, Resource, ResourceId, Sample, Unit
from widgets.cells import unit_of, value_of
from widgets.filter import Filter
from widgets.glyphs import ASCII, UNICODE, Tone
from widgets.line_list import LineList
from widgets.marks import Marks
from widgets.quantities import ages
from widgets.row_order import Row
from widgets.table_layout import Layout, lay_out
from widgets.table_lines import Composer, Line, Look, placeholder_lines
from widgets.table_view import TableView

WARMED = 2000
"""Rows made ready for text filters per tick."""


class ResourceTable(LineList):
    """Shows resources of a kind, one line each; the cursor and the marks follow the resource, never the row number."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("H", "shift(-1)", "Columns to the left", id="table.scroll_left", show=False),
        Binding("L", "shift(1)", "Columns to the right", id="table.scroll_right", show=False),
        Binding("left", "fold(True)", "Fold, or columns to the left", id="table.fold", show=False),
        Binding("right", "fold(False)", "Unfold, or columns to the right", id="table.unfold", show=False),
        Binding("space", "mark", "Mark", id="table.mark", show=False),
        Binding("v", "range", "Begin or end a range of marks", id="table.range", show=False),
        Binding("asterisk", "mark_all", "Mark all that is shown", id="table.mark_all", show=False),
        Binding("enter", "choose", "Open", id="table.choose", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"resource-table--{look}" for look in Look),
        *(f"resource-table--{tone}" for tone in Tone),
    }
    DEFAULT_CSS = """
    ResourceTable {
        height: 1fr;
        background: $surface;
        color: $foreground;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;

        & > .resource-table--stale { color: $text-muted; }
        & > .resource-table--marked { background: $panel; text-style: bold; }
        & > .resource-table--cursor {
            color: $block-cursor-blurred-foreground;
            background: $block-cursor-blurred-background;
            text-style: bold;
        }
        &:focus > .resource-table--cursor {
            color: $block-cursor-foreground;
            background: $block-cursor-background;
            text-style: bold;
        }
        & > .resource-table--header { background: $panel; color: $foreground; text-style: bold; }
        & > .resource-table--placeholder { color: $text-muted; }
        & > .resource-table--good { color: $text-success; }
        & > .resource-table--busy { color: $text-accent; }
        & > .resource-table--warning { color: $text-warning; text-style: bold; }
        & > .resource-table--fault { color: $text-error; text-style: bold; }
        & > .resource-table--idle { color: $text-muted; }

        &:nocolor:focus > .resource-table--cursor, &:ansi:focus > .resource-table--cursor {
            color: ansi_default;
            background: ansi_default;
            text-style: reverse bold;
        }
        &:nocolor > .resource-table--header, &:ansi > .resource-table--header {
            background: ansi_default;
            text-style: bold underline;
        }
    }
    """

    @dataclass
    class Chosen(Message):
        """A row was opened, by Enter or a double click."""

        table: ResourceTable
        resource: ResourceId

        @property
        @override
        def control(self) -> ResourceTable:
            return self.table

    @dataclass
    class Sorted(Message):
        """A header was clicked: the rows are sorted by another column now."""

        table: ResourceTable
        column: str
        reverse: bool

        @property
        @override
        def control(self) -> ResourceTable:
            return self.table

    @dataclass
    class _News(Message):
        """News without data, so that a burst of it collapses into one."""

        table: ResourceTable

        @property
        @override
        def control(self) -> ResourceTable:
            return self.table

        @override
        def can_replace(self, message: Message) -> bool:
            return type(message) is type(self)

    class Highlighted(_News):
        """The cursor is on another resource, or on none."""

    class MarksChanged(_News):
        """Other resources are marked."""

    class WindowChanged(_News):
        """Other resources are in sight."""

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        recent: Callable[[ResourceId], Sequence[Sample]] = lambda _resource: (),
        stale: Callable[[ResourceId], float | None] = lambda _resource: None,
        clock: Callable[[], float] = time.time,
        ascii: bool = False,  # noqa: A002 - the word people know for it
        sort: str = "name",
        tree_field: str | None = None,
        placeholder: str = "",
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - as every widget names it
        classes: str | None = None,
    ) -> None:
        """Make an empty table.

        Args:
            columns: exactly those to show; which of a kind's columns that are is the caller's choice.
            recent: the last measurements of a resource, oldest first.
            stale: since when what is known of a resource may be untrue; ``None`` while it is live.
            clock: what ages count to.
            ascii: draw no shape that is not ASCII.
            sort: id of the column to sort by; a leading ``-`` reverses it.
            tree_field: the fact that names a row's parent, for kinds that form a tree.
            placeholder: what to say when there is no row to show.
            name: as for every widget.
            id: as for every widget.
            classes: as for every widget.
        """
        super().__init__(name=name, id=id, classes=classes)
        self._recent = recent
        self._stale = stale
        self._clock = clock
        self._ticked = 0.0
        self._glyphs = ASCII if ascii else UNICODE
        self._placeholder = placeholder
        self._view = TableView(columns, sort=sort, tree_field=tree_field, newest=self._newest, clock=clock)
        self._marks = Marks()
        self._columns_now = Layout()
        self._current: ResourceId | None = None
        self._touched = False
        """Whether anybody has moved the cursor; until then it rests on the first row, whatever comes first."""
        self._window: frozenset[ResourceId] = frozenset()

    # What is asked

    @property
    def current(self) -> ResourceId | None:
        """The resource under the cursor."""
        return self._current

    @property
    def marks(self) -> frozenset[ResourceId]:
        """The marked resources, those that the filter hides too."""
        return self._marks.all

    @property
    def selection(self) -> tuple[ResourceId, ...]:
        """What a verb acts on: the marked resources, those in the table in its order; else the current one."""
        if self._marks.all:
            places = {identity: self._view.index_of(identity) for identity in self._marks.all}
            last = len(self._view)
            return tuple(
                sorted(places, key=lambda identity: (last if (at := places[identity]) is None else at, identity))
            )
        return () if self._current is None else (self._current,)

    @property
    def view(self) -> TableView:
        """The model behind the table: counts, totals, order. To be read, not written."""
        return self._view

    @property
    def shown(self) -> int:
        """How many rows there are to scroll through."""
        return len(self._view)

    @property
    def total(self) -> int:
        """How many rows there are, filtered or not."""
        return self._view.total

    @property
    def faults(self) -> int:
        """How many of all rows somebody should look at."""
        return self._view.faults

    def visible_ids(self) -> frozenset[ResourceId]:
        """The resources in sight."""
        return frozenset(row.id for row in self._view.window(self.top, self.top + self.page))

    # What is told

    def load(self, resources: Iterable[Resource]) -> None:
        """Show exactly these resources."""
        self._view.load(resources)
        if self._marks.forget(identity for identity in self._marks.all if self._view.get(identity) is None):
            self.post_message(self.MarksChanged(self))
        self._sync()

    def update(self, changed: Iterable[Resource], gone: Iterable[ResourceId] = ()) -> None:
        """Take new versions of some resources, and let go of others."""
        leaving = tuple(gone)
        change = self._view.update(changed, leaving)
        if leaving and self._marks.forget(leaving):
            self.post_message(self.MarksChanged(self))
        if change.moved:
            self._sync()
        elif change.keys:
            self._repaint(change.keys)

    def measure(self, samples: Iterable[Sample]) -> None:
        """Take measurements. Rows sorted by them move now and then only, and never while the cursor moves."""
        touched = self._view.measure(samples)
        if self._view.settle():
            self._sync()
        elif touched:
            self._repaint(touched)

    def tick(self) -> None:
        """Let time pass: ages grow, rows fall into order. Paints only lines whose text differs."""
        self._view.warm(WARMED)
        if self._view.settle():
            self._sync()
        else:
            self.repaint_rows(self._aged())

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns shown, room permitting."""
        return self._view.columns

    @columns.setter
    def columns(self, columns: Sequence[Column]) -> None:
        self._view.set_columns(columns)
        self._arrange(self._columns_now.offset)

    def set_filter(self, new: Filter) -> None:
        """Show only what passes."""
        self._view.set_filter(new)
        self._sync(fallback=0)

    def set_sort(self, column: str, *, reverse: bool = False) -> None:
        """Sort by the column of that id."""
        self._view.set_sort(column, reverse=reverse)
        self._sync()
        self.repaint_header()

    @property
    def faults_only(self) -> bool:
        """Whether only what somebody should look at is shown."""
        return self._view.faults_only

    @faults_only.setter
    def faults_only(self, only: bool) -> None:
        self._view.set_faults_only(only=only)
        self._sync(fallback=0)

    @property
    def placeholder(self) -> str:
        """What stands in the table when it has no row to show."""
        return self._placeholder

    @placeholder.setter
    def placeholder(self, text: str) -> None:
        if text != self._placeholder:
            self._placeholder = text
            if not len(self._view):
                self.repaint_everything()

    def move_to(self, resource: ResourceId) -> bool:
        """Put the cursor on a resource; tells whether it is shown."""
        index = self._view.index_of(resource)
        if index is None:
            return False
        self.go(index)
        return True

    def mark(self, resources: Iterable[ResourceId]) -> None:
        """Mark these resources too."""
        for identity in resources:
            if identity not in self._marks:
                self._marks.toggle(identity)
        self._marked()

    def clear_marks(self) -> bool:
        """Take all marks away; tells whether there were any."""
        had = self._marks.clear()
        if had:
            self._marked()
        return had

    # Keys

    def action_shift(self, columns: int) -> None:
        """Scroll sideways by columns."""
        self._arrange(self._columns_now.offset + columns)

    def action_fold(self, folded: bool) -> None:  # noqa: FBT001 - an action's argument comes from its binding
        """Fold or unfold a tree's row; in a table without a tree, scroll sideways."""
        if self._view.tree_field is None:
            self.action_shift(-1 if folded else 1)
        elif self._current is not None:
            row = self._view.get(self._current)
            if self._view.fold(self._current, folded=folded):
                self._sync()
            elif folded and row is not None and (parent := self._view.parent(row)) is not None:
                self.move_to(parent)

    def action_mark(self) -> None:
        """Mark the current resource, or take its mark away."""
        if self._current is not None:
            self._marks.toggle(self._current)
            self._marked()

    def action_range(self) -> None:
        """Begin a range of marks that grows with the cursor, or end it."""
        if self._marks.anchor is not None:
            self._marks.end()
        elif self._current is not None:
            self._marks.begin(self._current)
            self._marked()

    def action_mark_all(self) -> None:
        """Mark all rows that are shown; when they are marked already, take the marks away."""
        self._marks.toggle_all(self._view.rows)
        self._marked()

    def action_choose(self) -> None:
        """Open the current resource."""
        if self._current is not None:
            self.post_message(self.Chosen(self, self._current))

    # What the list asks

    @property
    @override
    def row_count(self) -> int:
        return len(self._view)

    @override
    def line_of(self, row: int) -> Line:
        found = self._view.window(row, row + 1)[0]
        return self._composer().line(found, cursor=row == self.cursor_row, marked=found.id in self._marks)

    @override
    def header_line(self) -> Line:
        column, reverse = self._view.sort
        return self._composer().header(column, reverse=reverse)

    @override
    def empty_lines(self) -> Sequence[Line]:
        return placeholder_lines(self._placeholder, self.size.width)

    @override
    def style_of(self, role: Look | Tone) -> str:
        return f"resource-table--{role}"

    @override
    def row_reached(self, row: int) -> None:
        self._touched = True
        self._view.hold()
        self._highlight(self._view.window(row, row + 1)[0].id)
        if self._marks.anchor is not None:
            self._stretch(row)

    @override
    def row_opened(self, row: int) -> None:
        self.action_choose()

    @override
    def header_clicked(self, x: int) -> None:
        slot = self._columns_now.at(x)
        if slot is None:
            return
        column, reverse = self._view.sort
        turned = slot.column.id == column.id and not reverse
        self.set_sort(slot.column.id, reverse=turned)
        self.post_message(self.Sorted(self, slot.column.id, turned))

    @override
    def window_moved(self) -> None:
        window = self.visible_ids()
        if window != self._window:
            self._window = window
            self.post_message(self.WindowChanged(self))

    @override
    def on_resize(self) -> None:
        self._columns_now = lay_out(self._view.columns, self.scrollable_content_region.width, self._columns_now.offset)
        super().on_resize()

    # Inside

    def _newest(self, resource: ResourceId) -> Sample | None:
        samples = self._recent(resource)
        return samples[-1] if samples else None

    def _aged(self) -> Sequence[int] | None:
        """The rows in sight in which an age reads otherwise than at the last tick; ``None`` for all of them."""
        before, now = self._ticked, self._clock()
        self._ticked = now
        if int(before // 60) != int(now // 60):
            return None  # once a minute all are looked at: days end, and a clock may be set
        moments = [slot.column for slot in self._columns_now.slots if unit_of(slot.column) is Unit.TIME]
        window = self._view.window(self.top, self.top + self.page)
        return [row for row, found in enumerate(window, self.top) if self._ages(found, moments, before, now)]

    def _ages(self, row: Row, moments: Sequence[Column], before: float, now: float) -> bool:
        told = [value_of(column, row.resource, row.sample) for column in moments]
        told.append(self._stale(row.id))
        return any(isinstance(moment, (int, float)) and ages(moment, before, now) for moment in told)

    def _composer(self) -> Composer:
        folded = self._view.is_folded if self._view.tree_field is not None else None
        return Composer(self._columns_now, self._glyphs, self._clock(), self._recent, self._stale, folded)

    def _arrange(self, offset: int) -> None:
        self._columns_now = lay_out(self._view.columns, self.scrollable_content_region.width, offset)
        self.repaint_everything()

    def _repaint(self, resources: Iterable[ResourceId]) -> None:
        places = (self._view.index_of(identity) for identity in self._window.intersection(resources))
        self.repaint_rows([place for place in places if place is not None])

    def _sync(self, *, fallback: int | None = None) -> None:
        """After rows came, went or moved: the cursor stays on its resource, and that on its line of the screen.

        When the resource is not there any more the cursor takes the fallback, or whatever stands in its place now.
        """
        line = self.cursor_row - self.top
        index = self._view.index_of(self._current) if self._touched else 0
        if index is None:
            index = self.cursor_row if fallback is None else fallback
        index = max(0, min(index, len(self._view) - 1))
        self._highlight(self._view.window(index, index + 1)[0].id if len(self._view) else None)
        in_sight = 0 <= line < self.page
        self.rows_changed(index, index - line if in_sight else self.top)

    def _highlight(self, resource: ResourceId | None) -> None:
        if resource != self._current:
            self._current = resource
            self.post_message(self.Highlighted(self))

    def _stretch(self, row: int) -> None:
        anchor = self._view.index_of(self._marks.anchor)
        if anchor is None:
            return
        span = self._view.window(min(anchor, row), max(anchor, row) + 1)
        self._marks.span(found.id for found in span)
        self._marked()

    def _marked(self) -> None:
        self.repaint_rows()
        self.post_message(self.MarksChanged(self))
