"""What is done to selected resources, the same from every screen that selects some: verbs, menus, going on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual import work
from textual.events import Key
from typing_extensions import override

from backends.contract.errors import BackendError
from backends.contract.model import Ability, Resource, ResourceId
from backends.contract.operation import Confirm
from screens.command import GLOBAL, key_name
from screens.copying import Copied, copy_choices
from screens.desk import Place
from screens.dialogs.menu import Item, Menu
from screens.operating import Operating
from widgets.cells import neutral
from widgets.frame import KeyHint
from widgets.line_input import LineInput

MOST_HINTS = 4
"""Verbs the footer offers; the menu has them all."""

TYPING: Final = frozenset({"escape", "enter", "tab", "shift+tab", "backspace", "delete", "up", "down"})
"""Keys that belong to whatever is typed in, whatever they mean to the screen."""


class Selecting(Operating):
    """A view with a selection. Keys mean the screen's own commands first, then verbs, then what they mean anywhere."""

    @property
    def selection(self) -> Sequence[ResourceId]:
        """What verbs act on."""
        return ()

    @property
    def current(self) -> ResourceId | None:
        """The one resource somebody looks at: what is opened, and whose verbs the footer offers."""
        return next(iter(self.selection), None)

    def _known(self, identity: ResourceId | None) -> Resource | None:
        return self.fleet.inventory.get(identity) if identity is not None else None

    # -- verbs

    @override
    def pressed(self, event: Key) -> None:
        if isinstance(self.focused, LineInput) and (event.is_printable or event.key in TYPING):
            return
        key = key_name(event)
        own = [context for context in self.contexts() if context != GLOBAL]
        if self.desk.keymap.find(key, own) is None:
            targets = self.selection
            operation = self.operation_for_key(key, targets)
            if operation is not None:
                event.stop()
                event.prevent_default()
                self.operate(operation, targets)
                return
        super().pressed(event)

    @override
    def footer(self) -> Sequence[KeyHint]:
        items = list(super().footer())
        resource = self._known(self.current) if self.is_mounted else None
        if resource is not None:
            verbs = [
                KeyHint(key, op.title, f"operate:{op.verb}", asks=op.confirm is not Confirm.NONE, rank=20)
                for op, reason in self.operations_of(resource)
                if reason is None and (key := self.desk.keymap.operation_key(op))
            ]
            items[3:3] = verbs[:MOST_HINTS]
        return items

    @override
    def do(self, command: str) -> bool:
        if command.startswith("operate:"):
            self.operate_verb(command.removeprefix("operate:"))
            return True
        return super().do(command)

    def operate_verb(self, verb: str, door: str = "footer") -> None:
        """Do a verb to the selection."""
        targets = self.selection
        resource = self._known(next(iter(targets), None))
        for operation, _ in self.operations_of(resource) if resource else ():
            if operation.verb == verb:
                self.operate(operation, targets, door=door)

    @work(group="dialog")
    async def choose_action(self) -> None:
        """Every verb for the selection, its key, and why not."""
        targets = self.selection
        resource = self._known(next(iter(targets), None))
        if resource is None:
            return
        items = [
            Item(op, op.title, self.desk.keymap.operation_key(op), op.help, reason)
            for op, reason in self.operations_of(resource)
        ]
        title = neutral(resource.name) if len(targets) == 1 else f"{len(targets)} {resource.id.kind}s"
        chosen = await self.app.push_screen_wait(Menu(title, items))
        if chosen is not None:
            self.operate(chosen, targets, door="menu")

    def repeat(self) -> None:
        """The last verb again, on this selection."""
        last = self.desk.last_operation
        if last is None:
            self.notify("Nothing was done yet that could be repeated.", severity="warning")
            return
        verb, arguments = last
        targets = self.selection
        resource = self._known(next(iter(targets), None))
        for operation, _ in self.operations_of(resource) if resource else ():
            if operation.verb == verb:
                self.operate(operation, targets, arguments, door="repeat")
                return
        self.notify(f"{verb} cannot be done here.", severity="warning")

    # -- going on

    def open_tab(self, tab: str) -> None:
        """Show one resource of the selection, at this tab."""
        if (resource := self._known(self.current)) is not None:
            self.desk.go(Place("resource", kind=resource.id.kind, resources=(resource.id,), tab=tab))

    def open_logs(self) -> None:
        """Logs of the selection, merged by time."""
        chosen = [r for i in self.selection if (r := self.fleet.inventory.get(i)) is not None]
        logged = [r for r in chosen if Ability.LOGS in r.abilities]
        if chosen and not logged:
            self.notify(f"{neutral(chosen[0].name)} keeps no log that can be read.", severity="warning")
        elif logged:
            self.desk.go(Place("logs", kind=logged[0].id.kind, resources=tuple(r.id for r in logged)))

    def open_owner(self) -> None:
        """Jump to what the resource belongs to."""
        resource = self._known(self.current)
        owner = self._known(resource.parent) if resource else None
        if owner is None:
            self.notify("This belongs to nothing that is known here.", severity="warning")
            return
        self.desk.go(Place("resources", kind=owner.id.kind, resources=(owner.id,)))

    def copies(self, resources: Sequence[Resource]) -> Sequence[Copied]:
        """What can be copied of the selection."""
        return copy_choices(resources)

    @work(group="dialog")
    async def choose_copy(self) -> None:
        """Copy something of the selection."""
        resources = [r for i in self.selection if (r := self.fleet.inventory.get(i)) is not None]
        items = [Item(choice, choice.title, note=choice.text.split("\n", 1)[0]) for choice in self.copies(resources)]
        if not items:
            return
        chosen = await self.app.push_screen_wait(Menu("Copy", items))
        if chosen is not None:
            self.desk.copy(chosen.text, chosen.title.lower())

    @work(group="probe")
    async def probe(self) -> None:
        """Try the resource's connection again, now; without a resource every connection that waits."""
        current = self.current
        waiting = [name for name, c in self.fleet.inventory.connections.items() if c.retry_at is not None]
        try:
            for name in [current.connection] if current else waiting:
                await self.fleet.retry(name)
        except BackendError as error:
            self.report(error)
