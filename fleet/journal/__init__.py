"""The durable record of what was done, what it said and what was measured, in one SQLite database.

Names are loaded when first used: the interface asks for `read_cached_inventory` before its first frame and must not
pay for the writer.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet.journal.cache import CachedInventory, read_cached_inventory
    from fleet.journal.journal import Journal
    from fleet.journal.minutes import Minute
    from fleet.journal.records import Draft
    from fleet.journal.retention import Retention
    from fleet.journal.undo import UndoStore

__all__ = ["CachedInventory", "Draft", "Journal", "Minute", "Retention", "UndoStore", "read_cached_inventory"]

_HOMES = {
    "CachedInventory": "cache",
    "Draft": "records",
    "Journal": "journal",
    "Minute": "minutes",
    "Retention": "retention",
    "UndoStore": "undo",
    "read_cached_inventory": "cache",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
