"""Starting the daemon on demand, and waiting until it answers."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

import quarterdeck
from backends.contract.errors import Failure, TimedOut, Unreachable
from fleet.daemon.greeting import meet
from fleet.paths import create_private

READY_VARIABLE = "QUARTERDECK_DAEMON_READY"
"""Tells the daemon the descriptor on which its starter waits for word: ``Failure``, or nil once it answers."""
START_PATIENCE = 30.0
TAIL_LINES, TAIL_BYTES = 6, 4096

COMMAND = (sys.executable, "-m", "quarterdeck", "daemon", "run")
ROOT = Path(quarterdeck.__file__).parents[1]
"""Where it is started, so that ``-m`` finds the very code we run; the daemon leaves for ``/`` at once."""

_word = msgspec.msgpack.Decoder(Failure | None)


async def start_daemon(
    socket: Path, log: Path, *, command: Sequence[str] = COMMAND, patience: float = START_PATIENCE
) -> None:
    """Start the daemon and return when one answers at ``socket``, ours or one that was faster.

    It is a process of its own: it outlives us, our terminal and our signals, and keeps our environment.

    Raises:
        BackendError: what the daemon says it failed with.
        Unreachable: if it died; the hint has the end of its log.
        TimedOut: if it does not answer in time.
    """
    create_private(log.parent)
    begin = _length(log)
    ear, mouth = os.pipe()
    try:
        process = _spawn(command, log, mouth)
        try:
            async with asyncio.timeout(patience):
                word = await _hear(ear)
        except TimeoutError as error:
            message = f"The fleet daemon does not answer within {patience:g} s of its start."
            raise TimedOut(message, hint=_tail(log, begin)) from error
        finally:
            _reap(process)
    finally:
        os.close(ear)
    if not word:
        raise Unreachable("The fleet daemon ended while it started.", hint=_tail(log, begin))
    failure = _word.decode(word)
    if failure is not None:
        raise failure.error()
    (await meet(socket)).close()


def _spawn(command: Sequence[str], log: Path, mouth: int) -> subprocess.Popen[bytes]:
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=ROOT,
            env={**os.environ, READY_VARIABLE: str(mouth)},
            pass_fds=(mouth,),
            start_new_session=True,
        )
    except OSError as error:
        raise Unreachable(f"The fleet daemon cannot be started: {error.strerror}.") from error
    finally:
        os.close(mouth)
        os.close(output)


async def _hear(ear: int) -> bytes:
    """What the daemon has to say; nothing when it ended without a word."""
    loop = asyncio.get_running_loop()
    spoken = asyncio.Event()
    loop.add_reader(ear, spoken.set)
    try:
        await spoken.wait()
    finally:
        loop.remove_reader(ear)
    return os.read(ear, TAIL_BYTES * 4)


def _reap(process: subprocess.Popen[bytes]) -> None:
    """Collect what we started. It leaves the daemon to itself at once, so only one that never came so far is ended."""
    if process.poll() is None:
        process.kill()
    process.wait()


def _length(log: Path) -> int:
    try:
        return log.stat().st_size
    except FileNotFoundError:
        return 0


def _tail(log: Path, begin: int) -> str:
    """The end of what was logged since ``begin``, as a hint."""
    try:
        with log.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(begin if begin <= end else 0, end - TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        lines = []
    if not lines:
        return f"Its log {log} says nothing about it."
    return f"Its log {log} ends:\n" + "\n".join(lines[-TAIL_LINES:])
