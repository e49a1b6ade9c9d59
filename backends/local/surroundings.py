"""Who runs a program and in what: environment, user, folder, shell."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from backends.contract.errors import Invalid, Refused
from backends.contract.model import Command

OURS = ("QUARTERDECK_", "TEXTUAL_")
"""Prefixes of variables that are meant for this product, not for what it starts."""
OUTDATED = frozenset({"COLUMNS", "LINES", "_", "OLDPWD", "STY", "TMUX", "TMUX_PANE", "TERM_PROGRAM"})
"""Variables that tell of the terminal the product itself was started in."""


class Surroundings(NamedTuple):
    """What a program is started with. ``user`` is ``None`` when it is started as ourselves."""

    env: dict[str, str]
    cwd: str
    user: pwd.struct_passwd | None

    def identity(self) -> dict[str, Any]:
        """The arguments that make a child another user; none when it is ourselves."""
        if self.user is None:
            return {}
        groups = os.getgrouplist(self.user.pw_name, self.user.pw_gid)
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": groups}


def surroundings(command: Command, environment: Mapping[str, str]) -> Surroundings:
    """What a command is to be started with.

    Raises:
        Invalid: if its user or folder does not exist.
        Refused: if we may not become its user.
    """
    env = {
        name: value
        for name, value in environment.items()
        if not name.startswith(OURS) and name not in OUTDATED and not name.startswith("TERM_PROGRAM")
    }
    user = _user(command.user)
    if user is not None:
        env |= {"HOME": user.pw_dir, "USER": user.pw_name, "LOGNAME": user.pw_name, "SHELL": user.pw_shell}
    cwd = command.cwd or env.get("HOME") or "/"
    if not Path(cwd).is_dir():
        if command.cwd:
            raise Invalid(f"There is no folder {cwd}.")
        cwd = "/"
    env["PWD"] = cwd
    return Surroundings(env | dict(command.env), cwd, user)


def _user(name: str | None) -> pwd.struct_passwd | None:
    if not name:
        return None
    try:
        user = pwd.getpwuid(int(name)) if name.isdigit() else pwd.getpwnam(name)
    except KeyError as error:
        raise Invalid(f"There is no user “{name}” on this machine.") from error
    if user.pw_uid == os.geteuid():
        return None
    if os.geteuid() != 0:
        raise Refused(f"Only root can run programs as {user.pw_name}.", hint="Run `sudo` or `su` inside the command.")
    return user


def shell(env: Mapping[str, str]) -> tuple[str, ...]:
    """The best shell that is there: the user's own, bash, sh."""
    for candidate in (env.get("SHELL"), "bash", "sh"):
        found = shutil.which(candidate, path=env.get("PATH")) if candidate else None
        if found:
            return (found,)
    return ("/bin/sh",)
