"""Which connections a fleet cares for: all of them, or only those one command is about."""

from __future__ import annotations

from typing import NamedTuple

from backends.contract.model import ConnectionSpec


class Scope(NamedTuple):
    """A part of the fleet; ``None`` leaves nothing out."""

    connections: frozenset[str] | None = None
    """Ids of connections."""
    backends: frozenset[str] | None = None
    """Ids of backends."""

    def covers_backend(self, backend: str) -> bool:
        """Whether connections of a backend may belong to it."""
        return self.backends is None or backend in self.backends

    def covers(self, spec: ConnectionSpec) -> bool:
        """Whether a connection belongs to it."""
        return self.covers_backend(spec.backend) and (self.connections is None or spec.id in self.connections)


EVERYTHING = Scope()
NOTHING = Scope(connections=frozenset(), backends=frozenset())
