"""What belongs to the resource: the containers of a stack, what runs on a host."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import ClassVar, Final

from typing_extensions import override

from backends.contract.model import Ability, Column, Resource, ResourceId, Source, Unit
from fleet.catalogue import Catalogue
from fleet.inventory import Inventory
from screens.commands import RESOURCE_OPEN
from screens.desk import Desk, Place
from screens.resource_tabs.rows import RowsPane
from screens.view import News

MEASURED: Final = 50
"""Members measured while they are shown."""
COLUMNS: Final = (
    Column("name", "NAME", Source.FIELD, "name", width=16, grow=2, rank=0),
    Column("state", "STATE", Source.FIELD, "state", width=12, rank=0),
    Column("kind", "KIND", Source.FIELD, "kind", width=10, rank=3),
    Column("cpu", "CPU", Source.METRIC, "cpu", Unit.PERCENT, width=6, right=True, rank=1),
    Column("cpu_history", "CPU, LAST MINUTE", Source.HISTORY, "cpu", Unit.PERCENT, width=16, rank=5),
    Column("memory", "MEMORY", Source.METRIC, "memory", Unit.BYTES, width=9, right=True, rank=2),
    Column("reason", "REASON", Source.FIELD, "reason", width=16, grow=3, rank=4),
    Column("status", "STATUS", Source.FIELD, "status", width=16, grow=1, rank=6),
)


def members_of(owner: ResourceId, inventory: Inventory, catalogue: Catalogue) -> Iterator[Resource]:
    """The resources whose parent this is; processes and the like have a tab of their own."""
    for name in inventory.kinds():
        kind = catalogue.kinds.get(name)
        if kind is None or kind.volatile:
            continue
        for resource in inventory.of_kind(name).values():
            if resource.parent == owner:
                yield resource


class MembersPane(RowsPane):
    """The members, live; each can be opened."""

    TAB: ClassVar[str] = "members"
    CONTEXTS: ClassVar[tuple[str, ...]] = (RESOURCE_OPEN, *RowsPane.CONTEXTS)

    def __init__(self, desk: Desk, resource: ResourceId) -> None:
        super().__init__(desk, resource, COLUMNS, "name")
        self.table.placeholder = "Nothing belongs to this."

    @classmethod
    @override
    def offered(cls, desk: Desk, resource: Resource) -> bool:
        return next(members_of(resource.id, desk.fleet.inventory, desk.fleet.catalogue), None) is not None

    @override
    def shown(self) -> None:
        self._load()

    def _load(self) -> None:
        self.table.load(members_of(self.resource, self.fleet.inventory, self.fleet.catalogue))

    @override
    def learn(self, news: News) -> None:
        inventory = self.fleet.inventory
        if news.all or news.connections:
            self._load()
        else:
            changed = [r for i in news.resources if (r := inventory.get(i)) is not None and self._belongs(r)]
            self.table.update(changed, news.gone)
        samples = [s for i in news.samples if (s := inventory.sample(i)) is not None]
        if samples:
            self.table.measure(samples)

    def _belongs(self, resource: Resource) -> bool:
        kind = self.fleet.catalogue.kinds.get(resource.id.kind)
        return resource.parent == self.resource and kind is not None and not kind.volatile

    @override
    def interest(self) -> frozenset[ResourceId]:
        able = (
            member.id
            for member in members_of(self.resource, self.fleet.inventory, self.fleet.catalogue)
            if Ability.METRICS in member.abilities
        )
        return frozenset(islice(able, MEASURED))

    @override
    def open(self) -> None:
        current = self.table.current
        if current is not None:
            self.desk.go(Place("resource", kind=current.kind, resources=(current,), tab="overview"))
