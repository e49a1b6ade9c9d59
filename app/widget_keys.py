"""The keys of widgets: moving, marking, editing. Users re-key them by id, as they do commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules

from textual.binding import Binding
from textual.widget import Widget

import widgets
from screens.command import spelled


def widget_bindings() -> Mapping[str, Binding]:
    """Every binding of our widgets by its id. Imports them all, so it is asked for only when it matters."""
    return {binding.id: binding for binding in all_bindings() if binding.id}


def widget_keys() -> Mapping[str, tuple[str, ...]]:
    """The default keys of our widgets by id, spelled as commands spell them."""
    found: dict[str, tuple[str, ...]] = {}
    for binding in all_bindings():
        if binding.id:
            found[binding.id] = (*found.get(binding.id, ()), spelled(binding.key))
    return found


def all_bindings() -> Iterator[Binding]:
    """Every binding of our widgets."""
    for owner in widget_classes():
        for entry in owner.__dict__.get("BINDINGS", ()):
            yield from Binding.make_bindings([entry])


def widget_classes() -> Iterator[type[Widget]]:
    """Every widget class of ours."""
    for module_info in iter_modules(widgets.__path__, "widgets."):
        module = import_module(module_info.name)
        for thing in vars(module).values():
            if isinstance(thing, type) and issubclass(thing, Widget) and thing.__module__ == module_info.name:
                yield thing
