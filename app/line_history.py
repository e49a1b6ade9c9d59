"""The lines given to the command line, kept for the next run: private to the user, bounded, secrets masked."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

KEPT: Final = 500
LONGEST: Final = 2000
"""Letters of a line that is kept; a longer one was pasted, and is not worth typing again."""
READ: Final = 1 << 20
"""Bytes read of the file: somebody may have put anything there."""


class LineHistory:
    """Lines, the newest last. What was typed in this run is recalled as it was; the file has it masked."""

    def __init__(self, path: Path | None) -> None:
        """Keep lines in this file, or without one for this run only."""
        self._path = path
        self._lines: list[str] = []
        self._unsaved: list[str] = []

    @property
    def lines(self) -> Sequence[str]:
        """What can be recalled."""
        return tuple(self._lines)

    def load(self) -> None:
        """Read what former runs left. A file that cannot be read is no reason to complain about a history."""
        if self._path is None:
            return
        try:
            with self._path.open("rb") as file:
                file.seek(max(0, self._path.stat().st_size - READ))
                lines = file.read(READ).decode(errors="replace").splitlines()
        except OSError:
            return
        former = [line for line in lines if line.strip() and len(line) <= LONGEST]
        self._lines = list(dict.fromkeys(reversed([*former, *self._lines])))[::-1][-KEPT:]
        if len(lines) > 2 * KEPT:
            self._shorten()

    def add(self, line: str) -> None:
        """Remember a line; `save` writes it."""
        text = " ".join(line.split())
        if not text or len(text) > LONGEST:
            return
        if text in self._lines:
            self._lines.remove(text)
        self._lines.append(text)
        del self._lines[:-KEPT]
        self._unsaved.append(" ".join(_masked(text).split()))

    def save(self) -> None:
        """Append what was added since; several interfaces may share the file."""
        unsaved, self._unsaved = self._unsaved, []
        if self._path is None or not unsaved:
            return
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            with os.fdopen(os.open(self._path, flags, 0o600), "ab") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write("".join(f"{line}\n" for line in unsaved).encode(errors="replace"))

    def _shorten(self) -> None:
        """Write only what is kept, whole or not at all."""
        assert self._path is not None
        with suppress(OSError):
            import tempfile

            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
            with os.fdopen(handle, "wb") as file:
                file.write("".join(f"{_masked(line)}\n" for line in self._lines).encode(errors="replace"))
            Path(name).replace(self._path)


def _masked(text: str) -> str:
    """The text without what may be a secret; what that takes is imported when first needed, not at the start."""
    from fleet.redaction import redact

    return redact(text)
