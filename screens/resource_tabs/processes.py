"""The processes inside the resource, as its engine lists them, again and again while they are shown."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from textual import work
from typing_extensions import override

from backends.contract.errors import BackendError
from backends.contract.model import Ability, Column, Fact, ProcessTable, Resource, ResourceId, Source, State
from screens.copying import Copied
from screens.desk import Desk
from screens.resource_tabs.rows import RowsPane
from widgets.cells import neutral

EVERY: Final = 3.0
"""Seconds between two lists."""
WIDEST: Final = 16
"""Cells a column takes at most, the last one aside."""
ROW: Final = "process-row"


class ProcessesPane(RowsPane):
    """The processes, sorted and filtered like any list."""

    TAB: ClassVar[str] = "processes"

    def __init__(self, desk: Desk, resource: ResourceId) -> None:
        super().__init__(desk, resource, (Column("0", "PROCESS", Source.FACT, "0"),), "0")
        self._titles: tuple[str, ...] = ()
        self._asked_at = 0.0
        self._rows: Mapping[ResourceId, Resource] = {}
        self.table.placeholder = "Asking for processes…"

    @classmethod
    @override
    def offered(cls, desk: Desk, resource: Resource) -> bool:
        return Ability.PROCESSES in resource.abilities

    @override
    def shown(self) -> None:
        self._ask()

    @override
    def left(self) -> None:
        self.workers.cancel_group(self, "processes")

    @override
    def tick(self) -> None:
        if time.monotonic() - self._asked_at >= EVERY:
            self._ask()
        super().tick()

    @work(exclusive=True, group="processes")
    async def _ask(self) -> None:
        self._asked_at = time.monotonic()
        resource = self.fleet.inventory.get(self.resource)
        if resource is None or Ability.PROCESSES not in resource.abilities:
            self._say_none("It is not running, so there are no processes.")
            return
        try:
            table = await self.fleet.processes(self.resource)
        except BackendError as error:
            self._say_none(f"{error.message}\n{error.hint or ''}")
            return
        self._show(table)

    def _say_none(self, why: str) -> None:
        self._rows = {}
        self.table.placeholder = why
        self.table.load(())

    def _show(self, table: ProcessTable) -> None:
        if table.titles != self._titles:
            self._titles = table.titles
            self.columns = columns_of(table)
            self.table.columns = self.columns
            busiest = next((column.id for column in self.columns if "CPU" in column.title.upper()), None)
            self.table.set_sort(busiest or "0", reverse=busiest is not None)
        fresh = rows_of(table, self.resource.connection)
        changed = [row for identity, row in fresh.items() if self._rows.get(identity) != row]
        gone = [identity for identity in self._rows if identity not in fresh]
        self._rows = fresh
        self.table.placeholder = "No process is listed."
        self.table.update(changed, gone)

    @override
    def copies(self) -> Sequence[Copied]:
        row = self._rows.get(self.table.current) if self.table.current else None
        if row is None:
            return ()
        return [
            Copied(title.capitalize(), str(row.facts.get(str(index), ""))) for index, title in enumerate(self._titles)
        ]


def columns_of(table: ProcessTable) -> tuple[Column, ...]:
    """A column per title, as wide as what stands in it; the last one takes what is left."""
    columns = []
    last = len(table.titles) - 1
    for index, title in enumerate(table.titles):
        cells = [row[index] for row in table.rows if index < len(row)]
        width = max([len(title) + 1, *(len(cell) for cell in cells)])
        columns.append(
            Column(
                id=str(index),
                title=neutral(title),
                source=Source.FACT,
                key=str(index),
                width=min(width, WIDEST),
                grow=1 if index == last else 0,
                right=bool(cells) and all(isinstance(_value(cell), (int, float)) for cell in cells),
                rank=0 if index in (0, last) else index,
            )
        )
    return tuple(columns)


def rows_of(table: ProcessTable, connection: str) -> dict[ResourceId, Resource]:
    """A row per process, named by its PID where the engine tells it, so that the cursor follows it."""
    pid = next((index for index, title in enumerate(table.titles) if title.upper() == "PID"), None)
    rows: dict[ResourceId, Resource] = {}
    for number, cells in enumerate(table.rows):
        native = cells[pid] if pid is not None and pid < len(cells) else str(number)
        identity = ResourceId(connection, ROW, native)
        if identity in rows:
            identity = ResourceId(connection, ROW, f"{native} {number}")
        facts = {str(index): _value(cell) for index, cell in enumerate(cells)}
        rows[identity] = Resource(identity, native, State.RUNNING, facts=facts)
    return rows


def _value(cell: str) -> Fact:
    """A number where the cell is one, so that it is sorted as one; what would not look the same stays text."""
    if cell.isascii() and cell.isdigit() and str(int(cell)) == cell:
        return int(cell)
    try:
        number = float(cell)
    except ValueError:
        return cell
    return number if str(number) == cell else cell
