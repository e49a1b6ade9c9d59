"""How a command is described: one description gives the parser, the help, the completion and docs/cli.md.

Nothing but the standard library's lightest is imported here: ``qd --help`` and every press of tab read all of it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

NOTHING: Final = ""
CONNECTION: Final = "connection"
KIND: Final = "kind"
RESOURCE: Final = "resource"
SETTING: Final = "setting"
COMMAND: Final = "command"
"""What a value names, so that it can be completed."""


class Option(NamedTuple):
    """An option of a command."""

    name: str
    help: str
    value: str = ""
    """What the value is called in the help; without one the option is a switch."""
    short: str = ""
    type: str = "text"
    """How the value is read: text, moment, seconds, count."""
    default: str | float | None = None
    choices: tuple[str, ...] = ()
    repeat: bool = False
    names: str = NOTHING
    negatable: bool = False
    """A switch that also comes as ``--no-…`` and is neither when not given."""
    target: str = ""
    """Where the parsed value is put, if not under its own name."""


class Argument(NamedTuple):
    """A word, or several, that is no option."""

    name: str
    help: str
    times: str = "1"
    """``1``, ``?``, ``*`` or ``+``, as in regular expressions."""
    names: str = NOTHING
    choices: tuple[str, ...] = ()


class Command(NamedTuple):
    """A command, or a part of one."""

    name: str
    summary: str
    handler: str = ""
    """``module:function`` below ``app.cli``; empty where only the parts do something."""
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    tail: str = ""
    """What the words after ``--`` are called, where there may be some."""
    more: str = ""
    """A few sentences beyond the summary."""
    examples: tuple[tuple[str, str], ...] = ()
    """Command lines, and what each does."""
    parts: tuple[Command, ...] = ()
    """Subcommands; the first is meant where none is named and the command has no handler."""
    group: str = ""
    """The heading it stands under in the help."""
    json: str = ""
    """What ``--json`` prints, in a sentence."""

    def part(self, word: str) -> Command | None:
        """The subcommand of that name."""
        return next((part for part in self.parts if part.name == word), None)


JSON: Final = Option("--json", "Print JSON, versioned and documented, and nothing else on standard output.")
YES: Final = Option("--yes", "Say yes to the plan beforehand.", short="-y")
CONFIRM: Final = Option("--confirm", "Type beforehand what the plan asks to be typed.", value="WORD")
PLAN: Final = Option("--plan", "Show what would be done and what policy makes of it; do nothing.")
CONNECTIONS: Final = Option(
    "--connection", "Only this connection; may be given several times.", value="NAME", repeat=True, names=CONNECTION
)
GLOBAL: Final = (
    Option("--profile", "The settings profile to use.", value="NAME"),
    Option("--read-only", "Refuse everything that changes anything."),
    Option("--no-daemon", "Do it in this process, although a fleet daemon may run."),
    Option("--wait", "Seconds connections are given to answer; 10 unless given.", value="SECONDS", type="seconds"),
    Option("--color", "Colours on a terminal, or never; NO_COLOR is heeded.", value="WHEN", choices=("auto", "never")),
)
"""Understood by every command, before it or after."""
