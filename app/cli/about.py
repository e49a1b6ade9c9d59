"""What ``qd --help``, ``qd help`` and ``qd version`` say."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from app.cli.codes import MEANINGS, OK, Usage
from app.cli.commands import BY_NAME, COMMANDS, GROUPS
from app.cli.spec import GLOBAL, Command, Option
from quarterdeck.version import VERSION

if TYPE_CHECKING:
    from app.cli.context import Cli
    from app.cli.parsing import Namespace
    from backends.contract.operation import Operation
    from fleet.catalogue import Catalogue

_HEAD = """\
Quarterdeck: a cockpit for everything you run code on.

  qd                          open the cockpit (--place containers, --no-mouse)
  qd COMMAND …                look, script, keep house
  qd VERB NAME… [--plan]      do something to resources: qd stop web-1, qd remove 'tmp-*' --yes
"""
_TAIL = """\
Names are connection/kind/name, a unique part of that, or a glob. `qd help verbs` lists the verbs,
`qd COMMAND --help` explains one, docs/cli.md has --json and the exit codes.
"""


def overview() -> str:
    """The help of the whole command line."""
    parts = [_HEAD]
    for group in GROUPS:
        members = [command for command in COMMANDS if command.group == group]
        parts.append(f"{group}:\n" + _pairs((_called(command), command.summary) for command in members))
    parts.append("Everywhere:\n" + _pairs((_written(option), option.help) for option in GLOBAL))
    return "\n".join([*parts, _TAIL])


def explain_parts(command: Command) -> str:
    """The help of a command that has parts."""
    head = f"usage: qd {command.name} {'|'.join(part.name for part in command.parts)} …\n\n{command.summary}\n"
    pairs = [(f"{part.name} {_operands(part)}".strip(), part.summary) for part in command.parts]
    return f"{head}\n{_pairs(pairs)}"


def version_text() -> str:
    """The version, as ``--version`` prints it."""
    return f"quarterdeck {VERSION}\n"


def version(cli: Cli, given: Namespace) -> int:
    """``qd version``."""
    if given.json:
        python = ".".join(map(str, sys.version_info[:3]))
        cli.console.document(
            "version", [{"quarterdeck": VERSION, "python": python, "platform": sys.platform, "at": sys.prefix}]
        )
    else:
        cli.console.print(version_text().rstrip())
    return OK


def explain(cli: Cli, given: Namespace) -> int:
    """``qd help``: everything, a command, a verb, or all verbs."""
    topic: Sequence[str] = given.topic
    if not topic:
        cli.console.print(overview().rstrip())
        return OK
    if topic[0] == "verbs":
        cli.console.print(verbs_text(cli.catalogue).rstrip())
        return OK
    if topic[0] in ("codes", "exit"):
        cli.console.print(_pairs((str(code), what) for code, what in MEANINGS.items()).rstrip())
        return OK
    cli.console.print(_topic(cli, topic).rstrip())
    return OK


def _topic(cli: Cli, topic: Sequence[str]) -> str:
    from app.cli.operations import command_for
    from app.cli.parsing import parser_of

    command, line = BY_NAME.get(topic[0]), topic[0]
    if command is None:
        return parser_of(command_for(line, cli), line).format_help()
    if command.parts:
        part = command.part(topic[1]) if len(topic) > 1 else None
        if len(topic) > 1 and part is None:
            raise Usage(f"qd {line} has no “{topic[1]}”.")
        return explain_parts(command) if part is None else parser_of(part, f"{line} {part.name}").format_help()
    return parser_of(command, line).format_help()


def verbs_text(catalogue: Catalogue) -> str:
    """All verbs with what they do, kind by kind."""
    parts: list[str] = []
    for kind in catalogue.kinds.values():
        found = [operation for operation in catalogue.kind_operations(kind.id) if not operation.hidden]
        if found:
            parts.append(f"{kind.plural}:\n" + _pairs((_verb(each), each.help or f"{each.title}.") for each in found))
    return "\n".join(parts)


def _verb(operation: Operation) -> str:
    given = [parameter.id for parameter in operation.parameters if operation.verb not in BY_NAME]
    return " ".join([operation.verb, *(f"[--{name}]" for name in given)])


def _called(command: Command) -> str:
    if command.parts:
        return f"{command.name} {'|'.join(part.name for part in command.parts)}"
    return f"{command.name} {_operands(command)}".strip()


def _operands(command: Command) -> str:
    from_arguments = {
        "1": "{}",
        "?": "[{}]",
        "*": "[{}…]",
        "+": "{}…",
    }
    words = [
        from_arguments[argument.times].format("|".join(argument.choices) or argument.name.upper())
        for argument in command.arguments
    ]
    if command.tail:
        words.append(f"[-- {command.tail}]" if command.name == "shell" else f"-- {command.tail}")
    return " ".join(words)


def _written(option: Option) -> str:
    return f"{option.name} {option.value}".strip()


def _pairs(pairs: Iterable[tuple[str, str]], *, indent: int = 2, column: int = 30) -> str:
    """Words at the left, explained at the right; a long word gets a line of its own."""
    lines: list[str] = []
    for word, text in pairs:
        wrapped = textwrap.wrap(text, 98 - column) or [""]
        if len(word) > column - indent - 2:
            lines.append(" " * indent + word)
        else:
            lines.append((" " * indent + word).ljust(column) + wrapped.pop(0))
        lines += [" " * column + line for line in wrapped]
    return "\n".join(lines) + "\n"
