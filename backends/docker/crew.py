"""Tasks beside a stream: they work while it is read, and are gone when it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

from backends.contract.errors import BackendError
from backends.guard import guarded


class Crew:
    """A task group for async generators.

    A plain ``TaskGroup`` may not be left by an exception of the reader's (closing a generator is one): it would wrap
    it. Here the tasks end with the stream whatever ended it, and what goes wrong in one of them is told to the reader
    by ``check`` instead of cancelling whoever happens to read.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: BackendError | None = None
        self.stirred = asyncio.Event()
        """Set when there is something to look at: news of a task, or its failure."""

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(None, None, None)

    def start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Begin something that runs until it ends or the stream is closed."""
        task = self._group.create_task(self._kept(work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def check(self) -> None:
        """Raise what went wrong in a task, if anything did."""
        if self._failure is not None:
            raise self._failure

    async def _kept(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            with guarded(self._where):
                await work
        except BackendError as failure:
            self._failure = self._failure or failure
            self.stirred.set()
