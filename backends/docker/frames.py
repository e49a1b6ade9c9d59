"""Takes apart the stream in which an engine mixes a program's output and errors.

Each piece is headed by eight bytes: which stream, three zeros, and its length.
"""

from __future__ import annotations

from backends.contract.errors import Unreachable
from backends.contract.model import Stream

HEAD = 8
STREAMS = {0: Stream.OUT, 1: Stream.OUT, 2: Stream.ERR, 3: Stream.NOTE}
"""By number; 3 is the engine's own remark, such as that a log cannot be read further."""


class Frames:
    """Whole pieces out of bytes that come cut anywhere: what logs need, where a piece is one line."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[Stream, bytes]]:
        """The pieces that are complete now.

        Raises:
            Unreachable: if this is no such stream.
        """
        data = self._rest + data if self._rest else data
        at, end, pieces = 0, len(data), []
        while end - at >= HEAD:
            stream, size = head(data, at)
            if end - at - HEAD < size:
                break
            pieces.append((stream, data[at + HEAD : at + HEAD + size]))
            at += HEAD + size
        self._rest = data[at:]
        return pieces


class Flow:
    """The same stream without waiting for pieces to be whole: what a running program's output needs."""

    def __init__(self) -> None:
        self._head = b""
        self._stream = Stream.OUT
        self._left = 0

    def feed(self, data: bytes) -> list[tuple[Stream, bytes]]:
        """Everything that came, by stream, neighbours of one stream joined.

        Raises:
            Unreachable: if this is no such stream.
        """
        found: list[tuple[Stream, list[bytes]]] = []
        at = 0
        while at < len(data):
            if self._left:
                piece = data[at : at + self._left]
                at += len(piece)
                self._left -= len(piece)
                if not found or found[-1][0] is not self._stream:
                    found.append((self._stream, []))
                found[-1][1].append(piece)
                continue
            missing = HEAD - len(self._head)
            self._head += data[at : at + missing]
            at += missing
            if len(self._head) == HEAD:
                self._stream, self._left = head(self._head, 0)
                self._head = b""
        return [(stream, b"".join(pieces)) for stream, pieces in found]


def head(data: bytes, at: int) -> tuple[Stream, int]:
    """The stream and length a piece's head tells.

    Raises:
        Unreachable: if these bytes are no head.
    """
    stream = STREAMS.get(data[at])
    if stream is None or data[at + 1 : at + 4] != b"\0\0\0":
        raise Unreachable("The engine sent output in a form that is not understood.")
    return stream, int.from_bytes(data[at + 4 : at + 8], "big")
