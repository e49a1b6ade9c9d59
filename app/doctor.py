"""Looks an installation over: each check ends well, with a warning, or as a fault, and says what would help."""

from __future__ import annotations

import asyncio
import importlib.util
import locale
import os
import shutil
import sqlite3
import stat
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import closing
from enum import StrEnum, auto
from pathlib import Path
from typing import Final, NamedTuple

from backends.contract.errors import BackendError
from backends.registry import Registry
from fleet.daemon.greeting import daemon_welcome
from fleet.journal import chain
from fleet.paths import PRIVATE, Paths, check_private
from fleet.settings import SettingsError, load
from fleet.values import Connection, ConnectionState, Verification
from quarterdeck.finder import PACKAGES, ROOT
from quarterdeck.version import VERSION
from widgets.quantities import size

LITTLE, TOO_LITTLE = 1 << 30, 100 << 20
"""Bytes free on the journal's disk below which it is worth a word, or a fault."""
LARGE_JOURNAL: Final = 1 << 30
SLOW_ESCAPE: Final = 50
"""Milliseconds tmux may hold Escape back before it is felt."""
AHEAD: Final = 60.0
"""Seconds the newest entry may be ahead of the clock."""


class Level(StrEnum):
    """How a check ended."""

    OK = auto()
    WARN = auto()
    FAULT = auto()


class Check(NamedTuple):
    """One thing looked at."""

    id: str
    title: str
    level: Level
    says: str
    """A sentence."""
    remedy: str = ""
    """What would help, as a sentence; empty where nothing needs to."""


def fine(name: str, title: str, says: str) -> Check:
    """All is well."""
    return Check(name, title, Level.OK, says)


def warning(name: str, title: str, says: str, remedy: str = "") -> Check:
    """It works, and could work better."""
    return Check(name, title, Level.WARN, says, remedy)


def fault(name: str, title: str, says: str, remedy: str = "") -> Check:
    """It does not work."""
    return Check(name, title, Level.FAULT, says, remedy)


async def examine(
    paths: Paths, environment: Mapping[str, str], registry: Registry, *, profile: str | None = None
) -> AsyncIterator[Check]:
    """Everything that can be looked at without opening a connection, as it is found."""
    for check in (*_python(), *_start(environment), *_terminal(environment), await _tmux(environment)):
        if check is not None:
            yield check
    for check in (*_folders(paths), _settings(paths, environment, profile)):
        yield check
    yield await asyncio.to_thread(_journal, paths)
    yield _disk(paths)
    yield await _daemon(paths)
    for name in registry.names:
        yield await asyncio.to_thread(_backend, name, registry)


def of_connection(connection: Connection) -> Check:
    """How a connection stands, as a check."""
    spec = connection.spec
    name, title = f"connection.{spec.id}", f"connection {spec.id}"
    match connection.state:
        case ConnectionState.ONLINE:
            return fine(name, title, f"It answers in {(connection.latency or 0) * 1000:.0f} ms.")
        case ConnectionState.DISABLED:
            return fine(name, title, "It is switched off in the settings.")
        case ConnectionState.DEGRADED:
            says = f"It answers, but not everything works: {connection.reason}"
            return warning(name, title, says, connection.hint or "")
        case ConnectionState.CONNECTING:
            return warning(name, title, "It did not answer in time.", "Look again with --wait 30.")
    return fault(name, title, connection.reason or f"It is {connection.state.value}.", connection.hint or "")


def _python() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield fine("python", "Python", f"{sys.implementation.name} {version} at {sys.executable}.")
    where = "an environment of its own" if sys.prefix != sys.base_prefix else "the system's Python"
    if sys.prefix == sys.base_prefix and not os.environ.get("VIRTUAL_ENV"):
        yield warning(
            "install",
            "installation",
            f"Quarterdeck {VERSION} at {ROOT}, in {where}, whose packages may clash with ours.",
            "Install it as a tool of its own: pipx install quarterdeck, or uv tool install quarterdeck.",
        )
    else:
        yield fine("install", "installation", f"Quarterdeck {VERSION} at {ROOT}, in {where}.")


def _start(environment: Mapping[str, str]) -> Iterator[Check]:
    sources = [path for name in (*sorted(PACKAGES), "quarterdeck") for path in Path(ROOT, name).rglob("*.py")]
    missing = [path for path in sources if not Path(importlib.util.cache_from_source(str(path))).exists()]
    if len(missing) > len(sources) // 2 and not os.access(ROOT, os.W_OK):
        yield warning(
            "bytecode",
            "compiled files",
            f"{len(missing)} of {len(sources)} modules have no compiled form, so each start takes three times as long.",
            f"Once, with the right to write there: {sys.executable} -m compileall -q {ROOT}",
        )
    elif sys.dont_write_bytecode and missing:
        yield warning(
            "bytecode",
            "compiled files",
            "Python is told not to keep compiled files, so each start takes three times as long.",
            "Unset PYTHONDONTWRITEBYTECODE, or run once: python -m compileall -q " + ROOT,
        )
    else:
        yield fine("bytecode", "compiled files", f"{len(sources) - len(missing)} of {len(sources)} modules have them.")
    found = shutil.which("qd", path=environment.get("PATH"))
    if found and f"{os.sep}shims{os.sep}" in found:
        yield warning(
            "shim",
            "start",
            f"qd is started through a shim ({found}), which takes about 70 ms each time.",
            f"Put the folder of the real one before it on PATH: {Path(sys.executable).parent}",
        )


def _terminal(environment: Mapping[str, str]) -> Iterator[Check]:
    term, tty = environment.get("TERM", ""), sys.stdout.isatty()
    link = " over SSH" if environment.get("SSH_CONNECTION") else ""
    if term in ("", "dumb", "unknown"):
        level = warning if tty else fine
        yield level(
            "terminal", "terminal", f"TERM is “{term}”; the cockpit cannot draw there.", *_help_for_term(tty=tty)
        )
    else:
        depth = _colours(environment, term)
        yield fine("terminal", "terminal", f"TERM is {term}{link}, with {depth}{'' if tty else '; this is none'}.")
    encoding = locale.getpreferredencoding(do_setlocale=False)
    if encoding.lower().replace("-", "") == "utf8":
        yield fine("locale", "letters", "The locale is UTF-8.")
    else:
        yield warning(
            "locale",
            "letters",
            f"The locale's encoding is {encoding}, which lacks the shapes we draw with.",
            "Set LANG=C.UTF-8, or interface.ascii = true.",
        )


def _help_for_term(*, tty: bool) -> tuple[str, ...]:
    return ("Set TERM=xterm-256color if the terminal can do that.",) if tty else ()


def _colours(environment: Mapping[str, str], term: str) -> str:
    if environment.get("NO_COLOR"):
        return "no colours, as NO_COLOR asks"
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "16 million colours"
    return "256 colours" if "256" in term else "16 colours"


async def _tmux(environment: Mapping[str, str]) -> Check | None:
    if not environment.get("TMUX"):
        return None
    try:
        async with asyncio.timeout(2):
            asked = await asyncio.create_subprocess_exec(
                *("tmux", "show-options", "-sv", "escape-time"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=dict(environment),
            )
            answer, _ = await asked.communicate()
    except (OSError, TimeoutError):
        return None
    held = answer.decode(errors="replace").strip()
    if held.isdigit() and int(held) > SLOW_ESCAPE:
        says = f"tmux holds Escape back for {held} ms."
        return warning("tmux", "tmux", says, "In ~/.tmux.conf: set -sg escape-time 10")
    return fine("tmux", "tmux", "Escape passes through tmux at once.")


def _folders(paths: Paths) -> Iterator[Check]:
    for name, folder in (
        ("config", paths.config),
        ("data", paths.data),
        ("state", paths.state),
        ("cache", paths.cache),
    ):
        yield _folder(f"folder.{name}", f"{name} folder", folder)
    if paths.runtime.exists():
        try:
            check_private(paths.runtime)
        except BackendError as error:
            yield fault("folder.runtime", "runtime folder", error.message, error.hint or "")
            return
    yield fine("folder.runtime", "runtime folder", f"{paths.runtime}.")


def _folder(name: str, title: str, folder: Path) -> Check:
    try:
        found = folder.stat()
    except FileNotFoundError:
        return fine(name, title, f"{folder}, made when it is needed.")
    except OSError as error:
        return fault(name, title, f"{folder} cannot be looked at: {error.strerror}.")
    for wrong, says, remedy in (
        (not stat.S_ISDIR(found.st_mode), "is no folder", "Move away what is there."),
        (found.st_uid != os.getuid(), "belongs to another user", f"Run: chown {os.getuid()} {folder}"),
        (not os.access(folder, os.W_OK | os.X_OK), "cannot be written to", f"Run: chmod u+rwx {folder}"),
    ):
        if wrong:
            return fault(name, title, f"{folder} {says}.", remedy)
    if found.st_mode & 0o077 and name == "folder.state":
        mode = stat.S_IMODE(found.st_mode)
        says = f"{folder} is open to others (mode {mode:o}); the journal is there."
        return warning(name, title, says, f"Run: chmod {PRIVATE:o} {folder}")
    return fine(name, title, f"{folder}.")


def _settings(paths: Paths, environment: Mapping[str, str], profile: str | None) -> Check:
    try:
        load(paths, environment, profile)
    except SettingsError as error:
        return fault("settings", "settings", " ".join(map(str, error.problems)), "`qd config check` lists them.")
    if paths.settings.exists():
        return fine("settings", "settings", f"{paths.settings} is right.")
    return fine("settings", "settings", f"There is no {paths.settings}; the defaults hold.")


def _journal(paths: Paths) -> Check:
    name, title, file = "journal", "journal", paths.journal
    if not file.exists():
        return fine(name, title, f"{file}, made when it is needed.")
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=2)) as connection:
            damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if damage != "ok":
                return fault(name, title, f"{file} is damaged: {damage}.", "Restore it from a copy, or move it away.")
            verified = chain.verify(connection)
            newest = connection.execute("SELECT max(at) FROM entry").fetchone()[0]
    except sqlite3.Error as error:
        return fault(name, title, f"{file} cannot be read: {error}.", "Is the disk full, or the file another's?")
    bytes_held = sum(part.stat().st_size for part in file.parent.glob(f"{file.name}*"))
    return _judged(verified, newest or 0.0, bytes_held)


def _judged(verified: Verification, newest: float, bytes_held: int) -> Check:
    name, title = "journal", "journal"
    if verified.broken is not None:
        says = f"Entry {verified.broken} of the journal does not fit: {verified.reason}"
        return fault(name, title, says, "Somebody or something changed it; `qd journal show` has what it says now.")
    if newest > time.time() + AHEAD:
        return warning(
            name, title, "Its newest entry is in the future: the clock was set back.", "Set the clock right."
        )
    says = f"{verified.entries} entries, each linked to the one before, in {size(bytes_held)}."
    if bytes_held > LARGE_JOURNAL:
        return warning(name, title, says, "Keep less of it: journal.outputs_days and journal.events_days.")
    return fine(name, title, says)


def _disk(paths: Paths) -> Check:
    folder = next(each for each in (paths.state, *paths.state.parents) if each.exists())
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return warning("disk", "disk", f"How much is free for the journal is not known: {error.strerror}.")
    says = f"{size(free)} are free where the journal is."
    if free < TOO_LITTLE:
        return fault("disk", "disk", says, "Make room: what cannot be journalled is not done.")
    return warning("disk", "disk", says, "Make room.") if free < LITTLE else fine("disk", "disk", says)


async def _daemon(paths: Paths) -> Check:
    name, title = "daemon", "fleet daemon"
    try:
        welcome = await daemon_welcome(paths.socket)
    except BackendError as error:
        return fault(name, title, error.message, error.hint or "")
    if welcome is None:
        return fine(name, title, "It does not run; the cockpit starts it.")
    if not welcome.accepted and not welcome.ending:
        says = f"Process {welcome.pid} is another build ({welcome.version}) than this ({VERSION})."
        return warning(name, title, says, "`qd daemon restart` replaces it.")
    return fine(name, title, f"Process {welcome.pid}, version {welcome.version}.")


def _backend(name: str, registry: Registry) -> Check:
    """Whether a backend can be loaded, with the SDK it needs."""
    try:
        backend = registry.load(name)
        count = len(backend.verbs())
    except BackendError as error:
        return fault(f"backend.{name}", f"backend {name}", error.message, error.hint or _ask_pip(name))
    except ImportError as error:
        return fault(f"backend.{name}", f"backend {name}", f"What it needs is not installed: {error}.", _ask_pip(name))
    kinds = ", ".join(kind.plural.lower() for kind in backend.kinds)
    return fine(f"backend.{name}", f"backend {name}", f"{backend.title}: {kinds}; {count} verbs.")


def _ask_pip(name: str) -> str:
    return f"Install what backend {name} needs into {sys.prefix}."
