"""``qd logs``: one log, or several merged by time."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.cli import items
from app.cli.codes import OK, Stop
from app.cli.finding import find, scope_for
from app.cli.measuring import attention
from backends.contract.model import Ability, LogLine, LogQuery, Resource, ResourceId, Stream
from fleet.naming import full_name
from widgets.ansi import clean, plain

if TYPE_CHECKING:
    from app.cli.context import Cli
    from app.cli.parsing import Namespace

_NAME_LOOKS = ("cyan", "yellow", "green", "blue", "red")
LONGEST_NAME = 32


async def logs(cli: Cli, given: Namespace) -> int:
    """Print logs."""
    scope = scope_for(cli, connections=given.connection, names=given.name)
    query = LogQuery(follow=given.follow, tail=given.tail, since=given.since, until=given.until)
    async with cli.fleet(scope) as fleet, attention(fleet) as looking:
        await looking.list_named(given.name, scope)
        found = [each for each in find(cli, fleet, scope, given.name) if _has_log(cli, each)]
        if not found:
            raise Stop("Nothing that was named has a log.")
        printer = Printer(cli, found, timestamps=given.timestamps, as_json=given.json)
        async with aclosing(fleet.logs([each.id for each in found], query)) as batches:
            async for batch in batches:
                printer.print(batch)
    return printer.code


def _has_log(cli: Cli, resource: Resource) -> bool:
    if Ability.LOGS in resource.abilities:
        return True
    cli.console.complain(f"{full_name(resource)} has no log.")
    return False


class Printer:
    """Prints lines of logs: what programs wrote to standard output, our remarks to standard error."""

    def __init__(self, cli: Cli, resources: Sequence[Resource], *, timestamps: bool, as_json: bool) -> None:
        self.code = OK
        self._console = cli.console
        self._timestamps = timestamps
        self._json = as_json
        self._names = _names(resources)
        longest = min(LONGEST_NAME, max(len(plain(name)) for name in self._names.values()))
        self._heads = {
            identity: self._head(plain(name), longest, number) if len(resources) > 1 else ""
            for number, (identity, name) in enumerate(self._names.items())
        }
        self._colours = _colour_system() if cli.console.colour else None

    def print(self, batch: Sequence[LogLine]) -> None:
        """Print some lines, and let them go at once."""
        for line in batch:
            if self._json:
                self._console.line("log", items.log(line, self._names.get(line.source, "") if line.source else ""))
            elif line.stream is Stream.NOTE:
                name = self._names.get(line.source, "") if line.source else ""
                self._console.say(f"--- {plain(f'{name}: ' if name else '')}{plain(line.text)} ---")
            else:
                self._console.print(self._text(line))
        self._console.flush()

    def _text(self, line: LogLine) -> str:
        head = self._heads.get(line.source, "") if line.source else ""
        if self._timestamps:
            head += f"{_moment(line.at)} "
        if self._colours is None:
            return head + plain(line.text)
        return head + self._painted(line.text)

    def _painted(self, text: str) -> str:
        """The line with its own colours and nothing else of its escapes."""
        tidy = clean(text)
        parts: list[str] = []
        at = 0
        for start, end, style in tidy.spans:
            parts += [tidy.text[at:start], style.render(tidy.text[start:end], color_system=self._colours)]
            at = end
        return "".join([*parts, tidy.text[at:]])

    def _head(self, name: str, width: int, number: int) -> str:
        shown = name if len(name) <= width else name[: width - 1] + self._console.glyphs.cut
        return self._console.look(shown.ljust(width), _NAME_LOOKS[number % len(_NAME_LOOKS)]) + " | "


def _names(resources: Sequence[Resource]) -> dict[ResourceId, str]:
    """Each resource's name, in full where two have the same."""
    seen = [each.name for each in resources]
    return {each.id: each.name if seen.count(each.name) == 1 else full_name(each) for each in resources}


def _moment(at: float | None) -> str:
    if at is None:
        return "-".ljust(24)
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _colour_system() -> Any:
    from rich.color import ColorSystem

    return ColorSystem.TRUECOLOR
