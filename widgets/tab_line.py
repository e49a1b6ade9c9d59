"""One line of tabs. Where they do not all fit, those around the current one are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from typing_extensions import override

from widgets.cells import neutral

LONGEST = 24
"""Cells of one tab at most."""


class Tab(NamedTuple):
    """One tab. ``mark`` says in a word or sign what is special about it."""

    id: str
    title: str
    mark: str = ""
    dim: bool = False


class TabLine(Widget):
    """Shows tabs, tells which one was clicked."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"tab-line--current", "tab-line--dim"}
    DEFAULT_CSS = """
    TabLine {
        height: 1; width: 1fr; background: $surface; color: $text;
        .tab-line--current { background: $panel; color: $text; text-style: bold reverse; }
        .tab-line--dim { background: $surface; color: $text-muted; }
    }
    """

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, line: TabLine, tab: str) -> None:
            super().__init__()
            self.line = line
            self.tab = tab

        @property
        @override
        def control(self) -> TabLine:
            return self.line

    def __init__(self, *, ascii_only: bool = False, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._ellipsis = "..." if ascii_only else "…"
        self._tabs: tuple[Tab, ...] = ()
        self._current = ""
        self._looks: dict[str, Style] = {}

    @property
    def tabs(self) -> Sequence[Tab]:
        """All tabs, shown or not."""
        return self._tabs

    @property
    def current(self) -> str:
        """The id of the current tab."""
        return self._current

    def show(self, tabs: Sequence[Tab], current: str) -> None:
        """Show these tabs; repaints only when something differs."""
        given = tuple(tabs)
        if (given, current) != (self._tabs, self._current):
            self._tabs, self._current = given, current
            self.refresh()

    def shown(self, width: int) -> Sequence[tuple[Tab, str]]:
        """The tabs that fit, with their texts: the current one, then its neighbours as far as there is room."""
        if not self._tabs:
            return ()
        texts = [self._text(tab) for tab in self._tabs]
        at = next((index for index, tab in enumerate(self._tabs) if tab.id == self._current), 0)
        first, last, room = at, at, width - 2 * len(self._ellipsis) - cell_len(texts[at])
        grown = True
        while grown:
            grown = False
            if last + 1 < len(texts) and cell_len(texts[last + 1]) <= room:
                last, grown = last + 1, True
                room -= cell_len(texts[last])
            if first and cell_len(texts[first - 1]) <= room:
                first, grown = first - 1, True
                room -= cell_len(texts[first])
        return list(zip(self._tabs, texts, strict=True))[first : last + 1]

    def _text(self, tab: Tab) -> str:
        title = neutral(tab.title)
        if cell_len(title) > LONGEST:
            title = set_cell_size(title, LONGEST - len(self._ellipsis)) + self._ellipsis
        return f" {title}{' ' + neutral(tab.mark) if tab.mark else ''} "

    @override
    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        shown = self.shown(width)
        if y or not shown:
            return Strip.blank(width, base)
        segments = [Segment(self._before(shown), base)]
        for tab, text in shown:
            look = "current" if tab.id == self._current else "dim" if tab.dim else ""
            segments.append(Segment(text, self._look(look) if look else base))
        if shown[-1][0] != self._tabs[-1]:
            segments.append(Segment(self._ellipsis, base))
        return Strip(segments).adjust_cell_length(width, base)

    def _before(self, shown: Sequence[tuple[Tab, str]]) -> str:
        return self._ellipsis if shown[0][0] != self._tabs[0] else ""

    def _look(self, name: str) -> Style:
        if name not in self._looks:
            self._looks[name] = self.get_component_rich_style(f"tab-line--{name}")
        return self._looks[name]

    @override
    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._looks.clear()

    def on_click(self, event: events.Click) -> None:
        """Tell which tab is under the mouse."""
        shown = self.shown(self.size.width)
        end = len(self._before(shown)) if shown else 0
        for tab, text in shown:
            end += cell_len(text)
            if event.x < end:
                event.stop()
                self.post_message(self.Chosen(self, tab.id))
                return
