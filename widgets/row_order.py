"""Rows of a table in order: sorted once, then kept sorted while single rows come, go and move."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter

from backends.contract.model import Ability, Health, Resource, ResourceId, Sample
from widgets.cells import natural
from widgets.filter import haystack

Key = tuple[int, int, float | str]
"""Whether the value is known, its type, the value; see ``known_key`` and ``unknown_key``."""


class Row:
    """One resource as the table holds it."""

    __slots__ = ("_haystack", "depth", "key", "level", "parent_of", "passes", "resource", "sample", "tie")

    def __init__(self, resource: Resource, sample: Sample | None = None) -> None:
        self.resource = resource
        self.sample = sample
        self.key: Key = (0, 0, 0.0)
        self.tie: tuple[str, ResourceId] = (natural(resource.name), resource.id)
        self.level: float | None = None
        """The smoothed value of the metric the table is sorted by."""
        self.passes = True
        """Whether the filter lets it through."""
        self.depth = 0
        self.parent_of = 0
        """How many rows stand under it in a tree."""
        self._haystack: str | None = None

    @property
    def id(self) -> ResourceId:
        """The resource's id."""
        return self.resource.id

    @property
    def haystack(self) -> str:
        """What text filters look through; made when first asked for."""
        if self._haystack is None:
            self._haystack = haystack(self.resource)
        return self._haystack

    @property
    def warm(self) -> bool:
        """Whether the haystack is made."""
        return self._haystack is not None

    @property
    def faulty(self) -> bool:
        """Whether somebody should look at it."""
        return self.resource.health is Health.FAULT or self.resource.health is Health.WARNING

    def learn(self, resource: Resource) -> None:
        """Take a newer version of the resource. The row must not stand in an order while its name changes."""
        if resource.name != self.resource.name:
            self.tie = (natural(resource.name), resource.id)
        self.resource = resource
        if Ability.METRICS not in resource.abilities:
            self.sample = None  # it stopped: what it used before is not what it uses now
        self._haystack = None


class Order:
    """A sorted list of rows. Equal keys stand by name, ascending even when the order is reversed."""

    def __init__(self, *, reverse: bool = False) -> None:
        self.rows: list[Row] = []
        self.reverse = reverse
        self._by_name: list[Row] | None = None
        """The same rows by name, while none came, went or was renamed."""

    def rebuild(self, rows: Iterable[Row]) -> None:
        """Take exactly these rows and sort them."""
        self._by_name = sorted(rows, key=attrgetter("tie"))
        self.sort()

    def sort(self) -> None:
        """Sort the rows again, because their keys have changed."""
        if self._by_name is None:
            self._by_name = sorted(self.rows, key=attrgetter("tie"))
        self.rows = sorted(self._by_name, key=attrgetter("key"), reverse=self.reverse)

    def keep(self, rows: Iterable[Row]) -> None:
        """Take exactly these rows, which stand in order already."""
        self._by_name = None
        self.rows = list(rows)

    def position(self, row: Row) -> int:
        """Where the row stands, or would."""
        key, tie, rows, reverse = row.key, row.tie, self.rows, self.reverse
        low, high = 0, len(rows)
        while low < high:
            middle = (low + high) // 2
            other = rows[middle]
            before = other.tie < tie if other.key == key else (other.key < key) is not reverse
            if before:
                low = middle + 1
            else:
                high = middle
        return low

    def find(self, row: Row) -> int | None:
        """Where the row stands, or ``None`` when it is not here."""
        position = self.position(row)
        return position if position < len(self.rows) and self.rows[position] is row else None

    def insert(self, row: Row) -> None:
        """Put a row where it belongs."""
        self._by_name = None
        self.rows.insert(self.position(row), row)

    def remove(self, row: Row) -> None:
        """Take a row out. Its key and name must still be those it was put in with."""
        position = self.find(row)
        if position is not None:
            self._by_name = None
            del self.rows[position]


def tree(
    rows: Iterable[Row],
    by_id: Mapping[ResourceId, Row],
    parent: Callable[[Row], ResourceId | None],
    folded: frozenset[ResourceId],
) -> list[Row]:
    """Children after their parents, siblings in the order given, with ``depth`` and ``parent_of`` set.

    Rows that pass the filter bring their ancestors along. Rows whose parents go round in a circle are not lost:
    the first of them counts as a root.
    """
    ordered = list(rows)
    wanted = _with_ancestors(ordered, by_id, parent)
    children: dict[ResourceId | None, list[Row]] = {}
    for row in ordered:
        if row.id in wanted:
            above = parent(row)
            children.setdefault(above if above in wanted and above != row.id else None, []).append(row)
    result: list[Row] = []
    seen: set[ResourceId] = set()
    for root in (*children.get(None, ()), *(row for row in ordered if row.id in wanted)):
        _descend(root, children, folded, seen, result)
    return result


def _with_ancestors(
    rows: Iterable[Row], by_id: Mapping[ResourceId, Row], parent: Callable[[Row], ResourceId | None]
) -> set[ResourceId]:
    wanted: set[ResourceId] = set()
    for row in rows:
        climbing: Row | None = row if row.passes else None
        while climbing is not None and climbing.id not in wanted:
            wanted.add(climbing.id)
            above = parent(climbing)
            climbing = by_id.get(above) if above is not None else None
    return wanted


def _descend(
    root: Row,
    children: Mapping[ResourceId | None, list[Row]],
    folded: frozenset[ResourceId],
    seen: set[ResourceId],
    result: list[Row],
) -> None:
    stack = [(root, 0, True)]
    while stack:
        row, depth, visible = stack.pop()
        if row.id in seen:
            continue
        seen.add(row.id)
        below = children.get(row.id, [])
        row.depth, row.parent_of = depth, len(below)
        if visible:
            result.append(row)
        opened = visible and row.id not in folded
        stack.extend((child, depth + 1, opened) for child in reversed(below))
