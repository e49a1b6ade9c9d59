"""Which resources are marked, and the range being drawn."""

from __future__ import annotations

from collections.abc import Iterable

from backends.contract.model import ResourceId


class Marks:
    """A set of marked resources; a range in progress is laid over what was marked before it began."""

    def __init__(self) -> None:
        self.all: frozenset[ResourceId] = frozenset()
        self.anchor: ResourceId | None = None
        """Where the range in progress began."""
        self._before: frozenset[ResourceId] = frozenset()

    def __contains__(self, resource: ResourceId) -> bool:
        return resource in self.all

    def __len__(self) -> int:
        return len(self.all)

    def toggle(self, resource: ResourceId) -> None:
        """Mark it, or take its mark away."""
        self.anchor = None
        self.all ^= {resource}

    def toggle_all(self, resources: Iterable[ResourceId]) -> None:
        """Mark them all; when they are all marked already, none of them."""
        self.anchor = None
        given = frozenset(resources)
        self.all = self.all - given if given <= self.all else self.all | given

    def begin(self, resource: ResourceId) -> None:
        """Begin a range here."""
        self.anchor = resource
        self._before = self.all
        self.all |= {resource}

    def end(self) -> None:
        """Keep the range as it is."""
        self.anchor = None

    def span(self, resources: Iterable[ResourceId]) -> None:
        """The range in progress reaches over these."""
        self.all = self._before | frozenset(resources)

    def forget(self, gone: Iterable[ResourceId]) -> bool:
        """Let go of resources that no longer exist; tells whether one was marked."""
        leaving = frozenset(gone)
        if self.anchor in leaving:
            self.anchor = None
        before = len(self.all)
        self.all -= leaving
        self._before -= leaving
        return len(self.all) != before

    def clear(self) -> bool:
        """Take all marks away; tells whether there were any."""
        had = bool(self.all) or self.anchor is not None
        self.anchor, self.all, self._before = None, frozenset(), frozenset()
        return had
