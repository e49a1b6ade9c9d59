"""A fleet made of memory, that keeps the protocol and can be told to misbehave."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

import msgspec
from typing_extensions import override

from backends.contract.errors import BackendError, Conflict, NotFound
from backends.contract.model import (
    JSON,
    Ability,
    Area,
    ConnectionSpec,
    Event,
    Health,
    Kind,
    LogLine,
    LogQuery,
    Output,
    ProcessTable,
    Resource,
    ResourceId,
    Sample,
    Size,
    State,
)
from backends.contract.operation import Effect, Plan
from backends.contract.session import Terminal
from fleet.catalogue import Catalogue
from fleet.inventory import Inventory
from fleet.protocol import Fleet, Listener
from fleet.values import (
    Actor,
    Approval,
    BackendInfo,
    Connection,
    ConnectionState,
    Decision,
    Delta,
    Entry,
    EntryState,
    EventQuery,
    FleetStatus,
    Interest,
    Job,
    JobOutput,
    JobState,
    JournalQuery,
    Prepared,
    Request,
    Series,
    Shell,
    Verdict,
    Verification,
)

BOX = Kind(id="box", title="Box", plural="boxes", area=Area.CONTAINERS, columns=())
BATCH = 200


def box(name: str, connection: str = "shed", **changes: object) -> Resource:
    resource = Resource(
        ResourceId(connection, "box", name),
        name,
        State.RUNNING,
        "Up 3 hours",
        Health.GOOD,
        abilities=Ability.STOP | Ability.LOGS | Ability.SHELL | Ability.METRICS,
        labels={"com.example.project": "shelf"},
        facts={"image": "nginx:latest", "ports": ["80/tcp", "443/tcp"], "restarts": 2, "ratio": 0.5},
        created=1.5,
    )
    return msgspec.structs.replace(resource, **changes)


def connection(name: str = "shed") -> Connection:
    return Connection(ConnectionSpec(name, "memory"), ConnectionState.ONLINE, since=1.0)


def job(name: str, *, ended: float | None = None) -> Job:
    state = JobState.RUNNING if ended is None else JobState.DONE
    return Job(name, 1, "Stop", "stop", Actor.PERSON, state, (), started=1.0, ended=ended)


class EchoTerminal(Terminal):
    """Writes back what is typed; ``exit`` ends it with 3, ``break`` makes typing fail, ``halt`` stops taking."""

    def __init__(self) -> None:
        self.closed = False
        self.typed = 0
        self.released = asyncio.Event()
        self.released.set()
        self._out: asyncio.Queue[bytes] = asyncio.Queue()
        self._exit_code: int | None = None

    @override
    async def read(self) -> bytes:
        return await self._out.get()

    @override
    async def write(self, data: bytes) -> None:
        await self.released.wait()
        self.typed += len(data)
        match data:
            case b"exit":
                self._exit_code = 3
                await self._out.put(b"")
            case b"break":
                raise Conflict("The shell takes no more.", hint="Open another.")
            case b"halt":
                self.released.clear()
            case _:
                await self._out.put(data)

    @override
    async def resize(self, size: Size) -> None:
        await self._out.put(f"{size.columns}x{size.rows}".encode())

    @override
    async def close(self) -> int | None:
        self.closed = True
        return self._exit_code


class MemoryFleet(Fleet):
    """Everything a client can ask, answered at once."""

    def __init__(self) -> None:
        self.interests: dict[str, Interest] = {}
        self.listeners: list[Listener] = []
        self.open_streams = 0
        self.sent_lines = 0
        self.terminals: list[EchoTerminal] = []
        self.performed = 0
        self.gate = asyncio.Event()
        """What ``perform`` waits for."""
        self.gate.set()
        self.closed = False
        self._catalogue = Catalogue([BackendInfo("memory", "Memory", (BOX,), ())])
        self._inventory = Inventory()
        self._inventory.apply(Delta(connections=(connection(),)))

    @property
    @override
    def catalogue(self) -> Catalogue:
        return self._catalogue

    @property
    @override
    def inventory(self) -> Inventory:
        return self._inventory

    @property
    @override
    def attached(self) -> bool:
        return True

    @property
    @override
    def trouble(self) -> BackendError | None:
        return None

    def publish(self, delta: Delta) -> None:
        self._inventory.apply(delta)
        for listener in tuple(self.listeners):
            listener(delta)

    @override
    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    @override
    async def attend(self, view: str, interest: Interest) -> None:
        if interest == Interest():
            self.interests.pop(view, None)
        else:
            self.interests[view] = interest

    @override
    async def refresh(self, connection: str | None = None) -> None:
        match connection:
            case "job":
                self.publish(Delta(jobs=(job("held"),)))
            case "job ends":
                self.publish(Delta(jobs=(job("held", ended=2.0),)))
            case "shell":
                self.publish(Delta(shells=(Shell("kept", box("a").id, "a", 1.0),)))

    @override
    async def retry(self, connection: str) -> None:
        raise NotFound(f"There is no connection “{connection}”.", hint="`qd connections` lists them.")

    @override
    async def inspect(self, resource: ResourceId) -> JSON:
        match resource.native:
            case "bug":
                raise KeyError("secret detail")
            case "huge":
                return "x" * (17 * 1024 * 1024)
            case "object":
                return {"thing": object()}  # type: ignore[dict-item] # an adapter's bug
            case "environment":
                return {**os.environ}
        return {"Id": resource.native, "Config": {"Env": None, "Ports": [1, 2.5, True]}}

    @override
    async def processes(self, resource: ResourceId) -> ProcessTable:
        return ProcessTable(("PID", "COMMAND"), (("1", "init"),))

    @override
    async def logs(self, resources: Sequence[ResourceId], query: LogQuery) -> AsyncGenerator[Sequence[LogLine], None]:
        self.open_streams += 1
        try:
            count = 0
            while query.tail is None or count < query.tail:
                yield [LogLine(f"line {count + step} " + "x" * 60, 1.0) for step in range(BATCH)]
                count += BATCH
                self.sent_lines += BATCH
                await asyncio.sleep(0)
            if query.follow:
                await asyncio.Event().wait()
            if query.since == 13.0:
                raise NotFound("The log is gone.", hint="It was rotated away.")
        finally:
            self.open_streams -= 1

    @override
    async def history(
        self, resource: ResourceId, metrics: Sequence[str], since: float, until: float, points: int
    ) -> Mapping[str, Series]:
        return {metric: Series((since, until), (0.0, float(points))) for metric in metrics}

    @override
    async def prepare(self, request: Request) -> Prepared:
        plan = Plan("box", request.verb, "Stop", Effect.CHANGE, (), request.arguments)
        return Prepared(plan, Decision(Verdict.ALLOW, "It is allowed."), "token")

    @override
    async def perform(self, request: Request, approval: Approval | None = None) -> Job:
        await self.gate.wait()
        self.performed += 1
        return job("performed", ended=2.0)

    @override
    async def job(self, job: str) -> Job:
        raise NotFound(f"There is no job “{job}”.")

    @override
    async def wait(self, job: str) -> Job:
        await asyncio.Event().wait()
        raise AssertionError

    @override
    async def job_output(self, job: str) -> AsyncGenerator[JobOutput, None]:
        yield JobOutput(box("a").id, Output(data=b"\x00\xff done"))

    @override
    async def cancel(self, job: str) -> None:
        raise NotFound(f"There is no job “{job}”.")

    @override
    async def undo_requests(self, entry: int) -> Sequence[Request]:
        return [Request("start", (box("a").id,), {"number": entry})]

    @override
    async def open_shell(self, request: Request, approval: Approval | None, size: Size) -> Shell:
        return Shell("kept", request.targets[0], "a", 1.0)

    @override
    async def attach(self, shell: str, size: Size) -> Terminal:
        if shell != "kept":
            raise NotFound(f"There is no shell “{shell}”.")
        self.terminals.append(EchoTerminal())
        return self.terminals[-1]

    @override
    async def close_shell(self, shell: str) -> None:
        return None

    @override
    async def journal(self, query: JournalQuery) -> Sequence[Entry]:
        entry = Entry(7, 1.0, Actor.PERSON, "key", "stop", "Stop", (box("a").id,), ("a",), ("stop a",), EntryState.DONE)
        return [entry] * min(query.limit, 3)

    @override
    async def journal_output(self, entry: int) -> Sequence[JobOutput]:
        return [JobOutput(box("a").id, Output(exit_code=entry))]

    @override
    async def journal_verify(self) -> Verification:
        return Verification(entries=3)

    @override
    async def events(self, query: EventQuery) -> Sequence[Event]:
        return [Event("shed", 1.0, "start", "It started.", box("a").id)]

    @override
    async def status(self) -> FleetStatus:
        return FleetStatus("0", os.getpid(), time.time(), inline=True, resources=len(self._inventory))

    @override
    async def shutdown(self) -> None:
        raise AssertionError("the server ends itself")

    @override
    async def close(self) -> None:
        self.closed = True


def sample(name: str, at: float) -> Sample:
    return Sample(box(name).id, at, {"cpu": at})
