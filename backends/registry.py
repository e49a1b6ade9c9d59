"""Finds backends by entry point and loads them by name; the only road to an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points

from backends.contract.errors import Invalid
from backends.contract.session import Backend
from backends.guard import guarded

GROUP = "quarterdeck.backends"
"""The entry-point group third parties register under; ours register the same way."""


class Registry:
    """The backends that are installed, each loaded when it is first asked for."""

    def __init__(self, loaded: Mapping[str, Backend] | None = None) -> None:
        """Take ready-made backends instead of the installed ones, where a test brings its own."""
        self._loaded: dict[str, Backend] = dict(loaded or {})
        self._points: dict[str, EntryPoint] = (
            {} if loaded is not None else {point.name: point for point in entry_points(group=GROUP)}
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The ids of all backends, in the order they are shown."""
        return tuple(sorted({*self._loaded, *self._points}, key=lambda name: (name != "local", name)))

    def load(self, name: str) -> Backend:
        """The backend of that name.

        Raises:
            Invalid: if there is none.
            BackendBug: if its module cannot be imported.
        """
        if name in self._loaded:
            return self._loaded[name]
        point = self._points.get(name)
        if point is None:
            raise Invalid(f"There is no backend “{name}”.", hint=f"Installed are: {', '.join(self.names) or 'none'}.")
        with guarded(f"backend {name}"):
            backend: Backend = point.load()
        self._loaded[name] = backend
        return backend
