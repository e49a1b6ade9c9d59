"""The command line behind ``:``: views, kinds and verbs by name, with completion.

::

    :containers @docker /nginx     a kind, scoped to a connection, with a filter
    :logs web*                     a view of the resources a name or glob means
    :stop web-1 timeout=3          a verb, resources, arguments
    :jobs                          a view
    :q                             leave
    :!uptime                       a command on this machine
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from backends.contract.errors import BackendError, Invalid, NotFound
from backends.contract.model import Kind, ResourceId
from backends.contract.operation import Operation
from fleet.catalogue import Catalogue
from fleet.inventory import Inventory
from fleet.naming import Names, full_name
from screens.desk import Place
from widgets.line_input import Suggestion

VIEWS: Final[Mapping[str, str]] = {
    "overview": "What is up, what is wrong, what is busy",
    "sessions": "Shells that are kept",
    "jobs": "What is under way and what was",
    "journal": "What was done, by whom",
    "events": "What the engines reported",
    "connections": "Where connections stand",
    "settings": "How you want it",
}
RESOURCE_TABS: Final[Mapping[str, str]] = {
    "logs": "Logs of resources, merged",
    "inspect": "The engine's own description",
    "describe": "What is known of a resource",
    "metrics": "Charts of a resource",
}
ALIASES: Final[Mapping[str, str]] = {"q": "quit", "q!": "quit", "wq": "quit", "h": "hosts", "t": "tunnels"}


class Do(NamedTuple):
    """A verb to be done to resources."""

    operation: Operation
    targets: tuple[ResourceId, ...]
    arguments: dict[str, str]


class Quit(NamedTuple):
    """Leave."""


Meaning = Place | Do | Quit


class CommandLine:
    """Reads and completes command lines against what is known now."""

    def __init__(self, catalogue: Catalogue, inventory: Inventory) -> None:
        self._catalogue = catalogue
        self._inventory = inventory
        self._names = Names(catalogue, inventory)

    def read(self, line: str) -> Meaning:
        """What a line means.

        Raises:
            Invalid: if it means nothing, with what is known.
            NotFound: if it names a resource that is not there.
        """
        text = line.strip().removeprefix(":").strip()
        if text.startswith("!"):
            return self._local(text[1:])
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise Invalid("A quotation mark is not closed.") from error
        if not words:
            raise Invalid("Nothing was typed.")
        first, rest = ALIASES.get(words[0].lower(), words[0].lower()), words[1:]
        if first == "quit":
            return Quit()
        if first in VIEWS:
            return Place(first)
        if first in RESOURCE_TABS and rest:
            return self._look(first, rest)
        kind = self._kind(first)
        if kind is not None:
            return _list(kind, rest)
        return self._verb(first, rest)

    def place(self, line: str) -> Place | None:
        """The place a line names; ``None`` when it names none that is known."""
        try:
            meaning = self.read(line)
        except BackendError:
            return None
        return meaning if isinstance(meaning, Place) else None

    def _local(self, command: str) -> Do:
        here = self._names.here()
        if here is None:
            raise NotFound("This machine is not connected, so no command can be run on it.")
        operation = self._catalogue.operation(self._inventory.backend_of(here.id), here.id.kind, "exec")
        return Do(operation, (here.id,), {"command": f"sh -c {shlex.quote(command.strip())}"})

    def _look(self, tab: str, words: Sequence[str]) -> Place:
        found = tuple(resource.id for word in words for resource in self._names.find(word))
        if tab == "logs":
            return Place("logs", kind=found[0].kind, resources=found)
        tab = "overview" if tab == "describe" else tab
        return Place("resource", kind=found[0].kind, resources=found[:1], tab=tab)

    def _kind(self, word: str) -> Kind | None:
        try:
            return self._catalogue.kind(word)
        except Invalid:
            return None

    def _verb(self, verb: str, words: Sequence[str]) -> Do:
        known = {
            operation.verb for kind in self._catalogue.kinds for operation in self._catalogue.kind_operations(kind)
        }
        if verb not in known:
            raise Invalid(f"“{verb}” is no view, kind or verb.", hint="Press tab after : for what there is.")
        arguments = {k: v for word in words if "=" in word for k, _, v in [word.partition("=")]}
        names = [word for word in words if "=" not in word]
        if not names:
            raise Invalid(f"{verb} what? Name a resource: :{verb} web-1.")
        targets = [resource for name in names for resource in self._names.find(name, verb=verb)]
        backend = self._inventory.backend_of(targets[0].id)
        operation = self._catalogue.operation(backend, targets[0].id.kind, verb)
        return Do(operation, tuple(target.id for target in targets), arguments)

    # -- completion

    def suggest(self, line: str) -> Sequence[Suggestion]:
        """What a line so far may become, best first."""
        words = line.split(" ")
        head, last = " ".join(words[:-1]), words[-1]
        prefix = f"{head} " if head else ""
        offers = self._first_words() if len(words) == 1 else self._later_words(words)
        needle = last.lower()
        return [
            Suggestion(prefix + word, note) for word, note in offers if word.lower().startswith(needle) and word != last
        ][:50]

    def _first_words(self) -> Sequence[tuple[str, str]]:
        kinds = [(kind.plural.lower(), f"List {kind.plural.lower()}") for kind in self._catalogue.kinds.values()]
        verbs = {
            operation.verb: operation.title
            for kind in self._catalogue.kinds
            for operation in self._catalogue.kind_operations(kind)
        }
        return sorted([*kinds, *VIEWS.items(), *RESOURCE_TABS.items(), *verbs.items(), ("quit", "Leave")])

    def _later_words(self, words: Sequence[str]) -> Sequence[tuple[str, str]]:
        first = words[0].lower()
        if self._kind(first) is not None:
            return [(f"@{name}", "only this connection") for name in self._inventory.connections]
        verb = "" if first in RESOURCE_TABS else first
        return [(resource.name, full_name(resource)) for resource in self._names.candidates(verb=verb)]


def _list(kind: Kind, words: Sequence[str]) -> Place:
    scope = " ".join(f"connection:{word[1:]}" for word in words if word.startswith("@"))
    rest = " ".join(word.removeprefix("/") for word in words if not word.startswith("@"))
    return Place("resources", kind=kind.id, filter=f"{scope} {rest}".strip())
