"""Which running process an open entry belongs to, so that only those of dead ones are called lost."""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import suppress
from pathlib import Path


class Owner:
    """A name for this opening of the journal, kept alive by a file lock that no crash can leave behind."""

    def __init__(self, journal: Path) -> None:
        self._folder = journal.with_name(f"{journal.name}-owners")
        self.name = secrets.token_hex(8)
        self._file = -1

    def hold(self) -> None:
        """Take the lock. May raise ``OSError``."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._file = os.open(self._folder / self.name, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release(self) -> None:
        """Give the lock back and remove its file."""
        if self._file >= 0:
            (self._folder / self.name).unlink(missing_ok=True)
            os.close(self._file)
            self._file = -1

    def lives(self, name: str) -> bool:
        """Whether the owner of that name still runs; the file of a dead one is removed."""
        if name == self.name:
            return True
        path = self._folder / name
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            path.unlink(missing_ok=True)
            return False
        finally:
            os.close(file)

    def sweep(self) -> None:
        """Remove the files dead owners left."""
        with suppress(OSError):
            for path in self._folder.iterdir():
                self.lives(path.name)
