"""``qd jobs``: what the fleet daemon works on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from app.cli import items
from app.cli.codes import NOT_FOUND, OK, Stop
from fleet.scope import NOTHING
from fleet.values import Job, JobState
from widgets.quantities import age

if TYPE_CHECKING:
    from app.cli.context import Cli
    from app.cli.parsing import Namespace


async def jobs(cli: Cli, given: Namespace) -> int:
    """List jobs, newest first."""
    async with cli.fleet(NOTHING) as fleet:
        inline = (await fleet.status()).inline
        known = sorted(fleet.inventory.jobs.values(), key=lambda job: job.started, reverse=True)
    if given.json:
        cli.console.document("job", [items.job(job) for job in known])
    elif known:
        cli.console.table(("ID", "WHAT", "TO", "STATE", "STARTED"), [_row(cli, job) for job in known])
    else:
        where = "No fleet daemon runs, so there are none." if inline else "There are none."
        cli.console.say(f"{where} `qd journal` has what was done before.")
    return OK


def _row(cli: Cli, job: Job) -> list[str]:
    over = sum(row.state not in (JobState.WAITING, JobState.RUNNING) for row in job.rows)
    state = f"{job.state.value} {over}/{len(job.rows)}" if job.ended is None else job.state.value
    names = ", ".join(row.name for row in job.rows[:3]) + (
        f" and {len(job.rows) - 3} more" if len(job.rows) > 3 else ""
    )
    cells = (job.id, job.title, names, state, f"{age(job.started, time.time())} ago")
    return [cli.console.neutral(cell) or "-" for cell in cells]


async def cancel(cli: Cli, given: Namespace) -> int:
    """Ask a job to end."""
    async with cli.fleet(NOTHING) as fleet:
        found = [job for job in fleet.inventory.jobs.values() if job.id.startswith(given.id)]
        if len(found) != 1:
            problem = "is no job's id" if not found else "may mean several jobs"
            raise Stop(f"“{given.id}” {problem}.", hint="`qd jobs` lists them.", code=NOT_FOUND)
        if found[0].ended is not None:
            cli.console.say(f"{found[0].title} has ended already: {found[0].state.value}.")
            return OK
        await fleet.cancel(found[0].id)
        ended = await fleet.wait(found[0].id)
    cli.console.print(f"{cli.console.neutral(ended.title)}: {ended.state.value}.")
    return OK
