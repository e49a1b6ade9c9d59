"""Turns command lines into values; a parser is made for the one command that is meant, and for no other."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, NoReturn

from typing_extensions import override

from app.cli.codes import Usage
from app.cli.spec import GLOBAL, Argument, Command, Option
from app.cli.values import readers

Namespace = argparse.Namespace


class Line(NamedTuple):
    """A command line, split before anything in it is understood."""

    given: Namespace
    """The global options before the command."""
    words: tuple[str, ...]
    """The command and what follows it."""


class HelpAsked(Exception):
    """Somebody wants to read, not to do."""


class _Parser(argparse.ArgumentParser):
    """An argument parser that raises our error instead of printing and leaving."""

    @override
    def error(self, message: str) -> NoReturn:
        raise Usage(_sentence(message), hint=f"`{self.prog} --help` explains it.")

    @override
    def print_help(self, file: Any = None) -> NoReturn:
        raise HelpAsked


def split(argv: Sequence[str]) -> Line:
    """The global options before the command, and the rest.

    Raises:
        Usage: if a global option is wrong.
    """
    at = 0
    valued = {option.name for option in GLOBAL if option.value}
    while at < len(argv) and argv[at].startswith("-") and argv[at] not in ("-h", "--help", "--version"):
        name, equals, _ = argv[at].partition("=")
        at += 2 if name in valued and not equals else 1
    parser = _Parser(prog="qd", add_help=False, allow_abbrev=False)
    _add_options(parser, GLOBAL, quiet=True)
    return Line(parser.parse_args(list(argv[:at])), tuple(argv[at:]))


def parse(command: Command, words: Sequence[str], line: str) -> Namespace:
    """The values of a command's arguments and options; ``words_after`` holds the words after ``--``.

    Args:
        command: what is meant.
        words: what stands after its name.
        line: its name as typed, with that of the command it is a part of.

    Raises:
        Usage: if they make no sense.
        HelpAsked: if help is asked for.
    """
    words = list(words)
    tail: list[str] | None = None
    if command.tail and "--" in words:
        at = words.index("--")
        words, tail = words[:at], words[at + 1 :]
    try:
        given = parser_of(command, line).parse_intermixed_args(words)
    except ValueError as error:  # argparse lets a few of its own slip
        raise Usage(_sentence(str(error))) from error
    given.words_after = tail
    return given


def parser_of(command: Command, line: str) -> argparse.ArgumentParser:
    """The parser of one command."""
    parser = _Parser(
        prog=f"qd {line}",
        usage=usage_of(command, line),
        description=" ".join(filter(None, (command.summary, command.more))),
        epilog=_epilog(command),
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    for argument in command.arguments:
        _add_argument(parser, argument)
    _add_options(parser, command.options)
    _add_options(parser.add_argument_group("everywhere"), GLOBAL, quiet=True)
    return parser


def usage_of(command: Command, line: str) -> str:
    """The usage line of a command."""
    words = ["qd", line, *(_usage(argument) for argument in command.arguments)]
    if command.options:
        words.append("[OPTION…]")
    if command.tail:
        words.append(f"[-- {command.tail}]" if command.name == "shell" else f"-- {command.tail}")
    return " ".join(words)


def _usage(argument: Argument) -> str:
    name = argument.name.upper() if not argument.choices else "|".join(argument.choices)
    return {"1": name, "?": f"[{name}]", "*": f"[{name}…]", "+": f"{name}…"}[argument.times]


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Wraps the description and leaves the examples as they are."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=_width())

    @override
    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return super()._fill_text(text, width, indent)
        return argparse.HelpFormatter._fill_text(self, text, width, indent)  # noqa: SLF001 - the one hook there is


def _width() -> int:
    try:
        return max(40, min(100, os.get_terminal_size().columns - 2))
    except OSError:
        return 98


def _epilog(command: Command) -> str | None:
    lines = [f"  {line}\n      {what}" for line, what in command.examples]
    text = "\n".join(["examples:", *lines]) if lines else ""
    if command.json:
        text += f"\n\n--json: {command.json}".replace("`", "") if text else ""
    return text.strip() or None


def _add_argument(parser: argparse.ArgumentParser, argument: Argument) -> None:
    named: dict[str, Any] = {"help": argument.help, "metavar": argument.name.upper()}
    if argument.choices:
        named |= {"choices": argument.choices, "metavar": None}
    if argument.times != "1":
        named["nargs"] = argument.times
    parser.add_argument(argument.name, **named)


def _add_options(parser: argparse._ActionsContainer, options: Iterable[Option], *, quiet: bool = False) -> None:
    read = readers(time.time())
    for option in options:
        named: dict[str, Any] = {"help": option.help, "dest": option.target or _dest(option.name)}
        if quiet:  # a global option may stand before the command too, and the one that is given counts
            named["default"] = argparse.SUPPRESS
        elif option.repeat:
            named["default"] = []
        elif option.value or option.negatable:
            named["default"] = option.default
        if option.negatable:
            named["action"] = argparse.BooleanOptionalAction
        elif not option.value:
            named["action"] = "store_true"
        else:
            named |= {"metavar": option.value, "type": _typed(read[option.type])}
            named["action"] = "append" if option.repeat else "store"
            if option.choices:
                named["choices"] = option.choices
        flags = [flag for flag in (option.short, option.name) if flag]
        parser.add_argument(*flags, **named)


def _typed(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def typed(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return typed


def _dest(name: str) -> str:
    return name.lstrip("-").replace("-", "_")


def _sentence(message: str) -> str:
    """What argparse remarks, as a sentence of ours."""
    for start, ours in (
        ("unrecognized arguments: ", "Not understood: {}."),
        ("the following arguments are required: ", "Something is missing: {}."),
    ):
        if message.startswith(start):
            return ours.format(message.removeprefix(start))
    about, colon, what = message.removeprefix("argument ").partition(": ")
    if not colon or not message.startswith("argument "):
        return message[:1].upper() + message[1:] + ("" if message.endswith(".") else ".")
    if what == "expected one argument":
        return f"{about.split('/')[-1]} needs a value."
    if what.startswith("invalid choice: "):
        wrong, _, choices = what.removeprefix("invalid choice: ").partition(" (choose from ")
        return f"{about.split('/')[-1]} cannot be {wrong}; it is one of {choices.rstrip(')')}."
    return f"{about.split('/')[-1]}: {what}{'' if what.endswith('.') else '.'}"
