"""A frame with the product's name, on the screen before anything heavy is imported.

Only modules that the interpreter has at hand are used here: this file is the time to first paint.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found] # the public module imports enum and functools, half our time
import os
import sys
import termios

TYPE_CHECKING = False  # typing takes longer to import than the frame to paint
if TYPE_CHECKING:
    from typing import Any

NAME = "Quarterdeck"
ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
LEAVE = "\x1b[0m\x1b[?1049l\x1b[?25h"

_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class FirstFrame:
    """The terminal between the first frame and the interface: borrowed, then handed over or given back."""

    def __init__(self, source: int, sink: int) -> None:
        self._source, self._sink = source, sink
        self._attributes = termios.tcgetattr(source)
        self._borrowed = True
        for number in _ENDING:
            signal.signal(number, _end)
        # A stop now would leave the shell on our screen; the driver brings job control a moment later.
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        termios.tcsetattr(source, termios.TCSANOW, _quiet(self._attributes))
        self._write(ENTER + _picture(*os.get_terminal_size(sink)))

    def hand_over(self) -> list[Any] | None:
        """Leave the terminal as it is to a driver, which restores these attributes one day. Only once."""
        if not self._borrowed:
            return None
        self._let_go()
        return self._attributes

    def give_back(self) -> None:
        """Restore the terminal unless somebody else has taken it over."""
        if self._borrowed:
            self._let_go()
            self._write(LEAVE)
            try:  # noqa: SIM105 - contextlib costs 6 ms
                termios.tcsetattr(self._source, termios.TCSANOW, self._attributes)
            except termios.error:
                pass  # hung up: there is nothing left to restore

    def _let_go(self) -> None:
        self._borrowed = False
        for number in (*_ENDING, signal.SIGTSTP):
            if signal.getsignal(number) in (_end, signal.SIG_IGN):  # the driver may have put its own there already
                signal.signal(number, signal.SIG_DFL)

    def _write(self, text: str) -> None:
        data = text.encode()
        try:
            while data:
                data = data[os.write(self._sink, data) :]
        except OSError:
            pass  # Whoever reads the terminal next notices that it is gone.


_current: FirstFrame | None = None


def paint() -> FirstFrame | None:
    """Paint the first frame if this is a terminal that can show it."""
    global _current  # noqa: PLW0603 - one process has one terminal, and the driver must find what was done to it
    if os.environ.get("TERM", "dumb") in {"", "dumb", "unknown"}:
        return None
    try:
        source, sink = sys.stdin.fileno(), sys.stdout.fileno()
        if os.isatty(source) and os.isatty(sink):
            _current = FirstFrame(source, sink)
    except (OSError, ValueError, AttributeError, termios.error):
        return None  # Closed or replaced streams: start without it.
    return _current


def take_over() -> list[Any] | None:
    """For the driver: the attributes the terminal had before the first frame, if one is showing."""
    return _current.hand_over() if _current is not None else None


def _end(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _quiet(attributes: list[Any]) -> list[Any]:
    """Raw enough that type-ahead arrives as it was typed, except that ctrl+c still interrupts the start."""
    iflag, oflag, cflag, lflag, *rest = attributes
    iflag &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
    lflag &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
    return [iflag, oflag, cflag, lflag, *rest]


def _picture(columns: int, lines: int) -> str:
    """The first line and the last one, where the interface has its header and its footer; bold, but no colour."""
    return f"\x1b[1;1H\x1b[1m{f' {NAME}'[:columns]}\x1b[0m\x1b[{lines};1H{' starting…'[:columns]}"
