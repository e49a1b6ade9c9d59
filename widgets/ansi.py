"""Makes text from elsewhere safe to paint: colours stay, every other control goes.

A log may hold anything: cursor movement that would draw over the interface, titles and clipboard writes, hidden or
reordered text. :func:`clean` is the only door through which such text reaches a terminal. Its result never contains a
control character, and cleaning it again changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style

TAB = 8
Span = tuple[int, int, Style]
"""Start and end in the clean text, and how that part looks. Spans are in order and never overlap."""

_HIDING = r"\u00ad\u200b\u2060-\u2065\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
_REORDERING = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_CONTROLS = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_SUSPECT = re.compile(f"[{_CONTROLS}{_REORDERING}{_HIDING}]")
"""Where anything of ``_SEQUENCE`` may start: one character class is searched many times faster than that."""
_STRING_BODY = r"[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)"
_SEQUENCE = re.compile(
    r"(?P<csi>(?:\x1b\[|\x9b)(?P<parameters>[0-?]*)(?P<between>[ -/]*)(?P<final>[@-~]?))"
    rf"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f]){_STRING_BODY}"  # OSC, DCS, SOS, PM, APC with their end
    r"|\x1b[ -/]*[0-~]?"  # every other escape; an unended string loses its start only, so that nothing can hide
    rf"|(?P<control>[{_CONTROLS}])|(?P<reorder>[{_REORDERING}])|[{_HIDING}]"
)
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"


class Clean(NamedTuple):
    """Text that may be painted, and its colours."""

    text: str
    spans: tuple[Span, ...] = ()


def clean(text: str) -> Clean:
    """The line as a terminal would show it, colours as spans, every other escape gone.

    Tabs are expanded, of a progress bar drawn with carriage returns the last state stays, other controls become
    visible symbols, and characters that reorder or hide text are made visible or dropped.
    """
    if text.isprintable() or _SUSPECT.search(text) is None:
        return Clean(text)
    return _Cleaner().run(text)


def plain(text: str) -> str:
    """The clean text without its colours; much faster than ``clean`` where colours are all there is to take out."""
    if text.isprintable():
        return text
    if "\x1b" in text:
        uncoloured = _COLOUR.sub("", text)
        if uncoloured.isprintable():
            return uncoloured
    return clean(text).text


class _Cleaner:
    """One pass over one line."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._spans: list[Span] = []
        self._length = 0
        self._column = 0
        self._look = _PLAIN
        self._returned = False

    def run(self, text: str) -> Clean:
        """Everything of ``text`` that may be seen."""
        at = 0
        while suspect := _SUSPECT.search(text, at):
            if suspect.start() > at:
                self._write(text[at : suspect.start()])
            match = _SEQUENCE.match(text, suspect.start())
            assert match is not None
            at = match.end()
            self._meet(match)
        if at < len(text):
            self._write(text[at:])
        return Clean("".join(self._parts), tuple(self._spans))

    def _meet(self, match: re.Match[str]) -> None:
        kind = match.lastgroup
        if kind == "csi":
            if match["final"] == "m" and not match["between"]:
                self._look = _changed(self._look, match["parameters"])
        elif kind == "control":
            self._control(match[0])
        elif kind == "reorder":
            self._write(_UNKNOWN)

    def _control(self, character: str) -> None:
        code = ord(character)
        if character == "\r":
            self._returned = True
        elif character == "\t":
            self._write(" " * (TAB - (0 if self._returned else self._column) % TAB))
        elif code < 0x20:
            self._write(chr(0x2400 + code))
        else:
            self._write("\N{SYMBOL FOR DELETE}" if code == 0x7F else _UNKNOWN)

    def _write(self, piece: str) -> None:
        if self._returned:
            self._parts.clear()
            self._spans.clear()
            self._length = self._column = 0
            self._returned = False
        start = self._length
        self._parts.append(piece)
        self._length += len(piece)
        self._column += cell_len(piece)
        style = _style(self._look)
        if style is None:
            return
        if self._spans and self._spans[-1][1] == start and self._spans[-1][2] == style:
            start = self._spans.pop()[0]
        self._spans.append((start, self._length, style))


class _Look(NamedTuple):
    """What the colour escapes so far add up to."""

    foreground: Color | None = None
    background: Color | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False
    strike: bool = False
    overline: bool = False


_PLAIN = _Look()
_CHANGES: dict[int, dict[str, Any]] = {
    # Blinking (5, 6) and concealing (8) are left out: the one tires, the other hides.
    0: _PLAIN._asdict(),
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": True},
    7: {"reverse": True},
    9: {"strike": True},
    21: {"underline": True},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": False},
    27: {"reverse": False},
    29: {"strike": False},
    39: {"foreground": None},
    49: {"background": None},
    53: {"overline": True},
    55: {"overline": False},
    **{30 + number: {"foreground": Color.from_ansi(number)} for number in range(8)},
    **{90 + number: {"foreground": Color.from_ansi(8 + number)} for number in range(8)},
    **{40 + number: {"background": Color.from_ansi(number)} for number in range(8)},
    **{100 + number: {"background": Color.from_ansi(8 + number)} for number in range(8)},
}


@lru_cache(maxsize=1024)
def _style(look: _Look) -> Style | None:
    if look == _PLAIN:
        return None
    return Style(
        color=look.foreground,
        bgcolor=look.background,
        bold=look.bold or None,
        dim=look.dim or None,
        italic=look.italic or None,
        underline=look.underline or None,
        reverse=look.reverse or None,
        strike=look.strike or None,
        overline=look.overline or None,
    )


@lru_cache(maxsize=1024)
def _changed(look: _Look, parameters: str) -> _Look:
    """The look after ``ESC [ parameters m``."""
    if parameters[:1] in ("<", "=", ">", "?"):
        return look
    fields = iter(parameters.split(";"))
    for field in fields:
        if ":" in field:
            look = _with_colons(look, field)
            continue
        code = _number(field)
        if code in (38, 48, 58):
            look = _extended(look, code, fields)
        elif change := _CHANGES.get(code):
            look = look._replace(**change)
    return look


def _extended(look: _Look, code: int, fields: Iterator[str]) -> _Look:
    """``38;5;n`` and ``38;2;r;g;b``, likewise 48 and 58; takes from ``fields`` what belongs to it."""
    form = _number(next(fields, ""))
    count = {5: 1, 2: 3}.get(form, 0)
    return _coloured(look, code, [_number(next(fields, "")) for _ in range(count)])


def _with_colons(look: _Look, field: str) -> _Look:
    """``38:5:n``, ``38:2::r:g:b``, ``38:2:r:g:b`` and ``4:n``."""
    code, *rest = field.split(":")
    if code == "4":
        return look._replace(underline=rest[0] != "0")
    if code not in ("38", "48") or rest[0] not in ("2", "5"):
        return look
    values = [_number(part) for part in rest[1:]]
    return _coloured(look, int(code), values[:1] if rest[0] == "5" else values[-3:])


def _coloured(look: _Look, code: int, values: list[int]) -> _Look:
    if not all(0 <= value <= 255 for value in values) or code == 58:
        return look
    match values:
        case [number]:
            color = Color.from_ansi(number)
        case [red, green, blue]:
            color = Color.from_rgb(red, green, blue)
        case _:
            return look
    return look._replace(foreground=color) if code == 38 else look._replace(background=color)


def _number(text: str) -> int:
    """A parameter's value; an empty one is 0, a monstrous one no colour at all."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else (0 if not text else -1)
