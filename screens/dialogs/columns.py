"""The column picker: which columns are shown, and which one sorts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import SelectionList
from textual.widgets.selection_list import Selection
from typing_extensions import override

from backends.contract.model import Column
from screens.command import key_name


class SortChosen(NamedTuple):
    """The columns to show, in their declared order, and the one to sort by."""

    shown: tuple[str, ...]
    sort: str


class ColumnsDialog(ModalScreen[SortChosen | None]):
    """Space shows or hides a column, ``s`` or enter sorts by the one under the cursor."""

    DEFAULT_CSS = """
    ColumnsDialog { align: center middle; background: $background 60%; }
    ColumnsDialog > Vertical {
        width: 60; max-width: 90%; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    ColumnsDialog SelectionList { height: auto; max-height: 100%; border: none; padding: 0; background: $surface; }
    """

    def __init__(self, columns: Sequence[Column], shown: Sequence[str], sort: str) -> None:
        super().__init__()
        self._columns = columns
        self._before = shown
        self._sort = sort

    @override
    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Columns"
            box.border_subtitle = "space show/hide · enter sort by this · a done · esc leave"
            yield SelectionList[str](
                *(
                    Selection(
                        f"{column.title}{'  ← sorts' if column.id == self._sort else ''}",
                        column.id,
                        column.id in self._before,
                    )
                    for column in self._columns
                )
            )

    def on_mount(self) -> None:
        """Keys go to the list."""
        self.query_one(SelectionList).focus()

    def on_key(self, event: Key) -> None:
        """Done, sort, leave."""
        key = key_name(event)
        if key == "escape":
            self.dismiss(None)
        elif key == "a":
            self._done(self._sort)
        elif key in ("s", "enter"):
            highlighted = self.query_one(SelectionList).highlighted
            self._done(self._columns[highlighted].id if highlighted is not None else self._sort)
        else:
            return
        event.stop()
        event.prevent_default()

    def _done(self, sort: str) -> None:
        chosen = set(self.query_one(SelectionList).selected)
        shown = tuple(column.id for column in self._columns if column.id in chosen)
        if not shown:
            self.notify("At least one column has to stay.", severity="warning")
            return
        self.dismiss(SortChosen(shown, sort))
