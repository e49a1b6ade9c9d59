"""``qd VERB NAME…``: every operation of the catalogue, and ``qd journal undo``."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

from app.cli import items
from app.cli.approval import approve, refuse_read_only, show_plan
from app.cli.codes import OK, Usage, code_of, together
from app.cli.commands import BY_NAME, NAMES
from app.cli.finding import find, scope_for
from app.cli.measuring import attention
from app.cli.spec import CONFIRM, CONNECTIONS, GLOBAL, JSON, PLAN, YES, Command, Option
from backends.contract.errors import BackendError
from backends.contract.model import Stream
from backends.contract.operation import Effect, Operation, Parameter, ParameterType
from fleet.scope import Scope
from fleet.values import Job, JobState, Request

if TYPE_CHECKING:
    from app.cli.context import Cli
    from app.cli.parsing import Namespace
    from backends.contract.model import Resource
    from fleet.catalogue import Catalogue
    from fleet.protocol import Fleet

OWN: Final = (PLAN, YES, CONFIRM, JSON, CONNECTIONS)
DOOR: Final = "cli"
_PREFIX: Final = "argument_"
_RESERVED: Final = frozenset({option.name for option in (*OWN, *GLOBAL)} | {"--help"})
_UNITS: Final = {
    ParameterType.INTEGER: "N",
    ParameterType.NUMBER: "N",
    ParameterType.BYTES: "SIZE",
    ParameterType.SECONDS: "SECONDS",
    ParameterType.WORDS: "'WORDS…'",
}


def command_for(word: str, cli: Cli) -> Command:
    """The command of a verb, made from its operations.

    Raises:
        Usage: if no backend knows the verb.
    """
    if not operations_of(cli.catalogue, word):
        verbs = {op.verb for info in cli.catalogue.backends.values() for op in info.operations if not op.hidden}
        close = difflib.get_close_matches(word, [*BY_NAME, *verbs], n=1)
        hint = f"Did you mean {close[0]}?" if close else "`qd --help` lists the commands, `qd help verbs` the verbs."
        raise Usage(f"“{word}” is no command and no verb.", hint=hint)
    return verb_command(word, cli.catalogue)


def verb_command(verb: str, catalogue: Catalogue) -> Command:
    """The command of a verb some backend knows."""
    operations = operations_of(catalogue, verb)
    first = operations[0]
    kinds = ", ".join(dict.fromkeys(operation.kind for operation in operations))
    effect = {Effect.READ: "It only reads.", Effect.CHANGE: "", Effect.DESTROY: "It destroys."}[first.effect]
    return Command(
        verb,
        f"{first.title}: {kinds}.",
        "operations:operate",
        (NAMES,),
        (*_options(operations), *OWN),
        more=" ".join(filter(None, (first.help, effect))),
        json="`kind` is `job` with the outcome in `rows`; with --plan `kind` is `plan`.",
    )


def operations_of(catalogue: Catalogue, verb: str) -> Sequence[Operation]:
    """Every operation of that name, each kind once."""
    found = {
        operation.kind: operation
        for info in catalogue.backends.values()
        for operation in info.operations
        if operation.verb == verb and not operation.hidden
    }
    return tuple(found.values())


def _options(operations: Sequence[Operation]) -> Sequence[Option]:
    """The parameters of all as options; of several that share a name, the first describes it."""
    found: dict[str, Option] = {}
    for operation in operations:
        for parameter in operation.parameters:
            if parameter.id not in found:
                found[parameter.id] = _option(parameter)
    return tuple(found.values())


def _option(parameter: Parameter) -> Option:
    name = option_name(parameter)
    standard = f" {parameter.default} unless given." if parameter.default not in (None, False, "") else ""
    said = ". ".join(part.rstrip(".") for part in (parameter.label, parameter.help) if part)
    help_text = f"{said}.{standard}".replace("%", "%%")
    if parameter.type is ParameterType.TOGGLE:
        return Option(name, help_text, negatable=True, target=_PREFIX + parameter.id)
    value = "|".join(parameter.choices) or _UNITS.get(parameter.type, "TEXT")
    return Option(name, help_text, value=value, target=_PREFIX + parameter.id)


def option_name(parameter: Parameter) -> str:
    """The option of a parameter; ours keep their names."""
    name = f"--{parameter.id.replace('_', '-')}"
    return name if name not in _RESERVED else f"--with-{name[2:]}"


async def operate(cli: Cli, given: Namespace) -> int:
    """Do a verb to resources."""
    verb: str = given.verb
    first = operations_of(cli.catalogue, verb)[0]
    if not given.plan:
        refuse_read_only(cli, first.title, first.effect)
    scope = scope_for(cli, connections=given.connection, verb=verb, names=given.name)
    async with cli.fleet(scope) as fleet, attention(fleet) as looking:
        await looking.list_named(given.name, scope, verb=verb)
        found = find(cli, fleet, scope, given.name, verb=verb)
        operation = operation_for(fleet, found[0], verb)
        request = Request(verb, tuple(each.id for each in found), _arguments(operation, given), door=DOOR)
        return await carry_out(cli, given, fleet, operation, request)


def operation_for(fleet: Fleet, resource: Resource, verb: str) -> Operation:
    """The operation a verb means for a resource.

    Raises:
        Invalid: if its backend does not know it.
    """
    return fleet.catalogue.operation(fleet.inventory.backend_of(resource.id), resource.id.kind, verb)


def _arguments(operation: Operation, given: Namespace) -> Mapping[str, Any]:
    """The arguments as typed, read as the operation says.

    Raises:
        Usage: with the sentence of the parameter that is wrong.
    """
    typed = {
        name.removeprefix(_PREFIX): _text(value)
        for name, value in vars(given).items()
        if name.startswith(_PREFIX) and value is not None
    }
    try:
        return operation.parse(typed)
    except ValueError as error:
        raise Usage(str(error), hint=f"`qd {operation.verb} --help` explains it.") from error


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


async def carry_out(cli: Cli, given: Namespace, fleet: Fleet, operation: Operation, request: Request) -> int:
    """Plan, agree, do, and tell how it went."""
    prepared = await fleet.prepare(request)
    if given.plan:
        show_plan(cli, prepared, as_json=given.json)
        return OK
    approval = await approve(cli, given, operation, prepared)
    job = await fleet.perform(request, approval)
    for warning in prepared.plan.warnings:
        cli.console.complain(warning)
    ended = await followed(cli, fleet, job)
    return tell(cli, ended, as_json=given.json)


async def followed(cli: Cli, fleet: Fleet, job: Job) -> Job:
    """Wait for a job, its output on standard error. Interrupting asks it to end, and waits for that."""
    try:
        async with aclosing(fleet.job_output(job.id)) as pieces:
            async for piece in pieces:
                if piece.output.stream is not Stream.NOTE and piece.output.data:
                    text = piece.output.data.decode(errors="replace")
                    for line in text.splitlines():
                        cli.console.say(cli.console.neutral(line))
        return await fleet.wait(job.id)
    except asyncio.CancelledError:
        await end_job(cli, fleet, job)
        raise


async def end_job(cli: Cli, fleet: Fleet, job: Job) -> None:
    """Ask a job to end, wait until it has, and say so."""
    try:
        await fleet.cancel(job.id)
        ended = await fleet.wait(job.id)
    except BackendError as error:
        cli.console.complain(error.message, error.hint)
        return
    cli.console.say()
    for row in ended.rows:
        cli.console.say(f"{cli.console.neutral(row.name)}: {row.state.value}. {cli.console.neutral(row.text)}")


def tell(cli: Cli, job: Job, *, as_json: bool) -> int:
    """How a job went, row by row; returns the exit code."""
    console = cli.console
    if as_json:
        console.document("job", [items.job(job)])
    for row in job.rows:
        if row.state is JobState.DONE:
            if not as_json:
                console.print(_outcome(console.neutral(row.name), console.neutral(row.text) or "done"))
        else:
            console.complain(_outcome(row.name, row.text or row.state.value), row.failure.hint if row.failure else None)
    if job.undo and not as_json:
        console.say(f"    `qd journal undo {job.entry}` takes it back: {console.neutral(job.undo)}.")
    return together(row.state is JobState.DONE for row in job.rows)


def _outcome(name: str, text: str) -> str:
    return text if name in text else f"{name}: {text}"


async def undo(cli: Cli, given: Namespace) -> int:
    """Take a journal entry back."""
    number = entry_number(given.id)
    if not given.plan:
        refuse_read_only(cli, "Undo")
    targets = await _undo_targets(cli, number)
    scope = Scope(connections=frozenset(target.connection for request in targets for target in request.targets))
    codes: list[int] = []
    async with cli.fleet(scope) as fleet:
        for request in targets:
            backend = fleet.inventory.connections.get(request.targets[0].connection)
            operation = fleet.catalogue.operation(
                backend.spec.backend if backend else "", request.targets[0].kind, request.verb
            )
            try:
                codes.append(await carry_out(cli, given, fleet, operation, request))
            except BackendError as error:
                cli.console.complain(error.message, error.hint)
                codes.append(code_of(error))
    return codes[0] if len(set(codes)) == 1 else together(code == OK for code in codes)


async def _undo_targets(cli: Cli, number: int) -> Sequence[Request]:
    """What would take an entry back; asked of a fleet that opens nothing, since its connections are not known yet."""
    from fleet.scope import NOTHING

    async with cli.fleet(NOTHING) as fleet:
        return await fleet.undo_requests(number)


def entry_number(text: str) -> int:
    """The number of a journal entry.

    Raises:
        Usage: if it is none.
    """
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise Usage(f"“{text}” is no entry's number.", hint="`qd journal` lists them.")
    return int(text)
