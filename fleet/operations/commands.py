"""What the arguments of ``exec`` and ``shell`` ask for, as the contract's ``Command``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backends.contract.errors import Invalid
from backends.contract.model import Command, Fact


def command_of(arguments: Mapping[str, Fact]) -> Command:
    """The command an ``exec`` request asks for.

    Raises:
        Invalid: if its environment is not made of NAME=value.
    """
    env, limit = arguments.get("env"), arguments.get("limit")
    return Command(
        argv=_words(arguments),
        user=_text(arguments.get("user")),
        cwd=_text(arguments.get("cwd")),
        env=_environment(env if isinstance(env, list) else []),
        timeout=float(limit) if isinstance(limit, int | float) and limit else None,
    )


def terminal_of(arguments: Mapping[str, Fact]) -> Command | None:
    """The command a ``shell`` request asks for; ``None`` is the best shell there is, as the resource's own user."""
    user = _text(arguments.get("user"))
    words = _words(arguments)
    return Command(argv=words, user=user) if words or user else None


def _words(arguments: Mapping[str, Fact]) -> tuple[str, ...]:
    words = arguments.get("command")
    return tuple(words) if isinstance(words, list) else ()


def _text(value: Fact) -> str | None:
    return value if isinstance(value, str) and value else None


def _environment(words: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise Invalid(f"“{word}” is not NAME=value.")
        pairs[name] = value
    return pairs
