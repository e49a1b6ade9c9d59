"""What every command is given: its options, its outputs, and ways to the fleet."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import cached_property
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, Any, Final

from app.cli.codes import INTERRUPTED
from app.cli.console import Console

if TYPE_CHECKING:
    from argparse import Namespace

    from app.reach import Home
    from backends.registry import Registry
    from fleet.catalogue import Catalogue
    from fleet.paths import Paths
    from fleet.protocol import Fleet
    from fleet.scope import Scope

PATIENCE: Final = 10.0
"""Seconds connections are given to answer."""
LOG_BYTES: Final = 500_000
_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)


class Cli:
    """One command under way."""

    def __init__(
        self,
        given: Namespace,
        environment: Mapping[str, str] | None = None,
        registry: Registry | None = None,
    ) -> None:
        """Begin a command with the global options in ``given``."""
        self.environment = os.environ if environment is None else environment
        self.console = Console(self.environment, colour=getattr(given, "color", "auto"))
        self.profile: str | None = getattr(given, "profile", None)
        self.read_only_asked: bool = getattr(given, "read_only", False)
        self.uses_daemon: bool = not getattr(given, "no_daemon", False)
        self.patience: float = getattr(given, "wait", PATIENCE)
        self._registry = registry
        self._ended_by = 0

    @cached_property
    def paths(self) -> Paths:
        """Our folders; known even where the settings are wrong."""
        from fleet.paths import Paths

        return Paths.for_environment(self.environment)

    @cached_property
    def home(self) -> Home:
        """Our folders and settings.

        Raises:
            BackendError: if the settings are wrong.
        """
        from app.reach import Home

        return Home(self.profile, self.environment, registry=self._registry, read_only=self.read_only_asked)

    @cached_property
    def registry(self) -> Registry:
        """The backends."""
        from backends.registry import Registry

        return self._registry or Registry()

    @cached_property
    def catalogue(self) -> Catalogue:
        """What the installed backends bring, without opening anything."""
        from fleet.catalogue import Catalogue
        from fleet.installed import describe

        return Catalogue(describe(self.registry))

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed."""
        return self.read_only_asked or self.home.settings.general.read_only

    def fleet(self, scope: Scope) -> AbstractAsyncContextManager[Fleet]:
        """A fleet for this command, whose connections in ``scope`` have had time to answer."""
        return self._fleet(scope)

    @asynccontextmanager
    async def _fleet(self, scope: Scope) -> AsyncIterator[Fleet]:
        async with self.home.one_shot(scope=scope, patience=self.patience, daemon=self.uses_daemon) as fleet:
            yield fleet

    @contextmanager
    def logged(self) -> Iterator[None]:
        """Send the log of a fleet in this process to a file while the block runs: standard error is for people."""
        handler = RotatingFileHandler(
            self.paths.log.with_name("cli.log"), maxBytes=LOG_BYTES, backupCount=1, delay=True, encoding="utf-8"
        )
        handler.setLevel(logging.WARNING)
        handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
        handler.addFilter(lambda _record: self.paths.log.parent.is_dir())
        root = logging.getLogger()
        root.addHandler(handler)
        try:
            yield
        finally:
            root.removeHandler(handler)
            handler.close()

    def run(self, work: Coroutine[Any, Any, int]) -> int:
        """Run a command that awaits; signals end it as an exception would, so that nothing is left behind."""

        async def supervised() -> int:
            task, loop = asyncio.current_task(), asyncio.get_running_loop()
            assert task is not None
            for number in _ENDING:
                loop.add_signal_handler(number, self._end, task, number)
            return await work

        try:
            return asyncio.run(supervised())
        except KeyboardInterrupt:
            return INTERRUPTED
        except asyncio.CancelledError:
            return 128 + self._ended_by

    def _end(self, task: asyncio.Task[int], number: int) -> None:
        self._ended_by = number
        task.cancel()
