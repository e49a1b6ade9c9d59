"""Help of a context: everything that can be done here, with its key; what is chosen is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from backends.contract.model import ResourceId
from screens.command import GLOBAL
from screens.dialogs.menu import Item, Menu
from screens.listing import Listing
from screens.operating import Operating
from screens.selecting import Selecting
from screens.view import View
from widgets.cells import neutral

if TYPE_CHECKING:
    from app.tui import Cockpit

Run = Callable[[], object]


def show_help(app: Cockpit) -> None:
    """Open the help of the screen that is shown."""
    view = app.screen
    if not isinstance(view, View):
        return

    def done(chosen: Run | None) -> None:
        if chosen is not None:
            chosen()

    app.push_screen(Menu(f"Help: {view.place().view}", help_items(app, view), search=True), done)


def help_items(app: Cockpit, view: View) -> list[Item[Run]]:
    """What is possible: the screen's own commands, verbs with the reason why not, movement, and what is everywhere."""
    own = [context for context in view.contexts() if context != GLOBAL]
    return [
        *(item for context in own for item in _commands(app, view, context)),
        *verb_items(app, view),
        *_movement(app, view),
        *_commands(app, view, GLOBAL),
    ]


def _commands(app: Cockpit, view: View, context: str) -> Iterator[Item[Run]]:
    for command in app.keymap.of_context(context):
        if view.knows(command):
            yield Item(partial(view.do, command.id), command.title, _shown(command.keys), command.help)


def verb_items(app: Cockpit, view: View) -> Iterator[Item[Run]]:
    """Every verb for the selection of a screen."""
    targets = selection_of(view)
    resource = app.fleet.inventory.get(targets[0]) if targets else None
    if resource is None or not isinstance(view, Operating):
        return
    name = neutral(resource.name) if len(targets) == 1 else f"{len(targets)} marked"
    for operation, reason in view.operations_of(resource):
        run = partial(view.operate, operation, targets, door="help")
        keys = _shown(app.keymap.operation_keys(operation))
        yield Item(run, f"{operation.title} {name}", keys, operation.help, reason)


def selection_of(view: View) -> Sequence[ResourceId]:
    """The resources a screen's verbs would act on; records are none."""
    if isinstance(view, Selecting):
        return view.selection
    if isinstance(view, Listing):
        return [identity for identity in view.table.selection if view.fleet.inventory.get(identity) is not None]
    return ()


def _movement(app: Cockpit, view: View) -> Iterator[Item[Run]]:
    """What the widget with the focus does by itself, each binding with all its keys."""
    found: dict[str, Item[Run]] = {}
    for key, active in view.active_bindings.items():
        binding = active.binding
        # Without an id of ours it is a binding of the toolkit, such as copying selected text.
        if not binding.id or "." not in binding.id or binding.id in app.keymap.commands:
            continue
        known = found.get(binding.id)
        keys = f"{known.key} {app.get_key_display(binding)}" if known else app.get_key_display(binding)
        run = partial(app.call_later, app.run_action, binding.action, active.node)
        found[binding.id] = Item(run, binding.description or key, keys, "")
    yield from found.values()


def _shown(keys: Sequence[str]) -> str:
    return " ".join(keys)
