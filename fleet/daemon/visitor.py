"""One attached client, as the daemon sees it: its calls, streams, terminals, attention and news."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import aclosing, contextmanager, suppress
from typing import Any, Protocol

import msgspec

from backends.contract.errors import BackendError, Failure, Refused, Unsupported
from backends.guard import guarded
from fleet.daemon import wire
from fleet.daemon.calls import CARRIED_THROUGH, TABLE, Method, Shape
from fleet.daemon.merge import Pending
from fleet.daemon.packing import packed
from fleet.daemon.terminal import HostedTerminal
from fleet.daemon.wire import (
    Allowance,
    Book,
    Call,
    Cancel,
    Credit,
    End,
    Fail,
    Feed,
    Goodbye,
    Item,
    Reply,
    Resize,
    Response,
    Subscribe,
    WireError,
)
from fleet.protocol import Fleet
from fleet.values import Delta, FleetStatus, Interest

log = logging.getLogger(__name__)

NEWS_EVERY = 0.1
"""Seconds between two deltas to one client, after the first."""
MOST_CALLS = 1000
"""Calls and streams one client may have under way."""


class House(Protocol):
    """What a visitor needs of the server it visits."""

    @property
    def fleet(self) -> Fleet:
        """The fleet everyone shares."""

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Finish this even when the visitor leaves."""

    def stop(self) -> None:
        """End the daemon."""

    async def status(self) -> FleetStatus:
        """The fleet's status, with what only the server knows."""


class Visitor:
    """Serves one client until it leaves. What it holds is freed then, except changes already asked for."""

    def __init__(self, house: House, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number = number
        self._house = house
        self._reader = reader
        self._writer = writer
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._allowances: dict[int, Allowance] = {}
        self._terminals: dict[int, HostedTerminal] = {}
        self._views: set[str] = set()
        self._attending = asyncio.Lock()
        self._taken = asyncio.Event()
        self._taken.set()
        self._special: dict[str, Callable[..., Awaitable[Any]]] = {
            "attend": self._attend,
            "shutdown": self._shutdown,
            "status": house.status,
        }

    @property
    def channels(self) -> int:
        """Streams and terminals this client has open."""
        return len(self._allowances)

    async def run(self) -> None:
        """Serve until the client hangs up or breaks the protocol."""
        try:
            async with asyncio.TaskGroup() as group:
                try:
                    await self._read(group)
                except WireError as error:
                    log.warning("Client %d is sent away. %s", self.number, error)
                finally:
                    self._writer.close()
                    for task in [*self._tasks.values()]:
                        task.cancel()
        finally:
            await self._forget_views()

    def say_goodbye(self) -> None:
        """Tell the client that the daemon ends because it was asked to."""
        self._post(Goodbye())

    async def _read(self, group: asyncio.TaskGroup) -> None:
        while (body := await wire.read_frame(self._reader)) is not None:
            match wire.read_request(body):
                case Call() as call:
                    self._begin(call, group)
                case Cancel(id=number):
                    task = self._tasks.get(number)
                    if task is not None:
                        task.cancel()
                case Credit() as credit:
                    self._credit(credit)
                case Feed(id=number, data=data):
                    if number in self._terminals:
                        self._terminals[number].feed(data)
                case Resize(id=number, size=size):
                    if number in self._terminals:
                        self._terminals[number].resize(size)
                case Subscribe():
                    self._start(0, self._push(), group)

    def _begin(self, call: Call, group: asyncio.TaskGroup) -> None:
        method = TABLE.get(call.method)
        if method is None:
            self._post(Fail(call.id, Failure.of(Unsupported(f"The fleet daemon knows no “{call.method}”."))))
            return
        if len(self._tasks) >= MOST_CALLS:
            self._post(Fail(call.id, Failure.of(Refused("Too many calls at once.", hint="Close some views."))))
            return
        work = self._answer(call.id, method, method.read_arguments(call.arguments))
        if method.name in CARRIED_THROUGH:
            self._house.keep(work)
        else:
            self._start(call.id, work, group)

    def _start(self, number: int, work: Coroutine[Any, Any, None], group: asyncio.TaskGroup) -> None:
        if number in self._tasks:
            work.close()
            raise WireError(f"Call number {number} is taken.")
        self._tasks[number] = task = group.create_task(work)
        task.add_done_callback(lambda _task: self._tasks.pop(number, None))

    def _credit(self, credit: Credit) -> None:
        if credit.amount <= 0:
            raise WireError("A credit must be more than nothing.")
        if credit.id == 0:
            self._taken.set()
        elif credit.id in self._allowances:
            self._allowances[credit.id].grant(credit.amount)

    async def _answer(self, number: int, method: Method, arguments: tuple[Any, ...]) -> None:
        answer = {Shape.CALL: self._call, Shape.STREAM: self._stream, Shape.TERMINAL: self._terminal}[method.shape]
        try:
            with guarded(f"“{method.name}”"):
                await answer(number, method, arguments)
        except BackendError as error:
            await self._send(Fail(number, Failure.of(error)))
        finally:
            self._allowances.pop(number, None)
            self._terminals.pop(number, None)

    async def _call(self, number: int, method: Method, arguments: tuple[Any, ...]) -> None:
        function = self._special.get(method.name) or getattr(self._house.fleet, method.name)
        await self._send(Reply(number, _raw(await function(*arguments))))

    async def _stream(self, number: int, method: Method, arguments: tuple[Any, ...]) -> None:
        allowance = self._allowances[number] = Allowance(wire.STREAM_WINDOW)
        async with aclosing(getattr(self._house.fleet, method.name)(*arguments)) as items:
            async for item in items:
                await self._say_item(number, allowance, wire.encoder.encode(item))
        await self._send(End(number))

    async def _terminal(self, number: int, method: Method, arguments: tuple[Any, ...]) -> None:
        terminal = await getattr(self._house.fleet, method.name)(*arguments)
        allowance = self._allowances[number] = Allowance(wire.STREAM_WINDOW)
        hosted = self._terminals[number] = HostedTerminal(number, terminal, self._send)
        try:
            await self._send(Reply(number, _raw(None)))
            with _first_error():
                async with asyncio.TaskGroup() as group:
                    typing = group.create_task(hosted.type())
                    while data := await terminal.read():
                        await self._say_item(number, allowance, wire.encoder.encode(data))
                    typing.cancel()
        except asyncio.CancelledError:
            self._post(End(number, await terminal.close()))  # detached: who still listens wants the exit code
            raise
        finally:
            exit_code = await terminal.close()
        await self._send(End(number, exit_code))

    async def _say_item(self, number: int, allowance: Allowance, value: bytes) -> None:
        await allowance.spend(len(value))
        await self._send(Item(number, msgspec.Raw(value)))

    async def _push(self) -> None:
        """Send everything known, then what changes: at once when nothing was said lately, else together."""
        pending = Pending.everything(self._house.fleet.inventory)
        news = asyncio.Event()

        def learn(delta: Delta) -> None:
            pending.add(delta)
            news.set()

        unsubscribe = self._house.fleet.subscribe(learn)
        try:
            await self._send(Book(_raw(tuple(self._house.fleet.catalogue.backends.values()))))
            while True:
                await self._taken.wait()  # as late as can be, so that much is merged for a slow client
                delta = pending.take()
                more = bool(pending)
                for frame in packed(delta):
                    await self._taken.wait()
                    self._taken.clear()
                    await self._write(frame)
                if more:
                    continue
                await asyncio.sleep(NEWS_EVERY)
                while not pending:
                    news.clear()
                    await news.wait()
        finally:
            unsubscribe()

    async def _attend(self, view: str, interest: Interest) -> None:
        """Keep views of different clients apart, in the order the client spoke."""
        async with self._attending:
            if interest == Interest():
                self._views.discard(view)
            else:
                self._views.add(view)
            await self._house.fleet.attend(self._own(view), interest)

    async def _forget_views(self) -> None:
        with suppress(BackendError), guarded("forgetting a client's views"):
            for view in self._views:
                await self._house.fleet.attend(self._own(view), Interest())

    def _own(self, view: str) -> str:
        return f"client-{self.number}:{view}"

    async def _shutdown(self) -> None:
        self._house.stop()

    def _post(self, message: Response) -> None:
        if not self._writer.is_closing():
            self._writer.write(wire.pack(message))

    async def _send(self, message: Response) -> None:
        """Send, and wait while the client is slow to read; only who sends waits."""
        try:
            frame = wire.pack(message)
        except WireError as error:
            raise Refused("The answer is too large to be handed over.", hint="Ask for less of it.") from error
        await self._write(frame)

    async def _write(self, frame: bytearray) -> None:
        if self._writer.is_closing():
            return
        self._writer.write(frame)
        # When the client is gone the reader learns it too, and ends everything here.
        with suppress(ConnectionError):
            await self._writer.drain()


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(wire.encoder.encode(value))


@contextmanager
def _first_error() -> Iterator[None]:
    """Let a task group fail with what failed in it, as one call has one error."""
    try:
        yield
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from failures.exceptions[0].__cause__
