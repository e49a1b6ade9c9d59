"""The palette: finds views, kinds, resources, verbs, settings, themes and places by a few letters.

What it offers comes from providers, functions that yield offers; whoever adds something to the product appends one to
``PROVIDERS``. They run once, when the palette opens; a keystroke only searches what they gave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from rapidfuzz import fuzz, process

from app.command_line import VIEWS
from app.help import verb_items
from backends.contract.model import ResourceId
from screens.command import GLOBAL
from screens.desk import Place
from screens.dialogs.finder import MOST_FOUND, Finder, Found
from screens.view import View

if TYPE_CHECKING:
    from app.tui import Cockpit

LIKE: Final = 70.0
"""How alike, of 100, a title must be to be offered for what was typed with a slip."""
FEW: Final = 12
"""With fewer exact hits than these, similar ones are looked for too."""


class Offer(NamedTuple):
    """Something that can be chosen. ``aside`` keeps what is found by name only out of the list before typing."""

    title: str
    note: str
    run: Callable[[], object]
    reason: str = ""
    aside: bool = False


Provider = Callable[["Cockpit"], Iterable[Offer]]


def open_palette(app: Cockpit) -> None:
    """Open the palette over the screen that is shown."""
    if not isinstance(app.screen, View):
        return

    def done(chosen: object) -> None:
        if callable(chosen):
            chosen()

    prepared = Prepared([offer for provide in PROVIDERS for offer in provide(app)])
    app.push_screen(Finder("Palette", prepared.find, placeholder="a view, a resource, a verb, a setting"), done)


class Prepared:
    """Offers ready to be searched: ten thousand of them answer a keystroke in a few milliseconds."""

    def __init__(self, offers: Sequence[Offer]) -> None:
        self._offers = offers
        self._titles = [offer.title.casefold() for offer in offers]
        self._notes = [offer.note.casefold() for offer in offers]

    def find(self, typed: str) -> Sequence[Found]:
        """The hits for what was typed, the best first."""
        words = typed.casefold().split()
        if not words:
            places: Sequence[int] = [place for place, offer in enumerate(self._offers) if not offer.aside]
        else:
            places = self._ranked(words)
        return [_found(self._offers[place]) for place in places[:MOST_FOUND]]

    def _ranked(self, words: Sequence[str]) -> Sequence[int]:
        exact = [
            place
            for place, (title, note) in enumerate(zip(self._titles, self._notes, strict=True))
            if all(word in title or word in note for word in words)
        ]
        phrase = " ".join(words)
        exact.sort(key=lambda place: self._rank(place, phrase, words))
        if len(exact) >= FEW:
            return exact
        known = frozenset(exact)
        similar = process.extract(phrase, self._titles, scorer=fuzz.partial_ratio, limit=MOST_FOUND, score_cutoff=LIKE)
        return [*exact, *(place for _, _, place in similar if place not in known)]

    def _rank(self, place: int, phrase: str, words: Sequence[str]) -> tuple[int, int, str]:
        """The order of exact hits: titles that begin so, then words that begin so, then the rest; short ones first."""
        title = self._titles[place]
        if title.startswith(phrase):
            level = 0
        elif all(f" {word}" in f" {title}" for word in words):
            level = 1
        else:
            level = 2 if all(word in title for word in words) else 3
        return level, len(title), title


def _found(offer: Offer) -> Found:
    return Found(offer.title, offer.note, offer.run, offer.reason)


# -- what is offered


def recent_places(app: Cockpit) -> Iterator[Offer]:
    """Where one was."""
    inventory, kinds = app.fleet.inventory, app.fleet.catalogue.kinds
    for place in app.recent_places[:8]:
        subject = inventory.get(place.resource) if place.resource else None
        plural = kinds[place.kind].plural if place.kind in kinds else ""
        title = " ".join(part for part in (subject.name if subject else plural or place.view, place.tab) if part)
        yield Offer(title, f"recent · {place.view}", partial(app.go, place))


def verbs(app: Cockpit) -> Iterator[Offer]:
    """Verbs for the selection."""
    view = app.screen
    for item in verb_items(app, view) if isinstance(view, View) else ():
        yield Offer(item.title, f"verb  {item.key}", item.value, item.reason or "")


def commands(app: Cockpit) -> Iterator[Offer]:
    """The commands of this screen and of every screen."""
    view = app.screen
    if not isinstance(view, View):
        return
    for context in (*(name for name in view.contexts() if name != GLOBAL), GLOBAL):
        for command in app.keymap.of_context(context):
            if view.knows(command) and command.id != "app.palette":
                note = " · ".join(part for part in (" ".join(command.keys), command.help) if part)
                yield Offer(command.title, note, partial(view.do, command.id))


def views(app: Cockpit) -> Iterator[Offer]:
    """Screens."""
    for name, what in VIEWS.items():
        yield Offer(name.capitalize(), f"view · {what}", partial(app.go, Place(name)))


def kinds(app: Cockpit) -> Iterator[Offer]:
    """Lists of each kind."""
    for kind in app.fleet.catalogue.kinds.values():
        count = len(app.fleet.inventory.of_kind(kind.id))
        yield Offer(f"List {kind.plural}", f"kind · {count} known", partial(app.go, Place("resources", kind=kind.id)))


def resources(app: Cockpit) -> Iterator[Offer]:
    """Every known resource by its name. Volatile ones, gone before they are found, are left to their list."""
    for kind in app.fleet.inventory.kinds():
        known = app.fleet.catalogue.kinds.get(kind)
        if known is None or known.volatile:
            continue
        for identity, resource in app.fleet.inventory.of_kind(kind).items():
            note = f"{known.title} · {identity.connection} · {resource.state.value}"
            yield Offer(resource.name, note, partial(_open, app, kind, resource.id), aside=True)


def settings(app: Cockpit) -> Iterator[Offer]:
    """Settings by name."""
    for setting in app.tuning.settings():
        note = f"setting · {setting.doc}"
        yield Offer(setting.key, note, partial(app.go, Place("settings", tab=setting.key)), aside=True)


def themes(app: Cockpit) -> Iterator[Offer]:
    """Themes by name."""
    for name in app.theme_names:
        yield Offer(f"Theme {name}", "look", partial(app.run_line, f"theme {name}"), aside=True)


def _open(app: Cockpit, kind: str, identity: ResourceId) -> None:
    app.go(Place("resource", kind=kind, resources=(identity,), tab="overview"))


PROVIDERS: Final[list[Provider]] = [recent_places, verbs, commands, views, kinds, resources, settings, themes]
"""Where offers come from, in the order they are listed before anything is typed."""
