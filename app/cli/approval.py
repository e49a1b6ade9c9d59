"""Plans on the command line: shown, agreed to, and carried out through the one gate."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from typing import TYPE_CHECKING

from app.cli import items
from app.cli.codes import REFUSED, Stop
from backends.contract.operation import Effect, Operation, Plan
from fleet.values import Approval, Decision, Prepared, Verdict
from widgets.quantities import size

if TYPE_CHECKING:
    from app.cli.context import Cli
    from app.cli.parsing import Namespace

_VERDICTS = {
    Verdict.ALLOW: "may be done",
    Verdict.ASK: "asks for a yes",
    Verdict.TYPED: "asks for a word",
    Verdict.DENY: "is not allowed",
}


def refuse_read_only(cli: Cli, title: str, effect: Effect = Effect.CHANGE) -> None:
    """Refuse what changes anything in read-only mode, before anything is asked or planned.

    Raises:
        Stop: if it does.
    """
    if effect is not Effect.READ and cli.read_only:
        hint = "Leave out --read-only." if cli.read_only_asked else "general.read_only is set in the settings."
        raise Stop(f"{title} is not done in read-only mode.", hint=hint, code=REFUSED)


def show_plan(cli: Cli, prepared: Prepared, *, as_json: bool) -> None:
    """The plan and what policy makes of it, as the result of the command."""
    if as_json:
        cli.console.document("plan", [items.plan(prepared)])
        return
    for line in plan_lines(cli, prepared.plan):
        cli.console.print(line)
    cli.console.print(decision_line(cli, prepared.decision))


def plan_lines(cli: Cli, plan: Plan) -> list[str]:
    """A plan in words: what, to which, how exactly, with what consequences."""
    neutral, look = cli.console.neutral, cli.console.look
    count = f" {len(plan.steps)} {plan.kind}s" if len(plan.steps) != 1 else ""
    lines = [look(f"{neutral(plan.title)}{count}:", "bold")]
    for step in plan.steps:
        lines.append(f"  {neutral(step.name)} {neutral(step.does)}")
        if step.call:
            lines.append(look(f"      $ {neutral(step.call)}", "dim"))
        lines += [f"      also touched: {neutral(each)}" for each in step.dependants]
        if step.frees is not None:
            lines.append(f"      frees: {size(step.frees)}")
        if plan.effect is not Effect.READ:
            lines.append(f"      undo: {neutral(step.undo) or 'not possible'}")
    return lines + [f"  left out: {neutral(warning)}" for warning in plan.warnings]


def decision_line(cli: Cli, decision: Decision) -> str:
    """What policy says, in a sentence."""
    word = f" ({cli.console.neutral(decision.word)})" if decision.word else ""
    return f"Policy: it {_VERDICTS[decision.verdict]}{word}. {cli.console.neutral(decision.reason)}"


async def approve(cli: Cli, given: Namespace, operation: Operation, prepared: Prepared) -> Approval | None:
    """The yes that a plan wants: given on the command line, or asked for where somebody sits.

    Raises:
        Stop: if there is none.
    """
    decision = prepared.decision
    match decision.verdict:
        case Verdict.ALLOW | Verdict.DENY:  # of a denial the gate tells, and the journal keeps it
            return None
        case Verdict.ASK if given.yes or given.confirm is not None:
            return Approval(prepared.token)
        case Verdict.TYPED if given.confirm is not None:
            return Approval(prepared.token, typed=given.confirm)
    if not cli.console.asks:
        raise Stop(
            f"{operation.title} needs a yes: {decision.reason}",
            hint=f"`--plan` shows what would be done, {_how(decision)} agrees to it.",
            code=REFUSED,
        )
    for line in plan_lines(cli, prepared.plan):
        cli.console.say(line)
    cli.console.say(decision_line(cli, decision))
    if decision.verdict is Verdict.TYPED:
        typed = await ask(cli, f"Type {cli.console.neutral(decision.word)} to go on: ")
        if typed.strip() == decision.word:
            return Approval(prepared.token, typed=decision.word)
    elif (await ask(cli, "Go on? [y/N] ")).strip().lower() in ("y", "yes"):
        return Approval(prepared.token)
    raise Stop("Nothing was done.", code=REFUSED)


async def ask(cli: Cli, question: str) -> str:
    """A line from the terminal. Waiting for it can be interrupted, unlike ``input``."""
    cli.console.flush()
    cli.console.err.write(question)
    cli.console.err.flush()
    loop, source = asyncio.get_running_loop(), sys.stdin.fileno()
    readable = asyncio.Event()
    loop.add_reader(source, readable.set)
    try:
        await readable.wait()
        return os.read(source, 4096).decode(errors="replace")
    except asyncio.CancelledError:
        cli.console.say()
        raise
    finally:
        loop.remove_reader(source)


def _how(decision: Decision) -> str:
    if decision.verdict is Verdict.TYPED:
        return f"`--confirm {shlex.quote(decision.word)}`"
    return "`--yes`"
