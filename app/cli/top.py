"""``qd top``: a table that stays current, in plain text."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from app.cli import items
from app.cli.codes import OK, Usage
from app.cli.console import moment
from app.cli.finding import check_connections, scope_for, silent, tell_silent
from app.cli.listing import Asked, chosen, gather, ordered, print_rows, read, sort_column
from app.cli.measuring import Attention, attention
from app.cli.tables import Look, Row, resource_lines
from backends.contract.model import Column, Kind, Resource, Source
from widgets import filter as filters

if TYPE_CHECKING:
    from app.cli.context import Cli
    from app.cli.parsing import Namespace
    from fleet.protocol import Fleet
    from fleet.scope import Scope

HOME_AND_CLEAR: Final = "\x1b[H\x1b[J"
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"
LEAST_EVERY: Final = 0.2


async def top(cli: Cli, given: Namespace) -> int:
    """Measure, show, and do it again."""
    if given.every < LEAST_EVERY:
        raise Usage(f"--every must be at least {LEAST_EVERY:g} seconds.")
    asked = read(cli, given)
    boards = [_Board(each, given.sort) for each in _parts(cli, asked)]
    if not boards:
        raise Usage(f"{asked.kind.plural if asked.kind else 'Nothing'} cannot be measured.")
    scope = scope_for(cli, connections=asked.connections, kind=asked.kind.id if asked.kind else "")
    async with cli.fleet(scope) as fleet, attention(fleet) as looking:
        check_connections(fleet, scope)
        tell_silent(cli, silent(fleet, scope))
        await _gather(fleet, looking, boards, scope)
        await looking.measure([each for board in boards for each in board.found])
        if given.once:
            _show(cli, fleet, boards, as_json=given.json, live=False)
            return OK
        live = cli.console.tty and not given.json
        try:
            if live:
                cli.console.out.write(HIDE)
            while True:
                _show(cli, fleet, boards, as_json=given.json, live=live)
                await asyncio.sleep(given.every)
                await _gather(fleet, looking, boards, scope)
                await looking.look([each for board in boards for each in board.found])
        finally:
            if live:
                cli.console.out.write(SHOW)
                cli.console.flush()


class _Board:
    """One kind's table."""

    def __init__(self, asked: Asked, sort: str | None) -> None:
        assert asked.kind is not None
        self.asked = asked
        self.kind: Kind = asked.kind
        self.columns = _columns(self.kind)
        self.sort, self.reverse = sort_column(asked, sort) if sort else _busiest(asked)
        self.found: Sequence[Resource] = ()

    def rows(self, fleet: Fleet) -> list[Row]:
        """What it shows now."""
        return ordered(chosen(fleet, self.asked, self.found), self.sort, reverse=self.reverse)


def _parts(cli: Cli, asked: Asked) -> Sequence[Asked]:
    """The kinds meant: the one asked for, or all that last and can be measured."""
    if asked.kind is not None:
        return [asked] if asked.kind.metrics else []
    kinds = sorted(cli.catalogue.kinds.values(), key=lambda kind: (kind.area, kind.order, kind.id))
    return [
        Asked(kind, filters.parse(asked.filter.text, kind.columns), asked.connections)
        for kind in kinds
        if kind.metrics and not kind.volatile
    ]


def _columns(kind: Kind) -> Sequence[Column]:
    return [column for column in kind.columns if column.shown]


def _busiest(asked: Asked) -> tuple[Column, bool]:
    """The first number measured, greatest first; for kinds listed with their numbers, their own order."""
    assert asked.kind is not None
    if asked.kind.sort.startswith("-"):
        return sort_column(asked, None)
    first = next((each for each in asked.kind.columns if each.source is Source.METRIC and each.shown), None)
    return (first, True) if first is not None else sort_column(asked, None)


async def _gather(fleet: Fleet, looking: Attention, boards: Sequence[_Board], scope: Scope) -> None:
    for board in boards:
        board.found = await gather(fleet, looking, board.asked, scope)


def _show(cli: Cli, fleet: Fleet, boards: Sequence[_Board], *, as_json: bool, live: bool) -> None:
    if as_json:
        shown = [
            items.resource(row.resource, sample=row.sample, stale=row.stale)
            for board in boards
            for row in board.rows(fleet)
        ]
        cli.console.line("top", {"at": moment(time.time()), "items": shown})
        return
    room = _height(cli) if live else None
    if live:
        cli.console.out.write(HOME_AND_CLEAR)
    tables = [(board, rows) for board in boards if (rows := board.rows(fleet))]
    look = Look(time.time(), cli.console.width, glyphs=cli.console.glyphs)
    for number, (board, rows) in enumerate(tables):
        if number and (room is None or room > 2):
            cli.console.print()
            room = room - 1 if room is not None else None
        lines = resource_lines(board.columns, rows, look)
        kept = lines if room is None else lines[: _share(room, len(lines), len(tables) - number)]
        print_rows(cli, kept, rows, header=True)
        room = room - len(kept) if room is not None else None
    if not tables:
        cli.console.say("There is nothing to measure.")
    cli.console.flush()


def _share(room: int, wanted: int, tables: int) -> int:
    """The lines a table gets: what it wants, unless those after it would be left with nothing."""
    return max(0, min(wanted, room - 3 * (tables - 1)))


def _height(cli: Cli) -> int:
    try:
        return max(3, os.get_terminal_size(cli.console.out.fileno()).lines - 1)
    except (OSError, ValueError):
        return 23
