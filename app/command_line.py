"""The command line behind ``:``: views, kinds and verbs by name, with completion.

::

    :containers @docker /nginx     a kind, scoped to a connection, with a filter
    :logs web*                     a view of the resources a name or glob means
    :stop web-1 timeout=3          a verb, resources, arguments
    :jobs                          a view
    :theme paper                   another look
    :set interface.keys k9s        a setting; alone, where it stands
    :undo                          what the key of that name does
    :q                             leave
    :!uptime                       a command on this machine
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final, NamedTuple

from backends.contract.errors import BackendError, Invalid, NotFound
from backends.contract.model import Area, Kind, ResourceId
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
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "undo": ("app.undo", "Take back the last change that can be taken back"),
    "refresh": ("app.refresh", "List everything again"),
    "help": ("app.help", "The keys of this screen"),
    "palette": ("app.palette", "Find anything"),
    "back": ("back", "To where you came from"),
}
"""Commands that have a word as well as a key."""
THEME: Final = "interface.theme"
ALIASES: Final[Mapping[str, str]] = {"q": "quit", "q!": "quit", "wq": "quit", "h": "hosts", "t": "tunnels"}


class Do(NamedTuple):
    """A verb to be done to resources."""

    operation: Operation
    targets: tuple[ResourceId, ...]
    arguments: dict[str, str]


class Run(NamedTuple):
    """A command of the registry, by its id."""

    command: str


class Set(NamedTuple):
    """A setting to be changed, as it was typed."""

    key: str
    text: str


class Quit(NamedTuple):
    """Leave."""


Meaning = Place | Do | Run | Set | Quit


class CommandLine:
    """Reads and completes command lines against what is known now."""

    def __init__(
        self,
        catalogue: Catalogue,
        inventory: Inventory,
        *,
        themes: Sequence[str] = (),
        settings: Callable[[], Sequence[tuple[str, str]]] = tuple,
    ) -> None:
        """Read lines against what is known.

        Args:
            catalogue: kinds and verbs.
            inventory: resources and connections.
            themes: names of themes, to complete.
            settings: gives names of settings and what each is, to complete.
        """
        self._catalogue = catalogue
        self._inventory = inventory
        self._themes = themes
        self._settings = settings
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
        known = _word(first, rest)
        if known is not None:
            return known
        if first in RESOURCE_TABS and rest:
            return self._look(first, rest)
        kind = self._kind(first)
        return self._verb(first, rest) if kind is None else _list(kind, rest)

    def place(self, line: str) -> Place | None:
        """The place a line names; ``None`` when it names none that is known.

        Before the first start nothing is known of kinds, but areas are ours and can be gone to.
        """
        try:
            meaning = self.read(line)
        except BackendError:
            word = line.strip().lower()
            return Place("resources", kind=word) if word in list(Area) else None
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
            raise Invalid(f"“{verb}” is no view, kind or verb.", hint=self._nearest(verb))
        arguments = {name: value for word in words if "=" in word for name, _, value in [word.partition("=")]}
        names = [word for word in words if "=" not in word]
        if not names:
            raise Invalid(f"{verb} what? Name a resource: :{verb} web-1.")
        targets = [resource for name in names for resource in self._names.find(name, verb=verb)]
        backend = self._inventory.backend_of(targets[0].id)
        operation = self._catalogue.operation(backend, targets[0].id.kind, verb)
        return Do(operation, tuple(target.id for target in targets), arguments)

    def _nearest(self, word: str) -> str:
        known = [name for name, _ in self._first_words()]
        close = get_close_matches(word, [*known, *ALIASES], n=1, cutoff=0.5)
        return f"Did you mean {close[0]}?" if close else "Press tab after : for what there is."

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
        words = [(word, meaning) for word, (_, meaning) in WORDS.items()]
        ours = [("quit", "Leave"), ("theme", "Choose another look"), ("set", "Change a setting")]
        return sorted([*kinds, *VIEWS.items(), *RESOURCE_TABS.items(), *verbs.items(), *words, *ours])

    def _later_words(self, words: Sequence[str]) -> Sequence[tuple[str, str]]:
        first = words[0].lower().removeprefix(":")
        if first == "theme":
            return [(name, "") for name in self._themes]
        if first == "set":
            return self._settings() if len(words) == 2 else ()
        if first.startswith("!") or first in VIEWS or first in WORDS:
            return ()
        if self._kind(first) is not None:
            return [(f"@{name}", "only this connection") for name in self._inventory.connections]
        verb = "" if first in RESOURCE_TABS else first
        return [(resource.name, full_name(resource)) for resource in self._names.candidates(verb=verb)]


def _word(word: str, rest: Sequence[str]) -> Meaning | None:
    """What a word of ours means: a view, a command, a setting, or to leave."""
    if word == "quit":
        return Quit()
    if word in VIEWS:
        return Place(word, filter=" ".join(part.removeprefix("/") for part in rest))
    if word in WORDS:
        return Run(WORDS[word][0])
    return _setting(word, rest) if word in ("theme", "set") else None


def _setting(word: str, words: Sequence[str]) -> Set | Place | Run:
    """``theme NAME`` or ``set KEY VALUE``; with too little, where one can choose."""
    if word == "theme":
        return Set(THEME, words[0]) if words else Run("app.theme")
    if len(words) < 2:
        return Place("settings", tab=words[0] if words else "")
    return Set(words[0], shlex.join(words[1:]) if len(words) > 2 else words[1])


def _list(kind: Kind, words: Sequence[str]) -> Place:
    scope = " ".join(f"connection:{word[1:]}" for word in words if word.startswith("@"))
    rest = " ".join(word.removeprefix("/") for word in words if not word.startswith("@"))
    return Place("resources", kind=kind.id, filter=f"{scope} {rest}".strip())
