"""A foldable view of a JSON value, with search and a filter by path; paints only the rows in sight."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from typing_extensions import override

from backends.contract.model import JSON
from widgets.ansi import Span
from widgets.json_model import JsonModel, Path, Row, path_text, scalar_text, visible
from widgets.log_buffer import Pattern
from widgets.spans import lit, over, segments

_PARTS = ("key", "text", "number", "word", "size", "match", "current", "cursor")
_DEEPEST = 20
"""Levels that are indented; deeper ones would leave no room."""


@dataclass(frozen=True)
class JsonStatus:
    """What a status line may say of a tree."""

    rows: int = 0
    matches: int = 0
    position: int = 0
    """Which match the cursor is on, from 1; 0 if on none."""
    path: str = "."


class JsonTree(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows a JSON value."""

    DEFAULT_CSS = """
    JsonTree {
        overflow-x: hidden;
        overflow-y: auto;
        background: $surface;
        color: $foreground;
        scrollbar-size-vertical: 1;
        & > .json-tree--key { color: $text-primary; }
        & > .json-tree--text { color: $text-success; }
        & > .json-tree--number { color: $text-warning; }
        & > .json-tree--word { color: $text-accent; text-style: italic; }
        & > .json-tree--size { color: $text-muted; }
        & > .json-tree--match { color: $text-warning; background: $warning-muted; text-style: underline; }
        & > .json-tree--current { color: $background; background: $warning; text-style: bold underline; }
        & > .json-tree--cursor { background: $panel; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"json-tree--{part}" for part in _PARTS}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Row up", show=False, id="json.up"),
        Binding("down,j", "move(1)", "Row down", show=False, id="json.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="json.page-up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="json.page-down"),
        Binding("ctrl+u", "page(-0.5)", "Half a page up", show=False, id="json.half-up"),
        Binding("ctrl+d", "page(0.5)", "Half a page down", show=False, id="json.half-down"),
        Binding("home,g", "top", "First row", show=False, id="json.top"),
        Binding("end,G", "bottom", "Last row", show=False, id="json.bottom"),
        Binding("enter", "choose", "Unfold, or choose", show=False, id="json.choose"),
        Binding("right", "unfold", "Unfold, or go in", show=False, id="json.unfold"),
        Binding("left", "fold", "Fold, or go out", show=False, id="json.fold"),
        Binding("plus", "unfold_all", "Unfold all", show=False, id="json.unfold-all"),
        Binding("minus", "fold_all", "Fold all", show=False, id="json.fold-all"),
    ]

    @dataclass
    class Chosen(Message):
        """Somebody pressed enter on a value that holds no others."""

        json_tree: JsonTree
        path: Path
        value: JSON

        @property
        @override
        def control(self) -> JsonTree:
            return self.json_tree

    @dataclass
    class StatusChanged(Message):
        """Read ``status`` again. Carries nothing, so a burst collapses into one."""

        json_tree: JsonTree

        @property
        @override
        def control(self) -> JsonTree:
            return self.json_tree

        @override
        def can_replace(self, message: Message) -> bool:
            return isinstance(message, JsonTree.StatusChanged)

    def __init__(
        self,
        *,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._model = JsonModel()
        self._cursor = 0
        self._marks = (">", "v", "..") if ascii_only else ("▸", "▾", "…")
        self._reported = JsonStatus()

    # What is shown

    def show(self, value: JSON) -> None:
        """Show a value; folds and cursor stay where the paths still exist."""
        path = self._path
        self._model.show(value)
        self._settle(path)

    def search(self, text: str, *, regex: bool = False) -> int:
        """Light up keys and values that match and go to the first from the cursor on; returns how many nodes match.

        An empty text ends the search.

        Raises:
            ValueError: with a sentence, if it is no regular expression.
        """
        found = self._model.search(Pattern.parse(text, regex=regex) if text else None)
        if not found or self._model.position(self._path) or not self.next_match():
            self._settle(self._path)
        return found

    def next_match(self, step: int = 1) -> bool:
        """Go to the match ``step`` matches on, unfolding what hides it; tells whether there is one."""
        path = self._model.step(self._path, step)
        if path is None:
            return False
        self._settle(path, around=self.size.height // 3)
        return True

    def filter(self, text: str) -> int:
        """Keep only nodes whose path contains the text, what is above and below them; returns how many."""
        path = self._path
        found = self._model.filter(text)
        self._model.search(self._model.pattern)
        self._settle(path)
        return found

    @property
    def status(self) -> JsonStatus:
        """How things stand now."""
        path = self._path
        return JsonStatus(
            rows=len(self._model.rows),
            matches=len(self._model.matches),
            position=self._model.position(path),
            path=path_text(path or ()),
        )

    def path_text(self) -> str:
        """The path under the cursor, as jq takes it, for copying."""
        return path_text(self._path or ())

    def value_text(self) -> str:
        """The value under the cursor for copying: a text bare, everything else as JSON."""
        value = self._model.rows[self._cursor].value if self._model.rows else self._model.value
        return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)

    # Moving and folding

    def action_move(self, step: int) -> None:
        """Move the cursor by rows."""
        self._go(self._cursor + step)

    def action_page(self, pages: float) -> None:
        """Move the cursor by pages."""
        self._go(self._cursor + max(1, round(abs(pages) * self.size.height)) * (1 if pages > 0 else -1))

    def action_top(self) -> None:
        """Go to the first row."""
        self._go(0)

    def action_bottom(self) -> None:
        """Go to the last row."""
        self._go(len(self._model.rows) - 1)

    def action_choose(self) -> None:
        """Fold or unfold what can be, choose what cannot."""
        if (row := self._row) is None:
            return
        if row.folded is None and row.piece is None:
            self.post_message(self.Chosen(self, row.path, row.value))
        else:
            self._fold(row.path, folded=row.folded is not True)

    def action_unfold(self) -> None:
        """Unfold, or go to the first row within."""
        if (row := self._row) is None:
            return
        if row.folded:
            self._fold(row.path, folded=False)
        elif row.folded is False:
            self._go(self._cursor + 1)

    def action_fold(self) -> None:
        """Fold, or go to the row this one is within."""
        if (row := self._row) is None:
            return
        if row.folded is False:
            self._fold(row.path, folded=True)
        else:
            self._settle(row.path if row.piece is not None else row.path[:-1] or row.path)

    def action_unfold_all(self) -> None:
        """Unfold everything but long texts."""
        path = self._path
        self._model.fold_all(folded=False)
        self._settle(path)

    def action_fold_all(self) -> None:
        """Fold everything."""
        path = self._path
        self._model.fold_all(folded=True)
        self._settle(path)

    # Painting

    @override
    def render_line(self, y: int) -> Strip:
        index, width, base = self.scroll_offset.y + y, self.scrollable_content_region.width, self.rich_style
        if index >= len(self._model.rows):
            return Strip.blank(width, base)
        row = self._model.rows[index]
        text, spans = self._painted(row, width)
        if self._model.pattern is not None:
            look = self._style("current" if index == self._cursor else "match")
            spans = over(spans, [(start, end, look) for start, end in self._model.pattern.spans(text)])
        strip = Strip(segments(text, spans, base)).crop_extend(0, width, base)
        if index != self._cursor:
            return strip
        cursor = self._style("cursor")
        return Strip(lit(strip, Style(bgcolor=cursor.bgcolor, bold=cursor.bold), base))

    def _painted(self, row: Row, width: int) -> tuple[str, list[Span]]:
        indent = " " * (2 * min(max(0, len(row.path) - 1), _DEEPEST))
        if row.piece is not None:
            text = f"{indent}    {row.piece}"
            return text, [(len(indent), len(text), self._style("text"))]
        mark = " " if row.folded is None else self._marks[0 if row.folded else 1]
        key = "" if not row.path else f"{row.path[-1]}" if isinstance(row.path[-1], int) else visible(row.path[-1])
        head = f"{indent}{mark} "
        text = f"{head}{key}: " if row.path else head
        spans: list[Span] = [(len(head), len(head) + len(key), self._style("key"))] if key else []
        value = self._cut(row, width - cell_len(text))
        spans.append((len(text), len(text) + len(value), self._value_style(row.value)))
        return text + value, spans

    def _cut(self, row: Row, room: int) -> str:
        """The value in the room there is; of a text that is longer, its beginning and its length."""
        if not isinstance(row.value, str):
            return scalar_text(row.value)
        if row.folded is False:
            return f"({len(row.value):,} characters)"
        text = scalar_text(row.value[: max(room, 1)]) if len(row.value) > room else scalar_text(row.value)
        if len(row.value) <= room and cell_len(text) <= room:
            return text
        rest = f"{self._marks[2]} ({len(row.value):,} characters)"
        return f"{set_cell_size(text, max(4, room - len(rest))).rstrip()}{rest}"

    def _value_style(self, value: JSON) -> Style:
        if isinstance(value, str):
            return self._style("text")
        if value is None or isinstance(value, bool):
            return self._style("word")
        return self._style("size" if isinstance(value, (list, dict)) else "number")

    def _style(self, part: str) -> Style:
        return self.get_component_rich_style(f"json-tree--{part}")

    # Places

    @property
    def _row(self) -> Row | None:
        return self._model.rows[self._cursor] if self._cursor < len(self._model.rows) else None

    @property
    def _path(self) -> Path | None:
        return self._row.path if self._row is not None else None

    def _fold(self, path: Path, *, folded: bool) -> None:
        self._model.fold(path, folded=folded)
        self._settle(path)

    def _settle(self, path: Path | None, *, around: int = 0) -> None:
        """Rows have changed: put the cursor on the path, or the nearest above it that is shown."""
        places: dict[Path, int] = {}
        for index, row in enumerate(self._model.rows):
            places.setdefault(row.path, index)
        while path and path not in places:
            path = path[:-1]
        self.virtual_size = Size(0, len(self._model.rows))
        self._go(places.get(path, 0) if path else 0, around=around)

    def _go(self, index: int, *, around: int = 0) -> None:
        self._cursor = min(max(0, index), max(0, len(self._model.rows) - 1))
        y, height = self.scroll_offset.y, self.size.height
        if self._cursor < y:
            self.scroll_to(y=max(0, self._cursor - around), animate=False, force=True)
        elif height and self._cursor >= y + height:
            self.scroll_to(y=self._cursor - height + 1 + around, animate=False, force=True)
        self.refresh()
        if (status := self.status) != self._reported:
            self._reported = status
            self.post_message(self.StatusChanged(self))

    def _on_resize(self) -> None:
        width = self.scrollable_content_region.width
        if width and width != self._model.width:
            path = self._path
            self._model.width = width
            self._model.build()
            self._settle(path)
