"""``qd ls``, and what other tables share with it."""

from __future__ import annotations

import difflib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from app.cli import items
from app.cli.codes import OK, PARTLY, UNREACHABLE, Usage
from app.cli.finding import check_connections, scope_for, silent, tell_silent
from app.cli.measuring import Attention, attention
from app.cli.tables import Look, Row, resource_lines
from backends.contract.errors import Invalid
from backends.contract.model import Column, Health, Kind, Resource, Source
from fleet.naming import full_name
from widgets import filter as filters
from widgets.cells import sort_key

if TYPE_CHECKING:
    from app.cli.context import Cli
    from app.cli.parsing import Namespace
    from fleet.protocol import Fleet
    from fleet.scope import Scope
    from fleet.values import Connection

ANY = (
    Column("name", "NAME", Source.FIELD, "name", width=16, grow=2, rank=0),
    Column("kind", "KIND", Source.FIELD, "kind", width=9, rank=1),
    Column("state", "STATE", Source.FIELD, "state", width=9, rank=1),
    Column("status", "STATUS", Source.FIELD, "status", width=16, grow=1, rank=4),
    Column("connection", "CONNECTION", Source.FIELD, "connection", width=10, rank=2),
)
"""The columns of a list of all kinds."""
REASON = Column("reason", "REASON", Source.FIELD, "reason", width=24, grow=3, rank=1)
_MEASURED = frozenset({Source.METRIC, Source.HISTORY})


class Asked(NamedTuple):
    """What a list is about."""

    kind: Kind | None
    filter: filters.Filter
    connections: tuple[str, ...]

    @property
    def columns(self) -> Sequence[Column]:
        """Every column there is."""
        if self.kind is None:
            return (*ANY, REASON)
        return (*self.kind.columns, *(each for each in (REASON, *ANY) if each.id not in _ids(self.kind.columns)))


class _List(NamedTuple):
    """A list ready to be shown."""

    asked: Asked
    columns: Sequence[Column]
    rows: Sequence[Row]
    silent: Sequence[Connection]


async def ls(cli: Cli, given: Namespace) -> int:
    """List what there is."""
    asked = read(cli, given)
    columns = _columns(asked, given)
    sort, reverse = sort_column(asked, given.sort)
    scope = scope_for(cli, connections=asked.connections, kind=asked.kind.id if asked.kind else "")
    async with cli.fleet(scope) as fleet:
        check_connections(fleet, scope)
        async with attention(fleet) as looking:
            found = await gather(fleet, looking, asked, scope)
            if _measures(asked, columns, sort, given):
                await looking.measure(found)
            rows = chosen(fleet, asked, found, faults=given.faults)
            shown = _List(asked, columns, ordered(rows, sort, reverse=reverse), silent(fleet, scope))
            _show_list(cli, given, shown)
            return _heard(fleet, shown, scope)


def read(cli: Cli, given: Namespace) -> Asked:
    """What a list is asked for: a kind perhaps, a filter perhaps, connections as options or as ``@name``.

    Raises:
        Usage: if the filter makes no sense.
    """
    words = [word for word in (given.kind, *given.filter) if word]
    at = tuple(word[1:] for word in words if word.startswith("@"))
    words = [word.removeprefix("/") for word in words if not word.startswith("@")]
    kind = None
    if words:
        try:
            kind = cli.catalogue.kind(words[0])
        except Invalid:
            kind = None
        else:
            words = words[1:]
    parsed = filters.parse(" ".join(words), kind.columns if kind else ANY)
    if parsed.problem:
        raise Usage(parsed.problem)
    return Asked(kind, parsed, (*given.connection, *at))


async def gather(fleet: Fleet, looking: Attention, asked: Asked, scope: Scope) -> Sequence[Resource]:
    """Everything a list could show before the filter; of all kinds only what lasts."""
    inventory, catalogue = fleet.inventory, fleet.catalogue
    if asked.kind is not None:
        await looking.list_kinds([asked.kind], scope)
        known = list(inventory.of_kind(asked.kind.id).values())
    else:
        lasting = [name for name in inventory.kinds() if name in catalogue.kinds and not catalogue.kinds[name].volatile]
        known = [resource for name in lasting for resource in inventory.of_kind(name).values()]
    wanted = scope.connections
    return known if wanted is None else [each for each in known if each.id.connection in wanted]


def chosen(fleet: Fleet, asked: Asked, found: Sequence[Resource], *, faults: bool = False) -> list[Row]:
    """What passes the filter, as it is known now."""
    now = time.time()
    rows = [row_of(fleet, each) for each in found if not faults or each.health in (Health.FAULT, Health.WARNING)]
    return [row for row in rows if asked.filter.matches(row.resource, row.sample, now=now)]


def row_of(fleet: Fleet, resource: Resource) -> Row:
    """A resource with its newest numbers."""
    inventory = fleet.inventory
    return Row(resource, inventory.sample(resource.id), inventory.recent(resource.id), inventory.stale(resource.id))


def sort_column(asked: Asked, word: str | None) -> tuple[Column, bool]:
    """The column to sort by, and whether the other way round.

    Raises:
        Usage: if there is none of that name.
    """
    wanted = word or (asked.kind.sort if asked.kind else "name")
    name, reverse = wanted.removeprefix("-"), wanted.startswith("-")
    for column in asked.columns:
        if name.lower() == column.id:
            return column, reverse
    if word is None:
        return ANY[0], False
    raise Usage(f"There is no column “{name}”.", hint=f"There are: {', '.join(_ids(asked.columns))}.")


def ordered(rows: Sequence[Row], column: Column, *, reverse: bool) -> list[Row]:
    """Rows in order; the unknown last either way, equals by connection, kind and name."""
    by_name = sorted(rows, key=lambda row: (sort_key(ANY[0], row.resource) or (2, ""), row.resource.id))
    known = [(sort_key(column, row.resource, row.sample), row) for row in by_name]
    first = sorted(((key, row) for key, row in known if key is not None), key=lambda pair: pair[0], reverse=reverse)
    return [row for _, row in first] + [row for key, row in known if key is None]


def _columns(asked: Asked, given: Namespace) -> list[Column]:
    """The columns to show. Numbers that take seconds to measure come with ``--wide`` or by name."""
    if given.columns:
        named = {column.id: column for column in asked.columns}
        wanted = [word.strip().lower() for word in given.columns.split(",") if word.strip()]
        for word in wanted:
            if word not in named:
                hint = f"There are: {', '.join(named)}."
                raise Usage(f"There is no column “{word}”.", hint=hint)
        return [named[word] for word in wanted]
    if asked.kind is None:
        columns = list(ANY)
    elif given.wide:
        columns = list(asked.kind.columns)
    else:
        quick = asked.kind.always
        columns = [
            each
            for each in asked.kind.columns
            if each.shown and each.source is not Source.HISTORY and (quick or each.source is not Source.METRIC)
        ]
    if given.faults and "reason" not in _ids(columns):
        columns.append(REASON)
    return columns


def _measures(asked: Asked, columns: Sequence[Column], sort: Column, given: Namespace) -> bool:
    """Whether numbers are needed: shown, sorted by, filtered by, or asked for in JSON with ``--wide``."""
    if given.names:
        columns = ()
    elif given.json and not given.columns:
        columns = columns if given.wide else ()
    return asked.filter.moving or sort.source in _MEASURED or any(each.source in _MEASURED for each in columns)


def _show_list(cli: Cli, given: Namespace, shown: _List) -> None:
    asked, rows = shown.asked, shown.rows
    if given.json:
        missing = [{"id": each.spec.id, "state": each.state.value, "reason": each.reason} for each in shown.silent]
        kind = asked.kind.id if asked.kind else "resource"
        cli.console.document(kind, [item_of(row) for row in rows], silent=missing)
    elif given.names:
        for row in rows:
            cli.console.print(cli.console.neutral(full_name(row.resource)))
    elif rows:
        cut = None if given.wide or given.columns else cli.console.width
        look = Look(time.time(), cut, header=not given.no_header, glyphs=cli.console.glyphs)
        print_rows(cli, resource_lines(shown.columns, rows, look), rows, header=look.header)
    else:
        _say_none(cli, asked)
    tell_silent(cli, shown.silent)


def _heard(fleet: Fleet, shown: _List, scope: Scope) -> int:
    """The exit code: whether a connection that matters did not answer, or none of them did."""
    if not shown.silent:
        return OK
    matter = [each for each in fleet.inventory.connections.values() if scope.covers(each.spec)]
    return PARTLY if len(matter) > len(shown.silent) else UNREACHABLE


def print_rows(cli: Cli, lines: Sequence[str], rows: Sequence[Row], *, header: bool) -> None:
    """A table with its titles bold and what is wrong in colour, where there are colours."""
    tones = {Health.FAULT: "red", Health.WARNING: "yellow"}
    for number, text in enumerate(lines):
        row = rows[number - header] if number >= header else None
        if row is None:
            cli.console.print(cli.console.look(text, "bold"))
        elif row.stale is not None:
            cli.console.print(cli.console.look(text, "dim"))
        else:
            tone = tones.get(row.resource.health)
            cli.console.print(cli.console.look(text, *((tone,) if tone else ())))


def _say_none(cli: Cli, asked: Asked) -> None:
    words = asked.filter.text.split()
    what = asked.kind.plural if asked.kind else "resources"
    if not words:
        cli.console.say(f"There are no {what}.")
        return
    cli.console.say(f"No {what} match “{cli.console.neutral(asked.filter.text)}”.")
    if asked.kind is None:
        known = [name for kind in cli.catalogue.kinds.values() for name in (kind.id, kind.plural.lower())]
        if close := difflib.get_close_matches(words[0].lower(), known, n=1):
            cli.console.say(f"    “{words[0]}” is no kind, so it was taken as a filter. Did you mean {close[0]}?")


def item_of(row: Row) -> dict[str, Any]:
    """A row as JSON."""
    return items.resource(row.resource, sample=row.sample, stale=row.stale)


def _ids(columns: Sequence[Column]) -> list[str]:
    return [column.id for column in columns]
