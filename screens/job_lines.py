"""Turns a job's output, which comes in pieces, into lines."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence

from backends.contract.model import LogLine, Output, ResourceId, Stream
from fleet.values import JobOutput

LONGEST = 1 << 20
"""Characters of a line that has not ended; then it is shown as it is, and goes on in the next."""


class Lines:
    """Cuts pieces into lines, each target's streams apart, whatever the pieces are cut into."""

    def __init__(self) -> None:
        self.last: dict[ResourceId, str] = {}
        """The last line of each target that was not blank."""
        self.codes: dict[ResourceId, int] = {}
        """The exit codes told so far."""
        self._open: dict[tuple[ResourceId, Stream], _Line] = {}

    def take(self, piece: JobOutput) -> Sequence[LogLine]:
        """The lines that a piece completes."""
        target, output = piece.target, piece.output
        lines = list(self._cut(target, output)) if output.data else []
        if output.exit_code is not None:
            self.codes[target] = output.exit_code
            lines += self.rest(target)
            text = f"exit code {output.exit_code}"
            lines.append(LogLine(text, stream=Stream.NOTE, source=target))
        return lines

    def rest(self, target: ResourceId | None = None) -> Sequence[LogLine]:
        """The lines begun and not ended: of one target, or, when nothing more comes, of all."""
        ended = [key for key in self._open if target is None or key[0] == target]
        lines = []
        for key in ended:
            text = self._open.pop(key).end()
            if text:
                lines.append(self._line(key[0], key[1], text))
        return lines

    def _cut(self, target: ResourceId, output: Output) -> Iterator[LogLine]:
        line = self._open.setdefault((target, output.stream), _Line())
        for text in line.cut(output.data):
            yield self._line(target, output.stream, text)

    def _line(self, target: ResourceId, stream: Stream, text: str) -> LogLine:
        if stream is not Stream.NOTE and text.strip():
            self.last[target] = text[-400:]
        return LogLine(text, stream=stream, source=target)


class _Line:
    """A line that has begun: what of it is there, and of its last character."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._text: list[str] = []
        self._length = 0

    def cut(self, data: bytes) -> Iterator[str]:
        first, *others = self._decoder.decode(data).split("\n")
        self._add(first)
        for other in others:
            yield self._take().removesuffix("\r")
            self._add(other)
        if self._length > LONGEST:
            yield self._take()

    def end(self) -> str:
        self._add(self._decoder.decode(b"", final=True))
        return self._take().removesuffix("\r")

    def _add(self, text: str) -> None:
        self._text.append(text)
        self._length += len(text)

    def _take(self) -> str:
        text, self._text, self._length = "".join(self._text), [], 0
        return text
