"""The real command in a pseudo-terminal, seen through a terminal emulator, as a person would see it."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import signal
import struct
import sys
import termios
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from fcntl import ioctl
from pathlib import Path
from typing import Any, Final

import pyte

from backends.contract.errors import BackendError
from fleet.daemon.greeting import daemon_welcome, stop_daemon
from fleet.paths import Paths

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 30.0
"""Seconds a test waits for what should come at once."""
KEYS: Final[Mapping[str, str]] = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "space": " ",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "ctrl+]": "\x1d",
    **{f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "abcdefghijklmnopqrstuvwxyz"},
}

_MODE = re.compile(r"\x1b\[\?([\d;]+)([hl])|\x1b\[([<>])(\d*)u")
_BEYOND_PYTE = re.compile(r"\x1b\[[<>=][\d;]*[a-zA-Z]|\x1b\[\?[\d;]*\$p")
_UNFINISHED = re.compile(r"\x1b(\[[<>=?]?[\d;$]*)?$")
_AT_REST: Final[Mapping[int, bool]] = {7: True, 25: True}
"""Modes that are on in a terminal nobody has touched: wrapping, and the cursor."""


class Timeout(AssertionError):
    """What was waited for did not come; the message shows the screen as it was."""


class Screen:
    """What a terminal would show, and the modes it would be in."""

    def __init__(self, columns: int, rows: int) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._screen)
        self._rest = ""
        self.modes: dict[int, bool] = dict(_AT_REST)
        self.keyboard = 0
        """How many keyboard protocols are pushed."""
        self.raw = ""
        """Everything that was written."""

    def feed(self, text: str) -> None:
        """Take what a program wrote."""
        self.raw += text
        text = self._rest + text
        cut = _UNFINISHED.search(text)
        self._rest = text[cut.start() :] if cut else ""
        whole = text[: cut.start()] if cut else text
        for match in _MODE.finditer(whole):
            if match[1]:
                self.modes |= {int(mode): match[2] == "h" for mode in match[1].split(";")}
            else:
                self.keyboard = self.keyboard + 1 if match[3] == ">" else max(0, self.keyboard - int(match[4] or 1))
        self._stream.feed(_BEYOND_PYTE.sub("", whole))

    def resize(self, columns: int, rows: int) -> None:
        """Take another size."""
        self._screen.resize(rows, columns)

    @property
    def lines(self) -> list[str]:
        """The rows, blanks at their ends left out."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines)

    def row_with(self, text: str) -> str:
        """The first row that holds a text, or nothing."""
        return next((line for line in self.lines if text in line), "")

    @property
    def disorder(self) -> dict[str, Any]:
        """What a program that has ended left differently from how a terminal should be."""
        wrong: dict[str, Any] = {
            str(mode): on for mode, on in self.modes.items() if on is not _AT_REST.get(mode, False)
        }
        if self.keyboard:
            wrong["keyboard"] = self.keyboard
        return wrong


class Cockpit:
    """One ``quarterdeck`` in one terminal."""

    def __init__(self, pid: int, master: int, size: tuple[int, int], log: Path) -> None:
        self.pid = pid
        self._log = log
        self.screen = Screen(*size)
        self.before = termios.tcgetattr(master)
        self._master = master
        self._code: int | None = None
        self._over = False
        self._more = asyncio.Event()
        self._decode = _decoder()
        os.set_blocking(master, False)
        asyncio.get_running_loop().add_reader(master, self._read)

    # -- what a person does

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, each in a packet of its own."""
        for key in keys:
            await self.type(KEYS.get(key, key))

    async def type(self, text: str) -> None:
        """Write all of it at once."""
        data = text.encode()
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the terminal."""
        self.screen.resize(columns, rows)
        _set_size(self._master, columns, rows)

    def hang_up(self) -> None:
        """Take the terminal away."""
        self._stop_reading()
        os.close(self._master)
        self._master = -1

    def signal(self, number: signal.Signals) -> None:
        """Send a signal from outside."""
        os.kill(self.pid, number)

    # -- what a person sees

    async def until(self, condition: Callable[[], bool], what: str, limit: float = LIMIT) -> None:
        """Wait until a condition holds on what is shown.

        Raises:
            Timeout: if it does not in time, or the program ended before.
        """
        end = time.monotonic() + limit
        while not condition():
            if self._over:
                raise Timeout(f"It ended without {what}:\n{self.screen.raw[-2000:]!r}\n{self._logged()}")
            left = end - time.monotonic()
            if left <= 0:
                raise Timeout(f"{what} did not come. The screen:\n{self.screen.text}\n{self._logged()}")
            self._more.clear()
            with suppress(TimeoutError):  # some conditions are about more than the screen
                async with asyncio.timeout(min(left, 0.1)):
                    await self._more.wait()

    async def shows(self, *texts: str, limit: float = LIMIT) -> None:
        """Wait until all texts are on the screen."""
        await self.until(lambda: all(text in self.screen.text for text in texts), f"“{'”, “'.join(texts)}”", limit)

    async def hides(self, *texts: str, limit: float = LIMIT) -> None:
        """Wait until none of the texts is on the screen."""
        await self.until(
            lambda: not any(text in self.screen.text for text in texts), f"an end of “{'”, “'.join(texts)}”", limit
        )

    async def row(self, name: str, *texts: str, limit: float = LIMIT) -> None:
        """Wait until the row that holds a name holds these texts too."""
        await self.until(
            lambda: all(text in self.screen.row_with(name) for text in texts),
            f"“{'”, “'.join(texts)}” in the row of {name}",
            limit,
        )

    # -- how it ends

    @property
    def ended(self) -> bool:
        """Whether the process is over."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code is not None

    async def wait(self, limit: float = LIMIT) -> int:
        """The exit code, once it has ended and everything it wrote was read."""
        end = time.monotonic() + limit
        while not self.ended or not (self._over or self._master < 0):
            if time.monotonic() > end:
                raise Timeout(f"It did not end. The screen:\n{self.screen.text}")
            await asyncio.sleep(0.01)
        assert self._code is not None
        return self._code

    def assert_restored(self) -> None:
        """The terminal is as it was."""
        assert not self.screen.disorder, f"left behind: {self.screen.disorder}"
        assert termios.tcgetattr(self._master) == self.before

    async def end(self) -> None:
        """Kill what is left and let go of the terminal."""
        if not self.ended:
            os.kill(self.pid, signal.SIGKILL)
            _, status = os.waitpid(self.pid, 0)
            self._code = os.waitstatus_to_exitcode(status)
        if self._master >= 0:
            self._stop_reading()
            os.close(self._master)
            self._master = -1

    def _logged(self) -> str:
        with suppress(OSError):
            return "The log:\n" + self._log.read_text(errors="replace")[-3000:]
        return "There is no log."

    def _read(self) -> None:
        try:
            data = os.read(self._master, 65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # how a terminal says that nobody has it open any more
        if data:
            self.screen.feed(self._decode(data))
        else:
            self._stop_reading()
        self._more.set()

    def _stop_reading(self) -> None:
        self._over = True
        asyncio.get_running_loop().remove_reader(self._master)


class Home:
    """One ``QUARTERDECK_HOME`` with its daemon, and the interfaces that are open on it."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.paths = Paths.under(folder)
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in _NOT_OURS},
            "QUARTERDECK_HOME": str(folder),
            "TERM": "xterm-256color",
            "HOME": str(folder),
            "DOCKER_CONFIG": str(folder / "docker"),
            **environment,
        }
        self._open: list[Cockpit] = []

    def settings(self, text: str) -> None:
        """Write the settings file."""
        self.paths.config.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.paths.settings.write_text(text)

    def start(self, *arguments: str, size: tuple[int, int] = (120, 40)) -> Cockpit:
        """Open the interface."""
        command = (sys.executable, "-m", "quarterdeck", *arguments)
        master, slave = pty.openpty()
        _set_size(slave, *size)
        pid = os.fork()
        if pid == 0:
            try:
                os.close(master)
                os.login_tty(slave)
                os.chdir(ROOT)
                os.execve(command[0], command, self.environment)
            finally:
                os._exit(127)
        cockpit = Cockpit(pid, master, size, self.paths.log)
        os.close(slave)
        self._open.append(cockpit)
        return cockpit

    async def command(self, *arguments: str) -> tuple[int, str]:
        """Run ``qd`` with arguments; its exit code and what it printed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "quarterdeck", *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self.environment,
            cwd=ROOT,
        )
        out, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(errors="replace")

    async def daemon(self) -> int | None:
        """The process id of the daemon, while one answers."""
        with suppress(BackendError):
            welcome = await daemon_welcome(self.paths.socket)
            return welcome.pid if welcome else None
        return None

    def processes(self) -> dict[int, str]:
        """The living processes of this home, by id, with their command lines."""
        wanted = f"QUARTERDECK_HOME={self.environment['QUARTERDECK_HOME']}".encode()
        found: dict[int, str] = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ").strip()
        return {pid: line for pid, line in found.items() if line}

    async def close(self) -> None:
        """End everything of this home."""
        for cockpit in self._open:
            await cockpit.end()
        with suppress(BackendError):
            await stop_daemon(self.paths.socket, self.paths.lock)
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@asynccontextmanager
async def opened_home(folder: Path, **environment: str) -> AsyncIterator[Home]:
    """A home that leaves no process behind."""
    home = Home(folder, environment)
    try:
        yield home
    finally:
        await home.close()


async def until(condition: Callable[[], bool], what: str, limit: float = LIMIT) -> None:
    """Wait until a condition holds that no screen tells of."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"{what} did not come about."
        await asyncio.sleep(0.02)


_NOT_OURS: Final = frozenset({"COLUMNS", "LINES", "NO_COLOR", "DOCKER_CONTEXT", "XDG_RUNTIME_DIR", "TMUX", "STY"})


def _set_size(descriptor: int, columns: int, rows: int) -> None:
    ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _decoder() -> Callable[[bytes], str]:
    from codecs import getincrementaldecoder

    return getincrementaldecoder("utf-8")("replace").decode
