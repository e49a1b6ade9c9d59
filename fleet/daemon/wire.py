"""What goes over the socket: length-prefixed msgpack frames.

A connection begins with a :class:`Hello` and a :class:`Welcome`. These two are maps and must stay readable by every
version ever released: add fields, never remove or change one. Everything after them is only spoken between equal
versions and is packed as tightly as msgpack allows. Arguments, results and deltas stand inside their frames as ready
msgpack (``Raw``), so that routing a frame never means understanding it.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum, auto
from functools import cache

import msgspec

from backends.contract.errors import Failure
from backends.contract.model import Size

FRAME_LIMIT = 16 * 1024 * 1024
"""Bytes in one frame at most. Everything big (logs, deltas) is cut into pieces long before."""
HELLO_LIMIT = 64 * 1024
"""Bytes in a greeting at most, because a stranger may have sent it."""
STREAM_WINDOW = 256 * 1024
"""Bytes of one stream that may be under way before its reader has taken some."""
FEED_WINDOW = 64 * 1024
"""Bytes typed or pasted into one terminal that may be under way before its program has taken some."""
READ_BUFFER = 256 * 1024
"""What asyncio may read ahead of us."""

_HEAD = 4

encoder = msgspec.msgpack.Encoder()
"""The one encoder; it keeps no state between calls."""


class WireError(Exception):
    """The other side does not keep the protocol. The message is a sentence for the log."""


class Ending(StrEnum):
    """Whether a greeting asks the daemon to end."""

    NO = auto()
    IDLE = auto()
    """End, unless somebody needs you."""
    NOW = auto()


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The first frame of a client."""

    version: str
    protocol: str
    end: Ending = Ending.NO


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """The daemon's answer. Unless ``accepted``, only another :class:`Hello` may follow."""

    version: str
    protocol: str
    pid: int
    accepted: bool = False
    ending: bool = False
    """It was asked to end and will."""
    busy: str = ""
    """What it could not be ended for without loss (“2 jobs and a shell”); empty when nothing."""
    refused: Failure | None = None


class Call(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """Client: run a method. Its number is the client's choice and names everything that belongs to the call."""

    id: int
    method: str
    arguments: msgspec.Raw


class Cancel(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """Client: nobody waits for this call any more."""

    id: int


class Feed(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """Client: keystrokes for a terminal."""

    id: int
    data: bytes


class Resize(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """Client: a terminal's new size."""

    id: int
    size: Size


class Credit(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """Both ways: so many bytes were taken and may follow. From a client with id 0: the last push was taken."""

    id: int
    amount: int


class Subscribe(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """Client: send the book of backends, then everything known, then every change."""


class Reply(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """Server: the call's result; for a terminal, that it is open."""

    id: int
    result: msgspec.Raw


class Fail(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """Server: the call or stream ended badly."""

    id: int
    failure: Failure


class Item(msgspec.Struct, frozen=True, array_like=True, tag=9):
    """Server: the next value of a stream."""

    id: int
    value: msgspec.Raw


class End(msgspec.Struct, frozen=True, array_like=True, tag=10):
    """Server: a stream has ended well."""

    id: int
    exit_code: int | None = None


class Book(msgspec.Struct, frozen=True, array_like=True, tag=11):
    """Server: the backends as data, once per subscription."""

    backends: msgspec.Raw


class Push(msgspec.Struct, frozen=True, array_like=True, tag=12):
    """Server: what changed. The next one comes when this one was taken."""

    delta: msgspec.Raw


class Goodbye(msgspec.Struct, frozen=True, array_like=True, tag=13):
    """Server: I end because I was asked to; whoever starts me again should have a reason."""


Request = Call | Cancel | Feed | Resize | Credit | Subscribe
Response = Reply | Fail | Item | End | Credit | Book | Push | Goodbye
Greeting = Hello | Welcome


@cache
def _greetings() -> msgspec.msgpack.Decoder[Greeting]:
    return msgspec.msgpack.Decoder(Greeting)


@cache
def _requests() -> msgspec.msgpack.Decoder[Request]:
    return msgspec.msgpack.Decoder(Request)


@cache
def _responses() -> msgspec.msgpack.Decoder[Response]:
    return msgspec.msgpack.Decoder(Response)


def pack(message: Request | Response | Greeting) -> bytearray:
    """A message as the bytes of its frame.

    Raises:
        WireError: if it is larger than a frame may be.
    """
    buffer = bytearray(_HEAD)
    encoder.encode_into(message, buffer, _HEAD)
    size = len(buffer) - _HEAD
    if size > FRAME_LIMIT:
        raise WireError(f"A frame of {size} bytes is larger than {FRAME_LIMIT}.")
    buffer[:_HEAD] = size.to_bytes(_HEAD, "big")
    return buffer


async def read_frame(reader: asyncio.StreamReader, limit: int = FRAME_LIMIT) -> bytes | None:
    """The next frame's body, or ``None`` when the other side is gone, in the middle of a frame too.

    Raises:
        WireError: if the frame is empty or larger than ``limit``; nothing of it is read then.
    """
    try:
        size = int.from_bytes(await reader.readexactly(_HEAD), "big")
        if not 0 < size <= limit:
            raise WireError(f"A frame says it has {size} bytes; 1 to {limit} are allowed.")
        return await reader.readexactly(size)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def read_greeting(body: bytes) -> Greeting:
    """The greeting in a frame.

    Raises:
        WireError: if it is none.
    """
    try:
        return _greetings().decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(f"A greeting cannot be read: {error}.") from error


def read_request(body: bytes) -> Request:
    """The client's message in a frame.

    Raises:
        WireError: if it is none.
    """
    try:
        return _requests().decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(f"A client's frame cannot be read: {error}.") from error


def read_response(body: bytes) -> Response:
    """The server's message in a frame.

    Raises:
        WireError: if it is none.
    """
    try:
        return _responses().decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(f"The daemon's frame cannot be read: {error}.") from error


class Allowance:
    """How many bytes may still be sent. May be overdrawn by one piece, so that a large one passes at all."""

    def __init__(self, amount: int) -> None:
        self._amount = amount
        self._granted = asyncio.Event()

    @property
    def left(self) -> int:
        """Bytes that may be sent now; negative when overdrawn."""
        return self._amount

    def grant(self, amount: int) -> None:
        """The other side has taken so many bytes."""
        self._amount += amount
        self._granted.set()

    async def spend(self, amount: int) -> None:
        """Wait until something may be sent, and count it."""
        while self._amount <= 0:
            self._granted.clear()
            await self._granted.wait()
        self._amount -= amount
