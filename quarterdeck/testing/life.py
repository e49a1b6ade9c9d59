"""Checks of a connection's end."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress

import pytest

from backends.contract.errors import BackendError
from backends.contract.model import LogQuery, Resource, Size
from backends.contract.session import Backend, Commandable, Inspectable, Logged, Session, Shellable, Topped
from quarterdeck.testing.ground import Ground


class LifeContract(Ground):
    """A session lets go of everything when it is closed."""

    async def test_closing_twice_is_harmless(self, session: Session) -> None:
        """Shutdown and a lost connection may both close it."""
        async with asyncio.timeout(self.patience):
            await session.close()
            await session.close()

    async def test_a_closed_session_refuses_with_words(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """A call that comes too late is told so, in the one way errors are told."""
        await session.close()
        async with asyncio.timeout(self.patience):
            with pytest.raises(BackendError):
                await session.resources(self.kinds(backend))
            if isinstance(session, Inspectable):
                with pytest.raises(BackendError):
                    await session.inspect(specimen.id)
            if isinstance(session, Topped):
                with pytest.raises(BackendError):
                    await session.processes(specimen.id)
            if isinstance(session, Shellable):
                with pytest.raises(BackendError):
                    await session.terminal(specimen.id, None, Size())

    async def test_a_closed_session_opens_no_stream(self, session: Session, specimen: Resource) -> None:
        """Streams say it when they are first read."""
        await session.close()
        async with asyncio.timeout(self.patience):
            if isinstance(session, Logged):
                with pytest.raises(BackendError):
                    async with aclosing(session.logs(specimen.id, LogQuery(follow=False))) as batches:
                        await anext(batches)
            if isinstance(session, Commandable):
                with pytest.raises(BackendError):
                    async with aclosing(session.run(specimen.id, self.exiting(0))) as outputs:
                        await anext(outputs)

    async def test_closing_ends_calls_under_way(self, session: Session, specimen: Resource) -> None:
        """A command that runs for ever does not keep a closed session alive."""
        if not isinstance(session, Commandable):
            self.lacks("Commandable")
        async with (
            asyncio.timeout(self.patience),
            aclosing(session.run(specimen.id, self.endless("qd-closing"))) as outputs,
        ):
            await anext(outputs)
            await session.close()
            with suppress(BackendError):
                async for _ in outputs:
                    pass
