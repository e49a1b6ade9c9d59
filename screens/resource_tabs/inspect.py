"""The engine's own description of the resource, as a tree; secrets are masked before it gets here."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.widgets import Static
from typing_extensions import override

from backends.contract.errors import BackendError
from backends.contract.model import Ability, Resource, ResourceId
from screens.commands import RESOURCE_MATCHES, RESOURCE_TEXT
from screens.copying import Copied
from screens.desk import Desk
from screens.resource_tabs.pane import Pane
from screens.view import News
from widgets.cells import neutral
from widgets.json_tree import JsonTree


class InspectPane(Pane):
    """The tree, with the path of the cursor below it."""

    TAB: ClassVar[str] = "inspect"
    CONTEXTS: ClassVar[tuple[str, ...]] = (RESOURCE_MATCHES, RESOURCE_TEXT)
    DEFAULT_CSS = """
    InspectPane JsonTree { height: 1fr; }
    InspectPane #path { height: 1; color: $text-muted; }
    """

    def __init__(self, desk: Desk, resource: ResourceId) -> None:
        super().__init__(desk, resource)
        self.tree_view = JsonTree(ascii_only=desk.ascii)
        self._searched = ""
        self._loaded = False
        self._trouble = ""

    @classmethod
    @override
    def offered(cls, desk: Desk, resource: Resource) -> bool:
        return Ability.INSPECT in resource.abilities

    @override
    def compose(self) -> ComposeResult:
        yield self.tree_view
        yield Static(id="path", markup=False)

    @property
    @override
    def target(self) -> JsonTree:
        return self.tree_view

    @override
    def shown(self) -> None:
        self._load()

    @override
    def learn(self, news: News) -> None:
        if self.resource in news.resources or news.all:
            self._load()

    @work(exclusive=True, group="inspect")
    async def _load(self) -> None:
        try:
            value = await self.fleet.inspect(self.resource)
        except BackendError as error:
            kept = "What was known is kept here. " if self._loaded else ""
            self._trouble = f"{kept}{error.message} {error.hint or ''}".rstrip()
        else:
            self._loaded, self._trouble = True, ""
            self.tree_view.show(value)
        self._say_path()

    def on_json_tree_status_changed(self) -> None:
        """The cursor is elsewhere."""
        self._say_path()

    def _say_path(self) -> None:
        status = self.tree_view.status
        matches = f"  match {status.position} of {status.matches}" if self._searched else ""
        words = self._trouble or f"{status.path}{matches}"
        self.query_one("#path", Static).update(f" {neutral(words)}")

    @override
    def search(self, text: str) -> str:
        self._searched = text
        found = self.tree_view.search(text)
        self._say_path()
        return f"{found} matches" if text else ""

    @property
    @override
    def searching(self) -> str:
        return self._searched

    @override
    def next_match(self, step: int) -> None:
        self.tree_view.next_match(step)

    @override
    def copies(self) -> list[Copied]:
        if not self._loaded:
            return []
        return [Copied("Value", self.tree_view.value_text()), Copied("Path", self.tree_view.path_text())]
