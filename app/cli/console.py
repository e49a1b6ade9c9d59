"""Where commands print: results on standard output, everything said about them on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from widgets.cells import neutral
from widgets.glyphs import ASCII, UNICODE, Glyphs

FORMAT: Final = 1
"""The version of everything ``--json`` prints; it changes when something is taken away or means something else."""
_LOOKS: Final = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}


class Console:
    """The two outputs of one command."""

    def __init__(self, environment: Mapping[str, str], *, colour: str = "auto") -> None:
        """Take over the process's outputs; colours only on a terminal that wants them."""
        self.out, self.err = sys.stdout, sys.stderr
        for stream in (self.out, self.err):
            if hasattr(stream, "reconfigure"):  # a test's replacement may not have it
                stream.reconfigure(errors="replace")
        wanted = colour != "never" and not environment.get("NO_COLOR") and environment.get("TERM", "dumb") != "dumb"
        self.tty = _is_terminal(self.out)
        self.colour = wanted and self.tty
        self._err_colour = wanted and _is_terminal(self.err)
        encoding = (getattr(self.out, "encoding", None) or "").lower().replace("-", "")
        self.glyphs: Glyphs = UNICODE if encoding == "utf8" else ASCII

    @property
    def asks(self) -> bool:
        """Whether somebody sits there who can be asked."""
        return _is_terminal(sys.stdin) and _is_terminal(self.err)

    @property
    def width(self) -> int | None:
        """The columns of the terminal; ``None`` where output goes somewhere else and must not be cut."""
        if not self.tty:
            return None
        with suppress(OSError, ValueError):
            return max(20, os.get_terminal_size(self.out.fileno()).columns)
        return 80

    def print(self, text: str = "") -> None:
        """A line of the result."""
        self.out.write(text + "\n")

    def say(self, text: str = "") -> None:
        """A line about the result. Standard output goes first, so that on a terminal they stay in order."""
        self.out.flush()
        with suppress(BrokenPipeError):
            self.err.write(text + "\n")
            self.err.flush()

    def complain(self, message: str, hint: str | None = None) -> None:
        """What went wrong, and what may help; both may hold what others wrote."""
        lines = [neutral(line, self.glyphs) for line in message.splitlines() or [""]]
        self.say(self.look("qd: ", "red", err=True) + "\n".join(lines))
        for line in (hint or "").splitlines():
            self.say(f"    {neutral(line, self.glyphs)}")

    def document(self, kind: str, items: Sequence[Any], **more: Any) -> None:
        """The whole result as one JSON document."""
        from msgspec import json

        text = json.format(json.encode({"version": FORMAT, "kind": kind, **more, "items": plain(items)}), indent=2)
        self.print(text.decode())

    def line(self, kind: str, item: Mapping[str, Any]) -> None:
        """A piece of the result as JSON on a line of its own, out at once."""
        from msgspec import json

        self.print(json.encode({"version": FORMAT, "kind": kind, **plain(item)}).decode())
        self.flush()

    def write(self, data: bytes, *, error: bool = False) -> None:
        """Bytes as they are."""
        stream = self.err if error else self.out
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()

    def look(self, text: str, *looks: str, err: bool = False) -> str:
        """The text in a look, where there are looks."""
        if not (self._err_colour if err else self.colour) or not looks:
            return text
        codes = ";".join(_LOOKS[name] for name in looks)
        return f"\x1b[{codes}m{text}\x1b[0m"

    def neutral(self, text: str) -> str:
        """Somebody else's text, safe to print on one line."""
        return neutral(text, self.glyphs)

    def flush(self) -> None:
        """Everything printed so far leaves."""
        self.out.flush()

    def table(
        self, titles: Sequence[str], rows: Iterable[Sequence[str]], *, right: frozenset[int] = frozenset()
    ) -> None:
        """A small table, uncut."""
        from app.cli.tables import lines

        for number, text in enumerate(lines(titles, list(rows), right=right)):
            self.print(self.look(text, "bold") if number == 0 and titles else text)


def plain(value: Any) -> Any:
    """A value as JSON may have it: no broken characters, which the format cannot hold."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {plain(str(key)): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):  # noqa: PLR0124 - NaN
        return None
    return value


def moment(at: float | None) -> str | None:
    """A moment as JSON shows it: ISO 8601 in UTC, to the millisecond."""
    if at is None:
        return None
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None


def clock(at: float) -> str:
    """A moment as people read it: local, with its date."""
    try:
        return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return "?"


def forget_output() -> None:
    """Let the interpreter's last flush find somebody: whoever read our output has gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
            continue
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream is not None and stream.isatty())
    except ValueError:
        return False  # closed
