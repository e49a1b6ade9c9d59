"""Our top-level package names are common words, so ours are found before anything else on the path."""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder

PACKAGES = frozenset({"app", "screens", "widgets", "assistant", "fleet", "backends"})
"""Exactly our packages; every other name goes its usual way."""

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - pathlib costs 10 ms here


class HouseFinder:
    """Finds our packages beside ``quarterdeck``, whatever the working folder and ``PYTHONPATH`` hold."""

    @staticmethod
    def find_spec(fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Find one of our top-level packages; submodules follow from the package itself."""
        del target
        if path is None and fullname in PACKAGES:
            return PathFinder.find_spec(fullname, [ROOT])
        return None


def install() -> None:
    """Put the finder first, and forget strangers that were imported under our names before we ran."""
    if HouseFinder not in sys.meta_path:
        sys.meta_path.insert(0, HouseFinder)
    for name in PACKAGES & sys.modules.keys():
        if not _is_ours(name):
            for module in [key for key in sys.modules if key == name or key.startswith(name + ".")]:
                del sys.modules[module]


def _is_ours(name: str) -> bool:
    origin = getattr(sys.modules[name], "__file__", None) or ""
    return origin.startswith(os.path.join(ROOT, name) + os.sep)  # noqa: PTH118 - as above
