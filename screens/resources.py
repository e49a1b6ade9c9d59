"""The list of resources of one kind, over all connections, live."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key
from textual.widgets import Static
from typing_extensions import override

from backends.contract.errors import BackendError
from backends.contract.model import Ability, Area, Column, Kind
from backends.contract.operation import Confirm
from fleet.values import Connection, ConnectionState, Interest
from screens.command import GLOBAL, LIST, key_name
from screens.copying import copy_choices
from screens.desk import Desk, Place
from screens.dialogs.columns import ColumnsDialog, SortChosen
from screens.dialogs.menu import Item, Menu
from screens.operating import Operating
from screens.view import News
from widgets.cells import duration, neutral
from widgets.filter import Filter, parse
from widgets.frame import KeyHint
from widgets.line_input import LineInput
from widgets.resource_table import ResourceTable

ATTENDED = 100
"""Rows measured often at most: what one screen shows and a little more."""


class ResourcesView(Operating):
    """A live table of one kind with everything that can be done to it."""

    CONTEXTS: ClassVar[tuple[str, ...]] = (LIST, GLOBAL)

    DEFAULT_CSS = """
    ResourcesView #kinds { height: 1; color: $text-muted; }
    ResourcesView #tables, ResourcesView ResourceTable { height: 1fr; }
    ResourcesView #state { height: 1; color: $text-muted; }
    ResourcesView #filter { height: 1; display: none; }
    ResourcesView.-filtering #filter { display: block; }
    ResourcesView.-filtering #state { display: none; }
    """

    def __init__(self, desk: Desk, area: Area) -> None:
        super().__init__(desk)
        self.area = area
        self._kind: Kind | None = None
        self._tables: dict[str, ResourceTable] = {}
        """One table per kind, mounted when first shown: it keeps its own filter, order, cursor and marks."""
        self._wanted: Place | None = None
        self._interest = Interest()

    @override
    def body(self) -> ComposeResult:
        yield Static(id="kinds")
        yield Vertical(id="tables")
        yield Static(id="state")
        yield LineInput(id="filter", placeholder="substring  ~fuzzy  re:regex  !not  field:value")

    # -- what is shown

    @property
    def table(self) -> ResourceTable:
        """The table of the kind that is shown."""
        return self._tables[self._kind.id if self._kind else ""]

    @property
    def kinds(self) -> Sequence[Kind]:
        """The kinds of this area."""
        found = [kind for kind in self.fleet.catalogue.kinds.values() if kind.area is self.area]
        return sorted(found, key=lambda kind: kind.order)

    @override
    def enter(self, place: Place) -> None:
        self._wanted = place
        if self.is_mounted:
            self._go_there()

    def _go_there(self) -> None:
        place, self._wanted = self._wanted, None
        kinds = self.kinds
        named = next((kind for kind in kinds if place and kind.id == place.kind), None)
        self._show_kind(named or self._kind or (kinds[0] if kinds else None))
        if place is not None and place.filter:
            self.table.set_filter(parse(place.filter, self._columns))
        if place is not None and place.resource is not None:
            self.table.move_to(place.resource)
        self._describe_state()

    @property
    def _columns(self) -> Sequence[Column]:
        return self._kind.columns if self._kind else ()

    @override
    def place(self) -> Place:
        if self._kind is None:
            return Place("resources", kind=self.area.value)
        current = self.table.current if self._kind.id in self._tables else None
        return Place("resources", kind=self._kind.id, resources=(current,) if current else ())

    def on_mount(self) -> None:
        """Show the kind that was asked for."""
        self._go_there()
        self.set_interval(1.0, self._tick)

    def _show_kind(self, kind: Kind | None) -> None:
        self._kind = kind
        name = kind.id if kind else ""
        if name not in self._tables:
            self._tables[name] = self._new_table(kind)
            self.query_one("#tables").mount(self._tables[name])
        for other, table in self._tables.items():
            table.display = other == name
        self._fill()
        self.set_focus(self.table)
        self._attend()

    def _new_table(self, kind: Kind | None) -> ResourceTable:
        inventory = self.fleet.inventory
        return ResourceTable(
            tuple(column for column in kind.columns if column.shown) if kind else (),
            recent=inventory.recent,
            stale=inventory.stale,
            ascii=self.desk.ascii,
            sort=kind.sort if kind else "name",
            tree_field=kind.parent_field if kind else None,
        )

    def _fill(self) -> None:
        if self._kind is not None:
            self.table.load(self.fleet.inventory.of_kind(self._kind.id).values())
        self._placeholder()
        self._describe_state()

    @override
    def learn(self, news: News) -> None:
        kind = self._kind
        if kind is None:
            if self.kinds:
                self._show_kind(self.kinds[0])
            return
        inventory = self.fleet.inventory
        if news.all or news.connections:
            self._fill()
        else:
            changed = [r for i in news.resources if i.kind == kind.id and (r := inventory.get(i)) is not None]
            self.table.update(changed, [identity for identity in news.gone if identity.kind == kind.id])
        samples = [s for i in news.samples if i.kind == kind.id and (s := inventory.sample(i)) is not None]
        if samples:
            self.table.measure(samples)
        if news.all or news.connections or news.resources or news.gone:
            self._placeholder()
            self._describe_state()

    def _tick(self) -> None:
        if self.is_current:
            self.table.tick()

    def _placeholder(self) -> None:
        """Why the table is empty, in words."""
        self.table.placeholder = self._why_empty()

    def _why_empty(self) -> str:
        inventory = self.fleet.inventory
        if self._kind is None:
            return f"No installed backend brings {self.area.value} yet."
        if self.table.total:
            return "Nothing matches the filter. Esc clears it."
        backends = {b.id for b in self.fleet.catalogue.backends.values() if self._kind.id in {k.id for k in b.kinds}}
        ours = [c for c in inventory.connections.values() if c.spec.backend in backends]
        missing = [m for m in inventory.missing if m.backend in backends]
        if not ours and missing:
            return "\n".join(f"{item.what} {item.remedy}" for item in missing)
        lost = [c for c in ours if c.state not in (ConnectionState.ONLINE, ConnectionState.DEGRADED)]
        if lost:
            return "\n".join(_trouble(connection) for connection in lost)
        return f"There are no {self._kind.plural.lower()} here yet."

    def _describe_state(self) -> None:
        table = self.table
        kinds = "  ".join(
            f"[b]{k.plural}[/b] {len(self.fleet.inventory.of_kind(k.id))}"
            if k is self._kind
            else f"{k.plural} {len(self.fleet.inventory.of_kind(k.id))}"
            for k in self.kinds
        )
        self.query_one("#kinds", Static).update(f" {kinds}")
        parts = [f"{table.shown} of {table.total}" if table.shown != table.total else f"{table.total}"]
        if table.faults:
            parts.append(f"{table.faults} faulty")
        if table.faults_only:
            parts.append("faults only (!)")
        if table.view.filter.text:
            parts.append(f"filter {neutral(table.view.filter.text)}")
        if marks := table.marks:
            parts.append(f"{len(marks)} marked")
        if problem := table.view.filter.problem:
            parts.append(neutral(problem))
        self.query_one("#state", Static).update(Text(" " + " · ".join(parts)))

    # -- attention

    @on(ResourceTable.WindowChanged)
    def _window_changed(self) -> None:
        self._attend()

    @work(exclusive=True, group="attention")
    async def _attend(self) -> None:
        kind = self._kind
        if kind is None:
            return
        inventory = self.fleet.inventory
        rows = [r for i in self.table.visible_ids() if (r := inventory.get(i)) and Ability.METRICS in r.abilities]
        kinds: frozenset[tuple[str, str]] = frozenset()
        if kind.volatile:
            backends = {b.id for b in self.fleet.catalogue.backends.values() if kind in b.kinds}
            kinds = frozenset(
                (c.spec.id, kind.id) for c in inventory.connections.values() if c.spec.backend in backends
            )
        interest = Interest(resources=frozenset(r.id for r in rows[:ATTENDED]), kinds=kinds)
        if interest == self._interest:
            return
        try:
            await self.fleet.attend(f"resources-{self.area.value}", interest)
            self._interest = interest
        except BackendError:
            return  # the fleet is being reached again; attention is said anew when it is

    @override
    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._interest = Interest()
        self._attend()

    @override
    def on_screen_suspend(self) -> None:
        super().on_screen_suspend()
        self._look_away()

    @work(exclusive=True, group="attention")
    async def _look_away(self) -> None:
        try:
            await self.fleet.attend(f"resources-{self.area.value}", Interest())
        except BackendError:
            return

    # -- keys

    @override
    def on_key(self, event: Key) -> None:
        if isinstance(self.focused, LineInput):
            if not event.is_printable:
                super().on_key(event)
            return
        key = key_name(event)
        if self.desk.keymap.find(key, (LIST,)) is None:
            operation = self.operation_for_key(key, self.table.selection)
            if operation is not None:
                event.stop()
                event.prevent_default()
                self.operate(operation, self.table.selection)
                return
        super().on_key(event)

    @override
    def footer(self) -> Sequence[KeyHint]:
        items = list(super().footer())
        current = self.table.current if self.is_mounted else None
        resource = self.fleet.inventory.get(current) if current else None
        if resource is not None:
            verbs = [
                KeyHint(key, op.title, f"operate:{op.verb}", asks=op.confirm is not Confirm.NONE, rank=20)
                for op, reason in self.operations_of(resource)
                if reason is None and (key := self.desk.keymap.operation_key(op))
            ]
            items[3:3] = verbs[:4]
        return items

    @override
    def do(self, command: str) -> bool:
        if command.startswith("operate:"):
            self._operate_verb(command.removeprefix("operate:"))
            return True
        return super().do(command)

    def _operate_verb(self, verb: str, door: str = "palette") -> None:
        targets = self.table.selection
        resource = self.fleet.inventory.get(targets[0]) if targets else None
        if resource is None:
            return
        for operation, _ in self.operations_of(resource):
            if operation.verb == verb:
                self.operate(operation, targets, door=door)

    @on(ResourceTable.Highlighted)
    def _highlighted(self) -> None:
        self.refresh_frame()

    @on(ResourceTable.MarksChanged)
    def _marks_changed(self) -> None:
        self._describe_state()
        self.refresh_frame()

    @on(ResourceTable.Chosen)
    def _chosen(self) -> None:
        self.do_list_open()

    def _open(self, tab: str) -> None:
        if current := self.table.current:
            self.desk.go(Place("resource", kind=current.kind, resources=(current,), tab=tab))

    def do_list_open(self) -> None:
        """Open the resource under the cursor."""
        self._open("overview")

    def do_list_describe(self) -> None:
        """What is known about it."""
        self._open("overview")

    def do_list_inspect(self) -> None:
        """The engine's own description."""
        self._open("inspect")

    do_list_raw = do_list_inspect

    def do_list_metrics(self) -> None:
        """Charts, full screen."""
        self._open("metrics")

    def do_list_logs(self) -> None:
        """Logs of the selection."""
        chosen = [r for i in self.table.selection if (r := self.fleet.inventory.get(i)) is not None]
        logged = [r for r in chosen if Ability.LOGS in r.abilities]
        if chosen and not logged:
            self.notify(f"{neutral(chosen[0].name)} keeps no log that can be read.", severity="warning")
        elif logged:
            self.desk.go(Place("logs", kind=logged[0].id.kind, resources=tuple(r.id for r in logged)))

    def do_list_filter(self) -> None:
        """Type a filter; the table follows every key."""
        line = self.query_one("#filter", LineInput)
        line.value = self.table.view.filter.text
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
        self._placeholder()
        self._describe_state()

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
        self._describe_state()

    def do_list_up(self) -> None:
        """Out to the overview."""
        self.desk.go(Place("overview"))

    def do_list_faults(self) -> None:
        """Only what is wrong."""
        self.table.faults_only = not self.table.faults_only
        self._placeholder()
        self._describe_state()

    def do_list_next_kind(self) -> None:
        """The next kind of the area."""
        self._turn_kind(1)

    def do_list_previous_kind(self) -> None:
        """The kind before."""
        self._turn_kind(-1)

    def _turn_kind(self, step: int) -> None:
        kinds = self.kinds
        if kinds and self._kind is not None:
            places = [kind.id for kind in kinds]
            following = kinds[(places.index(self._kind.id) + step) % len(kinds)]
            self.desk.go(Place("resources", kind=following.id))

    def do_list_reverse(self) -> None:
        """Turn the order round."""
        column, reverse = self.table.view.sort
        self.table.set_sort(column.id, reverse=not reverse)

    @work(group="dialog")
    async def do_list_sort(self) -> None:
        """Choose columns and the order."""
        kind = self._kind
        if kind is None:
            return
        shown = tuple(column.id for column in self.table.columns)
        answer = await self.app.push_screen_wait(ColumnsDialog(kind.columns, shown, self.table.view.sort[0].id))
        if answer is None:
            return
        self._apply_columns(kind, answer)

    def _apply_columns(self, kind: Kind, answer: SortChosen) -> None:
        self.table.columns = tuple(column for column in kind.columns if column.id in answer.shown)
        sort, reverse = self.table.view.sort
        self.table.set_sort(answer.sort, reverse=reverse and sort.id == answer.sort)

    @work(group="dialog")
    async def do_list_actions(self) -> None:
        """Every verb for the selection."""
        targets = self.table.selection
        resource = self.fleet.inventory.get(targets[0]) if targets else None
        if resource is None:
            return
        items = [
            Item(op, op.title, self.desk.keymap.operation_key(op), op.help, reason)
            for op, reason in self.operations_of(resource)
        ]
        title = neutral(resource.name) if len(targets) == 1 else f"{len(targets)} {resource.id.kind}s"
        chosen = await self.app.push_screen_wait(Menu(title, items))
        if chosen is not None:
            self.operate(chosen, targets, door="menu")

    @work(group="dialog")
    async def do_list_copy(self) -> None:
        """Copy something of the selection."""
        resources = [r for i in self.table.selection if (r := self.fleet.inventory.get(i)) is not None]
        choices = copy_choices(resources)
        if not choices:
            return
        items = [Item(choice, choice.title, note=choice.text.split("\n")[0]) for choice in choices]
        chosen = await self.app.push_screen_wait(Menu("Copy", items))
        if chosen is not None:
            self.desk.copy(chosen.text, chosen.title.lower())

    def do_list_owner(self) -> None:
        """Jump to what the resource belongs to."""
        current = self.table.current
        resource = self.fleet.inventory.get(current) if current else None
        owner = self.fleet.inventory.get(resource.parent) if resource and resource.parent else None
        if owner is None:
            self.notify("This belongs to nothing that is known here.", severity="warning")
            return
        self.desk.go(Place("resources", kind=owner.id.kind, resources=(owner.id,)))

    @work(group="probe")
    async def do_list_probe(self) -> None:
        """Try the connection again, now."""
        current = self.table.current
        inventory = self.fleet.inventory
        names = [current.connection] if current else [c for c, v in inventory.connections.items() if v.retry_at]
        try:
            for name in names:
                await self.fleet.retry(name)
        except BackendError as error:
            self.report(error)


def _trouble(connection: Connection) -> str:
    """A connection's trouble in one line."""
    text = f"{connection.spec.id} is {connection.state.value}: {connection.reason or 'no answer yet'}"
    if connection.retry_at is not None:
        text += f" Next try in {duration(max(0.0, connection.retry_at - time.time()))}; P tries now."
    return f"{text} {connection.hint or ''}".rstrip()
