"""Meeting the daemon: connect, check who it is, say hello; also how one asks it to end, whatever its version."""

from __future__ import annotations

import asyncio
from pathlib import Path

from backends.contract.errors import BackendBug, Refused, TimedOut, Unreachable
from fleet.daemon import wire
from fleet.daemon.calls import fingerprint
from fleet.daemon.lock import Lock
from fleet.daemon.peer import is_stranger
from fleet.daemon.wire import Ending, Hello, Welcome
from quarterdeck.version import VERSION

PATIENCE = 10.0
"""Seconds for a greeting, or for a daemon that was asked to end and is not busy."""
END_PATIENCE = 30.0
"""Seconds for a daemon that cancels jobs and hangs up shells before it ends."""


class Meeting:
    """A connection on which both sides have said hello."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, welcome: Welcome) -> None:
        self.reader = reader
        self.writer = writer
        self.welcome = welcome

    async def ask_to_end(self, ending: Ending, version: str = VERSION) -> bool:
        """Ask a daemon that did not accept us to end, and wait until it has hung up. Says whether it agreed.

        Raises:
            TimedOut: if it agreed but does not end.
        """
        self.welcome = await _greet(self.reader, self.writer, Hello(version, fingerprint(), ending))
        if not self.welcome.ending:
            return False
        try:
            async with asyncio.timeout(END_PATIENCE):
                while await self.reader.read(wire.HELLO_LIMIT):
                    continue
        except ConnectionError:
            pass
        except TimeoutError as error:
            raise _stuck(self.welcome.pid) from error
        return True

    def close(self) -> None:
        """Hang up."""
        self.writer.close()


async def meet(socket: Path, *, version: str = VERSION, ending: Ending = Ending.NO) -> Meeting:
    """Connect to the daemon and say hello.

    Raises:
        Unreachable: if none answers.
        Refused: if it is another user's.
    """
    try:
        reader, writer = await asyncio.open_unix_connection(socket, limit=wire.READ_BUFFER)
    except OSError as error:
        raise Unreachable("No fleet daemon is running.", hint="`qd` starts one.") from error
    try:
        if is_stranger(writer.transport):
            raise Refused(f"The socket {socket} belongs to another user.", hint="Remove it, or use another profile.")
        return Meeting(reader, writer, await _greet(reader, writer, Hello(version, fingerprint(), ending)))
    except BaseException:
        writer.close()
        raise


async def _greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hello: Hello) -> Welcome:
    try:
        async with asyncio.timeout(PATIENCE):
            writer.write(wire.pack(hello))
            body = await wire.read_frame(reader, wire.HELLO_LIMIT)
        greeting = wire.read_greeting(body) if body is not None else None
    except TimeoutError as error:
        raise TimedOut("The fleet daemon does not answer.", hint="`qd daemon stop`, or kill it.") from error
    except wire.WireError as error:
        raise BackendBug("Something that is not the fleet daemon answers at its socket.", hint=str(error)) from error
    if greeting is None:
        raise Unreachable("The fleet daemon hung up.", hint="It may just be ending; try again.")
    if not isinstance(greeting, Welcome):
        raise BackendBug("Something that is not the fleet daemon answers at its socket.")
    if greeting.refused is not None:
        raise greeting.refused.error()
    return greeting


async def daemon_welcome(socket: Path) -> Welcome | None:
    """What a running daemon says of itself, whatever its version, or ``None`` when none runs."""
    try:
        meeting = await meet(socket)
    except Unreachable:
        return None
    meeting.close()
    return meeting.welcome


async def stop_daemon(socket: Path, lock: Path) -> Welcome | None:
    """End a running daemon, whatever its version and however busy, and wait until its process is gone.

    Returns:
        what it said of itself, or ``None`` when none ran.

    Raises:
        TimedOut: if it does not end.
    """
    try:
        meeting = await meet(socket, ending=Ending.NOW)
    except Unreachable:
        return None
    meeting.close()
    try:
        async with asyncio.timeout(END_PATIENCE):
            while Lock(lock).holder() is not None:  # noqa: ASYNC110 - another process tells no event of ours
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise _stuck(meeting.welcome.pid) from error
    return meeting.welcome


def _stuck(pid: int) -> TimedOut:
    return TimedOut(f"The fleet daemon (process {pid}) does not end.", hint=f"`kill -9 {pid}` ends it.")
