"""Docker, and what speaks its language: Podman, rootless engines, engines in virtual machines."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from typing_extensions import override

from backends.contract.model import ConnectionSpec, Discovery, Kind
from backends.contract.operation import Operation, Verb
from backends.contract.session import Backend, Context, Session
from backends.docker.discover import discover as look_around
from backends.docker.kinds import KINDS
from backends.docker.operations import OPERATIONS


class DockerBackend(Backend):
    """Engines that speak the Docker API. docker-py and aiohttp are imported when a connection opens."""

    id: Final = "docker"
    title: Final = "Docker"
    kinds: Final[Sequence[Kind]] = KINDS
    operations: Final[Sequence[Operation]] = OPERATIONS

    @override
    def discover(self, context: Context) -> Discovery:
        return look_around(context.environment)

    @override
    def verbs(self) -> Sequence[Verb]:
        from backends.docker.verbs import VERBS

        return VERBS

    @override
    async def open(self, spec: ConnectionSpec, context: Context) -> Session:
        # Its imports take a while; in a thread they do not hold up the other connections.
        module = await asyncio.to_thread(import_module, "backends.docker.session")
        session: Session = await module.DockerSession.open(spec, context.folder)
        return session


BACKEND = DockerBackend()
