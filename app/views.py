"""Which screen shows which place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final

from backends.contract.errors import NotFound
from backends.contract.model import Area
from fleet.catalogue import Catalogue
from screens.desk import Desk, Place
from screens.view import View

_SCREENS: Final[Mapping[str, tuple[str, str]]] = {
    "overview": ("screens.overview", "OverviewView"),
    "resources": ("screens.resources", "ResourcesView"),
    "resource": ("screens.resource", "ResourceView"),
    "logs": ("screens.logs", "LogsView"),
    "sessions": ("screens.sessions", "SessionsView"),
    "jobs": ("screens.jobs", "JobsView"),
    "job": ("screens.job", "JobView"),
    "journal": ("screens.journal", "JournalView"),
    "events": ("screens.events", "EventsView"),
    "connections": ("screens.connections", "ConnectionsView"),
    "settings": ("screens.settings", "SettingsView"),
}
"""View name → module and class; imported when first shown, so that the first screen does not wait for the others."""

VIEW_NAMES: Final = tuple(_SCREENS)

ONE_EACH: Final = frozenset({"resource", "logs", "job"})
"""Views about particular resources: made anew for each, and ended when left behind in history."""

MANY_PLACES: Final = ONE_EACH | {"resources"}
"""Views in which going from one place to another is a step to go back from; in others it only turns a tab."""


def area_of(place: Place, catalogue: Catalogue) -> Area:
    """The area a list of resources belongs to; ``place.kind`` may also be an area's own name."""
    kind = catalogue.kinds.get(place.kind)
    if kind is not None:
        return kind.area
    try:
        return Area(place.kind)
    except ValueError as error:
        raise NotFound(f"There is no view or kind “{place.kind}”.") from error


def view_key(place: Place, catalogue: Catalogue) -> str:
    """What names the screen that shows a place: one per area, one per resource, one of each other view."""
    if place.view == "resources":
        return f"resources:{area_of(place, catalogue).value}"
    if place.view in ONE_EACH:
        return f"{place.view}:{' '.join(map(str, place.resources)) or place.tab}"
    return place.view


def make_view(place: Place, desk: Desk) -> View:
    """The screen for a place, its module imported now.

    Raises:
        NotFound: if there is no such view.
    """
    if place.view not in _SCREENS:
        raise NotFound(f"There is no view “{place.view}”.", hint=f"Views are: {', '.join(_SCREENS)}.")
    module, name = _SCREENS[place.view]
    screen: Callable[..., View] = getattr(import_module(module), name)
    if place.view == "resources":
        return screen(desk, area_of(place, desk.fleet.catalogue))
    return screen(desk)
