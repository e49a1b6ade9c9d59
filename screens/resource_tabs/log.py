"""The log of the resource, followed while the screen is shown; the full logs screen is one key away."""

from __future__ import annotations

from contextlib import aclosing
from typing import ClassVar, Final

from textual import work
from textual.app import ComposeResult
from typing_extensions import override

from backends.contract.errors import BackendError
from backends.contract.model import Ability, LogLine, LogQuery, Resource, ResourceId, Stream
from screens.commands import RESOURCE_LOG, RESOURCE_MATCHES, RESOURCE_TEXT
from screens.copying import Copied
from screens.desk import Desk
from screens.resource_tabs.pane import Pane
from widgets.log_view import LogView

TAIL: Final = 500
"""Lines from before that are fetched; the full screen reaches further back."""
BYTES: Final = 4 * 1024 * 1024


class LogPane(Pane):
    """The newest lines. It goes on reading while other tabs are shown, so that nothing is missed on the way back."""

    TAB: ClassVar[str] = "logs"
    CONTEXTS: ClassVar[tuple[str, ...]] = (RESOURCE_LOG, RESOURCE_MATCHES, RESOURCE_TEXT)

    def __init__(self, desk: Desk, resource: ResourceId) -> None:
        super().__init__(desk, resource)
        self.lines = LogView(max_bytes=BYTES, ascii_only=desk.ascii)
        self.lines.empty = "No line yet."
        self._reading = False

    @classmethod
    @override
    def offered(cls, desk: Desk, resource: Resource) -> bool:
        return Ability.LOGS in resource.abilities

    @override
    def compose(self) -> ComposeResult:
        yield self.lines

    @property
    @override
    def target(self) -> LogView:
        return self.lines

    @override
    def shown(self) -> None:
        if not self._reading:
            self._reading = True
            self.lines.clear()
            self._read()

    @override
    def rest(self) -> None:
        self._reading = False
        self.workers.cancel_group(self, "log")

    @work(exclusive=True, group="log")
    async def _read(self) -> None:
        try:
            async with aclosing(self.fleet.logs((self.resource,), LogQuery(tail=TAIL))) as batches:
                async for batch in batches:
                    self.lines.append(batch)
        except BackendError as error:
            self.lines.append([LogLine(f"{error.message} {error.hint or ''}".rstrip(), stream=Stream.NOTE)])
        self._reading = False

    @override
    def search(self, text: str) -> str:
        found = self.lines.search(text)
        return f"{found} lines match" if text else ""

    @property
    @override
    def searching(self) -> str:
        return self.lines.status.search

    @override
    def next_match(self, step: int) -> None:
        self.lines.next_match(step)

    @override
    def copies(self) -> list[Copied]:
        text = self.lines.selected_text()
        return [Copied("Lines on the screen", text)] if text else []
