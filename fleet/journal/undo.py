"""What is needed to take operations back. It may hold secrets (a container's environment), so it is not the journal's.

Each entry's payload is one file that only we can read, written whole or not at all, and gone after a while.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from backends.contract.errors import NotFound, Refused
from backends.contract.operation import Undo
from backends.lane import Lane
from fleet.paths import create_private

KEEP = 24 * 3600.0


class UndoStore:
    """The undo payloads of journal entries, in a folder of their own."""

    def __init__(self, folder: Path, *, keep: float = KEEP) -> None:
        """Keep payloads in ``folder`` for ``keep`` seconds."""
        self._folder = folder
        self._keep = keep
        self._lane = Lane("undo")

    async def save(self, entry: int, *undos: Undo) -> None:
        """Keep how an entry can be taken back: one undo, or one per target. On disk when it returns.

        Raises:
            Refused: if it cannot be written.
        """
        await self._lane.run(self._save, entry, undos)

    async def load(self, entry: int) -> tuple[Undo, ...]:
        """How an entry can be taken back, in the order it was saved.

        Raises:
            NotFound: if nothing is kept, or no longer.
        """
        return await self._lane.run(self._load, entry)

    async def remove(self, entry: int) -> None:
        """Forget an entry's payload: it was used, or must not be. Doing it twice is harmless."""
        await self._lane.run(self._path(entry).unlink, missing_ok=True)

    async def trim(self, now: float | None = None) -> None:
        """Remove what is older than is kept, and what a crash left half written."""
        await self._lane.run(self._trim, time.time() if now is None else now)

    def close(self) -> None:
        """Take no more calls."""
        self._lane.close()

    def _path(self, entry: int) -> Path:
        return self._folder / f"{int(entry)}.msgpack"

    def _save(self, entry: int, undos: tuple[Undo, ...]) -> None:
        create_private(self._folder)
        path = self._path(entry)
        part = path.with_suffix(".part")
        try:
            with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(msgspec.msgpack.encode(undos))
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            sync_folder(self._folder)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise Refused(f"How to undo this cannot be kept: {error.strerror}.") from error

    def _load(self, entry: int) -> tuple[Undo, ...]:
        path = self._path(entry)
        try:
            if time.time() - path.stat().st_mtime > self._keep:
                path.unlink(missing_ok=True)
                raise FileNotFoundError(path)
            return msgspec.msgpack.decode(path.read_bytes(), type=tuple[Undo, ...])
        except (OSError, msgspec.DecodeError) as error:
            raise NotFound(
                f"Nothing is kept to undo entry {entry}.",
                hint=f"Undo is possible for {self._keep / 3600:g} h, and once.",
            ) from error

    def _trim(self, now: float) -> None:
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            with suppress(OSError):
                if path.suffix == ".part" or now - path.stat().st_mtime > self._keep:
                    path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
