"""Which of many resources to measure, when all of them would be too many."""

from __future__ import annotations

from collections.abc import Callable, Collection

from backends.contract.model import ResourceId


class Watchlist:
    """Keeps the busiest and looks at the others in turn, so that whoever becomes busy is found."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.chosen: tuple[ResourceId, ...] = ()
        self._turn = 0

    def choose(
        self, pinned: Collection[ResourceId], others: Collection[ResourceId], load: Callable[[ResourceId], float]
    ) -> tuple[ResourceId, ...]:
        """Choose anew.

        Args:
            pinned: those to be measured before all others.
            others: all the rest.
            load: how busy one was when it was last measured.
        """
        kept = list(pinned)[: self.limit]
        room = self.limit - len(kept)
        rest = sorted(others)
        if len(rest) > room:
            here = set(rest)
            measured = sorted((r for r in self.chosen if r in here), key=load, reverse=True)
            kept += measured[: room // 2]
            rest = self._next(rest, set(kept), self.limit - len(kept))
        self.chosen = (*kept, *rest)
        return self.chosen

    def _next(self, rest: list[ResourceId], kept: set[ResourceId], room: int) -> list[ResourceId]:
        """As many as there is room for, beginning where the last turn ended."""
        start = self._turn % len(rest)
        taken: list[ResourceId] = []
        for step, resource in enumerate((*rest[start:], *rest[:start]), 1):
            if len(taken) == room:
                break
            self._turn = start + step
            if resource not in kept:
                taken.append(resource)
        return taken
