"""Follows an engine's events and tells what they changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import msgspec

from backends.contract.errors import Unreachable
from backends.contract.model import Change
from backends.docker.news import ACTIONS, KINDS, digest
from backends.docker.roster import Roster
from backends.docker.streams import ByteStream, Engine, JsonLines

TOGETHER = 0.1
"""Seconds within which events are told together: starting a container is four of them."""
BETWEEN = 0.02
"""Seconds to wait for events between two steps of inspecting what is not inspected yet."""
MOST = 2000
"""Events told together at most."""


async def watch(connection: str, engine: Engine, roster: Roster) -> AsyncGenerator[Change, None]:
    """News as it happens; while nothing does, the containers not inspected yet are.

    Raises:
        Unreachable: when the engine is gone.
    """
    chosen = msgspec.json.encode({"type": KINDS, "event": ACTIONS}).decode()
    async with engine.stream("/events", {"filters": chosen}) as stream:
        roster.watched = True
        try:
            reader = _Bursts(stream)
            while True:
                burst = await reader.next(BETWEEN if roster.pending else None)
                change = await _change(connection, roster, burst)
                if change != Change():
                    yield change
        finally:
            roster.watched = False


async def _change(connection: str, roster: Roster, burst: list[Any]) -> Change:
    if not burst:
        return Change(resources=tuple(await roster.trickle())) if roster.pending else Change()
    news = digest(connection, burst)
    changed, gone = await roster.look(news.touched) if news.touched else ([], [])
    return Change(tuple(changed), tuple(gone), news.events, news.stale)


class _Bursts:
    """Events that come close together, together."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._lines = JsonLines()

    async def next(self, patience: float | None) -> list[Any]:
        """The next burst; empty when none began within ``patience`` seconds (``None``: wait for one)."""
        burst: list[Any] = []
        try:
            async with asyncio.timeout(patience):
                while not burst:
                    burst += await self._some()
        except TimeoutError:
            return burst
        try:
            async with asyncio.timeout(TOGETHER):
                while len(burst) < MOST:
                    burst += await self._some()
        except TimeoutError:
            pass
        return burst

    async def _some(self) -> list[Any]:
        data = await self._stream.read()
        if not data:
            raise Unreachable("The engine ended its event stream.", hint="It was probably stopped or restarted.")
        return self._lines.feed(data)
