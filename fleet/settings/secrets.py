"""Secrets are written as references and resolved when they are needed; a resolved one does not show itself."""

from __future__ import annotations

import asyncio
import os
import shlex
import stat
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final, NoReturn

from typing_extensions import override

from backends.contract.errors import Invalid, NeedsAuth, TimedOut
from backends.lane import Lane
from fleet.settings.references import PREFIXES

STARS: Final = "••••"
COMMAND_LIMIT: Final = 30.0
KEYRING_LIMIT: Final = 60.0
"""Long, since a keyring may ask a person to unlock it."""
SIZE_LIMIT: Final = 64 * 1024


class Secret:
    """A secret's text, for those who ask for it by name; everywhere else it is stars."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself: only for handing it to what needs it."""
        return self._text

    @override
    def __str__(self) -> str:
        return STARS

    @override
    def __repr__(self) -> str:
        return f"Secret({STARS})"

    @override
    def __format__(self, spec: str) -> str:
        return STARS

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    @override
    def __hash__(self) -> int:
        return hash(("Secret", self._text))

    @override
    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not written anywhere.")


async def resolve(reference: str, environment: Mapping[str, str]) -> Secret:
    """The secret a reference stands for.

    Args:
        reference: ``keyring:SERVICE/USER``, ``env:NAME``, ``file:PATH`` or ``command:PROGRAM ARGUMENTS``.
        environment: where ``env:`` looks and what a command is given.

    Raises:
        Invalid: if it is no reference, or cannot be one.
        NeedsAuth: if the secret is not there, or not safe where it is.
        TimedOut: if a command or the keyring does not answer.
    """
    kind, colon, rest = reference.partition(":")
    if not colon or f"{kind}:" not in PREFIXES:
        raise Invalid(
            "A secret stands in the settings in plain text.",
            hint="Write where it is instead: keyring:SERVICE/USER, env:NAME, file:PATH or command:….",
        )
    if not rest:
        raise Invalid(f"The secret reference “{reference}” names nothing.")
    match kind:
        case "env":
            return _from_environment(rest, environment)
        case "file":
            return await _lane().run(_from_file, rest, environment)
        case "keyring":
            return await _lane().run(_from_keyring, rest)
        case _:
            return await _from_command(rest, environment)


@lru_cache(maxsize=1)
def _lane() -> Lane:
    return Lane("the keyring", patience=KEYRING_LIMIT)


def _from_environment(name: str, environment: Mapping[str, str]) -> Secret:
    value = environment.get(name, "")
    if not value:
        raise NeedsAuth(f"The environment variable {name}, which should hold a secret, is not set.")
    return Secret(value)


def _from_file(name: str, environment: Mapping[str, str]) -> Secret:
    path = Path(name)
    if name.startswith("~/"):
        path = Path(environment.get("HOME") or Path.home()) / name[2:]
    if not path.is_absolute():
        raise Invalid(f"The secret file {name} must be given from the root or from ~/.")
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            _check_file(path, os.fstat(file.fileno()))
            return _decoded(file.read(SIZE_LIMIT + 1), f"The secret file {path}")
    except OSError as error:
        raise NeedsAuth(f"The secret file {path} cannot be read: {error.strerror}.") from error


def _check_file(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise Invalid(f"The secret file {path} is not a file.")
    if found.st_uid != os.getuid():
        raise NeedsAuth(f"The secret file {path} belongs to another user.", hint="Make it your own.")
    if found.st_mode & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        raise NeedsAuth(f"The secret file {path} is open to others (mode {mode:o}).", hint=f"Run: chmod 600 {path}")


def _from_keyring(name: str) -> Secret:
    service, slash, user = name.rpartition("/")
    if not slash or not service or not user:
        raise Invalid(f"“keyring:{name}” must be keyring:SERVICE/USER.")
    import keyring  # slow to import, and rarely needed
    from keyring.errors import KeyringError

    try:
        value = keyring.get_password(service, user)
    except (KeyringError, RuntimeError, OSError) as error:
        raise NeedsAuth(f"The keyring does not open: {error}.", hint="Unlock it, or use file: or command:.") from error
    if not value:
        raise NeedsAuth(f"The keyring has nothing for {user} at {service}.", hint=f"Run: keyring set {service} {user}")
    return Secret(value)


async def _from_command(line: str, environment: Mapping[str, str]) -> Secret:
    try:
        argv = shlex.split(line)
    except ValueError as error:
        raise Invalid(f"The secret command cannot be read: {error}.") from error
    if not argv:
        raise Invalid("The secret command is empty.")
    program = argv[0]
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=dict(environment),
            start_new_session=True,
        )
    except OSError as error:
        raise NeedsAuth(f"The secret command {program} cannot be started: {error.strerror}.") from error
    out = await _answer(process, program)
    if process.returncode != 0 and len(out) <= SIZE_LIMIT:
        # Its words are not shown: they may quote what it was about to print.
        raise NeedsAuth(f"The secret command {program} ended with exit code {process.returncode}.")
    return _decoded(out, f"The secret command {program}")


async def _answer(process: asyncio.subprocess.Process, program: str) -> bytes:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(COMMAND_LIMIT):
            out = await process.stdout.read(SIZE_LIMIT + 1)
            while len(out) <= SIZE_LIMIT and (more := await process.stdout.read(SIZE_LIMIT + 1)):
                out += more
            if len(out) <= SIZE_LIMIT:
                await process.wait()
            return out
    except TimeoutError as error:
        raise TimedOut(f"The secret command {program} did not answer within {COMMAND_LIMIT:g} s.") from error
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            await process.wait()


def _decoded(data: bytes, what: str) -> Secret:
    if len(data) > SIZE_LIMIT:
        raise Invalid(f"{what} gives more than {SIZE_LIMIT} bytes.")
    try:
        text = data.decode().strip("\r\n")
    except UnicodeDecodeError as error:
        raise Invalid(f"{what} gives no text.") from error
    if not text.strip():
        raise NeedsAuth(f"{what} gives nothing.")
    return Secret(text)
