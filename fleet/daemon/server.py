"""The fleet's socket: lets clients in, serves each for itself, and knows when nobody needs the fleet any more."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from backends.contract.errors import BackendError, Failure, Invalid, Refused
from backends.guard import guarded
from fleet.daemon import wire
from fleet.daemon.calls import fingerprint
from fleet.daemon.lag import LagMeter
from fleet.daemon.peer import is_stranger
from fleet.daemon.visitor import Visitor
from fleet.daemon.wire import Ending, Hello, Welcome, WireError
from fleet.protocol import Fleet
from fleet.values import FleetStatus
from quarterdeck.version import VERSION

log = logging.getLogger(__name__)

LINGER = 5.0
"""Seconds an unneeded daemon stays, because the next client may come at once."""
FIRST_PATIENCE = 30.0
"""Seconds a new daemon waits for the client that started it."""
GREETING_PATIENCE = 10.0
BACKLOG = 100

_REFUSAL = Welcome(version="", protocol="", pid=0, refused=Failure.of(Refused("This fleet belongs to another user.")))
"""What strangers learn: nothing about us."""


class FleetServer:
    """Shares one fleet among the clients of one user."""

    def __init__(
        self,
        fleet: Fleet,
        path: Path,
        *,
        version: str = VERSION,
        linger: float = LINGER,
        keep: Callable[[], bool] = lambda: False,
    ) -> None:
        """Serve ``fleet`` at ``path``; ``keep`` says whether it stays although nobody needs it."""
        self.fleet = fleet
        self._path = path
        self._version = version
        self._linger = linger
        self._keep = keep
        self._meter = LagMeter()
        self._numbers = itertools.count(1)
        self._connections: dict[int, asyncio.StreamWriter] = {}
        self._visitors: dict[int, Visitor] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stirred = asyncio.Event()
        self._ended = False

    @property
    def clients(self) -> int:
        """How many are attached."""
        return len(self._visitors)

    def busy(self) -> str:
        """What ending now would lose, in words; empty when nothing."""
        inventory = self.fleet.inventory
        jobs = sum(job.ended is None for job in inventory.jobs.values())
        shells = sum(shell.ended is None for shell in inventory.shells.values())
        parts = [_counted(jobs, "job"), _counted(shells, "shell"), _counted(self.clients, "attached client")]
        return " and ".join(part for part in parts if part)

    def stop(self) -> None:
        """End: take nobody in, say goodbye, leave off. Closing the fleet is for whoever opened it."""
        self._ended = True
        self._stirred.set()

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Carry work through that outlives the client who asked for it."""
        self._start(work)

    async def status(self) -> FleetStatus:
        """The fleet's status, with what only the server knows."""
        status = await self.fleet.status()
        return msgspec.structs.replace(
            status,
            inline=False,
            clients=self.clients,
            channels=status.channels + sum(visitor.channels for visitor in self._visitors.values()),
            lag=max(status.lag, self._meter.worst),
        )

    async def serve(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until ``stop`` is called or nobody needs the fleet; calls ``ready`` when clients can connect.

        Raises:
            Invalid: if there can be no socket at the path.
        """
        listener = _bound(self._path)
        async with asyncio.TaskGroup() as self._group:
            server = await asyncio.start_unix_server(
                self._admit, sock=listener, limit=wire.READ_BUFFER, backlog=BACKLOG
            )
            self._start(self._meter.run())
            try:
                ready()
                await self._until_unneeded()
            finally:
                self._ended = True
                server.close()
                self._path.unlink(missing_ok=True)
            self._dismiss()

    async def _until_unneeded(self) -> None:
        patience = max(self._linger, FIRST_PATIENCE)
        while not self._ended:
            self._stirred.clear()
            try:
                async with asyncio.timeout(None if self._connections else patience):
                    await self._stirred.wait()
                patience = self._linger
            except TimeoutError:
                if not self.busy() and not self._keep():
                    log.info("Nobody needs the fleet any more.")
                    return

    def _dismiss(self) -> None:
        for visitor in self._visitors.values():
            visitor.say_goodbye()
        for task in self._tasks:
            task.cancel()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._start(self._receive(next(self._numbers), reader, writer))

    async def _receive(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections[number] = writer
        self._stirred.set()
        try:
            with suppress(BackendError), guarded(f"client {number}"):
                await self._converse(number, reader, writer)
        finally:
            writer.close()
            del self._connections[number]
            self._stirred.set()

    async def _converse(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stranger = is_stranger(writer.transport)
        try:
            while (hello := await _hello(reader)) is not None:
                if stranger:
                    log.warning("Client %d belongs to another user and is refused.", number)
                    writer.write(wire.pack(_REFUSAL))
                    return
                welcome = self._welcome(hello)
                writer.write(wire.pack(welcome))
                if welcome.accepted:
                    await self._host(Visitor(self, number, reader, writer))
                    return
        except WireError as error:
            log.warning("Client %d is sent away. %s", number, error)

    async def _host(self, visitor: Visitor) -> None:
        self._visitors[visitor.number] = visitor
        try:
            await visitor.run()
        finally:
            del self._visitors[visitor.number]

    def _welcome(self, hello: Hello) -> Welcome:
        busy = self.busy()
        ending = hello.end is Ending.NOW or (hello.end is Ending.IDLE and not busy)
        if ending:
            log.info("A client of version %s asks us to end.", hello.version)
            self.stop()
        same = (hello.version, hello.protocol) == (self._version, fingerprint())
        return Welcome(
            version=self._version,
            protocol=fingerprint(),
            pid=os.getpid(),
            accepted=same and hello.end is Ending.NO and not self._ended,
            ending=ending,
            busy=busy,
        )


async def _hello(reader: asyncio.StreamReader) -> Hello | None:
    try:
        async with asyncio.timeout(GREETING_PATIENCE):
            body = await wire.read_frame(reader, wire.HELLO_LIMIT)
    except TimeoutError:
        raise WireError("It says nothing.") from None
    if body is None:
        return None
    greeting = wire.read_greeting(body)
    if not isinstance(greeting, Hello):
        raise WireError("It does not say hello.")
    return greeting


def _bound(path: Path) -> socket.socket:
    """A socket only this user can connect to, from its first moment on."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        path.unlink(missing_ok=True)
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        hint = "A socket's path may have about 100 characters; choose a shorter runtime folder."
        raise Invalid(f"No socket can be made at {path}: {error.strerror or error}.", hint=hint) from error
    finally:
        os.umask(mask)
    listener.setblocking(False)  # noqa: FBT003 - the standard library's own
    return listener


def _counted(number: int, what: str) -> str:
    if number == 0:
        return ""
    return f"a {what}".replace("a a", "an a") if number == 1 else f"{number} {what}s"
