"""Programs run in a real pseudo-terminal, as a person would run them."""

from __future__ import annotations

import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60.0
"""Seconds a test waits for what must come at once on a machine with nothing else to do."""

RESTORED = (
    "\x1b[?1002l",
    "\x1b[?1000l",
    "\x1b[?2004l",
    "\x1b[?1004l",
    "\x1b[<u",
    "\x1b[?7h",
    "\x1b[?1049l",
    "\x1b[?25h",
)


class Child:
    """A program and the terminal it runs in."""

    def __init__(self, pid: int, master: int) -> None:
        self.pid, self.master = pid, master
        self.output = ""
        self.before: list[Any] = termios.tcgetattr(master)
        self._status: int | None = None

    def send(self, data: bytes) -> None:
        """Type, all of it at once."""
        while data:
            self._read(0)
            data = data[os.write(self.master, data) :]

    def wait_for(self, text: str, *, times: int = 1) -> None:
        """Read until the output holds a text so many times."""
        until = time.monotonic() + LIMIT
        while self.output.count(text) < times:
            assert time.monotonic() < until, f"{text!r} did not come; instead: {self.output[-2000:]!r}"
            if not self._read(1):
                assert self.output.count(text) >= times, f"ended without {text!r}: {self.output[-4000:]!r}"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program alone."""
        os.kill(self.pid, number)

    def wait_until_stopped(self) -> None:
        """Wait until job control has stopped the program."""
        until = time.monotonic() + LIMIT
        while True:
            pid, status = os.waitpid(self.pid, os.WUNTRACED | os.WNOHANG)
            if pid:
                assert os.WIFSTOPPED(status), f"ended instead: {self.output[-2000:]!r}"
                self._read(0)
                return
            assert time.monotonic() < until, "it did not stop"
            self._read(0.02)

    def wait(self) -> int:
        """Read to the end; the exit status, negative for a signal, as in ``subprocess``."""
        until = time.monotonic() + LIMIT
        while self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
            assert time.monotonic() < until, f"it did not end; last: {self.output[-2000:]!r}"
            if not self._read(0.02):
                _, status = os.waitpid(self.pid, 0) if self._status is None else (0, 0)
                self._status = os.waitstatus_to_exitcode(status) if self._status is None else self._status
        while self._read(0):
            pass
        return self._status

    def hang_up(self) -> None:
        """Close the terminal under the program."""
        os.close(self.master)
        self.master = -1

    @property
    def attributes(self) -> list[Any]:
        """How the terminal is set now."""
        return termios.tcgetattr(self.master)

    def assert_restored(self) -> None:
        """The terminal is as it was, and nothing but text came after the alternate screen was left."""
        assert self.attributes == self.before
        for sequence in RESTORED:
            assert sequence in self.output, f"{sequence!r} is missing"
        assert "\x1b[?1049h" not in self.output.rsplit("\x1b[?1049l", 1)[1]

    def end(self) -> None:
        """Kill what is left."""
        if self._status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
        if self.master >= 0:
            os.close(self.master)

    def _read(self, within: float) -> bool:
        """Read what is there; false once the other end is closed and everything was read."""
        if self.master < 0:
            select.select([], [], [], within)
            return within > 0
        if not select.select([self.master], [], [], within)[0]:
            return within > 0
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.output += data.decode("utf-8", "replace")
        return bool(data)


@contextmanager
def running(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    size: tuple[int, int] = (80, 24),
) -> Iterator[Child]:
    """Run a program in a terminal of its own, and end it with the test."""
    environment = {**os.environ, "TERM": "xterm-256color", **(env or {})}
    environment.pop("COLUMNS", None)
    environment.pop("LINES", None)
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    child_pid = os.fork()
    if child_pid == 0:
        try:
            os.close(master)
            os.login_tty(slave)
            os.chdir(cwd)
            os.execvpe(command[0], list(command), environment)
        finally:
            os._exit(127)
    child = Child(child_pid, master)
    os.close(slave)
    try:
        yield child
    finally:
        child.end()
