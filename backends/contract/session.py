"""What a live connection can do: one small protocol per ability.

A session implements the protocols it can keep, and no others; the fleet asks with ``isinstance``. Every method may
raise ``BackendError`` and nothing else. Streams are async *generators*: whoever stops reading closes them
(``contextlib.aclosing``), and closing frees whatever they hold at the other side.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from backends.contract.model import (
    JSON,
    Change,
    Command,
    ConnectionSpec,
    Discovery,
    Kind,
    LogLine,
    LogQuery,
    Output,
    ProcessTable,
    Resource,
    ResourceId,
    Sample,
    Size,
)
from backends.contract.operation import Operation, Verb


class Context(Protocol):
    """What the fleet lends a backend while it opens a connection."""

    @property
    def folder(self) -> Path:
        """A private folder (0700) where this backend may keep files of its own."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment to read, instead of ``os.environ``: tests and profiles set it."""

    async def secret(self, reference: str) -> str:
        """Resolve ``keyring:…``, ``env:…``, ``file:…`` or ``command:…``; may raise ``NeedsAuth``."""


class Attention(Protocol):
    """Which resources somebody looks at now. It changes while a measurement runs."""

    @property
    def resources(self) -> frozenset[ResourceId]:
        """The resources of this connection worth measuring often."""

    async def changed(self) -> None:
        """Return when ``resources`` is no longer what it was when this was called."""


@runtime_checkable
class Session(Protocol):
    """One live connection. The least a backend must bring."""

    async def resources(self, kinds: frozenset[str]) -> Sequence[Resource]:
        """All resources of the kinds, complete: what is not in the answer does not exist."""

    async def close(self) -> None:
        """Let go of everything. May be called twice, and while other calls are under way."""


@runtime_checkable
class Watched(Protocol):
    """A session that tells when something changes."""

    def watch(self) -> AsyncGenerator[Change, None]:
        """News as it happens. Ends or raises when the connection is lost; missing news is repaired by lists."""


@runtime_checkable
class Measured(Protocol):
    """A session whose resources can be measured."""

    def samples(self, attention: Attention, every: float) -> AsyncGenerator[Sequence[Sample], None]:
        """Samples of the resources attended to, about every ``every`` seconds, following attention as it moves."""


@runtime_checkable
class Inspectable(Protocol):
    """A session that can show the engine's own description of a resource."""

    async def inspect(self, resource: ResourceId) -> JSON:
        """The full description, as the engine gives it."""


@runtime_checkable
class Topped(Protocol):
    """A session that lists the processes inside a resource."""

    async def processes(self, resource: ResourceId) -> ProcessTable:
        """The processes now."""


@runtime_checkable
class Logged(Protocol):
    """A session whose resources have logs."""

    def logs(self, resource: ResourceId, query: LogQuery) -> AsyncGenerator[Sequence[LogLine], None]:
        """Lines in order, in batches as they come. Ends at the end of the log, or never when following."""


@runtime_checkable
class Commandable(Protocol):
    """A session that can run a program at a resource."""

    def run(self, resource: ResourceId, command: Command) -> AsyncGenerator[Output, None]:
        """Output as it comes, then one ``Output`` with the exit code. Closing it early ends the program."""


class Terminal(Protocol):
    """A duplex byte stream to an interactive program."""

    async def read(self) -> bytes:
        """The next bytes; empty when the program has ended."""

    async def write(self, data: bytes) -> None:
        """Send keystrokes."""

    async def resize(self, size: Size) -> None:
        """Tell the program its new size."""

    async def close(self) -> int | None:
        """Hang up and free it; returns the exit code when there is one. May be called twice."""


@runtime_checkable
class Shellable(Protocol):
    """A session that can open an interactive terminal at a resource."""

    async def terminal(self, resource: ResourceId, command: Command | None, size: Size) -> Terminal:
        """Open the command, or without one the best shell that is there."""


class Backend(Protocol):
    """An adapter for one technology. Importing it must not import its SDK; opening a connection does."""

    @property
    def id(self) -> str:
        """Short and lower case: ``docker``."""

    @property
    def title(self) -> str:
        """For people: ``Docker``."""

    @property
    def kinds(self) -> Sequence[Kind]:
        """What it brings."""

    @property
    def operations(self) -> Sequence[Operation]:
        """What can be done to it: the operations of its verbs, as data."""

    def discover(self, context: Context) -> Discovery:
        """Look around for endpoints, quickly and without opening any."""

    def verbs(self) -> Sequence[Verb]:
        """The operations with their code. May import the SDK."""

    async def open(self, spec: ConnectionSpec, context: Context) -> Session:
        """Open a connection: after this the endpoint has answered once."""
