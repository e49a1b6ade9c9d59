"""The two lines around every screen: where one is and what is wrong on top, which keys do something below.

Neither has a timer. Both are drawn from values, compare what they are given with what they show, and repaint only
when that differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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

MOST_KEYS = 10
_GAP = 2

Piece = tuple[str, str]
"""Text, and the component class it is drawn with (empty: the widget's own look)."""


class Place(NamedTuple):
    """What the header says."""

    crumbs: tuple[str, ...] = ()
    """Where one is, outermost first."""
    marks: tuple[str, ...] = ()
    """Words that must not be missed: ``READ-ONLY``, ``PROTECTED``."""
    faults: str = ""
    """What is wrong, in words: ``2 connections offline``. Empty when nothing is."""
    notes: tuple[str, ...] = ()
    """What is good to know: ``3 jobs``, ``14:05``. The last goes first when room is short. A clock shown here is as
    old as the last repaint, on purpose: a ticking one would send bytes for ever."""


class _Line(Widget):
    """One line made of pieces."""

    ALLOW_SELECT = False

    def __init__(
        self,
        *,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._ascii = ascii_only
        self._looks: dict[str, Style] = {}

    def _pieces(self, width: int) -> Sequence[Piece]:
        raise NotImplementedError

    @override
    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y:
            return Strip.blank(width, self.rich_style)
        segments = [Segment(text, self._look(name)) for text, name in _merged(self._pieces(width))]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _look(self, name: str) -> Style:
        if not name:
            return self.rich_style
        if name not in self._looks:
            self._looks[name] = self.get_component_rich_style(name)
        return self._looks[name]

    @override
    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._looks.clear()


class Header(_Line):
    """Breadcrumbs on the left; marks, faults and notes on the right."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"header--here", "header--mark", "header--fault"}
    DEFAULT_CSS = """
    Header {
        height: 1; width: 1fr; background: $panel; color: $text-muted;
        .header--here { color: $text; text-style: bold; }
        .header--mark { color: $text-warning; text-style: bold reverse; }
        .header--fault { color: $text-error; text-style: bold; }
    }
    """

    def __init__(
        self,
        place: Place = Place(),  # noqa: B008 - frozen
        *,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(ascii_only=ascii_only, id=id, classes=classes)
        self._place = place

    @property
    def place(self) -> Place:
        """What it says now."""
        return self._place

    def show(self, place: Place) -> None:
        """Say something else."""
        if place != self._place:
            self._place = place
            self.refresh()

    @override
    def _pieces(self, width: int) -> Sequence[Piece]:
        place = self._place
        notes = list(place.notes)
        right = self._right(notes)
        while notes and _wide(right) + _wide(self._left(place.crumbs)) + _GAP > width:
            notes.pop()
            right = self._right(notes)
        right = _clipped(right, width - 1, self._ellipsis)
        room = max(0, width - _wide(right) - (_GAP if right else 0))
        left = self._fitting(room)
        return [*left, (" " * (width - _wide(left) - _wide(right)), ""), *right]

    @property
    def _ellipsis(self) -> str:
        return "..." if self._ascii else "…"

    def _left(self, crumbs: Sequence[str]) -> list[Piece]:
        if not crumbs:
            return []
        between = " > " if self._ascii else " › "  # noqa: RUF001 - the sign meant
        outer = "".join(neutral(crumb) + between for crumb in crumbs[:-1])
        return [(f" {outer}", ""), (neutral(crumbs[-1]), "header--here")]

    def _fitting(self, room: int) -> Sequence[Piece]:
        """The breadcrumbs with as many of the outer ones left out as it takes; where one is stays."""
        crumbs = self._place.crumbs
        for first in range(len(crumbs)):
            shown = crumbs if not first else (self._ellipsis, *crumbs[first:])
            if _wide(self._left(shown)) <= room:
                return self._left(shown)
        return _clipped(self._left(crumbs[-1:]), room, self._ellipsis)

    def _right(self, notes: Sequence[str]) -> list[Piece]:
        place = self._place
        words = [(f" {mark} ", "header--mark") for mark in place.marks]
        words += [(place.faults, "header--fault")] if place.faults else []
        words += [(note, "") for note in notes]
        pieces: list[Piece] = []
        for word in words:
            pieces += [word, (" " * _GAP, "")]
        return [*pieces[:-1], (" ", "")] if pieces else []


class KeyHint(NamedTuple):
    """One key the footer offers."""

    key: str
    """As shown: ``s``, ``ctrl+p``."""
    text: str
    action: str
    """What the owner knows it by: an operation's id, an action's name."""
    asks: bool = False
    """Whether it asks before it does anything; shown by an ellipsis, as menus do."""
    rank: int = 5
    """The highest ranks go first when room is short; 0 never goes before all others have."""


class KeyFooter(_Line):
    """At most ten keys, in the order given; never wraps."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-footer--key"}
    DEFAULT_CSS = """
    KeyFooter {
        height: 1; width: 1fr; background: $panel; color: $text-muted;
        .key-footer--key { color: $text-accent; text-style: bold; }
    }
    """

    class Pressed(Message):
        """A hint was clicked: do what its key does."""

        def __init__(self, footer: KeyFooter, hint: KeyHint) -> None:
            super().__init__()
            self.footer = footer
            self.hint = hint

        @property
        @override
        def control(self) -> KeyFooter:
            return self.footer

    def __init__(
        self,
        hints: Iterable[KeyHint] = (),
        *,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(ascii_only=ascii_only, id=id, classes=classes)
        self._hints = tuple(hints)

    @property
    def hints(self) -> tuple[KeyHint, ...]:
        """All hints given, shown or not."""
        return self._hints

    def show(self, hints: Iterable[KeyHint]) -> None:
        """Offer other keys."""
        given = tuple(hints)
        if given != self._hints:
            self._hints = given
            self.refresh()

    def shown(self, width: int) -> list[KeyHint]:
        """The hints that have room in a line of this width."""
        kept = sorted(enumerate(self._hints), key=lambda item: item[1].rank)[:MOST_KEYS]
        while kept and _wide(self._drawn(hint for _, hint in sorted(kept))) > width:
            kept.pop()
        return [hint for _, hint in sorted(kept)]

    @override
    def _pieces(self, width: int) -> Sequence[Piece]:
        return self._drawn(self.shown(width))

    def _drawn(self, hints: Iterable[KeyHint]) -> list[Piece]:
        pieces: list[Piece] = []
        for hint in hints:
            pieces += [(" ", ""), (hint.key, "key-footer--key"), (f" {self._words(hint)} ", "")]
        return pieces

    def _words(self, hint: KeyHint) -> str:
        if not hint.asks:
            return hint.text
        return hint.text + ("..." if self._ascii else "…")

    def hint_at(self, x: int) -> KeyHint | None:
        """The hint drawn at this cell."""
        end = 0
        for hint in self.shown(self.size.width):
            end += _wide(self._drawn([hint]))
            if x < end:
                return hint
        return None

    def on_click(self, event: events.Click) -> None:
        """Do what the key under the mouse does."""
        hint = self.hint_at(event.x)
        if hint is not None:
            event.stop()
            self.post_message(self.Pressed(self, hint))


def _wide(pieces: Iterable[Piece]) -> int:
    return sum(cell_len(text) for text, _name in pieces)


def _clipped(pieces: Sequence[Piece], room: int, ellipsis: str) -> list[Piece]:
    """The pieces cut to the room there is, with an ellipsis where something is missing."""
    if _wide(pieces) <= room:
        return list(pieces)
    left, kept = max(0, room - len(ellipsis)), []
    for text, name in pieces:
        cells = min(left, cell_len(text))
        if cells:
            kept.append((set_cell_size(text, cells), name))
        left -= cells
    return [*kept, (ellipsis[: max(0, room)], "")]


def _merged(pieces: Iterable[Piece]) -> list[Piece]:
    """Neighbours of one look joined: every segment costs bytes on the way to the terminal."""
    merged: list[Piece] = []
    for text, name in pieces:
        if merged and merged[-1][1] == name:
            merged[-1] = (merged[-1][0] + text, name)
        elif text:
            merged.append((text, name))
    return merged
