"""One connection to the daemon, as the client sees it: frames out, frames in, sorted to the calls they belong to."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from backends.contract.errors import BackendError, Unreachable
from fleet.daemon import wire
from fleet.daemon.calls import Method, Shape
from fleet.daemon.wire import Allowance, Call, Cancel, Credit, End, Fail, Item, Reply, Request, Response

Answer = Reply | Item | End


class Channel:
    """One call under way: what has come for it and was not yet taken."""

    def __init__(self, link: Link, number: int, method: Method) -> None:
        self.id = number
        self.typing = Allowance(wire.FEED_WINDOW)
        """For terminals: how much more may be typed."""
        self.ended = False
        """Nothing more will come for it."""
        self._link = link
        self._method = method
        self._inbox: deque[Answer | BackendError] = deque()
        self._arrived = asyncio.Event()
        self._owed = 0

    def deliver(self, answer: Answer | BackendError) -> None:
        """Something has come for this call."""
        lasting = isinstance(answer, Item) or (isinstance(answer, Reply) and self._method.shape is not Shape.CALL)
        if not lasting:
            self.ended = True
            self.typing.grant(wire.FRAME_LIMIT)  # whoever waits to type finds out that it is over
        self._inbox.append(answer)
        self._arrived.set()

    async def receive(self) -> Answer:
        """The next answer.

        Raises:
            BackendError: the call's own, or ``Unreachable`` when the daemon went away.
        """
        while not self._inbox:
            if self.ended:
                raise self._link.absence()
            self._arrived.clear()
            await self._arrived.wait()
        answer = self._inbox.popleft()
        if isinstance(answer, BackendError):
            raise answer
        if isinstance(answer, Item):
            self._taken(len(memoryview(answer.value)))
        return answer

    def value(self, answer: Answer) -> Any:
        """What a reply or an item says."""
        return None if isinstance(answer, End) else self._method.read_result(_payload(answer))

    async def send(self, message: Request) -> None:
        """Say something more about this call."""
        await self._link.send(message)

    def cancel(self) -> None:
        """Ask the daemon to end it; what it still answers may be received."""
        if not self.ended:
            self._link.post(Cancel(self.id))

    def close(self) -> None:
        """Have nothing more to do with it."""
        self.cancel()
        self._link.forget(self.id)

    def _taken(self, size: int) -> None:
        self._owed += size
        if self._owed >= wire.STREAM_WINDOW // 2 and not self.ended:
            self._link.post(Credit(self.id, self._owed))
            self._owed = 0


class Link:
    """A greeted connection. Everything that comes in is dispatched by whoever runs ``listen``."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, absence: Callable[[], Unreachable]
    ) -> None:
        self.absence = absence
        """What calls say when the daemon has gone away under them."""
        self._reader = reader
        self._writer = writer
        self._numbers = itertools.count(1)
        self._channels: dict[int, Channel] = {}
        self._down = False

    def open(self, method: Method, arguments: msgspec.Raw) -> Channel:
        """Begin a call."""
        channel = Channel(self, next(self._numbers), method)
        if self._down:
            channel.deliver(self.absence())
            return channel
        self._channels[channel.id] = channel
        self.post(Call(channel.id, method.name, arguments))
        return channel

    def forget(self, number: int) -> None:
        """Drop whatever else comes for a call."""
        self._channels.pop(number, None)

    def post(self, message: Request) -> None:
        """Send without waiting; for small frames."""
        if not self._writer.is_closing():
            self._writer.write(wire.pack(message))

    async def send(self, message: Request) -> None:
        """Send, and wait while the daemon is slow to read.

        Raises:
            Unreachable: if it is gone.
        """
        self.post(message)
        try:
            await self._writer.drain()
        except ConnectionError as error:
            raise self.absence() from error

    async def listen(self, broadcast: Callable[[Response], None]) -> None:
        """Dispatch what comes until the daemon is gone; ``broadcast`` gets what belongs to no call.

        Raises:
            WireError: if the daemon does not keep the protocol.
        """
        try:
            while (body := await wire.read_frame(self._reader)) is not None:
                self._dispatch(wire.read_response(body), broadcast)
        finally:
            self.hang_up()

    def hang_up(self) -> None:
        """Close the connection; every call under way learns of it."""
        self._down = True
        self._writer.close()
        channels, self._channels = self._channels, {}
        for channel in channels.values():
            channel.deliver(self.absence())

    def _dispatch(self, message: Response, broadcast: Callable[[Response], None]) -> None:
        match message:
            case Credit():
                channel = self._channels.get(message.id)
                if channel is not None:
                    channel.typing.grant(message.amount)
            case Reply() | Item() | End():
                self._deliver(message.id, message)
            case Fail():
                self._deliver(message.id, message.failure.error())
            case _:
                broadcast(message)

    def _deliver(self, number: int, answer: Answer | BackendError) -> None:
        channel = self._channels.get(number)
        if channel is None:
            return  # nobody waits for it any more
        channel.deliver(answer)
        if channel.ended:
            del self._channels[number]


def _payload(answer: Reply | Item) -> msgspec.Raw:
    return answer.result if isinstance(answer, Reply) else answer.value
