"""From an app to a PNG: Textual's SVG with a font that is here, drawn by ``rsvg-convert``, in few colours."""

from __future__ import annotations

import html
import re
import shutil
import struct
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from textual.app import App

FONT: Final = "DejaVu Sans Mono"
ADVANCE: Final = 0.60205
"""Width of a character of that font, for a size of one."""
CELL: Final = 12.2
"""Width of a cell in the SVG."""
LINE: Final = 24.4
"""Height of a line, and how much of it is above the line letters stand on."""
ABOVE: Final = 18.5
BRAILLE: Final = 0x2800
_DOTS: Final = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""Column and row of each bit of a braille pattern."""
LIMIT: Final = 150_000
COLOURS: Final = 56

_LIGHTS: Final = re.compile(r"<circle [^>]*/>")
"""A window's buttons, which no terminal multiplexer, let alone a console, has."""
_FACES: Final = re.compile(r"@font-face\s*{.*?}", re.DOTALL)
_FAMILY: Final = re.compile(r"font-family:[^;}]*;")
_SIZE: Final = re.compile(r"font-size:\s*20px;")
_LENGTH: Final = re.compile(r'\s+textLength="[^"]*"')
_TEXT: Final = re.compile(r'<text class="([^"]*)" x="([0-9.]+)" y="([0-9.]+)"( clip-path="[^"]*")>([^<]*)</text>')
_PARTS: Final = re.compile(
    r"(?P<blank>[ \u00a0]+)|(?P<dots>[\u2800-\u28ff]+)|(?P<text>[^ \u00a0\u2800-\u28ff][^\u2800-\u28ff]*)"
)
_COLOUR: Final = re.compile("#([0-9a-fA-F]{6})")


class CannotDraw(Exception):
    """What is missing on this machine."""


def check() -> None:
    """See that pictures can be drawn.

    Raises:
        CannotDraw: if not, with what to install.
    """
    if shutil.which("rsvg-convert") is None:
        raise CannotDraw("rsvg-convert is not installed (Debian: librsvg2-bin).")
    fonts = subprocess.run(("fc-list", f":family={FONT}"), capture_output=True, text=True, check=False).stdout
    if not fonts.strip():
        raise CannotDraw(f"The font {FONT} is not installed (Debian: fonts-dejavu-core).")


def take(app: App[Any], path: Path) -> int:
    """Write what an app shows to a PNG file; its size in bytes."""
    svg = readied(app.export_screenshot(title="quarterdeck"))
    command = ("rsvg-convert", "--format=png")
    png = subprocess.run(command, input=svg.encode(), capture_output=True, check=True).stdout
    path.parent.mkdir(parents=True, exist_ok=True)
    smaller = indexed(png, keep=[bytes.fromhex(colour) for colour in dict.fromkeys(_COLOUR.findall(svg))])
    path.write_bytes(smaller if smaller is not None and len(smaller) < len(png) else png)
    return path.stat().st_size


def readied(svg: str) -> str:
    """The SVG with our font at the size at which its characters are as wide as the cells."""
    svg = _LIGHTS.sub("", _LENGTH.sub("", _FACES.sub("", svg)))
    svg = _TEXT.sub(_placed, svg)
    svg = _FAMILY.sub(f"font-family: '{FONT}';", svg)
    return _SIZE.sub(f"font-size: {CELL / ADVANCE:.3f}px;", svg)


def _placed(found: re.Match[str]) -> str:
    """A piece of text with each part where its cells are: blanks at its beginning and dots are not left to a font."""
    kind, left, line, rest = found[1], float(found[2]), float(found[3]), found[4]
    text = html.unescape(found[5])
    parts = []
    for part in _PARTS.finditer(text):
        x = left + part.start() * CELL
        if part["dots"]:
            parts += [_dots(kind, x + index * CELL, line, character) for index, character in enumerate(part["dots"])]
        elif part["text"]:
            words = html.escape(part["text"]).replace(" ", "\u00a0")
            parts.append(f'<text class="{kind}" x="{x:.1f}" y="{line:g}"{rest}>{words}</text>')
    return "".join(parts)


def _dots(kind: str, x: float, line: float, character: str) -> str:
    """A braille pattern, drawn: few fonts for terminals have them, and others draw them in another width."""
    bits, x, y = ord(character) - BRAILLE, x + CELL / 4, line - ABOVE + LINE / 8
    return "".join(
        f'<circle class="{kind}" r="1.7" cx="{x + column * CELL / 2:.2f}" cy="{y + row * LINE / 4:.2f}"/>'
        for bit, (column, row) in enumerate(_DOTS)
        if bits >> bit & 1
    )


def indexed(png: bytes, keep: Sequence[bytes] = ()) -> bytes | None:
    """The same picture with a palette of few colours, as small as zlib makes it; ``None`` for one not understood.

    Those to keep are kept. Rare ones, which are shades at the edges of letters, become the nearest of the common.
    """
    header, data = _chunks(png)
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if (depth, interlaced) != (8, 0) or kind not in (2, 6):
        return None
    pixels = _unfiltered(zlib.decompress(data), width, height, 4 if kind == 6 else 3)
    counts: dict[bytes, int] = {}
    for row in pixels:
        for pixel in row:
            counts[pixel] = counts.get(pixel, 0) + 1
    wanted = [pixel for pixel in counts if pixel[:3] in keep and pixel[3:] in (b"", b"\xff")]
    palette = list(dict.fromkeys([*wanted, *sorted(counts, key=lambda pixel: -counts[pixel])]))[:COLOURS]
    places = {pixel: place for place, pixel in enumerate(palette)}
    for pixel in counts:
        if pixel not in places:
            places[pixel] = _nearest(pixel, palette)
    raw = b"".join(b"\0" + bytes(places[pixel] for pixel in row) for row in pixels)
    parts = [
        _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        _chunk(b"PLTE", b"".join(pixel[:3] for pixel in palette)),
    ]
    if kind == 6:
        parts.append(_chunk(b"tRNS", bytes(pixel[3] for pixel in palette)))
    parts += [_chunk(b"IDAT", zlib.compress(raw, 9)), _chunk(b"IEND", b"")]
    return png[:8] + b"".join(parts)


def _nearest(pixel: bytes, palette: list[bytes]) -> int:
    return min(
        range(len(palette)), key=lambda place: sum((a - b) ** 2 for a, b in zip(pixel, palette[place], strict=True))
    )


def _chunks(png: bytes) -> tuple[bytes, bytes]:
    """The header and the compressed pixels of a PNG."""
    at, header, data = 8, b"", bytearray()
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        name, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        if name == b"IHDR":
            header = body
        elif name == b"IDAT":
            data += body
        at += length + 12
    return header, bytes(data)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _unfiltered(raw: bytes, width: int, height: int, size: int) -> list[list[bytes]]:
    """The pixels of each row."""
    line = width * size
    above = bytearray(line)
    rows = []
    for number in range(height):
        start = number * (line + 1)
        current = bytearray(raw[start + 1 : start + 1 + line])
        _undo(raw[start], current, above, size)
        rows.append([bytes(current[at : at + size]) for at in range(0, line, size)])
        above = current
    return rows


def _undo(method: int, line: bytearray, above: bytearray, size: int) -> None:
    """Take back PNG's filter of one line."""
    if method == 0:
        return
    for index, value in enumerate(line):
        left = line[index - size] if index >= size else 0
        up = above[index]
        if method == 1:
            guess = left
        elif method == 2:
            guess = up
        elif method == 3:
            guess = (left + up) // 2
        else:
            guess = _paeth(left, up, above[index - size] if index >= size else 0)
        line[index] = (value + guess) & 255


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    distances = (abs(guess - left), abs(guess - up), abs(guess - corner))
    return (left, up, corner)[distances.index(min(distances))]
