"""What is wrong with a keymap: unknown ids, unsafe keys, two meanings in one place, letters that destroy.

Asked at the start when the user chose keys, and by the settings screen.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from textual.keys import Keys

from backends.contract.operation import Effect, Operation
from fleet.catalogue import Catalogue
from screens.command import GLOBAL, LIST, RESOURCES, UNSAFE, Keymap
from screens.commands import LOG, OVERVIEW, RESOURCE

VERB_PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "lists": (RESOURCES, LIST, GLOBAL),
    "the overview": (OVERVIEW, GLOBAL),
    "a resource's screen": (RESOURCE, GLOBAL),
}
"""Where verbs have keys beside commands."""
MOVEMENT: Final[Mapping[str, str]] = {LIST: "table.", LOG: "log."}
"""In which context which widgets move the cursor: the ids of their bindings begin like this."""
SAME: Final = frozenset({frozenset({"list.open", "table.choose"})})
"""One meaning under two names: the widget says it, the screen does it."""

_MODIFIERS: Final = re.compile(r"^((ctrl|alt|shift|super|hyper|meta)\+)+")
_NAMES: Final = frozenset(key.value for key in Keys)


class KeyProblem(NamedTuple):
    """Something wrong with the keys, as a sentence."""

    id: str
    message: str


class Named(NamedTuple):
    """A key with what it means."""

    name: str
    key: str
    group: str = ""


class KeyCheck:
    """Looks a keymap through."""

    def __init__(self, keymap: Keymap, catalogue: Catalogue, widgets: Mapping[str, Sequence[str]]) -> None:
        """Check a keymap against what the backends bring and what the widgets bind by default."""
        self._keymap = keymap
        self._widgets = {name: keymap.chosen.get(name, tuple(keys)) for name, keys in widgets.items()}
        self._operations = {
            f"{kind} of {backend.id}": [op for op in backend.operations if op.kind == kind and not op.hidden]
            for backend in catalogue.backends.values()
            for kind in dict.fromkeys(op.kind for op in backend.operations)
        }
        self._catalogue = catalogue

    def problems(self) -> Sequence[KeyProblem]:
        """Everything wrong, each thing once."""
        found = [*self._chosen_badly(), *self._in_contexts(), *self._among_verbs(), *self._destroying()]
        return list(dict.fromkeys(found))

    def _chosen_badly(self) -> Iterator[KeyProblem]:
        verbs = {name for ops in self._operations.values() for op in ops for name in (op.id, op.verb)}
        known = {*self._keymap.commands, *verbs, *self._widgets}
        for name, keys in self._keymap.chosen.items():
            # Before anything is attached no verb is known, and then none is called unknown.
            if name not in known and self._operations:
                close = difflib.get_close_matches(name, known, n=1)
                meant = f"; did you mean {close[0]}?" if close else "."
                yield KeyProblem(name, f"There is no command “{name}” to give a key to{meant}")
            for key in keys:
                if key in UNSAFE and not self._is_default(name, key):
                    yield KeyProblem(name, f"“{key}” cannot be given to {name}: {UNSAFE[key]}.")
                elif not is_key(key):
                    yield KeyProblem(name, f"“{key}”, given to {name}, is no key.")

    def _is_default(self, name: str, key: str) -> bool:
        return name in self._widgets and key in ("enter", "escape")

    def _in_contexts(self) -> Iterator[KeyProblem]:
        for context in dict.fromkeys(command.context for command in self._keymap.commands.values()):
            yield from clashes(f"the context {context}", self._named(context), ())

    def _among_verbs(self) -> Iterator[KeyProblem]:
        for place, contexts in VERB_PLACES.items():
            commands = [named for context in contexts for named in self._named(context)]
            yield from clashes(place, (), commands, only=frozenset(self._keymap.chosen))
            for kind, operations in self._operations.items():
                verbs = [Named(op.id, key, op.group) for op in operations for key in self._keymap.operation_keys(op)]
                yield from clashes(f"{place}, for a {kind}", verbs, commands)

    def _named(self, context: str) -> Sequence[Named]:
        """What keys mean in a context, the movement of its widget included."""
        named = [Named(command.id, key) for command in self._keymap.of_context(context) for key in command.keys]
        prefix = MOVEMENT.get(context)
        moves = [n for n in self._widgets if prefix and n.startswith(prefix) and n not in self._keymap.commands]
        return [*named, *(Named(name, key) for name in moves for key in self._widgets[name])]

    def _destroying(self) -> Iterator[KeyProblem]:
        for operations in self._operations.values():
            for operation in operations:
                yield from self._destroys_by(operation)

    def _destroys_by(self, operation: Operation) -> Iterator[KeyProblem]:
        if operation.effect is not Effect.DESTROY:
            return
        for key in self._keymap.operation_keys(operation):
            if len(key) == 1 and not key.isupper():
                message = f"“{key}” would let a plain letter destroy: {operation.title} needs a capital or a chord."
                yield KeyProblem(operation.id, message)


def clashes(
    where: str, ours: Iterable[Named], others: Iterable[Named], *, only: frozenset[str] | None = None
) -> Iterator[KeyProblem]:
    """Keys that mean two things: among ``ours``, and between ours and ``others``.

    With ``only``, keys that two of the others share are told too, as far as one of the two is named there: an inner
    context may take a key of an outer one on purpose, a user hardly ever means to.
    """
    seen: dict[str, list[Named]] = {}
    for named in others:
        for other in seen.setdefault(named.key, []):
            if only is not None and not _agree(named, other) and only & {named.name, other.name}:
                yield _problem(where, other, named)
        seen[named.key].append(named)
    for named in ours:
        for other in seen.setdefault(named.key, []):
            if not _agree(named, other):
                yield _problem(where, other, named)
        seen[named.key].append(named)


def _agree(first: Named, second: Named) -> bool:
    same = first.name == second.name or frozenset({first.name, second.name}) in SAME
    return same or bool(first.group and first.group == second.group)


def _problem(where: str, first: Named, second: Named) -> KeyProblem:
    return KeyProblem(second.name, f"“{second.key}” means both {first.name} and {second.name} in {where}.")


def is_key(key: str) -> bool:
    """Whether a terminal can send this key, as we spell it."""
    bare = _MODIFIERS.sub("", key)
    return len(bare) == 1 or bare in _NAMES or key in _NAMES
