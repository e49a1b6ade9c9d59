"""A JSON value as foldable rows, without a screen."""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from backends.contract.model import JSON
from widgets.log_buffer import Pattern

Path = tuple[str | int, ...]
"""Keys and indexes from the root to a node; the root's own is empty."""
LONG = 60
"""Characters from which on a text can be unfolded to rows of its own."""
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Row(NamedTuple):
    """One visible row: a node, or a piece of an unfolded text."""

    path: Path
    value: JSON
    folded: bool | None = None
    """``None`` if there is nothing to unfold."""
    piece: str | None = None


def visible(text: str) -> str:
    """Text with everything that cannot be seen, or that moves other text, as JSON escapes."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


def path_text(path: Path) -> str:
    """A path as jq takes it: ``.Config.Env[0]``."""
    parts = [f"[{part}]" if isinstance(part, int) else _key_text(part) for part in path]
    text = "".join(parts)
    return text if text.startswith(".") else f".{text}"


def _key_text(key: str) -> str:
    return f".{key}" if _WORD.fullmatch(key) else f"[{scalar_text(key)}]"


def scalar_text(value: JSON) -> str:
    """A value that holds no others, as JSON writes it, safe to paint. Of the others only their size."""
    if isinstance(value, str):
        return visible(json.dumps(value, ensure_ascii=False))
    if isinstance(value, list):
        return f"[{len(value) or ''}]"
    if isinstance(value, dict):
        return f"{{{len(value) or ''}}}"
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 4096:
        return hex(value)
    return json.dumps(value)


def children(path: Path, value: JSON) -> list[tuple[Path, JSON]]:
    """What a value holds, in its own order."""
    if isinstance(value, dict):
        return [((*path, key), child) for key, child in value.items()]
    if isinstance(value, list):
        return [((*path, index), child) for index, child in enumerate(value)]
    return []


def nodes(value: JSON) -> Iterator[tuple[Path, JSON]]:
    """Every node below the root, in the order they are written; depth costs no recursion."""
    waiting = children((), value)[::-1]
    while waiting:
        path, node = waiting.pop()
        yield path, node
        waiting.extend(reversed(children(path, node)))


def at(value: JSON, path: Path) -> JSON:
    """The node at a path.

    Raises:
        LookupError: if there is none.
    """
    for part in path:
        match value, part:
            case dict(), str():
                value = value[part]
            case list(), int():
                value = value[part]
            case _:
                raise KeyError(part)
    return value


class JsonModel:
    """Which nodes are unfolded, which are kept by the filter, which match the search."""

    def __init__(self) -> None:
        self.value: JSON = None
        self.rows: list[Row] = []
        self.pattern: Pattern | None = None
        self.matches: list[int] = []
        """Places, in the order of all nodes, of those that match."""
        self.width = 76
        self._open: set[Path] = set()
        self._filter = ""
        self._kept: frozenset[Path] | None = None
        self._forced: frozenset[Path] = frozenset()
        self._nodes: list[Path] | None = None
        self._places: dict[Path, int] = {}

    def show(self, value: JSON) -> None:
        """Show a value; what was unfolded stays so where the paths still exist."""
        self.value = value
        self._nodes = None
        self.filter(self._filter)
        self.search(self.pattern)

    def fold(self, path: Path, *, folded: bool) -> None:
        """Fold or unfold one node."""
        (self._open.discard if folded else self._open.add)(path)
        self.build()

    def fold_all(self, *, folded: bool) -> None:
        """Fold or unfold everything; long texts stay folded, they would bury the rest."""
        self._open = set() if folded else {path for path, node in nodes(self.value) if isinstance(node, (dict, list))}
        self.build()

    def filter(self, text: str) -> int:
        """Keep only nodes whose path contains the text, with what is above and below them; returns how many."""
        self._filter = text
        if not text:
            self._kept, self._forced = None, frozenset()
            self.build()
            return len(self._all())
        wanted = text.lower()
        hits = [path for path in self._all() if wanted in path_text(path).lower()]
        above = {path[:length] for path in hits for length in range(len(path))}
        self._kept = frozenset(above.union(hits))
        self._forced = frozenset(above.difference(hits))
        self.build()
        return len(hits)

    def search(self, pattern: Pattern | None) -> int:
        """Find nodes whose key or value matches; returns how many."""
        self.pattern = pattern
        self.matches = []
        if pattern is not None:
            self.matches = [
                place
                for place, path in enumerate(self._all())
                if pattern.accepts(self._words(path)) and self._keeps(path)
            ]
        return len(self.matches)

    def step(self, path: Path | None, step: int) -> Path | None:
        """The match ``step`` matches on from a node, going round; it and all above it are unfolded."""
        if not self.matches:
            return None
        place = self._places.get(path, -1) if path is not None else -1
        index = bisect_right(self.matches, place) - 1 if step > 0 else bisect_left(self.matches, place)
        found = self._all()[self.matches[(index + step) % len(self.matches)]]
        self.reveal(found)
        return found

    def position(self, path: Path | None) -> int:
        """Which match a node is, from 1; 0 if it is none."""
        place = self._places.get(path, -1) if path is not None else -1
        index = bisect_left(self.matches, place)
        return index + 1 if index < len(self.matches) and self.matches[index] == place else 0

    def reveal(self, path: Path) -> None:
        """Unfold all above a node, and the node itself where it is a long text that matches."""
        self._open.update(path[:length] for length in range(1, len(path)))
        node = at(self.value, path)
        if isinstance(node, str) and self._long(node) and self.pattern and self.pattern.accepts(visible(node)):
            self._open.add(path)
        self.build()

    def build(self) -> None:
        """Make the rows anew."""
        rows: list[Row] = []
        root: Path = ()
        waiting = children(root, self.value)[::-1] or [(root, self.value)]
        while waiting:
            path, node = waiting.pop()
            if not self._keeps(path):
                continue
            below = children(path, node)
            open_ = path in self._open or path in self._forced
            if below:
                rows.append(Row(path, node, folded=not open_))
                waiting.extend(reversed(below) if open_ else ())
            elif isinstance(node, str) and self._long(node):
                rows.append(Row(path, node, folded=not open_))
                rows.extend(Row(path, node, piece=piece) for piece in (self._pieces(path, node) if open_ else ()))
            else:
                rows.append(Row(path, node))
        self.rows = rows

    def _all(self) -> list[Path]:
        if self._nodes is None:
            self._nodes = [path for path, _node in nodes(self.value)]
            self._places = {path: place for place, path in enumerate(self._nodes)}
        return self._nodes

    def _words(self, path: Path) -> str:
        node = at(self.value, path)
        key = "" if isinstance(path[-1], int) else visible(path[-1])
        return (
            key
            if isinstance(node, (dict, list))
            else f"{key}: {visible(node) if isinstance(node, str) else scalar_text(node)}"
        )

    def _keeps(self, path: Path) -> bool:
        return self._kept is None or path in self._kept

    def _long(self, text: str) -> bool:
        return len(text) > LONG or "\n" in text

    def _pieces(self, path: Path, text: str) -> list[str]:
        width = max(16, self.width - 2 * len(path) - 4)
        lines = [visible(line) for line in text.splitlines()]
        return [line[start : start + width] for line in lines for start in range(0, max(1, len(line)), width)]
