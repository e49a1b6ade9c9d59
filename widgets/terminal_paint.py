"""How rows of a terminal become strips: one segment per run, in the theme's own sixteen colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from widgets.terminal_screen import PLAIN, Colour, Cursor, Pen, Row, Shape

_MOST_STYLES = 4096


class Painter:
    """Draws rows in one look: made anew when the theme changes."""

    def __init__(self, base: Style, sixteen: Sequence[ColorTriplet]) -> None:
        self.base = base
        self._sixteen = sixteen
        self._styles: dict[tuple[Pen, bool], Style] = {}

    def strip(self, row: Row, width: int, *, inverted: bool = False) -> Strip:
        """A row in exactly ``width`` cells."""
        return Strip(list(self._segments(row, width, inverted=inverted)), width)

    def _segments(self, row: Row, width: int, *, inverted: bool) -> Iterator[Segment]:
        used = 0
        for text, pen in row.runs:
            tame = text if text.isascii() else _tame(text)
            cells = len(tame) if tame.isascii() else cell_len(tame)
            if used + cells > width:
                tame = _cropped(tame, width - used)
                cells = width - used
            if cells:
                yield Segment(" " * cells if pen.conceal else tame, self._style(pen, inverted=inverted))
            used += cells
        if used < width:
            yield Segment(" " * (width - used), self._style(PLAIN, inverted=inverted))

    def _style(self, pen: Pen, *, inverted: bool) -> Style:
        style = self._styles.get((pen, inverted))
        if style is None:
            if len(self._styles) > _MOST_STYLES:
                self._styles.clear()
            style = self.base + Style(
                color=self._colour(pen.foreground),
                bgcolor=self._colour(pen.background),
                bold=pen.bold or None,
                dim=pen.dim or None,
                italic=pen.italic or None,
                underline=pen.underline or None,
                reverse=(pen.reverse != inverted) or None,
                strike=pen.strike or None,
            )
            self._styles[pen, inverted] = style
        return style

    def _colour(self, colour: Colour) -> Color | None:
        if colour is None:
            return None
        if isinstance(colour, tuple):
            return Color.from_rgb(*colour)
        if colour < len(self._sixteen):
            return Color.from_triplet(self._sixteen[colour])
        return Color.from_triplet(Color.from_ansi(colour).get_truecolor())


def with_cursor(strip: Strip, row: Row, cursor: Cursor, *, focused: bool) -> Strip:
    """The strip with the cursor on it: reversed, or underlined when that is its shape or the keys go elsewhere."""
    width = strip.cell_length
    start, end = _span(row.text, min(cursor.x, width - 1))
    under = strip.crop(start, end)
    if cursor.shape is Shape.BLOCK and focused:
        reversed_already = any(segment.style is not None and segment.style.reverse for segment in under)
        look = Style(reverse=not reversed_already)
    else:
        look = Style(underline=True)
    return Strip.join([strip.crop(0, start), _restyled(under, look), strip.crop(end, width)])


def with_mark(strip: Strip, row: Row, start: int, length: int) -> Strip:
    """The strip with some characters of its row marked as found."""
    width = strip.cell_length
    left = cell_len(row.text[:start])
    right = left + cell_len(row.text[start : start + length])
    hit = _restyled(strip.crop(left, right), Style(reverse=True, bold=True))
    return Strip.join([strip.crop(0, left), hit, strip.crop(right, width)])


def with_label(strip: Strip, label: str, base: Style) -> Strip:
    """The strip with a few words at its right end, where there is room for them."""
    width = strip.cell_length
    if len(label) >= width:
        return strip
    words = Strip([Segment(label, base + Style(reverse=True))], len(label))
    return Strip.join([strip.crop(0, width - len(label)), words])


def _restyled(strip: Strip, style: Style) -> Strip:
    return Strip([Segment(text, (old or Style()) + style) for text, old, _control in strip], strip.cell_length)


def _tame(text: str) -> str:
    """Text as wide here as in the emulator's cells: what joins characters into one picture is taken out."""
    return text.replace("\u200d", "").replace("\ufe0f", "")


def _cropped(text: str, cells: int) -> str:
    while text and cell_len(text) > cells:
        text = text[:-1]
    return text + " " * (cells - cell_len(text))


def _span(text: str, x: int) -> tuple[int, int]:
    """The cells of the character that covers cell ``x``."""
    if text.isascii():
        return x, x + 1
    start = 0
    for character in _tame(text):
        end = start + cell_len(character)
        if start <= x < end:
            return start, end
        start = end
    return x, x + 1
