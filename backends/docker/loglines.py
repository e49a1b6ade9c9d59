"""Log lines out of what an engine streams: with their moments, whole even when the engine stored them in pieces.

Engines keep long lines in pieces of 16 KiB and put a moment in front of each piece.
"""

from __future__ import annotations

from typing import NamedTuple

from backends.contract.model import LogLine, ResourceId, Stream
from backends.docker.frames import Frames
from backends.docker.moments import log_moment

PIECE = 16 * 1024
LONGEST = 4 * 1024 * 1024
"""A line longer than this is given out in parts, so that one endless line cannot fill the memory."""


class _Begun(NamedTuple):
    """A line whose end has not come yet."""

    at: float | None
    pieces: list[bytes]
    size: int


class LogLines:
    """Cuts one container's log stream into lines. ``tty`` logs come bare, others in frames by stream."""

    def __init__(self, source: ResourceId, *, tty: bool) -> None:
        self._source = source
        self._frames = None if tty else Frames()
        self._begun: dict[Stream, _Begun] = {}
        self._raw = b""

    def feed(self, data: bytes) -> list[LogLine]:
        """The lines that are complete now."""
        lines: list[LogLine] = []
        if self._frames is None:
            self._bare(data, lines)
            return lines
        for stream, piece in self._frames.feed(data):
            self._piece(stream, piece, lines)
        return lines

    def finish(self) -> list[LogLine]:
        """What is left when the log has ended in the middle of a line."""
        lines: list[LogLine] = []
        if self._raw:
            raw, self._raw = self._raw, b""
            self._stamped(Stream.OUT, raw, lines)
        for stream, begun in self._begun.items():
            lines.append(self._line(stream, begun.at, b"".join(begun.pieces)))
        self._begun.clear()
        return lines

    def _bare(self, data: bytes, lines: list[LogLine]) -> None:
        *whole, self._raw = (self._raw + data).split(b"\n")
        for line in whole:
            self._stamped(Stream.OUT, line, lines)
        if len(self._raw) > LONGEST:
            raw, self._raw = self._raw, b""
            self._stamped(Stream.OUT, raw, lines)

    def _stamped(self, stream: Stream, line: bytes, lines: list[LogLine]) -> None:
        """A whole line of a bare log; the moments the engine put between its pieces are taken out."""
        at, text = split_stamp(line)
        if len(text) <= PIECE:
            lines.append(self._line(stream, at, text))
            return
        pieces = []
        while len(text) > PIECE:
            pieces.append(text[:PIECE])
            text = split_stamp(text[PIECE:])[1]
        lines.append(self._line(stream, at, b"".join((*pieces, text))))

    def _piece(self, stream: Stream, piece: bytes, lines: list[LogLine]) -> None:
        """One frame: a line, a piece of one, or (from some engines) several lines."""
        for part in _parts(piece):
            at, text = split_stamp(part)
            begun = self._begun.pop(stream, None)
            if begun is None and text.endswith(b"\n"):
                lines.append(self._line(stream, at, text[:-1]))
                continue
            begun = begun or _Begun(at, [], 0)
            begun.pieces.append(text.removesuffix(b"\n"))
            size = begun.size + len(text)
            if text.endswith(b"\n") or size > LONGEST:
                lines.append(self._line(stream, begun.at, b"".join(begun.pieces)))
            else:
                self._begun[stream] = _Begun(begun.at, begun.pieces, size)

    def _line(self, stream: Stream, at: float | None, text: bytes) -> LogLine:
        return LogLine(text.decode("utf-8", "replace").rstrip("\r\n"), at, stream, self._source)


def split_stamp(line: bytes) -> tuple[float | None, bytes]:
    """The moment in front of a line, and the line. A line without one stays as it is."""
    end = line.find(b" ", 19, 40)
    if end > 0 and line[4:5] == b"-" and line[10:11] == b"T":
        at = log_moment(line[:end])
        if at is not None:
            return at, line[end + 1 :]
    return None, line


def _parts(piece: bytes) -> list[bytes]:
    """The lines in a frame with their ends. Not ``splitlines``: a carriage return ends none."""
    if piece.find(b"\n", 0, len(piece) - 1) < 0:
        return [piece]
    *whole, rest = piece.split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])
