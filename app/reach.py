"""How the interface and the CLI reach the fleet: the daemon's, started on demand, or one of their own inline."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import structs

from backends.contract.errors import BackendError
from fleet.daemon.client import RemoteFleet
from fleet.paths import Paths
from fleet.protocol import Fleet
from fleet.scope import EVERYTHING, Scope
from fleet.settings import Settings, load
from fleet.values import ConnectionState
from quarterdeck.version import VERSION

if TYPE_CHECKING:
    from backends.registry import Registry
    from fleet.service import LocalFleet

PROFILE_VARIABLE: Final = "QUARTERDECK_PROFILE"
"""How a profile chosen by ``--profile`` reaches the daemon we start."""
PATIENCE: Final = 10.0
"""Seconds a one-shot command gives connections to answer."""


class Home:
    """Our folders and settings, read once."""

    def __init__(
        self,
        profile: str | None = None,
        environment: Mapping[str, str] | None = None,
        *,
        registry: Registry | None = None,
        read_only: bool = False,
    ) -> None:
        """Read them.

        Args:
            profile: the settings profile to use.
            environment: instead of that of this process.
            registry: backends to use instead of the installed ones.
            read_only: whether a fleet in this process denies every change, whatever the settings say.

        Raises:
            BackendError: if the settings cannot be read, with file, line and key.
        """
        if profile:
            os.environ[PROFILE_VARIABLE] = profile
        self.environment = os.environ if environment is None else environment
        self.paths = Paths.for_environment(self.environment)
        self.settings: Settings = load(self.paths, self.environment, profile)
        self._registry = registry
        self._read_only = read_only

    def remote(self, *, start: bool = True) -> RemoteFleet:
        """The daemon's fleet; not attached yet."""

        async def starter() -> None:
            from fleet.daemon.start import start_daemon

            self.paths.create()
            await start_daemon(self.paths.socket, self.paths.log)

        return RemoteFleet(self.paths.socket, starter=starter if start else None)

    async def local(self, *, inline: bool = True, scope: Scope = EVERYTHING) -> LocalFleet:
        """A fleet in this process, for the whole or a part."""
        from fleet.service import LocalFleet

        settings = self.settings
        if self._read_only:
            settings = structs.replace(settings, general=structs.replace(settings.general, read_only=True))
        return await LocalFleet.open(
            self.paths,
            settings,
            registry=self._registry,
            environment=self.environment,
            version=VERSION,
            inline=inline,
            scope=scope,
        )

    def serve(self) -> int:
        """Be the fleet daemon; returns the exit code."""
        from fleet.daemon.run import run_daemon

        daemon = self.settings.daemon
        return run_daemon(
            lambda: self.local(inline=False),
            socket=self.paths.socket,
            lock=self.paths.lock,
            log_file=self.paths.log,
            linger=daemon.linger,
            keep=lambda: daemon.keep,
        )

    @asynccontextmanager
    async def one_shot(
        self, *, scope: Scope = EVERYTHING, patience: float = PATIENCE, daemon: bool = True
    ) -> AsyncIterator[Fleet]:
        """A fleet for one command: the daemon's if one runs, else one of our own that leaves nothing behind.

        Args:
            scope: which connections the command is about; a fleet of our own opens no others.
            patience: how many seconds they have to answer; then the block begins without those that have not.
            daemon: whether a running daemon may be used.
        """
        if daemon and (remote := await self._running()) is not None:
            try:
                await answered(remote, scope, patience)
                yield remote
            finally:
                await remote.close()
            return
        local = await self.local(scope=scope)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await local.ready()
            yield local
        finally:
            await local.close()

    async def _running(self) -> RemoteFleet | None:
        """The fleet of a daemon that runs and is of our version."""
        if not self.paths.socket.exists():
            return None
        remote = self.remote(start=False)
        try:
            await remote.connect()
        except BackendError:
            await remote.close()
            return None
        except BaseException:
            await remote.close()
            raise
        return remote


async def answered(fleet: Fleet, scope: Scope, patience: float) -> None:
    """Return when every connection in scope has answered or failed, or the time is up."""
    changed = asyncio.Event()
    end = fleet.subscribe(lambda _delta: changed.set())
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while any(
                    connection.state is ConnectionState.CONNECTING and scope.covers(connection.spec)
                    for connection in fleet.inventory.connections.values()
                ):
                    changed.clear()
                    await changed.wait()
    finally:
        end()


def interface_log(path: Path) -> Path:
    """Where the interface logs: beside the daemon's log, never on the terminal it owns."""
    return path.with_name("interface.log")
