"""Writes a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


class Taken(ValueError):
    """There is a file of that name."""


def write_new(path: Path, text: str, *, overwrite: bool = False) -> Path:
    """Write text to a file that only its owner may read, and return its full path.

    The text goes to a temporary file beside it first, so that neither a full disk nor a kill leaves half a file.

    Raises:
        Taken: with a sentence, if it already exists, unless told to ``overwrite``.
        ValueError: with a sentence, if it cannot be written.
    """
    target = path.expanduser().absolute()
    try:
        _write(target, text, overwrite=overwrite)
    except FileExistsError as error:
        raise Taken(f"{target} already exists; choose another name.") from error
    except OSError as error:
        raise ValueError(f"Cannot write {target}: {error.strerror or error}.") from error
    return target


def _write(target: Path, text: str, *, overwrite: bool) -> None:
    if target.exists() and not overwrite:
        raise FileExistsError(target)
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            temporary.replace(target)
        else:
            _place(temporary, target)
        _sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _place(temporary: Path, target: Path) -> None:
    """Give it its name unless that is taken; a link tells, where the file system has links."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:
        temporary.replace(target)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
