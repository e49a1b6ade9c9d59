"""Who looks at what: the union of all views, handed to each connection's measurements."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from backends.contract.model import ResourceId
from fleet.values import Interest


class Gaze:
    """The attention one connection gets; keeps the contract's ``Attention`` protocol."""

    def __init__(self) -> None:
        self._resources: frozenset[ResourceId] = frozenset()
        self._kinds: frozenset[str] = frozenset()
        self._moved = asyncio.Event()

    @property
    def resources(self) -> frozenset[ResourceId]:
        """The resources worth measuring often."""
        return self._resources

    @property
    def kinds(self) -> frozenset[str]:
        """The volatile kinds somebody looks at."""
        return self._kinds

    async def changed(self) -> None:
        """Return when attention moves."""
        await self._moved.wait()

    def turn(self, resources: frozenset[ResourceId], kinds: frozenset[str]) -> None:
        """Look elsewhere; wakes those who wait only if it is really elsewhere."""
        if resources == self._resources and kinds == self._kinds:
            return
        self._resources, self._kinds = resources, kinds
        self._moved.set()
        self._moved = asyncio.Event()


class Views:
    """What every view of every client said it looks at."""

    def __init__(self) -> None:
        self._interests: dict[str, Interest] = {}

    def set(self, view: str, interest: Interest) -> None:
        """Replace what a view looks at; an empty interest forgets it."""
        if interest == Interest():
            self._interests.pop(view, None)
        else:
            self._interests[view] = interest

    def resources(self) -> Mapping[str, frozenset[ResourceId]]:
        """Resources looked at, by connection."""
        found: dict[str, set[ResourceId]] = {}
        for interest in self._interests.values():
            for resource in interest.resources:
                found.setdefault(resource.connection, set()).add(resource)
        return {connection: frozenset(resources) for connection, resources in found.items()}

    def kinds(self) -> Mapping[str, frozenset[str]]:
        """Volatile kinds looked at, by connection."""
        found: dict[str, set[str]] = {}
        for interest in self._interests.values():
            for connection, kind in interest.kinds:
                found.setdefault(connection, set()).add(kind)
        return {connection: frozenset(kinds) for connection, kinds in found.items()}
