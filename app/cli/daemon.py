"""``qd daemon``: the fleet daemon's life, by hand."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from app.cli.approval import refuse_read_only
from app.cli.codes import OK, UNREACHABLE
from app.cli.console import moment
from quarterdeck.version import VERSION
from widgets.quantities import duration, size

if TYPE_CHECKING:
    from app.cli.context import Cli
    from app.cli.parsing import Namespace
    from fleet.values import FleetStatus


def run(cli: Cli, _given: Namespace) -> int:
    """Be the daemon."""
    return cli.home.serve()


async def status(cli: Cli, given: Namespace) -> int:
    """Say whether it runs, and what it holds."""
    from fleet.daemon.greeting import daemon_welcome

    welcome = await daemon_welcome(cli.paths.socket)
    if welcome is None:
        if given.json:
            cli.console.document("daemon", [{"running": False}])
        else:
            cli.console.print("No fleet daemon runs.")
        return OK
    held = await _held(cli) if welcome.accepted else None
    if given.json:
        cli.console.document("daemon", [_item(welcome.version, welcome.pid, held)])
        return OK
    cli.console.print(f"The fleet daemon runs: process {welcome.pid}, version {welcome.version}.")
    if held is None:
        cli.console.complain(
            f"It is another build than this ({VERSION}), so more cannot be asked.", "`qd daemon restart` replaces it."
        )
        return OK
    cli.console.print(
        f"It has run for {duration(time.time() - held.started)}, holds {held.resources} resources, {held.jobs} jobs "
        f"under way and {held.shells} shells, for {held.clients} clients over {held.channels} connections."
    )
    cli.console.print(f"It takes {size(held.rss)} of memory; its worst delay of late was {duration(held.lag)}.")
    return OK


async def _held(cli: Cli) -> FleetStatus | None:
    from backends.contract.errors import BackendError
    from fleet.daemon.client import attached_fleet

    try:
        async with attached_fleet(cli.paths.socket) as fleet:
            return await fleet.status()
    except BackendError:
        return None


def _item(version: str, pid: int, held: FleetStatus | None) -> dict[str, Any]:
    item: dict[str, Any] = {"running": True, "version": version, "pid": pid, "ours": held is not None}
    if held is not None:
        names = ("clients", "channels", "lag", "rss", "jobs", "shells", "resources")
        item |= {"started": moment(held.started)} | {name: getattr(held, name) for name in names}
    return item


async def start(cli: Cli, _given: Namespace) -> int:
    """Start it, unless it runs."""
    from fleet.daemon.greeting import daemon_welcome
    from fleet.daemon.start import start_daemon

    welcome = await daemon_welcome(cli.paths.socket)
    if welcome is not None:
        cli.console.say(f"It runs already: process {welcome.pid}, version {welcome.version}.")
        return OK
    _ = cli.home  # wrong settings are told here rather than from its log
    cli.paths.create()
    await start_daemon(cli.paths.socket, cli.paths.log)
    welcome = await daemon_welcome(cli.paths.socket)
    if welcome is None:
        cli.console.complain("The fleet daemon started and ended again.", f"Its log is {cli.paths.log}.")
        return UNREACHABLE
    cli.console.print(f"The fleet daemon runs: process {welcome.pid}.")
    if not cli.home.settings.daemon.keep:
        linger = cli.home.settings.daemon.linger
        cli.console.say(f"It ends {linger:g} s after its last client, unless daemon.keep is set.")
    return OK


async def stop(cli: Cli, _given: Namespace) -> int:
    """End it, whatever its version."""
    from fleet.daemon.greeting import stop_daemon

    if cli.read_only_asked:
        refuse_read_only(cli, "Ending the daemon, with its jobs and shells,")
    welcome = await stop_daemon(cli.paths.socket, cli.paths.lock)
    if welcome is None:
        cli.console.say("No fleet daemon runs.")
    else:
        busy = f", and with it {welcome.busy}" if welcome.busy else ""
        cli.console.print(f"The fleet daemon (process {welcome.pid}) was ended{busy}.")
    return OK


async def restart(cli: Cli, given: Namespace) -> int:
    """End it and start it again."""
    await stop(cli, given)
    return await start(cli, given)
