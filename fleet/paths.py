"""Where everything of ours lives on this machine, private to the user it belongs to."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backends.contract.errors import Refused

APPLICATION = "quarterdeck"
HOME_VARIABLE = "QUARTERDECK_HOME"
PRIVATE = 0o700
SOCKET_LIMIT = 107 if sys.platform.startswith("linux") else 103
"""Bytes a unix socket's path may have, the final zero left out."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of one installation, and the files with fixed places in them. Nothing is created until asked for."""

    config: Path
    data: Path
    state: Path
    cache: Path
    runtime: Path

    @classmethod
    def for_environment(cls, environment: Mapping[str, str]) -> Paths:
        """The folders for an environment: all under ``QUARTERDECK_HOME`` when it is set, the platform's own else.

        The platform's own follow the XDG variables of this process.

        Raises:
            Refused: if ``QUARTERDECK_HOME`` is not an absolute path.
        """
        home = environment.get(HOME_VARIABLE, "")
        if home:
            return cls.under(Path(home).expanduser())
        from platformdirs import PlatformDirs  # a start with QUARTERDECK_HOME does not pay for it

        places = PlatformDirs(APPLICATION, appauthor=False)
        with warnings.catch_warnings():
            # A login without XDG_RUNTIME_DIR is common (su, cron, containers); what is used instead is checked by us.
            warnings.simplefilter("ignore")
            runtime = places.user_runtime_path
        return cls(
            config=places.user_config_path,
            data=places.user_data_path,
            state=places.user_state_path,
            cache=places.user_cache_path,
            runtime=runtime,
        )

    @classmethod
    def under(cls, home: Path) -> Paths:
        """All folders under one.

        Raises:
            Refused: if it is not an absolute path, since it would mean another place after every ``cd``.
        """
        if not home.is_absolute():
            raise Refused(f"{HOME_VARIABLE} is “{home}”, which is not an absolute path.", hint="Begin it with a slash.")
        return cls(
            config=home / "config",
            data=home / "data",
            state=home / "state",
            cache=home / "cache",
            runtime=home / "runtime",
        )

    @property
    def settings(self) -> Path:
        """The main settings file."""
        return self.config / "settings.toml"

    @property
    def profiles(self) -> Path:
        """The folder of profiles, each laid over the main settings file."""
        return self.config / "profiles"

    @property
    def journal(self) -> Path:
        """The journal's database."""
        return self.state / "journal.db"

    @property
    def inventory_cache(self) -> Path:
        """The database with the last known inventory; the journal's own, for `read_cached_inventory`."""
        return self.journal

    @property
    def undo(self) -> Path:
        """The folder of undo payloads, which may hold secrets."""
        return self.state / "undo"

    @property
    def log(self) -> Path:
        """The log of the fleet and the interface."""
        return self.state / "quarterdeck.log"

    @property
    def lock(self) -> Path:
        """The file whose lock the daemon holds while it lives."""
        return self._sockets / "daemon.lock"

    @property
    def socket(self) -> Path:
        """The daemon's socket, at a path short enough for the operating system."""
        return self._sockets / "daemon.sock"

    def create(self) -> None:
        """Create all folders, private to the user.

        Raises:
            Refused: if one cannot be created, or the runtime folder belongs to somebody else.
        """
        for folder in (self.config, self.data, self.state, self.cache):
            create_private(folder)
        self.create_runtime()

    def create_runtime(self) -> Path:
        """Create the folder of the socket and return it.

        Raises:
            Refused: if it is not ours, others may enter it, or somebody else could replace it.
        """
        for folder in dict.fromkeys((self.runtime, self._sockets)):
            create_private(folder)
            check_private(folder)
        return self._sockets

    @property
    def _sockets(self) -> Path:
        if len(os.fsencode(self.runtime / "daemon.sock")) <= SOCKET_LIMIT:
            return self.runtime
        # Bound to the long path by its hash, so that two homes never share a socket.
        name = hashlib.sha256(os.fsencode(self.runtime)).hexdigest()[:16]
        return Path("/tmp") / f"{APPLICATION}-{os.getuid()}" / name  # noqa: S108 - checked for ownership before use


def create_private(folder: Path) -> None:
    """Create a folder with those above it, each new one 0700. An existing folder keeps its mode.

    Raises:
        Refused: if it cannot be created.
    """
    try:
        missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
        for parent in reversed(missing):
            parent.mkdir(mode=PRIVATE, exist_ok=True)
    except OSError as error:
        raise Refused(f"The folder {folder} cannot be created: {error.strerror}.") from error
    if not folder.is_dir():
        raise Refused(f"{folder} is in the way: a folder is needed there.", hint="Move it and start again.")


def check_private(folder: Path) -> None:
    """Make sure that only we can enter a folder and that nobody but root could put another in its place.

    Raises:
        Refused: with a sentence saying which folder is wrong, and how.
    """
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise Refused(f"{folder} is not a folder of its own but a link or a file.", hint="Remove it and start again.")
    if found.st_uid != os.getuid():
        raise Refused(
            f"The folder {folder} belongs to another user (uid {found.st_uid}).", hint="It is not safe to use."
        )
    if stat.S_IMODE(found.st_mode) != PRIVATE:
        mode = stat.S_IMODE(found.st_mode)
        raise Refused(f"The folder {folder} is open to others (mode {mode:o}).", hint=f"Run: chmod 700 {folder}")
    for parent in folder.resolve().parents:
        _check_ancestor(parent)


def _check_ancestor(folder: Path) -> None:
    found = folder.stat()
    replaceable = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
    # A group that holds one user alone is common for home folders; what matters there is the owner.
    shared = found.st_mode & stat.S_IWOTH or found.st_gid != os.getgid()
    if found.st_uid not in (0, os.getuid()) or (replaceable and shared):
        raise Refused(
            f"The folder {folder} lets another user replace what is in it.",
            hint=f"Give it to root or yourself and run: chmod go-w {folder}",
        )
