"""``qd doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.cli.codes import FAILED, OK
from app.doctor import Check, Level, examine, of_connection, warning
from backends.contract.errors import BackendError
from fleet.scope import EVERYTHING

if TYPE_CHECKING:
    from app.cli.context import Cli
    from app.cli.parsing import Namespace

_MARKS = {Level.OK: ("ok   ", "green"), Level.WARN: ("warn ", "yellow"), Level.FAULT: ("FAULT", "red")}


async def doctor(cli: Cli, given: Namespace) -> int:
    """Check everything, print as it is found, and sum up."""
    found: list[Check] = []

    def take(check: Check) -> None:
        found.append(check)
        if not given.json:
            _print(cli, check)

    async for check in examine(cli.paths, cli.environment, cli.registry, profile=cli.profile):
        take(check)
    if not any(check.id == "settings" and check.level is Level.FAULT for check in found):
        for check in await _connections(cli):
            take(check)
    faults = sum(check.level is Level.FAULT for check in found)
    warnings = sum(check.level is Level.WARN for check in found)
    if given.json:
        cli.console.document("check", [_item(check) for check in found], faults=faults, warnings=warnings)
    else:
        cli.console.print(f"{len(found)} checks: {faults} faults, {warnings} warnings.")
    return FAILED if faults else OK


async def _connections(cli: Cli) -> list[Check]:
    try:
        async with cli.fleet(EVERYTHING) as fleet:
            checks = [of_connection(each) for each in fleet.inventory.connections.values()]
            for missing in fleet.inventory.missing:
                name = f"missing.{missing.backend}"
                checks.append(warning(name, f"engine for {missing.backend}", missing.what, missing.remedy))
            return checks
    except BackendError as error:
        return [Check("fleet", "fleet", Level.FAULT, error.message, error.hint or "")]


def _print(cli: Cli, check: Check) -> None:
    neutral = cli.console.neutral
    mark, tone = _MARKS[check.level]
    cli.console.print(f"{cli.console.look(mark, tone)}  {neutral(check.title)}: {neutral(check.says)}")
    if check.remedy:
        cli.console.print(f"       {neutral(check.remedy)}")
    cli.console.flush()


def _item(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "title": check.title,
        "level": check.level.value,
        "says": check.says,
        "remedy": check.remedy or None,
    }
