"""Finds the command that is meant, reads its words, runs it, and turns whatever happens into an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from app.cli.codes import BROKEN_PIPE, INTERRUPTED, OK, USAGE, Stop, Usage, code_of
from app.cli.commands import BY_NAME, COMPLETE
from app.cli.spec import Command

if TYPE_CHECKING:
    from app.cli.context import Cli
    from app.cli.parsing import Namespace
    from backends.registry import Registry

Handler = Callable[["Cli", "Namespace"], int | Coroutine[Any, Any, int]]


def run(argv: Sequence[str], *, environment: Mapping[str, str] | None, registry: Registry | None) -> int:
    """Run a command line; returns the exit code."""
    try:
        code = _run(list(argv), environment, registry)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        from app.cli.console import forget_output

        forget_output()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(argv: list[str], environment: Mapping[str, str] | None, registry: Registry | None) -> int:
    if not argv or argv[0] in ("-h", "--help"):
        from app.cli.about import overview

        (sys.stdout if argv else sys.stderr).write(overview())
        return OK if argv else USAGE
    if argv[0] == COMPLETE:
        from app.cli.completion import complete

        return complete(argv[1:], environment, registry)
    return _command(argv, environment, registry)


def _command(argv: list[str], environment: Mapping[str, str] | None, registry: Registry | None) -> int:
    from app.cli.context import Cli
    from app.cli.parsing import Namespace, split
    from backends.contract.errors import BackendError

    cli = Cli(Namespace(), environment, registry)
    try:
        line = split(argv)
        cli = Cli(line.given, environment, registry)
        if not line.words or line.words[0] in ("-h", "--help", "--version"):
            return _leading(line.words)
        with cli.logged():
            return _dispatch(line.words, line.given, environment, registry)
    except Stop as stop:
        cli.console.complain(stop.message, stop.hint)
        return stop.code
    except BackendError as error:
        cli.console.complain(error.message, error.hint)
        return code_of(error)


def _leading(words: Sequence[str]) -> int:
    from app.cli.about import overview, version_text

    if not words:
        raise Usage("What is to be done?", hint="`qd --help` lists the commands; `qd` alone opens the cockpit.")
    sys.stdout.write(version_text() if words[0] == "--version" else overview())
    return OK


def _dispatch(
    words: Sequence[str], given: Namespace, environment: Mapping[str, str] | None, registry: Registry | None
) -> int:
    from app.cli.context import Cli
    from app.cli.parsing import HelpAsked, Namespace, parse, parser_of

    first, rest = words[0], words[1:]
    known = BY_NAME.get(first)
    if known is not None and known.parts and rest and rest[0] in ("-h", "--help"):
        from app.cli.about import explain_parts

        sys.stdout.write(explain_parts(known))
        return OK
    if known is None:
        from app.cli.operations import command_for

        command, line = command_for(first, Cli(given, environment, registry)), first
    else:
        command, line, rest = _part(known, rest)
    try:
        own = parse(command, rest, line)
    except HelpAsked:
        sys.stdout.write(parser_of(command, line).format_help())
        return OK
    together = Namespace(**{**vars(given), **vars(own), "verb": line})
    cli = Cli(together, environment, registry)
    result = _handler(command)(cli, together)
    return result if isinstance(result, int) else cli.run(result)


def _part(command: Command, words: Sequence[str]) -> tuple[Command, str, Sequence[str]]:
    """The part of a command that is meant, its name, and what follows it."""
    if not command.parts:
        return command, command.name, words
    if words and (part := command.part(words[0])):
        return part, f"{command.name} {part.name}", words[1:]
    names = ", ".join(part.name for part in command.parts)
    if words and not words[0].startswith("-"):
        raise Usage(f"qd {command.name} has no “{words[0]}”.", hint=f"It has: {names}.")
    if command.parts[0].name not in ("ls", "status"):
        raise Usage(f"What about {command.name}?", hint=f"There is: {names}.")
    return command.parts[0], f"{command.name} {command.parts[0].name}", words


def _handler(command: Command) -> Handler:
    module, _, function = command.handler.partition(":")
    handler: Handler = getattr(import_module(f"app.cli.{module}"), function)
    return handler
