"""Staying attached to the daemon: reach it, start it, replace another version's, find it again when it was lost."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from backends.contract.errors import BackendError, Unreachable, Unsupported
from fleet.daemon.calls import fingerprint
from fleet.daemon.greeting import Meeting, meet
from fleet.daemon.link import Link
from fleet.daemon.replica import Replica
from fleet.daemon.wire import Book, Credit, Ending, Goodbye, Push, Response, Subscribe, WireError
from fleet.supervisor import Supervisor
from fleet.values import Delta

log = logging.getLogger(__name__)

Starter = Callable[[], Awaitable[None]]
"""Starts the daemon and returns when it answers; see ``fleet.daemon.start.start_daemon``."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds before the daemon is looked for again: doubled from the one to the other, with jitter."""


class Attachment:
    """Keeps one link to the daemon alive and a replica fed from it."""

    def __init__(
        self,
        socket: Path,
        replica: Replica,
        *,
        starter: Starter | None,
        version: str,
        greet: Callable[[Link], None],
    ) -> None:
        """Feed ``replica``; ``greet`` says over each new link what the daemon has to know of us."""
        self.link: Link | None = None
        self.trouble: BackendError | None = None
        self._socket = socket
        self._replica = replica
        self._starter = starter
        self._version = version
        self._greet = greet
        self._supervisor = Supervisor()
        self._begun = False
        self._closed = False
        self._complete = False
        self._dismissed = False
        self._waiting: list[asyncio.Future[None]] = []
        self._wake = asyncio.Event()
        self._pause = FIRST_PAUSE

    def begin(self) -> None:
        """Begin to attach in the background, and to do so again whenever the daemon is lost."""
        if not self._begun:
            self._begun = True
            self._supervisor.spawn(self._run(), "fleet client")

    async def connect(self) -> None:
        """Wait until attached and everything known has arrived; try at once if that was being waited with."""
        if self.link is not None and self._complete:
            return
        if self._closed:
            raise self.absence()
        self.begin()
        self._dismissed = False
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._wake.set()
        await waiter

    async def close(self) -> None:
        """Let go of the daemon for good."""
        self._closed = True
        await self._supervisor.close()
        self._settle(self.absence())

    def live(self) -> Link:
        """The link, to ask something over.

        Raises:
            BackendError: why there is none.
        """
        if self.link is None:
            raise self.trouble or self.absence()
        return self.link

    def absence(self) -> Unreachable:
        """What calls say when there is no daemon."""
        if self._dismissed:
            return Unreachable("The fleet daemon was stopped.", hint="`qd` starts it again.")
        hint = "It is being started again." if self._starter is not None else "`qd` starts one."
        return Unreachable("The fleet daemon is gone.", hint=hint)

    async def _run(self) -> None:
        while True:
            try:
                meeting = await self._reach()
            except BackendError as error:
                self._failed(error)
            else:
                await self._stay(meeting)
            await self._rest()

    async def _reach(self) -> Meeting:
        """A meeting with a daemon of our version, started where that may be done."""
        try:
            meeting = await meet(self._socket, version=self._version)
        except Unreachable as error:
            if self._dismissed:
                raise self.absence() from error
            if self._starter is None:
                raise
        else:
            if meeting.welcome.accepted:
                return meeting
            await self._replace(meeting)
        assert self._starter is not None
        await self._starter()
        meeting = await meet(self._socket, version=self._version)
        if not meeting.welcome.accepted:
            meeting.close()
            raise self._mismatch(meeting)
        return meeting

    async def _replace(self, meeting: Meeting) -> None:
        """Have a daemon of another version end, so that ours can take its place."""
        welcome = meeting.welcome
        try:
            if (welcome.version, welcome.protocol) == (self._version, fingerprint()):
                raise Unreachable("The fleet daemon is just ending.", hint="It is looked for again in a moment.")
            if self._starter is None or welcome.busy:
                raise self._mismatch(meeting)
            if not await meeting.ask_to_end(Ending.IDLE, self._version):
                raise self._mismatch(meeting)
        finally:
            meeting.close()

    def _mismatch(self, meeting: Meeting) -> Unsupported:
        theirs, busy = meeting.welcome.version, meeting.welcome.busy
        build = "another build of the same version" if theirs == self._version else f"version {theirs}"
        tail = f", and it is busy with {busy}" if busy else ""
        message = f"The fleet daemon is {build}, this is {self._version}{tail}."
        return Unsupported(message, hint="`qd daemon stop` ends it.")

    async def _stay(self, meeting: Meeting) -> None:
        link = Link(meeting.reader, meeting.writer, self.absence)
        try:
            self._adopt(link)
            await link.listen(self._hear)
        except (WireError, msgspec.DecodeError) as error:
            log.warning("The fleet daemon is left. %s", error)
        finally:
            self._lose(link)

    def _adopt(self, link: Link) -> None:
        self.link, self.trouble, self._complete = link, None, False
        link.post(Subscribe())
        self._greet(link)
        self._replica.notify(Delta())

    def _lose(self, link: Link) -> None:
        link.hang_up()
        self.link, self.trouble = None, self.absence()
        self._settle(self.trouble)
        self._replica.notify(Delta())

    def _failed(self, error: BackendError) -> None:
        news = self.trouble is None or str(self.trouble) != str(error)
        self.trouble = error
        self._settle(error)
        if news:
            log.warning("The fleet daemon cannot be reached. %s", error)
            self._replica.notify(Delta())

    async def _rest(self) -> None:
        """Wait before the next attempt, shorter when somebody asks for it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pause * random.uniform(0.5, 1.0)):  # noqa: S311 - jitter is no secret
                await self._wake.wait()
        self._wake.clear()
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _settle(self, error: BackendError | None) -> None:
        """Tell those who wait in ``connect`` how it went."""
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(error)

    def _hear(self, message: Response) -> None:
        match message:
            case Push(delta=raw):
                # Before it is applied, so that the next is on its way meanwhile.
                self.live().post(Credit(0, 1))
                if self._replica.learn(raw).complete:
                    self._complete = True
                    self._pause = FIRST_PAUSE
                    self._settle(None)
            case Book(backends=raw):
                self._replica.learn_backends(raw)
            case Goodbye():
                self._dismissed = True
            case _:
                raise WireError(f"{type(message).__name__} is nothing a daemon says unasked.")
