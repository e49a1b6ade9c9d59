"""The source picker: whose logs are read together."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key
from textual.screen import ModalScreen
from typing_extensions import override

from backends.contract.model import Ability, Kind, ResourceId
from screens.command import key_name
from screens.desk import Desk
from widgets.filter import Filter, parse
from widgets.line_input import LineInput
from widgets.resource_table import ResourceTable

COLUMNS = 4
"""Columns shown, the most important ones."""


class SourcesDialog(ModalScreen[tuple[ResourceId, ...] | None]):
    """Marks resources of a kind that have logs; enter takes the marked ones, or the one under the cursor."""

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    SourcesDialog { align: center middle; background: $background 60%; }
    SourcesDialog > Vertical {
        width: 90%; max-width: 100; height: 80%; max-height: 40;
        border: round $primary; background: $surface; padding: 0 1;
    }
    SourcesDialog ResourceTable { height: 1fr; }
    SourcesDialog LineInput { height: 1; display: none; }
    SourcesDialog.-filtering LineInput { display: block; }
    """

    def __init__(self, desk: Desk, kind: Kind, chosen: Sequence[ResourceId]) -> None:
        super().__init__()
        self._desk = desk
        self._kind = kind
        self._chosen = chosen

    @override
    def compose(self) -> ComposeResult:
        shown = sorted((column for column in self._kind.columns if column.shown), key=lambda column: column.rank)
        inventory = self._desk.fleet.inventory
        with Vertical() as box:
            box.border_title = f"Logs of {self._kind.plural}"
            box.border_subtitle = "space mark · / filter · enter read · esc leave"
            yield ResourceTable(
                tuple(column for column in self._kind.columns if column in shown[:COLUMNS]),
                recent=inventory.recent,
                stale=inventory.stale,
                ascii=self._desk.ascii,
                sort=self._kind.sort,
                placeholder=f"No {self._kind.title} has a log that can be read.",
            )
            yield LineInput(placeholder="substring  ~fuzzy  re:regex  !not  field:value")

    def on_mount(self) -> None:
        """Show what has logs, with those read now marked."""
        table = self.query_one(ResourceTable)
        resources = self._desk.fleet.inventory.of_kind(self._kind.id)
        logged = {identity: r for identity, r in resources.items() if Ability.LOGS in r.abilities}
        table.load(logged.values())
        table.mark(identity for identity in self._chosen if identity in logged)
        if self._chosen:
            table.move_to(self._chosen[0])
        table.focus()

    def on_key(self, event: Key) -> None:
        """Escape leaves, ``/`` filters; everything else belongs to the table."""
        if isinstance(self.focused, LineInput):
            return
        key = key_name(event)
        if key == "escape":
            self.dismiss(None)
        elif key == "/":
            self.add_class("-filtering")
            self.query_one(LineInput).focus()
        else:
            return
        event.stop()
        event.prevent_default()

    @on(ResourceTable.Chosen)
    def _taken(self) -> None:
        self.dismiss(self.query_one(ResourceTable).selection)

    @on(LineInput.Changed)
    def _typed(self, event: LineInput.Changed) -> None:
        self.query_one(ResourceTable).set_filter(parse(event.value, self._kind.columns))

    @on(LineInput.Submitted)
    def _filtered(self) -> None:
        self.query_one(ResourceTable).focus()

    @on(LineInput.Cancelled)
    def _unfiltered(self) -> None:
        table = self.query_one(ResourceTable)
        table.set_filter(Filter())
        self.remove_class("-filtering")
        table.focus()
