"""What the checks of the suite stand on: attributes and hooks a subclass may set, and small helpers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, ClassVar, NoReturn, TypeVar

import msgspec
import pytest

from backends.contract.errors import NeedsAuth
from backends.contract.model import Ability, Command, Kind, Resource, ResourceId
from backends.contract.operation import Operation, Parameter, ParameterType
from backends.contract.session import Backend, Session
from backends.registry import Registry

T = TypeVar("T")


class BareContext:
    """A ``Context`` without secrets: a private folder and an environment of the test's own."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.environment: Mapping[str, str] = dict(os.environ if environment is None else environment)

    async def secret(self, reference: str) -> str:
        """Know none.

        Raises:
            NeedsAuth: always.
        """
        raise NeedsAuth(f"There is no secret “{reference}” here.")


class Gaze:
    """An ``Attention`` that a test moves."""

    def __init__(self, resources: Iterable[ResourceId] = ()) -> None:
        self._resources = frozenset(resources)
        self._moved = asyncio.Event()

    @property
    def resources(self) -> frozenset[ResourceId]:
        """What is looked at."""
        return self._resources

    async def changed(self) -> None:
        """Return when something else is looked at."""
        await self._moved.wait()

    def move(self, resources: Iterable[ResourceId]) -> None:
        """Look at something else."""
        self._resources = frozenset(resources)
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()


class Heard:
    """A ``Report`` that remembers what a running verb told."""

    def __init__(self) -> None:
        self.steps: list[tuple[float | None, str]] = []
        self.out = b""
        self.err = b""

    def progress(self, done: float | None, text: str) -> None:
        """Remember a step."""
        self.steps.append((done, text))

    def output(self, data: bytes, *, error: bool = False) -> None:
        """Remember output."""
        if error:
            self.err += data
        else:
            self.out += data


class Ground:
    """What a subclass says about its backend, and what the checks share."""

    entry: ClassVar[str]
    """Where the backend is found, as an entry point says it: ``backends.docker:BACKEND``."""
    forbidden: ClassVar[tuple[str, ...]] = ()
    """Modules that importing the backend must not import: its SDK."""
    patience: ClassVar[float] = 30.0
    """Seconds after which a check gives up waiting."""
    interval: ClassVar[float] = 0.2
    """How often, in seconds, samples are asked for."""
    working_folder: ClassVar[str] = "/tmp"  # noqa: S108 - only looked at, nothing is written there
    """A folder that exists where commands run."""
    shell_question: ClassVar[bytes] = b"echo qd-$((40 + 2))-$(test -t 0 && echo tty)\n"
    """What to type into a shell, and what it answers beside the echo."""
    shell_answer: ClassVar[bytes] = b"qd-42-tty"
    size_question: ClassVar[bytes] = b"stty size\n"
    """What to type to hear the terminal's size as ``rows columns``."""

    @pytest.fixture
    def backend(self) -> Backend:
        """The backend under test, loaded from ``entry``; override to bring one that is set up otherwise."""
        module, _, name = self.entry.partition(":")
        loaded: Backend = getattr(__import__(module, fromlist=[name]), name)
        return Registry({loaded.id: loaded}).load(loaded.id)

    def printing(self, out: str, err: str) -> Command:
        """A command that prints one text on each stream, without line ends, and ends with 0."""
        return Command(argv=("sh", "-c", 'printf %s "$0"; printf %s "$1" >&2', out, err))

    def exiting(self, code: int) -> Command:
        """A command that ends with that exit code."""
        return Command(argv=("sh", "-c", f"exit {code}"))

    def endless(self, marker: str) -> Command:
        """A command that prints ``ready``, shows ``marker`` in its arguments and never ends by itself."""
        return Command(argv=("sh", "-c", "echo ready; while :; do sleep 1; done", marker))

    def reciting(self, variable: str, env: Mapping[str, str]) -> Command:
        """A command that prints a variable of its environment, a ``|`` and its working folder, without a line end."""
        line = f'printf "%s|%s" "${variable}" "$PWD"'
        return Command(argv=("sh", "-c", line), env=env, cwd=self.working_folder)

    def parting(self, word: str, code: int) -> Command:
        """A command for a terminal: prints a word and ends with that exit code."""
        return Command(argv=("sh", "-c", f"echo {word}; exit {code}"))

    def deaf(self, marker: str) -> Command:
        """A command for a terminal like ``endless``, which does not listen to a hang-up."""
        return Command(argv=("sh", "-c", "trap '' HUP; echo ready; while :; do sleep 1; done", marker))

    def arguments(self, operation: Operation, resource: Resource) -> Mapping[str, str]:
        """What to type for an operation's parameters when it is planned; only the required ones by default."""
        del resource
        return {parameter.id: _typed(parameter) for parameter in operation.parameters if parameter.required}

    async def stir(self, session: Session, specimen: Resource) -> None:
        """Change something about the specimen behind the session's back, so that a watch has news."""
        del session, specimen
        pytest.fail("The session is Watched: the contract's subclass has to override `stir`.")

    # -- shared by the checks ------------------------------------------------------------------------------------

    def kinds(self, backend: Backend, *, volatile: bool = True) -> frozenset[str]:
        """The ids of the kinds of a backend."""
        return frozenset(kind.id for kind in backend.kinds if volatile or not kind.volatile)

    def kind(self, backend: Backend, resource: Resource) -> Kind:
        """The kind of a resource."""
        return next(kind for kind in backend.kinds if kind.id == resource.id.kind)

    async def all_able(
        self, backend: Backend, session: Session, specimen: Resource, ability: Ability
    ) -> Sequence[Resource]:
        """The resources with an ability, the specimen first when it is one of them."""
        found = await session.resources(self.kinds(backend))
        able = [resource for resource in found if ability in resource.abilities]
        return sorted(able, key=lambda resource: resource.id != specimen.id)

    async def able(self, backend: Backend, session: Session, specimen: Resource, ability: Ability) -> Resource:
        """The specimen if it has the ability, or else another resource; there has to be one."""
        found = await self.all_able(backend, session, specimen, ability)
        assert found, f"The session can do {ability.name}, but no resource of the test allows it."
        return found[0]

    def lacks(self, protocol: str) -> NoReturn:
        """Skip a check: what a backend cannot do is a protocol its session does not implement."""
        pytest.skip(f"not applicable: the session is not {protocol}")

    def unheard(self, resource: Resource) -> ResourceId:
        """An id of the same kind that nothing has."""
        return msgspec.structs.replace(resource.id, native="4294967290")


async def drained(stream: AsyncGenerator[T, None], patience: float) -> list[T]:
    """All that a stream brings until it ends by itself."""
    async with asyncio.timeout(patience), aclosing(stream):
        return [item async for item in stream]


def round_trips(value: Any, kind: Any = None) -> bool:
    """Whether a value is the same after it crossed the socket."""
    return bool(msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=kind or type(value)) == value)


def _typed(parameter: Parameter) -> str:
    match parameter.type:
        case ParameterType.CHOICE:
            return parameter.choices[0]
        case ParameterType.TOGGLE:
            return "yes"
        case ParameterType.WORDS:
            return "true"
        case ParameterType.TEXT:
            return "qd-contract"
        case _:
            return f"{parameter.minimum or parameter.maximum or 1:g}"
