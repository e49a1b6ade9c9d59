"""Writes docs/cli.md from the registry of commands: ``python -m app.cli.docs`` prints it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from app.cli.codes import MEANINGS
from app.cli.commands import COMMANDS, GROUPS
from app.cli.operations import OWN
from app.cli.parsing import usage_of
from app.cli.spec import GLOBAL, Argument, Command, Option

_HEAD = """\
# The command line

`qd` alone opens the cockpit. With words after it, it does one thing and ends; `quarterdeck` is the same program.
This page is written from the registry the commands themselves come from; `qd COMMAND --help` says the same.

One command uses the fleet daemon where one runs, so it shares its connections. Where none runs it opens, in its own
process, only the connections it is about, and leaves nothing behind but the journal.

## Names

A resource is named `connection/kind/name`. A unique end of that, a unique beginning of the name or of its id (two
letters at least), and globs (`'web-*'`) do as well; where a name may mean several things the command says which and
ends with code 3. Kinds may be written as in the cockpit: `containers`, `container`, `c`.

## Everywhere

"""
_VERBS = """\
## Verbs

Every operation the cockpit offers is a verb here: `qd VERB NAME…`. `qd help verbs` lists those of the installed
backends, `qd VERB --help` their parameters, each of which is an option (`qd stop web-1 --timeout 3`). A parameter that
shares its name with an option below is written `--with-NAME`.

All go through one gate: a plan is made, policy looks at it, the journal notes it, then it is done. Where policy asks,
a terminal is asked; without one the command refuses with code 4 unless the yes was given beforehand.

"""
_JSON = """\
## JSON

`--json` prints one document:

```json
{"version": 1, "kind": "container", "items": []}
```

or, where output comes bit by bit (`logs -f`, `exec`, `events`, `top`), one object a line, each with `version` and
`kind`. Nothing else is ever on standard output then; what there is to say is on standard error.

`version` changes when something is taken away or means something else; new members may come at any time. Moments are
ISO 8601 in UTC. `null` means not known or not measured, never zero.

A resource is

```json
{"id": "docker/container/3f2a…", "connection": "docker", "kind": "container", "native": "3f2a…", "name": "web-1",
 "state": "running", "status": "Up 3 minutes", "health": "good", "reason": null, "abilities": ["stop", "logs"],
 "parent": null, "labels": {}, "facts": {}, "created": "2026-03-01T10:00:00.000Z", "since": null,
 "stale_since": null, "metrics": null, "measured": null}
```

`stale_since` is set where its connection does not answer, `metrics` where it was measured. `facts` and `metrics` are
those of its kind, in bytes, seconds, percent. Lists have `silent` beside `items`: the connections that did not answer.

A job is `{"id", "entry", "title", "verb", "actor", "state", "started", "ended", "undo", "rows"}`, each row
`{"resource", "name", "state", "text", "exit_code", "error"}`. A plan is `{"kind", "verb", "title", "effect",
"arguments", "steps", "warnings", "reversible", "decision"}`, each step `{"resource", "name", "does", "call",
"dependants", "frees", "undo"}`, the decision `{"verdict", "reason", "word"}` with `allow`, `ask`, `typed` or `deny`.

"""
_CODES = """\
## Exit codes

| Code | Meaning |
|---|---|
"""


def text() -> str:
    """The whole page."""
    parts = [_HEAD, _options(GLOBAL), "\n"]
    for group in GROUPS:
        parts.append(f"## {group}\n\n")
        parts += [section for command in COMMANDS if command.group == group for section in _sections(command)]
        if group == "Do":
            parts += [_VERBS, _options(OWN), "\n"]
    parts += [_JSON, _CODES, "".join(f"| {code} | {meaning} |\n" for code, meaning in MEANINGS.items())]
    return "".join(parts)


def _sections(command: Command) -> Iterator[str]:
    if not command.parts:
        yield _section(command, command.name)
        return
    yield f"### qd {command.name}\n\n{command.summary}\n\n"
    for part in command.parts:
        yield _section(part, f"{command.name} {part.name}", level=4)


def _section(command: Command, line: str, *, level: int = 3) -> str:
    parts = [f"{'#' * level} qd {line}\n", f"`{usage_of(command, line)}`\n"]
    parts.append(" ".join(filter(None, (command.summary, command.more))) + "\n")
    listed = _arguments(command.arguments) + _options(command.options)
    if listed:
        parts.append(listed)
    if command.json:
        parts.append(f"`--json`: {command.json}\n")
    if command.examples:
        width = max(len(example) for example, _ in command.examples)
        lines = "\n".join(f"{example.ljust(width)}  # {what}" for example, what in command.examples)
        parts.append(f"```sh\n{lines}\n```\n")
    return "\n".join(parts) + "\n"


def _arguments(arguments: Iterable[Argument]) -> str:
    return "".join(f"- `{argument.name.upper()}`: {argument.help}\n" for argument in arguments)


def _options(options: Iterable[Option]) -> str:
    return "".join(f"- {_names(option)}: {option.help}{_choices(option)}\n" for option in options)


def _names(option: Option) -> str:
    value = f" {option.value}" if option.value else ""
    return ", ".join(f"`{name}{value}`" for name in (option.short, option.name) if name)


def _choices(option: Option) -> str:
    return f" One of {', '.join(option.choices)}." if option.choices else ""


if __name__ == "__main__":
    sys.stdout.write(text())
