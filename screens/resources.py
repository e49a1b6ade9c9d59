"""The list of resources of one kind, over all connections, live."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.widgets import Static
from typing_extensions import override

from backends.contract.errors import BackendError
from backends.contract.model import Ability, Area, Kind, ResourceId
from fleet.values import Connection, ConnectionState, Interest
from screens.command import GLOBAL, LIST, RESOURCES
from screens.desk import Desk, Place
from screens.listing import Listing
from screens.selecting import Selecting
from screens.view import News
from widgets.cells import duration, neutral
from widgets.resource_table import ResourceTable

ATTENDED = 100
"""Rows measured often at most: what one screen shows and a little more."""


class ResourcesView(Listing, Selecting):
    """A live table of one kind with everything that can be done to it."""

    CONTEXTS: ClassVar[tuple[str, ...]] = (RESOURCES, LIST, GLOBAL)

    def __init__(self, desk: Desk, area: Area) -> None:
        super().__init__(desk)
        self.area = area
        self._kind: Kind | None = None
        self._tables: dict[str, ResourceTable] = {}
        """One table per kind, mounted when first shown."""
        self._wanted: Place | None = None
        self._interest = Interest()

    # -- what is shown

    @property
    @override
    def table(self) -> ResourceTable:
        return self._tables[self._kind.id if self._kind else ""]

    @property
    @override
    def kind(self) -> Kind | None:
        return self._kind

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
            self.filter_by(place.filter)
        if place is not None and place.resource is not None:
            self.table.move_to(place.resource)

    @override
    def place(self) -> Place:
        if self._kind is None:
            return Place("resources", kind=self.area.value)
        current = self.table.current if self._kind.id in self._tables else None
        return Place("resources", kind=self._kind.id, resources=(current,) if current else ())

    @override
    def mounted(self) -> None:
        self._go_there()
        super().mounted()

    def _show_kind(self, kind: Kind | None) -> None:
        self._kind = kind
        name = kind.id if kind else ""
        if name not in self._tables:
            self._tables[name] = self.new_table(kind)
            self.query_one("#tables").mount(self._tables[name])
        for other, table in self._tables.items():
            table.display = other == name
        self._fill()
        self.set_focus(self.table)
        self._attend()

    def _fill(self) -> None:
        if self._kind is not None:
            self.table.load(self.fleet.inventory.of_kind(self._kind.id).values())
        self.describe_state()

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
            self.describe_state()
        if self.current in news.resources:
            self.refresh_frame()  # what can be done to it may have changed

    @override
    def why_empty(self) -> str:
        inventory = self.fleet.inventory
        if self._kind is None:
            return f"No installed backend brings {self.area.value} yet."
        if self.table.total:
            return "Nothing matches the filter. Esc clears it."
        backends = self._backends()
        ours = [c for c in inventory.connections.values() if c.spec.backend in backends]
        missing = [m for m in inventory.missing if m.backend in backends]
        if not ours and missing:
            return "\n".join(f"{item.what} {item.remedy}" for item in missing)
        if lost := self._lost():
            return "\n".join(_trouble(connection) for connection in lost)
        return f"There are no {self._kind.plural.lower()} here yet."

    def _lost(self) -> Sequence[Connection]:
        """The connections that could have such rows and cannot be asked now."""
        backends, live = self._backends(), (ConnectionState.ONLINE, ConnectionState.DEGRADED)
        known = self.fleet.inventory.connections.values()
        return [c for c in known if c.spec.backend in backends and c.state not in live]

    @override
    def state_notes(self) -> Sequence[str]:
        if not self.fleet.attached:
            return super().state_notes()
        lost = [connection for connection in self._lost() if connection.reason] if self.table.total else ()
        return [f"{c.spec.id} is {c.state.value}: {neutral(c.reason or '')} P tries now." for c in lost]

    def _backends(self) -> frozenset[str]:
        kind = self._kind
        return frozenset(b.id for b in self.fleet.catalogue.backends.values() if kind and kind.id in _ids(b.kinds))

    @override
    def describe_state(self) -> None:
        super().describe_state()
        text = Text(" ")
        for kind in self.kinds:
            known = len(self.fleet.inventory.of_kind(kind.id))
            counted = f"{kind.plural} {known}" if known or not kind.volatile else kind.plural
            text.append(counted, style="bold underline" if kind is self._kind else "")
            text.append("  ")
        self.query_one("#kinds", Static).update(text)

    # -- attention

    @on(ResourceTable.WindowChanged)
    def _window_changed(self) -> None:
        self._attend()

    @work(exclusive=True, group="attention")
    async def _attend(self) -> None:
        """Have what is in sight measured often, and a volatile kind listed."""
        kind = self._kind
        if kind is None:
            return
        inventory = self.fleet.inventory
        rows = [r for i in self.table.visible_ids() if (r := inventory.get(i)) and Ability.METRICS in r.abilities]
        kinds: frozenset[tuple[str, str]] = frozenset()
        if kind.volatile:
            backends = self._backends()
            kinds = frozenset(
                (c.spec.id, kind.id) for c in inventory.connections.values() if c.spec.backend in backends
            )
        interest = Interest(resources=frozenset(r.id for r in rows[:ATTENDED]), kinds=kinds)
        if interest != self._interest and await self._say_interest(interest):
            self._interest = interest

    async def _say_interest(self, interest: Interest) -> bool:
        try:
            await self.fleet.attend(f"resources-{self.area.value}", interest)
        except BackendError:
            return False  # the fleet is being reached again, and is told anew when it is
        return True

    @override
    def resumed(self) -> None:
        super().resumed()
        self._interest = Interest()
        self._attend()

    @override
    def suspended(self) -> None:
        super().suspended()
        self._look_away()

    @work(exclusive=True, group="attention")
    async def _look_away(self) -> None:
        await self._say_interest(Interest())

    # -- what is done to the selection

    @property
    @override
    def selection(self) -> Sequence[ResourceId]:
        return self.table.selection if self.is_mounted else ()

    @property
    @override
    def current(self) -> ResourceId | None:
        return self.table.current if self.is_mounted else None

    do_list_actions = Selecting.choose_action
    do_list_repeat = Selecting.repeat
    do_list_logs = Selecting.open_logs
    do_list_owner = Selecting.open_owner
    do_list_probe = Selecting.probe

    # -- going on

    def do_list_open(self) -> None:
        """Open the resource under the cursor."""
        self.open_tab("overview")

    def do_list_describe(self) -> None:
        """What is known about it."""
        self.open_tab("overview")

    def do_list_inspect(self) -> None:
        """The engine's own description."""
        self.open_tab("inspect")

    do_list_raw = do_list_inspect

    def do_list_metrics(self) -> None:
        """Charts, full screen."""
        self.open_tab("metrics")

    def do_list_up(self) -> None:
        """Out to the overview."""
        self.desk.go(Place("overview"))

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
            self.desk.go(Place("resources", kind=kinds[(places.index(self._kind.id) + step) % len(kinds)].id))


def _ids(kinds: Sequence[Kind]) -> frozenset[str]:
    return frozenset(kind.id for kind in kinds)


def _trouble(connection: Connection) -> str:
    """A connection's trouble in one line."""
    text = f"{connection.spec.id} is {connection.state.value}: {connection.reason or 'no answer yet.'}"
    if connection.retry_at is not None:
        text += f" Next try in {duration(max(0.0, connection.retry_at - time.time()))}; P tries now."
    return f"{text} {connection.hint or ''}".rstrip()
