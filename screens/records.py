"""Lists of what is no resource of an engine: jobs, journal entries, events, connections, settings.

Each record is told as a ``Resource`` of a kind that only the interface knows, so that filter, sorting, columns, marks
and copying work as in every list. No catalogue has these kinds and no inventory their rows, so no verb finds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final, NamedTuple

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static
from typing_extensions import override

from backends.contract.errors import BackendError
from backends.contract.model import Area, Column, Health, Kind, Resource, ResourceId, State
from backends.contract.operation import Operation
from fleet.values import Request
from screens.command import GLOBAL, Command
from screens.copying import Copied
from screens.desk import Desk, Place
from screens.dialogs.ask import AskDialog
from screens.dialogs.menu import Item, Menu
from screens.dialogs.plan import PlanDialog
from screens.listing import Listing
from widgets.filter import parse
from widgets.line_input import LineInput
from widgets.resource_table import ResourceTable

FLEET: Final = "fleet"
"""Stands for the connection in the ids of records that belong to none."""


class Standing(NamedTuple):
    """How a record's state is drawn: its shape and colour come from these, its word from the record."""

    state: State
    health: Health


GOOD: Final = Standing(State.IN_USE, Health.GOOD)
BUSY: Final = Standing(State.STARTING, Health.UNKNOWN)
IDLE: Final = Standing(State.PRESENT, Health.UNKNOWN)
WARNING: Final = Standing(State.PRESENT, Health.WARNING)
FAULT: Final = Standing(State.FAILED, Health.FAULT)


def record_kind(title: str, plural: str, columns: tuple[Column, ...], sort: str) -> Kind:
    """A kind of the interface's own."""
    return Kind(id=title, title=title, plural=plural, area=Area.HOSTS, columns=columns, sort=sort)


class Records(Listing):
    """A list of records. Subclasses say what they are, load them, and what Enter does."""

    VIEW: ClassVar[str]
    KIND: ClassVar[Kind]

    DEFAULT_CSS = """
    Records #kinds { height: auto; max-height: 3; padding: 0 1; display: none; }
    Records.-headed #kinds { display: block; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._rows: dict[ResourceId, Resource] = {}
        self._table = ResourceTable(
            tuple(column for column in self.KIND.columns if column.shown), ascii=desk.ascii, sort=self.KIND.sort
        )
        self._wanted: Place | None = None
        self._sought = ""
        """The record the cursor belongs on, while it has not been loaded."""

    @property
    @override
    def table(self) -> ResourceTable:
        return self._table

    @property
    @override
    def kind(self) -> Kind:
        return self.KIND

    @override
    def find(self, row: ResourceId) -> Resource | None:
        return self._rows.get(row)

    @property
    def chosen(self) -> Resource | None:
        """The record under the cursor."""
        current = self._table.current
        return self._rows.get(current) if current else None

    @property
    def chosen_all(self) -> Sequence[Resource]:
        """The marked records, or the one under the cursor."""
        return [row for identity in self._table.selection if (row := self._rows.get(identity)) is not None]

    # -- composition

    @override
    def body(self) -> ComposeResult:
        yield Static(id="kinds")
        with Vertical(id="tables"):
            yield self._table
        yield Static(id="state")
        yield LineInput(id="filter", placeholder="substring  ~fuzzy  re:regex  !not  field:value")

    @override
    def mounted(self) -> None:
        super().mounted()
        self.set_focus(self._table)
        self._go_there()

    # -- places

    @override
    def enter(self, place: Place) -> None:
        self._wanted = place
        if self.is_mounted:
            self._go_there()

    def _go_there(self) -> None:
        place, self._wanted = self._wanted, None
        if place is None:
            return
        if place.filter:
            self._table.set_filter(parse(place.filter, self.KIND.columns))
        self.point_at(place.tab)
        self.describe_state()

    def point_at(self, native: str) -> None:
        """Put the cursor on the record of that name, as soon as it is there."""
        found = next((identity for identity in self._rows if identity.native == native), None)
        self._sought = "" if found is not None else native
        if found is not None:
            self._table.move_to(found)

    @override
    def place(self) -> Place:
        current = self._table.current
        return Place(self.VIEW, filter=self._table.view.filter.text, tab=current.native if current else "")

    # -- rows

    def load(self, rows: Iterable[Resource]) -> None:
        """Show exactly these records."""
        self._rows = {row.id: row for row in rows}
        self._table.load(self._rows.values())
        self._find_sought()
        self.describe_state()

    def change(self, rows: Iterable[Resource]) -> None:
        """Take new records, and new versions of old ones."""
        changed = [row for row in rows if self._rows.get(row.id) != row]
        if changed:
            self._rows.update((row.id, row) for row in changed)
            self._table.update(changed)
            self._find_sought()
            self.describe_state()

    def _find_sought(self) -> None:
        if self._sought:
            self.point_at(self._sought)

    def say(self, headline: Text | None) -> None:
        """Say something above the rows; ``None`` gives the line back to them."""
        self.set_class(headline is not None, "-headed")
        self.query_one("#kinds", Static).update(headline or "")

    @override
    def why_empty(self) -> str:
        if self._table.total:
            return "Nothing matches the filter. Esc clears it."
        return self.why_none()

    def why_none(self) -> str:
        """Why there is no record at all."""
        return f"There are no {self.KIND.plural} yet."

    @override
    def copies(self, resources: Sequence[Resource]) -> Sequence[Copied]:
        return [Copied("name", "\n".join(row.name for row in resources))] if resources else []

    # -- commands

    @work(group="dialog")
    async def do_list_actions(self) -> None:
        """What this screen offers, as a menu."""
        keymap = self.desk.keymap
        own = [c for context in self.contexts() if context != GLOBAL for c in keymap.of_context(context)]
        items: list[Item[Command]] = [
            Item(c, c.title, c.keys[0] if c.keys else "", c.help)
            for c in own
            if self.knows(c) and c.id != "list.actions"
        ]
        chosen = await self.app.push_screen_wait(Menu(self.KIND.plural.capitalize(), items))
        if chosen is not None:
            self.do(chosen.id)

    def do_list_up(self) -> None:
        """Out to the overview."""
        self.desk.go(Place("overview"))

    async def confirmed(self, title: str, question: str, yes: str) -> bool:
        """Ask a person; what came with pasted text is no answer."""
        answer = await self.app.push_screen_wait(AskDialog(title, question, yes))
        return answer and not self.desk.keys_are_quiet()

    # -- through the gate

    async def ask_and_do(self, operation: Operation, request: Request) -> None:
        """Show the plan whatever policy says, and do it when a person agrees."""
        approved = await self.app.push_screen_wait(PlanDialog(self.desk, operation, request))
        if approved is None:
            return
        try:
            await self._perform(operation, approved.request, approved.approval)
        except BackendError as error:
            self.report(error)
