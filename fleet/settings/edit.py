"""Changes single settings in a file and leaves everything else in it as it was, comments included."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import TOMLKitError

from backends.contract.errors import Conflict, Invalid, Refused
from backends.contract.model import Fact
from fleet.paths import create_private
from fleet.settings.load import parse_layer
from fleet.settings.problems import SettingsError

BACKUPS: Final = 5
_KEY = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([A-Za-z0-9_-]+))\s*(?:\.|$)')


def set_value(path: Path, key: str, value: Fact, *, seen: int | None = None) -> int:
    """Set one key, or with ``None`` take it out so that the default holds again.

    Args:
        path: the settings file or a profile; it is created when it is not there.
        key: dotted: ``interface.theme``, ``keys."container.stop"``.
        value: what to set.
        seen: the file's `stamp` when it was last read; given that, a file changed since is not touched.

    Returns:
        The file's new stamp.

    Raises:
        Conflict: if the file was changed meanwhile.
        SettingsError: if the file would not be valid then; it stays as it was.
        Refused: if it cannot be written.
    """
    names = split_key(key)
    target = path.resolve()
    before = stamp(target)
    if seen is not None and before != seen:
        raise Conflict(f"{path} was changed meanwhile.", hint="Look at it again, then change it.")
    try:
        text = target.read_bytes().decode() if before else ""
        document = tomlkit.parse(text)
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise Refused(f"{path} cannot be changed as it is: {error}.", hint="Put it right by hand first.") from error
    _put(document, names, value)
    changed = tomlkit.dumps(document)
    if changed == text:
        return before
    problems = parse_layer(changed, str(path)).problems
    if problems:
        raise SettingsError(problems)
    try:
        return _replace(target, changed, before)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror or error}.") from error


def stamp(path: Path) -> int:
    """What tells one state of a file from another; 0 when there is none."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def split_key(key: str) -> tuple[str, ...]:
    """The names of a dotted key.

    Raises:
        Invalid: if it is none.
    """
    names: list[str] = []
    at = 0
    while at < len(key):
        match = _KEY.match(key, at)
        if match is None:
            break
        quoted, plain = match.groups()
        names.append(plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        at = match.end()
    if at < len(key) or not names or key.endswith("."):
        raise Invalid(f"“{key}” is no setting's name.", hint="It is written like interface.theme.")
    return tuple(names)


def _put(document: MutableMapping[str, Any], names: tuple[str, ...], value: Fact) -> None:
    table = document
    for name in names[:-1]:
        if value is None and name not in table:
            return
        inner = table.setdefault(name, tomlkit.table())
        if not isinstance(inner, MutableMapping):
            raise Invalid(f"“{'.'.join(names)}” is no setting's name: {name} holds no others.")
        table = inner
    if value is None:
        table.pop(names[-1], None)
    else:
        table[names[-1]] = value


def _replace(target: Path, text: str, before: int) -> int:
    """Put a whole new file in the place of the old, keeping its rights and some older ones."""
    create_private(target.parent)
    mode = stat.S_IMODE(target.stat().st_mode) if before else 0o600
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        if stamp(target) != before:
            raise Conflict(f"{target} was changed meanwhile.", hint="Look at it again, then change it.")
        if before:
            _back_up(target)
        part.replace(target)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return stamp(target)


def _back_up(target: Path) -> None:
    """Keep the last few states beside the file: ``settings.toml.~1`` is the newest."""
    for number in range(BACKUPS - 1, 0, -1):
        older = _backup(target, number)
        if older.exists():
            older.replace(_backup(target, number + 1))
    shutil.copy2(target, _backup(target, 1))


def _backup(target: Path, number: int) -> Path:
    return target.with_name(f"{target.name}.~{number}")
