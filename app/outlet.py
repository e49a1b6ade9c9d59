"""The way out to the terminal: written from the event loop, never blocking it, never growing without end."""

from __future__ import annotations

import asyncio
import os
import select
import time
from collections.abc import Callable

STALLED = 256 * 1024
"""Unsent bytes at which frames are dropped: the terminal is not reading, and a fresh picture beats a long history."""

CAUTIOUS = 256
"""Bytes per write on a descriptor that may block: a terminal that says it is writable takes at least this much."""

CANCEL = b"\x18"
"""What was sent before frames are dropped may have stopped inside an escape sequence; CAN ends it in any terminal."""


class Outlet:
    """Sends text to a terminal as fast as it reads, and remembers the rest.

    Textual writes from a thread whose queue blocks the event loop once it holds thirty frames, and a dead link then
    takes every key and signal with it. Here the terminal is opened once more with a non-blocking description of its
    own (the inherited one is shared with the shell and must stay as it is), and what it does not take at once waits.

    Args:
        fd: The terminal, or a pipe or socket standing in for one.
        loop: The event loop everything is written from.
        lost: Called once when the other end is gone.
        recovered: Called when frames had to be dropped and the terminal reads again: paint everything.
    """

    def __init__(
        self,
        fd: int,
        loop: asyncio.AbstractEventLoop,
        *,
        lost: Callable[[], object],
        recovered: Callable[[], object],
    ) -> None:
        self._fd, self._may_block = _reopened(fd)
        self._loop = loop
        self._lost, self._recovered = lost, recovered
        self._pending = bytearray()
        self._scheduled: asyncio.Handle | None = None
        self._waiting = False
        self._dropping = False
        self._open = True

    @property
    def backlog(self) -> int:
        """How many bytes the terminal has not taken yet."""
        return len(self._pending)

    def write(self, text: str) -> None:
        """Queue text; it leaves at the next flush, at the latest when the event loop comes round."""
        if not self._open or self._dropping:
            return
        self._pending += text.encode("utf-8", "replace")
        if self._waiting and len(self._pending) > STALLED:
            self._pending[:] = CANCEL
            self._dropping = True
        elif self._scheduled is None:
            self._scheduled = self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Send what the terminal takes now, and wait for it to become writable for the rest."""
        if self._scheduled is not None:
            self._scheduled.cancel()
            self._scheduled = None
        if self._open and not self._waiting and not self._send():
            self._waiting = True
            self._loop.add_writer(self._fd, self._writable)

    def finish(self, last_words: str, *, within: float) -> None:
        """Drop frames not yet begun, send the last words and close, giving a stalled terminal only so long."""
        if not self._open:
            return
        self._stop_waiting()
        if self._scheduled is not None:
            self._scheduled.cancel()
        # Frames not sent yet would be wiped a moment later.
        if self._dropping or len(self._pending) > 4096:
            self._pending[:] = CANCEL
        self._pending += last_words.encode()
        deadline = time.monotonic() + within
        poller = select.poll()
        poller.register(self._fd, select.POLLOUT)
        while not self._send():
            remaining = deadline - time.monotonic()
            if remaining <= 0 or not poller.poll(remaining * 1000):
                break
        self.close()

    def close(self) -> None:
        """Give the terminal up. Closing twice changes nothing."""
        if self._open:
            self._stop_waiting()
            self._open = False
            os.close(self._fd)

    def _writable(self) -> None:
        if not self._send():
            return
        self._stop_waiting()
        if self._dropping:
            self._dropping = False
            self._recovered()

    def _send(self) -> bool:
        """Write until everything is sent (true) or the terminal takes no more (false)."""
        try:
            while self._pending:
                piece = self._pending[:CAUTIOUS] if self._may_block else self._pending
                del self._pending[: os.write(self._fd, piece)]
                if self._may_block and self._pending:
                    return False
        except BlockingIOError:
            return False
        except OSError:
            self._pending.clear()
            self.close()
            self._lost()
        return True

    def _stop_waiting(self) -> None:
        if self._waiting:
            self._waiting = False
            self._loop.remove_writer(self._fd)


def _reopened(fd: int) -> tuple[int, bool]:
    """A descriptor of our own for the same terminal, and whether writing to it may block."""
    try:
        return os.open(os.ttyname(fd), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), False
    except OSError:
        # Not a terminal, or one this mount namespace has no name for (a shell entered from outside a container).
        return os.dup(fd), True
