"""Tabs that are a list: processes, members, and what happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from typing_extensions import override

from backends.contract.model import Column, ResourceId
from screens.commands import RESOURCE_ROWS, RESOURCE_TEXT
from screens.desk import Desk
from screens.dialogs.columns import ColumnsDialog
from screens.resource_tabs.pane import Pane
from widgets.filter import parse
from widgets.resource_table import ResourceTable


class RowsPane(Pane):
    """A list; search keeps only what matches."""

    CONTEXTS: ClassVar[tuple[str, ...]] = (RESOURCE_ROWS, RESOURCE_TEXT)
    LIVE: ClassVar[bool] = True

    def __init__(
        self, desk: Desk, resource: ResourceId, columns: Sequence[Column], sort: str, *, records: bool = False
    ) -> None:
        """Make an empty list; ``records`` are true for ever, whatever becomes of the connection."""
        super().__init__(desk, resource)
        inventory = self.fleet.inventory
        self.columns = tuple(columns)
        self.table = ResourceTable(
            [column for column in columns if column.shown],
            recent=inventory.recent,
            stale=(lambda _row: None) if records else inventory.stale,
            ascii=desk.ascii,
            sort=sort,
        )

    @override
    def compose(self) -> ComposeResult:
        yield self.table

    @property
    @override
    def target(self) -> ResourceTable:
        return self.table

    @override
    def tick(self) -> None:
        self.table.tick()

    @override
    def search(self, text: str) -> str:
        self.table.set_filter(parse(text, self.columns))
        problem = self.table.view.filter.problem
        return problem or f"{self.table.shown} of {self.table.total}"

    @property
    @override
    def searching(self) -> str:
        return self.table.view.filter.text

    @work(group="dialog")
    async def choose_sort(self) -> None:
        """Choose columns and the order."""
        shown = tuple(column.id for column in self.table.columns)
        sort, reverse = self.table.view.sort
        answer = await self.app.push_screen_wait(ColumnsDialog(self.columns, shown, sort.id))
        if answer is not None:
            self.table.columns = tuple(column for column in self.columns if column.id in answer.shown)
            self.table.set_sort(answer.sort, reverse=reverse and sort.id == answer.sort)

    def reverse(self) -> None:
        """Turn the order round."""
        column, reverse = self.table.view.sort
        self.table.set_sort(column.id, reverse=not reverse)
