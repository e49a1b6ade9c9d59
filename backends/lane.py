"""A lane: one thread on which a connection's blocking calls run, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from backends.contract.errors import TimedOut, Unreachable

P = ParamSpec("P")
T = TypeVar("T")


class Lane:
    """Runs blocking SDK calls off the event loop, one after the other.

    Giving up on a call does not stop the thread it runs on, so the SDK must have a time limit of its own that is
    shorter than ``patience``.
    """

    def __init__(self, name: str, *, patience: float = 60.0) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"lane-{name}")
        self._name = name
        self._patience = patience
        self._closed = False

    def closed(self) -> bool:
        """Whether it takes no more calls."""
        return self._closed

    async def run(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the call on the lane and return its result.

        Raises:
            TimedOut: after ``patience`` seconds, waiting in line included.
            Unreachable: if the lane is closed, or is while the call waits in line.
        """
        if self.closed():
            raise Unreachable(f"{self._name} is closed.")
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._pool, lambda: call(*args, **kwargs))
        try:
            return await asyncio.wait_for(future, self._patience)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if self.closed() and task is not None and not task.cancelling():  # the lane was closed, not we
                raise Unreachable(f"{self._name} was closed.") from error
            raise
        except TimeoutError as error:
            raise TimedOut(f"{self._name} did not answer within {self._patience:g} s.") from error

    def close(self) -> None:
        """Take no more calls. Returns at once; a call under way ends by its own time limit."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
