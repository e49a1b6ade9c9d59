"""The daemon's main: one at a time, served until nobody needs it, ended cleanly by signals."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from typing_extensions import override

from backends.contract.errors import BackendError, Failure, TimedOut
from backends.guard import guarded
from fleet.daemon.greeting import meet
from fleet.daemon.lock import Lock
from fleet.daemon.server import LINGER, FleetServer
from fleet.daemon.start import READY_VARIABLE
from fleet.daemon.wire import encoder
from fleet.paths import check_private, create_private
from fleet.protocol import Fleet
from quarterdeck.version import VERSION

log = logging.getLogger(__name__)

LOCK_PATIENCE = 20.0
"""Seconds a new daemon waits for one that is starting to answer, or for one that is ending to be gone."""
CLOSE_PATIENCE = 15.0
"""Seconds the fleet has to end its jobs, shells and connections."""
LOG_BYTES, LOG_FILES = 1_000_000, 3

FleetMaker = Callable[[], Awaitable[Fleet]]


def run_daemon(
    make: FleetMaker,
    *,
    socket: Path,
    lock: Path,
    log_file: Path,
    version: str = VERSION,
    linger: float = LINGER,
    keep: Callable[[], bool] = lambda: False,
) -> int:
    """Be the daemon: everything ``qd daemon run`` does. Returns the exit code.

    ``make`` opens the fleet; it is called once, inside the event loop, when no other daemon has the lock. ``keep``
    says whether the daemon stays although nobody needs it.
    """
    starter = Starter.from_environment()
    with suppress(OSError):
        os.chdir("/")
    _log_to(log_file, also_stderr=not starter.waits)
    try:
        asyncio.run(_main(make, starter, socket=socket, lock=lock, version=version, linger=linger, keep=keep))
    except BackendError as error:
        log.error("The fleet daemon ends: %s %s", error, error.hint or "")  # noqa: TRY400 - a sentence, not a bug
        starter.tell(Failure.of(error))
        return 1
    return 0


class Starter:
    """Whoever started this process and waits for word from it; by hand nobody does."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    @classmethod
    def from_environment(cls) -> Starter:
        """Take over what ``start_daemon`` left us; then leave its process, so that it need not collect ours."""
        text = os.environ.pop(READY_VARIABLE, "")
        if not text.isdigit():
            return cls(None)
        descriptor = int(text)
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - the standard library's own
        if os.fork():
            os._exit(0)
        return cls(descriptor)

    @property
    def waits(self) -> bool:
        """Whether somebody waits for word."""
        return self._descriptor is not None

    def tell(self, failure: Failure | None) -> None:
        """Say that a daemon answers, or why not; only the first word counts."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        with suppress(OSError):  # it may have lost patience
            os.write(descriptor, encoder.encode(failure))
        os.close(descriptor)


async def _main(
    make: FleetMaker,
    starter: Starter,
    *,
    socket: Path,
    lock: Path,
    version: str,
    linger: float,
    keep: Callable[[], bool],
) -> None:
    create_private(socket.parent)
    check_private(socket.parent)
    create_private(lock.parent)
    held = Lock(lock)
    if not await _alone(held, socket):
        log.info("Another fleet daemon answers already.")
        starter.tell(None)
        return
    try:
        with guarded("The fleet's start"):
            fleet = await make()
        try:
            server = FleetServer(fleet, socket, version=version, linger=linger, keep=keep)
            _heed_signals(server)
            log.info("The fleet daemon %s serves at %s.", version, socket)
            await server.serve(lambda: starter.tell(None))
        finally:
            await _close(fleet)
        log.info("The fleet daemon ends.")
    finally:
        held.release()


async def _alone(lock: Lock, socket: Path) -> bool:
    """Take the lock; ``False`` when another daemon has it and answers."""
    try:
        async with asyncio.timeout(LOCK_PATIENCE):
            while not lock.acquire():
                if await _answers(socket):
                    return False
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        holder = lock.holder()
        message = f"Another fleet daemon (process {holder}) does not answer and does not end."
        raise TimedOut(message, hint=f"`kill {holder}` ends it.") from error
    return True


async def _answers(socket: Path) -> bool:
    try:
        meeting = await meet(socket)
    except BackendError:
        return False
    meeting.close()
    return not meeting.welcome.ending


def _heed_signals(server: FleetServer) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, server.stop)


async def _close(fleet: Fleet) -> None:
    with suppress(BackendError), guarded("The fleet's end"):
        async with asyncio.timeout(CLOSE_PATIENCE):
            await fleet.close()


class _PrivateLog(RotatingFileHandler):
    """A rotating log only its owner can read."""

    @override
    def _open(self) -> TextIOWrapper:
        os.close(os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        return super()._open()


def _log_to(path: Path, *, also_stderr: bool) -> None:
    create_private(path.parent)
    handlers: list[logging.Handler] = [
        _PrivateLog(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", errors="backslashreplace")
    ]
    if also_stderr:
        handlers.append(logging.StreamHandler())
    form = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=logging.INFO, format=form, handlers=handlers, force=True)
    logging.captureWarnings(True)  # noqa: FBT003 - the standard library's own
    if sys.stderr is not None:
        faulthandler.enable()
