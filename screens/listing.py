"""What every list has: a table, a filter line, a state line, and the keys that work on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key
from textual.widgets import Static
from typing_extensions import override

from backends.contract.model import Ability, Column, Kind, Resource, ResourceId, State
from screens.absence import in_a_sentence
from screens.command import GLOBAL, LIST
from screens.copying import Copied, copy_choices
from screens.desk import Desk
from screens.dialogs.columns import ColumnsDialog
from screens.dialogs.menu import Item, Menu
from screens.operating import Operating
from widgets.cells import neutral
from widgets.filter import Filter, parse
from widgets.line_input import LineInput
from widgets.resource_table import ResourceTable


class Listing(Operating):
    """A list of resources, or of anything that can be told as resources."""

    CONTEXTS: ClassVar[tuple[str, ...]] = (LIST, GLOBAL)

    DEFAULT_CSS = """
    Listing #kinds { height: 1; color: $text-muted; }
    Listing #tables, Listing ResourceTable { height: 1fr; }
    Listing #state { height: 1; color: $text-muted; }
    Listing #filter { height: 1; display: none; }
    Listing.-filtering #filter { display: block; }
    Listing.-filtering #state { display: none; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._offered: tuple[str, State, Ability] | None = None
        """What the footer was last made for."""

    @override
    def body(self) -> ComposeResult:
        yield Static(id="kinds")
        yield Vertical(id="tables")
        yield Static(id="state")
        yield LineInput(id="filter", placeholder="substring  ~fuzzy  re:regex  !not  field:value")

    @property
    def table(self) -> ResourceTable:
        """The table that is shown."""
        raise NotImplementedError

    @property
    def kind(self) -> Kind | None:
        """What the rows are."""
        raise NotImplementedError

    def find(self, row: ResourceId) -> Resource | None:
        """The resource behind a row."""
        return self.fleet.inventory.get(row)

    def why_empty(self) -> str:
        """Why there is no row, in words."""
        return "There is nothing here yet."

    def new_table(self, kind: Kind | None) -> ResourceTable:
        """A table for a kind; it keeps its own filter, order, cursor and marks."""
        inventory = self.fleet.inventory
        return ResourceTable(
            tuple(column for column in kind.columns if column.shown) if kind else (),
            recent=inventory.recent,
            stale=inventory.stale,
            ascii=self.desk.ascii,
            sort=kind.sort if kind else "name",
            tree_field=kind.parent_field if kind else None,
        )

    @override
    def mounted(self) -> None:
        """Ages move on while somebody looks."""
        self.set_interval(1.0, self._tick)

    def _tick(self) -> None:
        if self.is_current:
            self.table.tick()

    # -- what is said about the rows

    def describe_state(self) -> None:
        """Say how many rows there are, how many are faulty, what is filtered and marked."""
        table = self.table
        table.placeholder = self.why_empty()
        parts = [f"{table.shown} of {table.total}" if table.shown != table.total else f"{table.total}"]
        if table.faults:
            parts.append(f"{table.faults} faulty")
        if table.faults_only:
            parts.append("faults only")
        if table.view.filter.text:
            parts.append(f"filter {neutral(table.view.filter.text)}")
        if table.marks:
            parts.append(f"{len(table.marks)} marked")
        if table.view.filter.problem:
            parts.append(neutral(table.view.filter.problem))
        parts += self.state_notes()
        self.query_one("#state", Static).update(Text(" " + " · ".join(parts), no_wrap=True, overflow="ellipsis"))

    def state_notes(self) -> Sequence[str]:
        """What else there is to say beside the counts: that what is shown may be old, and why."""
        absence = in_a_sentence(self.fleet)
        return (neutral(absence),) if absence else ()

    @on(ResourceTable.Highlighted)
    def _highlighted(self) -> None:
        """The footer says what can be done to the row under the cursor; most rows can be done the same to."""
        row = self.table.current
        resource = self.find(row) if row is not None else None
        offered = (resource.id.connection, resource.state, resource.abilities) if resource else None
        if offered != self._offered:
            self._offered = offered
            self.refresh_frame()

    @on(ResourceTable.MarksChanged)
    def _marks_changed(self) -> None:
        self.describe_state()
        self.refresh_frame()

    @on(ResourceTable.Chosen)
    def _chosen(self) -> None:
        self.do("list.open")

    # -- filter

    @property
    def _columns(self) -> Sequence[Column]:
        return self.kind.columns if self.kind else ()

    def filter_by(self, text: str) -> None:
        """Show only rows that match."""
        self.table.set_filter(parse(text, self._columns))
        self.describe_state()

    @override
    def pressed(self, event: Key) -> None:
        if isinstance(self.focused, LineInput) and (event.is_printable or event.key in ("escape", "enter")):
            return
        super().pressed(event)

    def do_list_filter(self) -> None:
        """Type a filter; the table follows every key."""
        line = self.query_one("#filter", LineInput)
        line.value = self.table.view.filter.text
        line.cursor_position = len(line.value)
        self.add_class("-filtering")
        line.focus()

    @on(LineInput.Changed, "#filter")
    def _filter_typed(self, event: LineInput.Changed) -> None:
        self.table.set_filter(parse(event.value, self._columns))

    @on(LineInput.Submitted, "#filter")
    def _filter_done(self) -> None:
        self._leave_filter()

    @on(LineInput.Cancelled, "#filter")
    def _filter_cancelled(self) -> None:
        self.table.set_filter(Filter())
        self._leave_filter()

    def _leave_filter(self) -> None:
        self.remove_class("-filtering")
        self.table.focus()
        self.describe_state()

    # -- keys

    def do_list_escape(self) -> None:
        """Undo one layer: filter, faults only, marks, then back."""
        table = self.table
        if table.view.filter.text:
            table.set_filter(Filter())
        elif table.faults_only:
            table.faults_only = False
        elif table.marks:
            table.clear_marks()
        else:
            self.desk.back()
            return
        self.describe_state()

    def do_list_faults(self) -> None:
        """Only what is wrong."""
        self.table.faults_only = not self.table.faults_only
        self.describe_state()

    def do_list_reverse(self) -> None:
        """Turn the order round."""
        column, reverse = self.table.view.sort
        self.table.set_sort(column.id, reverse=not reverse)

    @work(group="dialog")
    async def do_list_sort(self) -> None:
        """Choose columns and the order."""
        shown = tuple(column.id for column in self.table.columns)
        sort, reverse = self.table.view.sort
        answer = await self.app.push_screen_wait(ColumnsDialog(self._columns, shown, sort.id))
        if answer is None:
            return
        self.table.columns = tuple(column for column in self._columns if column.id in answer.shown)
        self.table.set_sort(answer.sort, reverse=reverse and sort.id == answer.sort)

    def copies(self, resources: Sequence[Resource]) -> Sequence[Copied]:
        """What can be copied of the selection."""
        return copy_choices(resources)

    @work(group="dialog")
    async def do_list_copy(self) -> None:
        """Copy something of the selection."""
        resources = [found for row in self.table.selection if (found := self.find(row)) is not None]
        choices = self.copies(resources)
        if len(choices) < 2:
            for only in choices:
                self.desk.copy(only.text, only.title.lower())
            return
        items = [Item(choice, choice.title, note=choice.text.split("\n")[0]) for choice in choices]
        chosen = await self.app.push_screen_wait(Menu("Copy", items))
        if chosen is not None:
            self.desk.copy(chosen.text, chosen.title.lower())
