"""The settings file that explains every setting, written when asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import inspect

from backends.contract.errors import Conflict, Refused
from fleet.paths import create_private
from fleet.policy.rules import Rule
from fleet.settings.check import bare, description, nested, visible_fields
from fleet.settings.model import ConnectionSettings, Settings

HEAD: Final = """\
# Settings of Quarterdeck. Every setting is here with its default; take away the # to change one.
# Over this file lies a profile (profiles/NAME.toml, chosen with --profile NAME or QUARTERDECK_PROFILE),
# and over both the environment: QUARTERDECK_MONITOR__LIST_EVERY=60.
"""
CONNECTION: Final = """\
# Connections of your own, or changes to one that was found (give it the same id).
# Secrets are written as references only: keyring:SERVICE/USER, env:NAME, file:PATH (mode 0600), command:PROGRAM ….
#
#   [[connection]]
#   id = "docker:build"
#   backend = "docker"
#   title = "Build server"
#   options = { host = "tcp://build.example.org:2376" }
#   labels = { site = "berlin" }
#   protected = true
#
# What a connection may say:
"""
POLICY: Final = """\
# Rules, asked in order: the first that fits answers. Without one, reading is allowed, what destroys asks,
# and what is protected wants its name typed. Protection is only loosened by a rule that says protected = true.
#
#   [[policy]]
#   decision = "deny"
#   effect = "destroy"
#   connection = "prod-*"
#   reason = "Nothing is destroyed in production from here."
#
# What a rule may say:
"""
KEYS: Final = """\
# Your own keys, by the id that the help shows: one key, or a list of them.
#
#   "container.stop" = "ctrl+s"
#   "app.palette" = ["ctrl+p", "f1"]
[keys]
"""


def default_text() -> str:
    """A settings file with everything in it, explained, and nothing changed."""
    parts = [HEAD]
    for name, struct in sections():
        intro = (struct.__doc__ or "").strip()
        parts.append("\n".join([f"# {intro}", f"[{name}]", *_settings(struct)]) + "\n")
    parts.append(CONNECTION + "\n".join(_explained(ConnectionSettings)) + "\n")
    parts.append(POLICY + "\n".join(_explained(Rule)) + "\n")
    parts.append(KEYS)
    return "\n".join(parts)


def write_default(path: Path) -> None:
    """Write it where no settings file is yet.

    Raises:
        Conflict: if there is one; it is never overwritten.
        Refused: if it cannot be written.
    """
    create_private(path.parent)
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "w") as file:
            file.write(default_text())
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise Conflict(f"{path} exists already and is left as it is.", hint="Move it away for a fresh one.") from error
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}.") from error


def _settings(struct: type[msgspec.Struct]) -> Iterator[str]:
    for name, field in visible_fields(struct).items():
        choices = _choices(field.type)
        yield f"# {description(field)}{f' One of: {choices}.' if choices else ''}"
        yield f"# {name} = {written(field.default)}"


def _explained(struct: type[msgspec.Struct]) -> Iterator[str]:
    for name, field in visible_fields(struct).items():
        choices = _choices(field.type)
        needed = " Needed." if field.required else ""
        yield f"#   {name}: {description(field)}{needed}{f' One of: {choices}.' if choices and field.required else ''}"


def _choices(field_type: inspect.Type) -> str:
    plain = bare(field_type)
    if isinstance(plain, inspect.LiteralType):
        return ", ".join(str(value) for value in plain.values)
    if isinstance(plain, inspect.EnumType):
        return ", ".join(str(member.value) for member in plain.cls)
    return ""


def written(value: object) -> str:
    """A single value as TOML writes it."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def sections() -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """The tables with single values, in the order they are written."""
    for name, field in visible_fields(Settings).items():
        struct, many = nested(field.type)
        if struct is not None and not many:
            yield name, struct
