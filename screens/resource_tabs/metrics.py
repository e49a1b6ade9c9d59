"""Charts of the resource: beside what is known about it, and full screen."""

from __future__ import annotations

import time
from typing import ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static
from typing_extensions import override

from backends.contract.errors import BackendError
from backends.contract.model import Ability, Kind, Metric, Resource, ResourceId
from screens.charts import WINDOWS, ChartBoard, charted
from screens.commands import RESOURCE_CHARTS
from screens.desk import Desk
from screens.resource_tabs.facts_text import Known, facts_content
from screens.resource_tabs.pane import Pane
from screens.view import News
from widgets.glyphs import ASCII, UNICODE

BESIDE: Final = 4
"""Charts beside the facts at most; the others have a tab."""


class Scroll(VerticalScroll):
    """Scrolls with the letters too, like every list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "scroll_up", "Up", show=False, id="charts.up"),
        Binding("j", "scroll_down", "Down", show=False, id="charts.down"),
        Binding("g", "scroll_home", "To the top", show=False, id="charts.first"),
        Binding("G", "scroll_end", "To the end", show=False, id="charts.last"),
        Binding("ctrl+u", "page_up", "Page up", show=False, id="charts.half_up"),
        Binding("ctrl+d", "page_down", "Page down", show=False, id="charts.half_down"),
    ]


class ChartsPane(Pane):
    """Charts over a time window that the digits choose."""

    CONTEXTS: ClassVar[tuple[str, ...]] = (RESOURCE_CHARTS,)
    MOST: ClassVar[int]
    DEFAULT_CSS = """
    ChartsPane Scroll { height: 1fr; scrollbar-size-vertical: 1; }
    ChartsPane #window { height: 1; color: $text-muted; }
    ChartsPane #facts { height: auto; }
    """

    def __init__(self, desk: Desk, resource: ResourceId) -> None:
        super().__init__(desk, resource)
        self._glyphs = ASCII if desk.ascii else UNICODE
        self.window = WINDOWS[1]
        self._loaded_at = 0.0
        self._board = ChartBoard(self._metrics(), ascii_only=desk.ascii)
        self._scroll = Scroll()

    def _kind(self) -> Kind | None:
        return self.fleet.catalogue.kinds.get(self.resource.kind)

    def _metrics(self) -> list[Metric]:
        """The charts to show: where there is not room for all, first those of what is measured."""
        sample = self.fleet.inventory.sample(self.resource)
        metrics = charted(self._kind())
        if sample is not None and len(metrics) > self.MOST:
            metrics = sorted(metrics, key=lambda metric: metric.id not in sample.values)
        return list(metrics[: self.MOST])

    @property
    @override
    def target(self) -> Scroll:
        return self._scroll

    def show_window(self, number: int) -> None:
        """Show another window."""
        self.window = WINDOWS[number]
        self._say_window()
        self._load()

    def _say_window(self) -> None:
        if not self._board.metrics:
            return
        words: list[tuple[str, str] | str] = [" Last"]
        for number, window in enumerate(WINDOWS):
            look = "bold underline" if window is self.window else ""
            words += [f"  {number} ", (window.title, look)]
        self.query_one("#window", Static).update(Content.assemble(*words))

    @override
    def shown(self) -> None:
        self._say_window()
        self._load()

    @override
    def tick(self) -> None:
        if time.monotonic() - self._loaded_at >= self.window.every:
            self._load()

    @work(exclusive=True, group="charts")
    async def _load(self) -> None:
        self._loaded_at = time.monotonic()
        if not self._board.metrics:
            return
        until = time.time()
        try:
            await self._board.load(self.fleet, {"": self.resource}, until - self.window.seconds, until)
        except BackendError:
            return  # the header says that the fleet is gone; the charts stay as they were until it is back


class MetricsPane(ChartsPane):
    """All charts."""

    TAB: ClassVar[str] = "metrics"
    MOST: ClassVar[int] = 40
    DEFAULT_CSS = """
    MetricsPane ChartBoard { grid-rows: 9; }
    """

    @classmethod
    @override
    def offered(cls, desk: Desk, resource: Resource) -> bool:
        kind = desk.fleet.catalogue.kinds.get(resource.id.kind)
        return Ability.METRICS in resource.abilities and bool(charted(kind))

    @override
    def compose(self) -> ComposeResult:
        yield Static(id="window")
        with self._scroll:
            yield self._board

    def on_resize(self) -> None:
        """Two charts side by side where there is room."""
        self._board.set_class(self.size.width >= 76, "-wide")


class FactsPane(ChartsPane):
    """What is known, with the first charts beside it, or below it where there is less room."""

    TAB: ClassVar[str] = "overview"
    MOST: ClassVar[int] = BESIDE
    DEFAULT_CSS = """
    FactsPane.-beside Scroll { layout: horizontal; }
    FactsPane.-beside #facts { width: 2fr; }
    FactsPane.-beside #graphs { width: 3fr; }
    FactsPane #graphs { height: auto; width: 1fr; margin-top: 1; }
    FactsPane.-beside #graphs { margin-top: 0; }
    """

    def __init__(self, desk: Desk, resource: ResourceId) -> None:
        super().__init__(desk, resource)
        self._last = self.fleet.inventory.get(resource)

    @classmethod
    @override
    def offered(cls, desk: Desk, resource: Resource) -> bool:
        return True

    @override
    def compose(self) -> ComposeResult:
        with self._scroll:
            yield Static(id="facts")
            if self._board.metrics:
                with Vertical(id="graphs"):
                    yield Static(id="window")
                    yield self._board

    def on_resize(self) -> None:
        """Charts beside the facts where there is room."""
        self.set_class(self.size.width >= 100 and bool(self._board.metrics), "-beside")
        self.call_after_refresh(self._say_facts)

    @override
    def shown(self) -> None:
        super().shown()
        self._say_facts()

    @override
    def learn(self, news: News) -> None:
        if news.all or news.connections or self.resource in news.resources | news.samples:
            self._say_facts()

    @override
    def tick(self) -> None:
        super().tick()
        self._say_facts()

    def _say_facts(self) -> None:
        resource = self.fleet.inventory.get(self.resource) or self._last
        if resource is None:
            return
        self._last = resource
        known = Known(resource, self.fleet.inventory, self.fleet.catalogue, self._glyphs, time.time())
        facts = self.query_one("#facts", Static)
        content = facts_content(known, facts.size.width or self.size.width)
        if facts.content != content:
            facts.update(content)
