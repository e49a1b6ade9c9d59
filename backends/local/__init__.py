"""This machine: itself as a host, and its processes."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override

from backends.contract.kinds import HOST, PROCESS
from backends.contract.model import ConnectionSpec, Discovery, Kind
from backends.contract.operation import Operation, Verb
from backends.contract.session import Backend, Context, Session

CONNECTION = "local"


class LocalBackend(Backend):
    """The machine the fleet runs on."""

    @property
    @override
    def id(self) -> str:
        return "local"

    @property
    @override
    def title(self) -> str:
        return "This machine"

    @property
    @override
    def kinds(self) -> Sequence[Kind]:
        return (HOST, PROCESS)

    @property
    @override
    def operations(self) -> Sequence[Operation]:
        return tuple(verb.operation for verb in self.verbs())

    @override
    def discover(self, context: Context) -> Discovery:
        return Discovery(connections=(ConnectionSpec(id=CONNECTION, backend=self.id, title="This machine"),))

    @override
    def verbs(self) -> Sequence[Verb]:
        from backends.local.verbs import VERBS

        return VERBS

    @override
    async def open(self, spec: ConnectionSpec, context: Context) -> Session:
        from backends.local.session import open_session

        return await open_session(spec, context)


BACKEND = LocalBackend()
