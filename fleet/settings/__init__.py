"""How the user wants it: typed settings from TOML, the environment and a profile.

What writes files is loaded when it is first asked for; most starts only read.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from fleet.settings.load import load, parse
from fleet.settings.model import Settings
from fleet.settings.problems import Problem, SettingsError

if TYPE_CHECKING:
    from fleet.settings.default import default_text, write_default
    from fleet.settings.edit import set_value, stamp

__all__ = [
    "Problem",
    "Settings",
    "SettingsError",
    "default_text",
    "load",
    "parse",
    "set_value",
    "stamp",
    "write_default",
]

_HOMES = {"default_text": "default", "write_default": "default", "set_value": "edit", "stamp": "edit"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
