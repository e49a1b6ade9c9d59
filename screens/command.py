"""Commands and their keys as data: help, footer, palette, key dispatch and docs/keys.md all read this one registry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from textual.events import Key
from textual.keys import key_to_character

from backends.contract.operation import Operation

GLOBAL: Final = "global"
LIST: Final = "list"
"""Every list, of resources or of records."""
RESOURCES: Final = "resources"
"""Lists of resources."""


class Command(NamedTuple):
    """Something a screen can do. ``keys`` are defaults; users re-key by ``id``."""

    id: str
    title: str
    keys: tuple[str, ...] = ()
    context: str = GLOBAL
    help: str = ""
    rank: int = 90
    """Relevance in the footer, lowest first; 90 and above is never in it."""
    acts: bool = False
    """Whether it may change something or end something: then it is not obeyed when it came with pasted text."""

    @property
    def handler(self) -> str:
        """Name of the method that does it: ``list.filter`` → ``do_list_filter``."""
        return "do_" + self.id.replace(".", "_").replace("-", "_")


UNSAFE: Final[Mapping[str, str]] = {
    "ctrl+h": "terminals send it for backspace",
    "ctrl+i": "terminals send it for tab",
    "ctrl+j": "terminals send it for enter",
    "ctrl+m": "terminals send it for enter",
    "ctrl+left_square_bracket": "terminals send it for escape",
    "ctrl+c": "people press it to copy and to stop things",
    "ctrl+s": "old terminals stop their output at it",
    "ctrl+z": "shells suspend jobs with it",
    "escape": "it always undoes one layer",
    "enter": "it always opens or confirms",
}
"""Keys a user may not give to a command, and why."""


def key_name(event: Key) -> str:
    """How we spell a pressed key: the character itself where there is one, else Textual's name."""
    plain = not event.key.startswith("alt+")  # such a key brings the character it would be without
    if plain and event.character and event.is_printable and event.character != " ":
        return event.character
    return event.key


def spelled(key: str) -> str:
    """A key as we spell it, however a user wrote it: ``question_mark`` is ``?``, a blank is ``space``."""
    if key == " ":
        return "space"
    character = key_to_character(key) if len(key) > 1 and "+" not in key else None
    return character if character and character.isprintable() and character != " " else key


class Keymap:
    """Which key does what, where. Built once from the registry, the preset and the user's settings."""

    def __init__(self, commands: Iterable[Command], chosen: Mapping[str, Sequence[str]] | None = None) -> None:
        self.chosen: Mapping[str, tuple[str, ...]] = {
            name: tuple(spelled(key) for key in keys if key) for name, keys in (chosen or {}).items()
        }
        """What the preset and the user chose, by the id of a command, an operation, a verb or a widget's binding."""
        self.commands: dict[str, Command] = {}
        for command in commands:
            keys = self.chosen.get(command.id, command.keys)
            self.commands[command.id] = command._replace(keys=keys)
        self._by_key: dict[tuple[str, str], Command] = {}
        for command in self.commands.values():
            for key in command.keys:
                self._by_key.setdefault((command.context, key), command)

    def find(self, key: str, contexts: Sequence[str]) -> Command | None:
        """The command a key means, the innermost context first."""
        for context in contexts:
            command = self._by_key.get((context, key))
            if command is not None:
                return command
        return None

    def of_context(self, context: str) -> Sequence[Command]:
        """All commands of a context, in the order they were declared."""
        return [command for command in self.commands.values() if command.context == context]

    def keys(self, command: str) -> tuple[str, ...]:
        """The keys of a command."""
        return self.commands[command].keys

    def operation_keys(self, operation: Operation) -> tuple[str, ...]:
        """The keys of an operation: the user may re-key ``container.stop``, or ``stop`` for every kind."""
        for name in (operation.id, operation.verb):
            if name in self.chosen:
                return self.chosen[name]
        return (operation.key,) if operation.key else ()

    def operation_key(self, operation: Operation) -> str:
        """The key to show beside an operation."""
        return next(iter(self.operation_keys(operation)), "")

    def operation_for(self, key: str, operations: Iterable[Operation]) -> Sequence[Operation]:
        """The operations a key means among these: several only where a group shares it."""
        return [operation for operation in operations if key in self.operation_keys(operation)]
