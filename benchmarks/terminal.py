"""A program in a pseudo-terminal, watched from the user's side: every time is taken where the bytes arrive.

Bytes are read and stamped first and drawn afterwards, a little at a time while nothing else comes, so that drawing
never delays a stamp.
"""

from __future__ import annotations

import os
import pty
import select
import signal
import struct
import termios
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from benchmarks.screen import Picture, answers, disorder

QUIET: Final = 0.03
"""Seconds without a byte that end a burst."""
LIMIT: Final = 30.0
SLICE: Final = 256
"""Bytes drawn between two looks at the terminal: well under a millisecond."""

Value = Callable[[Picture], object]


class Lost(Exception):
    """The program did not show what was waited for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a key press brought."""

    seconds: float
    """From the write of the key until the frame that shows its effect is complete."""
    size: int
    """Bytes of that."""


@dataclass(frozen=True, slots=True)
class Leave:
    """How a program ended."""

    seconds: float
    status: int
    """The exit status; negative for a signal."""
    left: tuple[str, ...]
    """What it did not put back."""

    @property
    def restored(self) -> bool:
        """Whether the terminal is as it was."""
        return not self.left


class Terminal:
    """Runs one program. A context manager: at its end the program is gone."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        size: tuple[int, int] = (120, 40),
        cwd: Path | None = None,
        errors: Path | None = None,
    ) -> None:
        """Start it.

        Args:
            command: the program and its arguments.
            environment: its variables instead of ours.
            size: columns and lines.
            cwd: its folder instead of ours.
            errors: a file for its standard error instead of the terminal.
        """
        self.picture = Picture(*size)
        self.output = bytearray()
        self.first_paint: float | None = None
        """When the screen was first not blank."""
        self.last_byte: float = 0.0
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._drawn = 0.0
        self._open = True
        self._left: tuple[float, int] | None = None
        self.began = time.perf_counter()
        self.pid, self.master = _spawn(command, environment, size, cwd, errors)
        self._before: list[Any] = termios.tcgetattr(self.master)
        self._end = os.pidfd_open(self.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._left is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._end)
        if self.master >= 0:
            os.close(self.master)

    # -- waiting

    def wait_for(self, value: Value, *, limit: float = LIMIT) -> float:
        """Wait until something holds of the picture; the moment its last byte came.

        Raises:
            Lost: if it does not in time.
        """
        until = time.perf_counter() + limit
        if self.picture.visible and value(self.picture):
            return self._drawn
        while time.perf_counter() < until and (self._open or self._waiting):
            if self._step(0.05) and self.picture.visible and value(self.picture):
                return self._drawn
        raise Lost(f"not shown within {limit:g} s; instead:\n{self.picture.text}")

    def wait_for_text(self, text: str, *, limit: float = LIMIT) -> float:
        """Wait until a text is visible."""
        return self.wait_for(lambda picture: picture.find(text) is not None, limit=limit)

    def settle(self, quiet: float = QUIET, *, limit: float = 5.0) -> float:
        """Wait until nothing comes for a while; when the last byte came."""
        until = time.perf_counter() + limit
        while time.perf_counter() < until and self._open:
            if not self._waiting and time.perf_counter() - max(self.last_byte, self.began) >= quiet:
                break
            self._step(quiet / 4)
        self.draw()
        return self.last_byte

    def rest(self, seconds: float) -> int:
        """Only read for so long, without waking up more than needed; how many bytes came."""
        self.draw()
        before, until = len(self.output), time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            self._receive(left)
        came = len(self.output) - before
        self.draw()
        return came

    def draw(self) -> None:
        """Bring the picture up to date."""
        while self._waiting:
            self._draw_some()

    # -- pressing

    def send(self, data: bytes) -> float:
        """Type, all of it at once; when."""
        at = time.perf_counter()
        os.write(self.master, data)
        return at

    def press(self, data: bytes, value: Value | None = None, *, limit: float = 2.0) -> Answer | None:
        """Press a key and wait for its effect: another value of the picture; by default any change of it.

        Returns:
            nothing, if nothing changed in time.
        """
        look: Value = value or (lambda picture: picture.cells())
        self.draw()
        before, size = look(self.picture), len(self.output)
        at = self.send(data)
        changed: float | None = None
        while changed is None and time.perf_counter() - at < limit and (self._open or self._waiting):
            if self._step(0.02) and self.picture.visible and look(self.picture) != before:
                changed = self._drawn
        if changed is None:
            return None
        end = changed if value is not None else self.settle(limit=2.0)
        return Answer(end - at, len(self.output) - size)

    # -- the end

    def leave(self, how: signal.Signals | bytes | None, *, limit: float = 10.0) -> Leave:
        """End it by a key, by a signal, or (``None``) by taking the terminal away; how it went."""
        at = time.perf_counter()
        if how is None:
            os.close(self.master)
            self.master, self._open = -1, False
        elif isinstance(how, bytes):
            at = self.send(how)
        else:
            os.kill(self.pid, how)
        while self._left is None and time.perf_counter() - at < limit:
            self._receive(0.05)
        if self._left is None:
            return Leave(time.perf_counter() - at, 0, ("it is still there",))
        ended, status = self._left
        if self.master < 0:
            return Leave(ended - at, status, ())
        while self._open and self._receive(0.0):
            continue
        left = disorder(bytes(self.output))
        if termios.tcgetattr(self.master) != self._before:
            left.append("terminal attributes")
        return Leave(ended - at, status, tuple(left))

    @property
    def ended(self) -> bool:
        """Whether the program has ended."""
        self._receive(0.0)
        return self._left is not None

    # -- reading

    def _step(self, patience: float) -> bool:
        """Read what is there, else draw a little, else wait; tells whether a whole piece has been drawn."""
        if self._receive(0.0 if self._waiting else patience):
            return False
        return bool(self._waiting) and self._draw_some()

    def _receive(self, patience: float) -> bool:
        """Read once; tells whether something came."""
        sources = [self.master] if self._open else []
        if self._left is None:
            sources.append(self._end)
        ready, _, _ = select.select(sources, [], [], max(0.0, patience))
        if self._end in ready:
            _, status = os.waitpid(self.pid, 0)
            self._left = (time.perf_counter(), os.waitstatus_to_exitcode(status))
        if self.master not in ready:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            data = b""  # EIO: nobody has the other side open
        if not data:
            self._open = False
            return False
        self.last_byte = time.perf_counter()
        for reply in answers(data):
            os.write(self.master, reply)
        self.output += data
        for start in range(0, len(data), SLICE):
            self._waiting.append((self.last_byte, data[start : start + SLICE]))
        return True

    def _draw_some(self) -> bool:
        at, data = self._waiting.popleft()
        self.picture.feed(data)
        self._drawn = at
        if self.first_paint is None and self.picture.visible and not self.picture.blank:
            self.first_paint = at
        return not self._waiting or self._waiting[0][0] != at


def _spawn(
    command: Sequence[str],
    environment: Mapping[str, str] | None,
    size: tuple[int, int],
    cwd: Path | None,
    errors: Path | None,
) -> tuple[int, int]:
    variables = dict(os.environ if environment is None else environment)
    variables |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    pid, master = pty.fork()
    if pid == 0:
        try:
            for number in signal.valid_signals():  # what whoever started us ignores, such as nohup, is not inherited
                if number not in {signal.SIGKILL, signal.SIGSTOP}:
                    signal.signal(number, signal.SIG_DFL)
            ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            if cwd is not None:
                os.chdir(cwd)
            if errors is not None:
                os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
            os.execvpe(command[0], list(command), variables)
        finally:
            os._exit(127)
    return pid, master
