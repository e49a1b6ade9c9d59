"""How the interface and the CLI reach the fleet: the daemon's, started on demand, or one of their own inline."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backends.contract.errors import BackendError
from fleet.daemon.client import RemoteFleet
from fleet.paths import Paths
from fleet.protocol import Fleet
from fleet.settings import Settings, load
from quarterdeck.version import VERSION

if TYPE_CHECKING:
    from fleet.service import LocalFleet

PROFILE_VARIABLE: Final = "QUARTERDECK_PROFILE"
"""How a profile chosen by ``--profile`` reaches the daemon we start."""


class Home:
    """Our folders and settings, read once."""

    def __init__(self, profile: str | None = None, environment: Mapping[str, str] | None = None) -> None:
        """Read them.

        Raises:
            BackendError: if the settings cannot be read, with file, line and key.
        """
        if profile:
            os.environ[PROFILE_VARIABLE] = profile
        self.environment = os.environ if environment is None else environment
        self.paths = Paths.for_environment(self.environment)
        self.settings: Settings = load(self.paths, self.environment, profile)

    def remote(self, *, start: bool = True) -> RemoteFleet:
        """The daemon's fleet; not attached yet."""

        async def starter() -> None:
            from fleet.daemon.start import start_daemon

            self.paths.create()
            await start_daemon(self.paths.socket, self.paths.log)

        return RemoteFleet(self.paths.socket, starter=starter if start else None)

    async def local(self, *, inline: bool = True) -> LocalFleet:
        """A fleet in this process."""
        from fleet.service import LocalFleet

        return await LocalFleet.open(
            self.paths, self.settings, environment=self.environment, version=VERSION, inline=inline
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
    async def one_shot(self) -> AsyncIterator[Fleet]:
        """A fleet for one command: the daemon's if one runs, else one of our own that leaves nothing behind."""
        remote = self.remote(start=False)
        try:
            await remote.connect()
        except BackendError:
            await remote.close()
        else:
            try:
                yield remote
            finally:
                await remote.close()
            return
        local = await self.local()
        try:
            await local.ready()
            yield local
        finally:
            await local.close()


def interface_log(path: Path) -> Path:
    """Where the interface logs: beside the daemon's log, never on the terminal it owns."""
    return path.with_name("interface.log")
