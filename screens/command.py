"""Commands and their keys as data: help, footer, palette, key dispatch and docs/keys.md all read this one registry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from textual.events import Key

from backends.contract.operation import Effect, Operation

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


class KeyProblem(NamedTuple):
    """Something wrong with the keys in the settings, as a sentence."""

    id: str
    message: str


def key_name(event: Key) -> str:
    """How we spell a pressed key: the character itself where there is one, else Textual's name."""
    plain = not event.key.startswith("alt+")  # such a key brings the character it would be without
    if plain and event.character and event.is_printable and event.character != " ":
        return event.character
    return event.key


class Keymap:
    """Which key does what, where. Built once from the registry, the preset and the user's settings."""

    def __init__(self, commands: Iterable[Command], chosen: Mapping[str, Sequence[str]] | None = None) -> None:
        self._chosen = {name: tuple(keys) for name, keys in (chosen or {}).items()}
        self.commands: dict[str, Command] = {}
        for command in commands:
            keys = self._chosen.get(command.id, command.keys)
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

    def operation_key(self, operation: Operation) -> str:
        """The key of an operation: the user may re-key ``container.stop``, or ``stop`` for every kind."""
        for name in (operation.id, operation.verb):
            if keys := self._chosen.get(name):
                return keys[0]
        return operation.key

    def operation_for(self, key: str, operations: Iterable[Operation]) -> Sequence[Operation]:
        """The operations a key means among these: several only where a group shares it."""
        return [operation for operation in operations if self.operation_key(operation) == key]

    def problems(self, operations: Mapping[str, Sequence[Operation]]) -> Sequence[KeyProblem]:
        """Everything wrong with the keys: unknown ids, unsafe keys, two meanings in one place, letters that destroy.

        Args:
            operations: all operations by kind.
        """
        found = list(self._unknown(operations))
        for name, keys in self._chosen.items():
            found += [
                KeyProblem(name, f"“{key}” cannot be given to {name}: {UNSAFE[key]}.") for key in keys if key in UNSAFE
            ]
        contexts = {command.context for command in self.commands.values()}
        for context in sorted(contexts):
            found += _clashes(context, [(c.id, key, "") for c in self.of_context(context) for key in c.keys])
        listed = [
            (c.id, key, "") for name in (RESOURCES, LIST, GLOBAL) for c in self.of_context(name) for key in c.keys
        ]
        for kind, verbs in operations.items():
            named = [(op.id, key, op.group) for op in verbs if (key := self.operation_key(op))]
            found += _clashes(f"the list of {kind}", [*listed, *named])
            found += [
                KeyProblem(op.id, f"“{key}” would let a plain letter destroy: {op.title} needs a capital or a chord.")
                for op in verbs
                if op.effect is Effect.DESTROY and len(key := self.operation_key(op)) == 1 and key.islower()
            ]
        return list(dict.fromkeys(found))

    def _unknown(self, operations: Mapping[str, Sequence[Operation]]) -> Iterable[KeyProblem]:
        verbs = {name for ops in operations.values() for op in ops for name in (op.id, op.verb)}
        for name in self._chosen:
            if name not in self.commands and name not in verbs:
                yield KeyProblem(name, f"There is no command “{name}” to give a key to.")


def _clashes(where: str, named: Sequence[tuple[str, str, str]]) -> Sequence[KeyProblem]:
    seen: dict[str, tuple[str, str]] = {}
    found: list[KeyProblem] = []
    for name, key, group in named:
        other, other_group = seen.setdefault(key, (name, group))
        if other != name and not (group and group == other_group):
            found.append(KeyProblem(name, f"“{key}” means both {other} and {name} in {where}."))
    return found
