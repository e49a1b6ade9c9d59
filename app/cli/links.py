"""``qd connections`` and ``qd retry``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from app.cli import items
from app.cli.codes import OK, UNREACHABLE
from app.cli.finding import check_connections, why_silent
from fleet.scope import EVERYTHING, Scope
from fleet.values import Connection, ConnectionState
from widgets.quantities import NOTHING, age, duration

if TYPE_CHECKING:
    from app.cli.context import Cli
    from app.cli.parsing import Namespace
    from fleet.protocol import Fleet

_LOOKS = {
    ConnectionState.ONLINE: ("green",),
    ConnectionState.DEGRADED: ("yellow",),
    ConnectionState.NEEDS_AUTH: ("yellow",),
    ConnectionState.OFFLINE: ("red",),
}


async def connections(cli: Cli, given: Namespace) -> int:
    """Say where connections stand."""
    async with cli.fleet(EVERYTHING) as fleet:
        known = sorted(fleet.inventory.connections.values(), key=lambda each: (each.spec.backend, each.spec.id))
        missing = fleet.inventory.missing
    if given.json:
        lacking = [{"backend": each.backend, "what": each.what, "remedy": each.remedy} for each in missing]
        cli.console.document("connection", [items.connection(each) for each in known], missing=lacking)
        return OK
    _print_connections(cli, known)
    for each in missing:
        cli.console.say(f"{cli.console.neutral(each.what)} {cli.console.neutral(each.remedy)}")
    return OK


def _print_connections(cli: Cli, known: Sequence[Connection]) -> None:
    from app.cli.tables import lines

    titles = ("CONNECTION", "BACKEND", "STATE", "SINCE", "LATENCY", "REASON")
    rows = [_row(cli, each) for each in known]
    for number, text in enumerate(lines(titles, rows)):
        looks = ("bold",) if number == 0 else _LOOKS.get(known[number - 1].state, ())
        cli.console.print(cli.console.look(text, *looks))
        if number and (hint := known[number - 1].hint):
            cli.console.flush()
            cli.console.say(f"    {cli.console.neutral(hint)}")


def _row(cli: Cli, each: Connection) -> Sequence[str]:
    now = time.time()
    state = each.state.value
    if each.retry_at is not None and each.state is ConnectionState.OFFLINE:
        state += f", retry {age(each.retry_at, now)}" if each.retry_at > now else ", retrying"
    latency = duration(each.latency) if each.latency is not None else NOTHING
    cells = (each.spec.id, each.spec.backend, state, age(each.since, now), latency, each.reason or "")
    return [cli.console.neutral(cell) or NOTHING for cell in cells]


async def retry(cli: Cli, given: Namespace) -> int:
    """Try a connection again now, and say how that went."""
    name: str = given.connection
    scope = Scope(connections=frozenset({name}))
    async with cli.fleet(scope) as fleet:
        check_connections(fleet, scope)
        status = await fleet.status()
        if not status.inline:  # ours has just been opened, which was the attempt
            await _again(fleet, name, cli.patience)
        stands = fleet.inventory.connections[name]
    if given.json:
        cli.console.document("connection", [items.connection(stands)])
    if stands.state in (ConnectionState.ONLINE, ConnectionState.DEGRADED):
        if not given.json:
            cli.console.print(f"{cli.console.neutral(name)} is {stands.state.value}.")
        return OK
    if not given.json:
        cli.console.complain(*why_silent(stands, cli.patience))
    return UNREACHABLE


async def _again(fleet: Fleet, name: str, limit: float) -> None:
    """Have it tried, and wait until it has left the state it was in for one that is not ``connecting``."""
    changed = asyncio.Event()
    before = fleet.inventory.connections[name]
    end = fleet.subscribe(lambda _delta: changed.set())
    try:
        await fleet.retry(name)
        with suppress(TimeoutError):
            async with asyncio.timeout(limit):
                while not _settled(before, fleet.inventory.connections.get(name)):
                    changed.clear()
                    await changed.wait()
    finally:
        end()


def _settled(before: Connection, now: Connection | None) -> bool:
    if now is None or now.state is ConnectionState.DISABLED:
        return True
    if now.state in (ConnectionState.ONLINE, ConnectionState.DEGRADED):
        return True
    return now.state is not ConnectionState.CONNECTING and now.since > before.since
