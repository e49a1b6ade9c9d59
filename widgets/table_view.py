"""What a table shows, without a terminal: all resources by id → filter and order → the rows a window is cut from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from backends.contract.model import Column, Resource, ResourceId, Sample, Source, Unit
from widgets.cells import is_number, key_of, moves, number_key, sort_key, unit_of, value_of
from widgets.filter import Filter
from widgets.row_order import Key, Order, Row, tree

CALM = 2.0
"""Seconds between two sortings by a moving metric, and after a cursor key before the next one."""
SMOOTHING = 0.4
"""How much of a new value enters the smoothed one that rows are sorted by."""
BULK = 8
"""When more than one row in so many changes at once, sorting anew is cheaper than moving single rows."""
NAME = Column(id="name", title="Name", source=Source.FIELD, key="name")
_ADDITIVE = frozenset({Unit.BYTES, Unit.BYTES_PER_SECOND, Unit.COUNT, Unit.PER_SECOND, Unit.PERCENT})

Newest = Callable[[ResourceId], Sample | None]


class Change(NamedTuple):
    """What an update did to the rows that are shown."""

    keys: frozenset[ResourceId]
    """Shown rows whose cells may differ now."""
    moved: bool
    """Whether rows came, went or changed places."""


class TableView:
    """The view model of a table. Keeps its order through small changes without filtering or sorting all rows again."""

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        sort: str = "name",
        tree_field: str | None = None,
        newest: Newest = lambda _resource: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.columns = tuple(columns)
        self.filter = Filter()
        self.faults_only = False
        self.faults = 0
        """How many of all rows somebody should look at."""
        self.tree_field = tree_field
        self._newest = newest
        self._clock = clock
        self._by_id: dict[ResourceId, Row] = {}
        self._sort = self._column(sort.removeprefix("-"))
        self._all = Order(reverse=sort.startswith("-"))
        self._shown = self._all
        self._pending: set[Row] = set()
        self._cold: set[Row] = set()
        """Rows not prepared for text filters."""
        self._held_until = 0.0
        self._settled = 0.0
        self._folded: frozenset[ResourceId] = frozenset()
        self._tree: list[Row] | None = None
        self._places: dict[ResourceId, int] = {}

    # What is shown

    def __len__(self) -> int:
        return len(self._display)

    @property
    def total(self) -> int:
        """How many rows there are, shown or not."""
        return len(self._by_id)

    @property
    def rows(self) -> list[ResourceId]:
        """The ids of all shown rows, in order."""
        return [row.id for row in self._display]

    @property
    def sort(self) -> tuple[Column, bool]:
        """The column rows are sorted by, and whether in reverse."""
        return self._sort, self._all.reverse

    def window(self, start: int, stop: int) -> Sequence[Row]:
        """Some of the shown rows."""
        return self._display[max(0, start) : max(0, stop)]

    def get(self, resource: ResourceId) -> Row | None:
        """A row, shown or not."""
        return self._by_id.get(resource)

    def index_of(self, resource: ResourceId | None) -> int | None:
        """Where a resource is shown, or ``None`` when it is not."""
        row = self._by_id.get(resource) if resource is not None else None
        if row is None:
            return None
        if self.tree_field is None:
            return self._shown.find(row) if row.passes else None
        self._unfold()
        return self._places.get(row.id)

    def totals(self) -> Mapping[str, float]:
        """Sums over the shown rows, by id of the columns that can be summed."""
        sums: dict[str, float] = {}
        for column in self.columns:
            if column.source is Source.HISTORY or unit_of(column) not in _ADDITIVE:
                continue
            values = [value_of(column, row.resource, row.sample) for row in self._display]
            numbers = [value for value in values if isinstance(value, (int, float))]
            if numbers:
                sums[column.id] = float(sum(numbers))
        return sums

    # News

    def load(self, resources: Iterable[Resource]) -> None:
        """Hold exactly these resources. Cheap where they are held already."""
        held, self._by_id = self._by_id, {}
        same = True
        for resource in resources:
            row = held.get(resource.id)
            if row is None:
                row, same = Row(resource, self._newest(resource.id)), False
            else:
                row.sample = self._newest(resource.id)
                if row.resource is resource or row.resource == resource:
                    row.resource = resource
                else:
                    row.learn(resource)
                    same = False
            self._by_id[resource.id] = row
        self._cold = {row for row in self._by_id.values() if not row.warm}
        if same and len(held) == len(self._by_id) and not moves(self._sort) and not self.filter.moving:
            return  # a screen that comes back, or a fleet that was reached, mostly brings what is there
        self.faults = sum(row.faulty for row in self._by_id.values())
        self._sort_anew()

    def update(self, changed: Iterable[Resource], gone: Iterable[ResourceId] = ()) -> Change:
        """Take new versions of some resources, and let go of others."""
        ended = set(gone)
        leaving = ended & self._by_id.keys()
        news = list({resource.id: resource for resource in changed if resource.id not in ended}.values())
        if len(news) + len(leaving) > max(64, len(self._by_id) // BULK):
            return self._update_all(news, leaving)
        moved = False
        for identity in leaving:
            moved |= self._drop(self._by_id.pop(identity))
        for resource in news:
            moved |= self._learn(resource)
        moved |= self._forget_tree(moved=moved)
        return Change(self._seen(resource.id for resource in news), moved)

    def measure(self, samples: Iterable[Sample]) -> frozenset[ResourceId]:
        """Take measurements; tells which rows that may be shown they concern. Sorting by them waits for ``settle``."""
        touched: set[ResourceId] = set()
        in_tree = self.tree_field is not None
        metric = key_of(self._sort) if self._sort.source in {Source.METRIC, Source.HISTORY} else None
        for sample in samples:
            row = self._by_id.get(sample.resource)
            if row is None:
                continue
            row.sample = sample
            if row.passes or in_tree:
                touched.add(sample.resource)
            if metric is not None:
                row.level = _smoothed(row.level, sample.values.get(metric))
                self._pending.add(row)
        return frozenset(touched)

    # Order

    def hold(self) -> None:
        """Keep rows where they are for a while, because somebody moves among them."""
        self._held_until = self._clock() + CALM

    def settle(self) -> bool:
        """Sort by what was measured meanwhile, unless it is too soon; tells whether rows changed places."""
        now = self._clock()
        if not (self._pending or self.filter.moving) or now < max(self._held_until, self._settled + CALM):
            return False
        self._settled = now
        before = list(self._display)
        pending, self._pending = self._pending, set()
        if len(pending) > max(64, len(self._by_id) // BULK):
            for row in pending:
                row.key = self._key(row)
            self._all.sort()
            self._filter_all()
        else:
            for row in pending:
                self._move(row, self._key(row))
            if self.filter.moving:
                self._filter_all()
        self._tree = None
        return before != self._display

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Take other columns; the order stays as it is."""
        self.columns = tuple(columns)

    def set_sort(self, column: str, *, reverse: bool) -> None:
        """Sort by the column of that id."""
        self._sort = self._column(column)
        self._all.reverse = reverse
        self._sort_anew()

    def set_filter(self, new: Filter) -> None:
        """Show only what passes. A filter that narrows the last one looks only at what is shown."""
        old, self.filter = self.filter, new
        if self._shown is not self._all and new.terms and new.narrows(old) and not old.moving:
            self._filter_rows(self._shown.rows)
        else:
            self._filter_all()

    def set_faults_only(self, *, only: bool) -> None:
        """Show only what somebody should look at, or everything."""
        self.faults_only = only
        self._filter_all()

    def fold(self, resource: ResourceId, *, folded: bool) -> bool:
        """Hide or show what stands under a row of a tree; tells whether that changed anything."""
        row = self._by_id.get(resource)
        self._display  # noqa: B018 - how many stand under a row is known once the tree is built
        if row is None or self.tree_field is None or (resource in self._folded) is folded or not row.parent_of:
            return False
        self._folded = self._folded | {resource} if folded else self._folded - {resource}
        self._tree = None
        return True

    def is_folded(self, resource: ResourceId) -> bool:
        """Whether what stands under the row is hidden."""
        return resource in self._folded

    def parent(self, row: Row) -> ResourceId | None:
        """The row's parent in a tree, if it says one."""
        if self.tree_field is None:
            return None
        native = row.resource.facts.get(self.tree_field)
        if native is None:
            return None
        return ResourceId(row.id.connection, row.id.kind, str(native))

    def warm(self, rows: int) -> None:
        """Prepare some rows for text filters, so that the first keystroke finds them ready."""
        for _ in range(min(rows, len(self._cold))):
            self._cold.pop().haystack  # noqa: B018 - reading it makes it

    # Inside

    @property
    def _display(self) -> list[Row]:
        if self.tree_field is None:
            return self._shown.rows
        return self._unfold()

    def _unfold(self) -> list[Row]:
        if self._tree is None:
            self._tree = tree(self._all.rows, self._by_id, self.parent, self._folded)
            self._places = {row.id: index for index, row in enumerate(self._tree)}
        return self._tree

    def _seen(self, resources: Iterable[ResourceId]) -> frozenset[ResourceId]:
        """Those of the resources that are shown."""
        if self.tree_field is not None:
            self._unfold()
            return frozenset(identity for identity in resources if identity in self._places)
        return frozenset(identity for identity in resources if self._by_id[identity].passes)

    def _column(self, identity: str) -> Column:
        return next((column for column in self.columns if column.id == identity), NAME)

    def _key(self, row: Row) -> Key:
        column, reverse = self._sort, self._all.reverse
        if column.source is Source.FIELD and key_of(column) == "name":
            return (int(reverse), 1, row.tie[0])
        if column.source in {Source.METRIC, Source.HISTORY}:
            found = None if row.level is None else number_key(row.level)
        else:
            found = sort_key(column, row.resource, row.sample)
        # Reversing must not bring the unknown to the top.
        return (int(not reverse), 0, 0.0) if found is None else (int(reverse), *found)

    def _passes(self, row: Row, now: float) -> bool:
        return (not self.faults_only or row.faulty) and self.filter.test(row, now)

    def _sort_anew(self) -> None:
        self._pending.clear()
        self._settled = self._clock()
        smoothed = is_number(self._sort)
        for row in self._by_id.values():
            if smoothed:
                self._level(row)
            row.key = self._key(row)
        self._all.rebuild(self._by_id.values())
        self._filter_all()

    def _level(self, row: Row) -> None:
        """Start smoothing from what is known now."""
        value = value_of(self._sort, row.resource, row.sample) if is_number(self._sort) else None
        row.level = float(value) if isinstance(value, (int, float)) else None

    def _filter_all(self) -> None:
        if not self.filter.terms and not self.faults_only:
            for row in self._all.rows:
                row.passes = True
            self._shown = self._all
            self._tree = None
            return
        if self._shown is self._all:
            self._shown = Order()
        self._shown.reverse = self._all.reverse
        self._filter_rows(self._all.rows)

    def _filter_rows(self, rows: Iterable[Row]) -> None:
        now = self._clock()
        kept: list[Row] = []
        test, faults_only = self.filter.test, self.faults_only
        for row in rows:
            row.passes = test(row, now) and (not faults_only or row.faulty)
            if row.passes:
                kept.append(row)
        self._shown.keep(kept)
        self._tree = None

    def _update_all(self, news: Sequence[Resource], leaving: Iterable[ResourceId]) -> Change:
        before = list(self._display)
        for identity in leaving:
            gone = self._by_id.pop(identity)
            self.faults -= gone.faulty
            self._forget(gone)
        moving = moves(self._sort)
        reordered = len(before) != len(self._by_id) or self.tree_field is not None
        for resource in news:
            row = self._by_id.get(resource.id)
            if row is None:
                row = self._by_id[resource.id] = self._new(resource)
                self.faults += row.faulty
                reordered = True
            elif row.resource == resource:
                row.resource = resource  # told again by a fleet that was reached: one of the two can be forgotten
            else:
                key, tie, faulty = row.key, row.tie, row.faulty
                row.learn(resource)
                self.faults += row.faulty - faulty
                if moving:
                    self._pending.add(row)
                else:
                    row.key = self._key(row)
                reordered = reordered or row.key != key or row.tie != tie
        self._cold.update(row for resource in news if not (row := self._by_id[resource.id]).warm)
        if not reordered and self._shown is self._all:  # what changes all the time is seldom what rows are sorted by
            return Change(frozenset(resource.id for resource in news), moved=False)
        self._all.rebuild(self._by_id.values())
        self._filter_all()
        return Change(self._seen(resource.id for resource in news), before != self._display)

    def _renew(self, row: Row, resource: Resource) -> None:
        row.learn(resource)
        self._cold.add(row)
        self._rekey(row)

    def _forget(self, row: Row) -> None:
        self._pending.discard(row)
        self._cold.discard(row)

    def _new(self, resource: Resource) -> Row:
        row = Row(resource, self._newest(resource.id))
        self._cold.add(row)
        self._level(row)
        row.key = self._key(row)
        return row

    def _rekey(self, row: Row) -> None:
        if moves(self._sort):
            self._pending.add(row)
        else:
            row.key = self._key(row)

    def _drop(self, row: Row) -> bool:
        self.faults -= row.faulty
        self._forget(row)
        self._all.remove(row)
        if self._shown is not self._all and row.passes:
            self._shown.remove(row)
        return row.passes

    def _learn(self, resource: Resource) -> bool:
        row = self._by_id.get(resource.id)
        if row is None:
            row = self._by_id[resource.id] = self._new(resource)
            self.faults += row.faulty
            return self._place(row)
        if row.resource == resource:
            return False
        passed, place = row.passes, self._shown.find(row) if row.passes else None
        self._drop(row)
        self._renew(row, resource)
        self.faults += row.faulty
        self._place(row)
        return row.passes is not passed or (row.passes and self._shown.find(row) != place)

    def _place(self, row: Row) -> bool:
        row.passes = self._passes(row, self._clock())
        self._all.insert(row)
        if self._shown is not self._all and row.passes:
            self._shown.insert(row)
        return row.passes

    def _move(self, row: Row, key: Key) -> None:
        if key == row.key:
            return
        orders = [self._all]
        if self._shown is not self._all and row.passes:
            orders.append(self._shown)
        for order in orders:
            order.remove(row)
        row.key = key
        for order in orders:
            order.insert(row)

    def _forget_tree(self, *, moved: bool) -> bool:
        """A tree may change in ways a flat order does not show: a process gets a new parent."""
        if self.tree_field is None:
            return moved
        before, self._tree = self._tree, None
        return before is None or before != self._display


def _smoothed(level: float | None, value: float | None) -> float | None:
    if level is None or value is None:
        return value
    return level + SMOOTHING * (value - level)
