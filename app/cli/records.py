"""``qd events`` and ``qd journal``: what happened, and what was done."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.cli import items
from app.cli.codes import FAILED, NOT_FOUND, OK, Stop
from app.cli.console import clock
from app.cli.finding import check_connections, find, scope_for, silent, tell_silent
from app.cli.operations import entry_number
from backends.contract.model import Event, ResourceId, Severity, Stream
from fleet.scope import NOTHING
from fleet.values import Delta, Entry, EntryState, EventQuery, JournalQuery
from widgets.ansi import plain
from widgets.quantities import duration

if TYPE_CHECKING:
    from app.cli.context import Cli
    from app.cli.parsing import Namespace
    from fleet.protocol import Fleet

_LOOKS = {Severity.FAULT: ("red",), Severity.WARNING: ("yellow",), Severity.INFO: ()}


async def events(cli: Cli, given: Namespace) -> int:
    """Print events, oldest first; on and on when following."""
    names = [given.resource] if given.resource else []
    looks = bool(given.follow or names)
    scope = scope_for(cli, connections=given.connection, names=names) if looks else NOTHING
    async with cli.fleet(scope) as fleet:
        waiting: asyncio.Queue[Event] = asyncio.Queue()
        end = fleet.subscribe(lambda delta: _collect(delta, waiting)) if given.follow else None
        if looks:
            check_connections(fleet, scope)
            tell_silent(cli, silent(fleet, scope))
        about = find(cli, fleet, scope, names)[0].id if names else None
        chosen = frozenset(given.connection)
        seen = await _past(cli, fleet, given, about, chosen)
        try:
            while end is not None:
                event = await waiting.get()
                if event not in seen and _wanted(event, about, chosen):
                    _print_event(cli, event, as_json=given.json)
        finally:
            if end is not None:
                end()
    return OK


async def _past(
    cli: Cli, fleet: Fleet, given: Namespace, about: ResourceId | None, chosen: frozenset[str]
) -> frozenset[Event]:
    one = next(iter(chosen)) if len(chosen) == 1 else None
    found = await fleet.events(EventQuery(limit=given.limit, resource=about, connection=one, since=given.since))
    kept = [event for event in reversed(found) if _wanted(event, about, chosen)]
    for event in kept:
        _print_event(cli, event, as_json=given.json)
    if not kept and not given.follow and not given.json:
        cli.console.say("No events are recorded of that.")
    return frozenset(kept)


def _collect(delta: Delta, waiting: asyncio.Queue[Event]) -> None:
    if not delta.fresh:
        for event in delta.events:
            waiting.put_nowait(event)


def _wanted(event: Event, about: ResourceId | None, chosen: frozenset[str]) -> bool:
    return (about is None or event.resource == about) and (not chosen or event.connection in chosen)


def _print_event(cli: Cli, event: Event, *, as_json: bool) -> None:
    if as_json:
        cli.console.line("event", items.event(event))
        return
    neutral = cli.console.neutral
    text = f"{clock(event.at)}  {neutral(event.connection)}  {event.severity.value:7}  {neutral(event.text)}"
    cli.console.print(cli.console.look(text, *_LOOKS[event.severity]))
    cli.console.flush()


async def entries(cli: Cli, given: Namespace) -> int:
    """List journal entries, newest first."""
    async with cli.fleet(NOTHING) as fleet:
        found = await fleet.journal(JournalQuery(limit=given.limit, text=given.text or "", since=given.since))
    if given.json:
        cli.console.document("entry", [items.entry(entry) for entry in found])
    elif not found:
        cli.console.say("The journal has nothing of that.")
    else:
        titles = ("ID", "WHEN", "WHO", "WHAT", "TO", "OUTCOME", "UNDO")
        cli.console.table(titles, [_entry_row(cli, entry) for entry in found], right=frozenset({0}))
    return OK


def _entry_row(cli: Cli, entry: Entry) -> Sequence[str]:
    names = ", ".join(entry.names[:3]) + (f" and {len(entry.names) - 3} more" if len(entry.names) > 3 else "")
    who = f"{entry.actor.value} ({entry.door})"
    cells = (str(entry.id), clock(entry.at), who, entry.title, names, _outcome(entry), "yes" if entry.undo else "-")
    return [cli.console.neutral(cell) or "-" for cell in cells]


def _outcome(entry: Entry) -> str:
    if entry.state is EntryState.OPEN:
        return "under way, or lost"
    code = f" ({entry.exit_code})" if entry.exit_code else ""
    return entry.state.value + code


async def show(cli: Cli, given: Namespace) -> int:
    """Print one entry, and the output that was kept of it."""
    number = entry_number(given.id)
    async with cli.fleet(NOTHING) as fleet:
        found = await fleet.journal(JournalQuery(limit=1, before=number + 1))
        if not found or found[0].id != number:
            raise Stop(f"The journal has no entry {number}.", hint="`qd journal` lists them.", code=NOT_FOUND)
        output = await fleet.journal_output(number)
    entry = found[0]
    if given.json:
        pieces = [
            {
                "resource": str(piece.target),
                "stream": piece.output.stream.value,
                "text": piece.output.data.decode(errors="replace"),
            }
            for piece in output
        ]
        cli.console.document("entry", [items.entry(entry) | {"output": pieces}])
        return OK
    _print_entry(cli, entry)
    for piece in output:
        mark = {Stream.OUT: "", Stream.ERR: "! ", Stream.NOTE: "--- "}[piece.output.stream]
        for line in piece.output.data.decode(errors="replace").splitlines():
            cli.console.print(f"  {mark}{plain(line)}")
    return OK


def _print_entry(cli: Cli, entry: Entry) -> None:
    neutral = cli.console.neutral
    cli.console.print(cli.console.look(f"{entry.id}  {neutral(entry.title)}", "bold"))
    took = f", after {duration(entry.ended - entry.at)}" if entry.ended is not None else ""
    pairs = [
        ("when", clock(entry.at)),
        ("who", f"{entry.actor.value}, through {entry.door}"),
        ("to", ", ".join(str(target) for target in entry.targets)),
        ("names", ", ".join(entry.names)),
        ("outcome", _outcome(entry) + took),
        ("summary", entry.summary),
        ("undo", entry.undo or "not possible"),
        ("digest", entry.digest),
    ]
    for name, text in pairs:
        if text:
            cli.console.print(f"  {name.ljust(8)} {neutral(text)}")
    for call in entry.calls:
        cli.console.print(f"  $ {neutral(call)}")


async def verify(cli: Cli, given: Namespace) -> int:
    """Check the journal's chain."""
    async with cli.fleet(NOTHING) as fleet:
        found = await fleet.journal_verify()
    if given.json:
        item = {"entries": found.entries, "broken": found.broken, "reason": found.reason or None}
        cli.console.document("verification", [item])
    elif found.broken is None:
        cli.console.print(f"The journal is whole: {found.entries} entries, each linked to the one before.")
    else:
        cli.console.complain(f"The journal is not whole: entry {found.broken} does not fit. {found.reason}")
    return OK if found.broken is None else FAILED
