"""Reads a container's log, and keeps following it through restarts of the container."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import msgspec

from backends.contract.errors import NotFound
from backends.contract.model import LogLine, LogQuery, ResourceId, Stream
from backends.docker.loglines import LogLines
from backends.docker.reasons import exit_reason
from backends.docker.streams import Engine, JsonLines

PAUSE = 1.0
_ROUNDING = 1e-6
"""Moments are floats, coarser than the engine's nanoseconds: ask for a little more, then compare as floats."""


async def logs(engine: Engine, resource: ResourceId, query: LogQuery) -> AsyncGenerator[Sequence[LogLine], None]:
    """Lines in order, in batches as they come.

    Following goes on when the container is started again, with a note that says why it ended, and ends only when the
    container is removed.

    Raises:
        NotFound: if there is no such container.
        Unsupported: if its log driver keeps nothing to read.
        Unreachable: when the engine is gone.
    """
    path = f"/containers/{resource.native}"
    container = await engine.get(f"{path}/json")
    tty = bool((container.get("Config") or {}).get("Tty"))
    place = _Place(query)
    while True:
        asked = time.time()
        async with engine.stream(f"{path}/logs", place.parameters()) as stream:
            lines = LogLines(resource, tty=tty)
            while data := await stream.read():
                if batch := place.new(lines.feed(data)):
                    yield batch
            if batch := place.new(lines.finish()):
                yield batch
        if not query.follow:
            return
        before = (container.get("State") or {}).get("StartedAt")
        ended = await _again(engine, resource, asked)
        if ended is None:
            return
        try:
            container = await engine.get(f"{path}/json")
        except NotFound:
            return
        if (container.get("State") or {}).get("StartedAt") == before:
            await asyncio.sleep(PAUSE)  # it ran on; the engine ended the stream for reasons of its own
        else:
            yield [LogLine(f"The container was started again. {ended}".strip(), time.time(), Stream.NOTE, resource)]


class _Place:
    """Where in a log we are, so that reading can go on there without losing or repeating a line."""

    def __init__(self, query: LogQuery) -> None:
        self._query = query
        self._last: float | None = None
        self._count = 0
        """Lines already given out that have the last moment."""
        self._repeated = 0
        """How many of those the engine is about to repeat."""

    def parameters(self) -> dict[str, str | int | bool]:
        """What to ask the engine for: at first the query, later what comes after the last line."""
        query = self._query
        asked: dict[str, str | int | bool] = {"stdout": True, "stderr": True, "timestamps": True}
        asked["follow"] = query.follow
        since = self._last if self._last is not None else query.since
        if since is not None:
            asked["since"] = _moment(since - _ROUNDING)
        if query.until is not None:
            asked["until"] = _moment(query.until + _ROUNDING)
        if query.tail is not None and self._last is None:
            asked["tail"] = query.tail
        self._repeated = self._count
        return asked

    def new(self, lines: list[LogLine]) -> list[LogLine]:
        """Those of the lines that were asked for and not given out yet."""
        query, fresh = self._query, []
        for line in lines:
            at = line.at
            if at is None:
                fresh.append(line)
                continue
            if query.since is not None and at < query.since:
                continue
            if query.until is not None and at > query.until:
                continue
            if self._repeated and self._last is not None and at <= self._last:
                self._repeated -= at == self._last
                continue
            self._repeated = 0
            self._count = self._count + 1 if at == self._last else 1
            self._last = at
            fresh.append(line)
        return fresh


async def _again(engine: Engine, resource: ResourceId, asked: float) -> str | None:
    """Wait until the container runs; why it had ended as far as was seen, or ``None`` when it was removed."""
    try:
        state = await _state(engine, resource)
        if state.get("Running"):
            return ""
        chosen = {"container": [resource.native], "event": ["start", "destroy", "remove"]}
        parameters = {"filters": msgspec.json.encode(chosen).decode(), "since": _moment(asked)}
        async with engine.stream("/events", parameters) as stream:
            if not (await _state(engine, resource)).get("Running"):
                await _first(stream.read)
        await _state(engine, resource)
    except NotFound:
        return None
    code = int(state.get("ExitCode") or 0)
    return exit_reason(code, oom=bool(state.get("OOMKilled"))) or "It had ended well (exit code 0)."


async def _state(engine: Engine, resource: ResourceId) -> Any:
    inspected = await engine.get(f"/containers/{resource.native}/json")
    return inspected.get("State") or {}


async def _first(read: Any) -> None:
    lines = JsonLines()
    while data := await read():
        if lines.feed(data):
            return


def _moment(at: float) -> str:
    return f"{max(at, 0.0):.9f}"
