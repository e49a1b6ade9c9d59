"""``qd get`` and ``qd inspect``: resources one by one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.cli.codes import OK, Usage
from app.cli.console import clock, plain
from app.cli.finding import find, scope_for
from app.cli.listing import item_of, row_of
from app.cli.measuring import attention
from app.cli.tables import Row, state_word
from backends.contract.model import Column, Health, Resource, Source, Unit
from fleet.naming import full_name
from widgets.cells import fact_text, unit_of
from widgets.quantities import age, quantity

if TYPE_CHECKING:
    from app.cli.context import Cli
    from app.cli.parsing import Namespace
    from fleet.protocol import Fleet


async def get(cli: Cli, given: Namespace) -> int:
    """Show all that is known of resources."""
    scope = scope_for(cli, connections=given.connection, names=given.name)
    async with cli.fleet(scope) as fleet, attention(fleet) as looking:
        await looking.list_named(given.name, scope)
        found = find(cli, fleet, scope, given.name)
        await looking.measure(found)
        rows = [row_of(fleet, resource) for resource in found]
        if given.json:
            cli.console.document("resource", [item_of(row) for row in rows])
            return OK
        for number, row in enumerate(rows):
            if number:
                cli.console.print()
            _describe(cli, fleet, row)
    return OK


async def inspect(cli: Cli, given: Namespace) -> int:
    """Print the engine's own description of a resource."""
    from msgspec import json

    scope = scope_for(cli, connections=given.connection, names=[given.name])
    async with cli.fleet(scope) as fleet, attention(fleet) as looking:
        await looking.list_named([given.name], scope)
        found = find(cli, fleet, scope, [given.name])
        if len(found) > 1:
            raise Usage(f"“{given.name}” means {len(found)} resources; one is inspected at a time.")
        description = await fleet.inspect(found[0].id)
    if given.json:
        cli.console.document("inspect", [{"id": str(found[0].id), "description": description}])
    else:
        cli.console.print(json.format(json.encode(plain(description)), indent=2).decode())
    return OK


def _describe(cli: Cli, fleet: Fleet, row: Row) -> None:
    """Everything known of a resource, one thing on a line."""
    resource, now, console = row.resource, time.time(), cli.console
    console.print(console.look(console.neutral(full_name(resource)), "bold"))
    pairs = [
        ("state", state_word(resource, now=now, stale=row.stale)),
        ("status", resource.status),
        ("health", resource.health.value if resource.health is not Health.UNKNOWN else ""),
        ("reason", resource.reason or ""),
        ("id", resource.id.native),
        ("parent", str(resource.parent) if resource.parent else ""),
        ("created", _when(resource.created, now)),
        ("since", _when(resource.since, now)),
    ]
    pairs += _facts(fleet, resource, now)
    pairs += [(f"label {key}", value) for key, value in sorted(resource.labels.items())]
    pairs += _metrics(fleet, row)
    width = max(len(name) for name, _ in pairs)
    for name, text in pairs:
        if text:
            console.print(f"  {console.neutral(name).ljust(width)}  {console.neutral(text)}")


def _facts(fleet: Fleet, resource: Resource, now: float) -> list[tuple[str, str]]:
    columns = {each.key or each.id: each for each in _kind_columns(fleet, resource) if each.source is Source.FACT}
    return [
        (name.replace("_", " "), fact_text(value, unit_of(columns[name]) if name in columns else Unit.NONE, now=now))
        for name, value in resource.facts.items()
        if value is not None
    ]


def _kind_columns(fleet: Fleet, resource: Resource) -> Sequence[Column]:
    kind = fleet.catalogue.kinds.get(resource.id.kind)
    return kind.columns if kind else ()


def _metrics(fleet: Fleet, row: Row) -> list[tuple[str, str]]:
    kind = fleet.catalogue.kinds.get(row.resource.id.kind)
    if kind is None or row.sample is None:
        return []
    known = {metric.id: metric for metric in kind.metrics}
    pairs: list[tuple[str, str]] = []
    for key, value in row.sample.values.items():
        name, _, part = key.partition("/")
        metric = known.get(name)
        title = (metric.title if metric else name) + (f" {part}" if part else "")
        pairs.append((title, quantity(value, metric.unit if metric else Unit.NONE)))
    return pairs


def _when(at: float | None, now: float) -> str:
    return f"{clock(at)} ({age(at, now)} ago)" if at is not None else ""
