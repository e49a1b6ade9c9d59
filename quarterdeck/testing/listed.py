"""Checks of lists: resources, their ids, their abilities, and what is said of those that do not exist."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress

import pytest

from backends.contract.errors import NotFound
from backends.contract.model import Ability, Change, Health, LogQuery, Resource, Size
from backends.contract.session import (
    Backend,
    Commandable,
    Inspectable,
    Logged,
    Measured,
    Session,
    Shellable,
    Topped,
    Watched,
)
from quarterdeck.testing.ground import Ground, drained, round_trips

PROTOCOLS: dict[Ability, type] = {
    Ability.LOGS: Logged,
    Ability.METRICS: Measured,
    Ability.INSPECT: Inspectable,
    Ability.PROCESSES: Topped,
    Ability.RUN: Commandable,
    Ability.SHELL: Shellable,
}
SWITCHES = (
    Ability.START,
    Ability.STOP,
    Ability.RESTART,
    Ability.PAUSE,
    Ability.RESUME,
    Ability.SIGNAL,
    Ability.RENAME,
    Ability.REMOVE,
    Ability.UPDATE,
)


class ListedContract(Ground):
    """What is listed is complete, stable and honest."""

    async def test_lists_hold_only_the_kinds_asked_for(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """A list is complete for its kinds, so a stray resource of another would be trusted too."""
        for kind in backend.kinds:
            found = await session.resources(frozenset({kind.id}))
            assert {resource.id.kind for resource in found} <= {kind.id}
            assert {resource.id.connection for resource in found} <= {specimen.id.connection}
        assert not await session.resources(frozenset())
        assert specimen.id in {resource.id for resource in await session.resources(frozenset({specimen.id.kind}))}

    async def test_ids_are_unique_and_the_same_in_the_next_list(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """Cursor, marks and history follow the id."""
        kinds = self.kinds(backend, volatile=False)
        first = [resource.id for resource in await session.resources(kinds)]
        second = [resource.id for resource in await session.resources(kinds)]
        assert len(first) == len(set(first))
        assert set(first) == set(second)
        everything = [resource.id for resource in await session.resources(self.kinds(backend))]
        assert len(everything) == len(set(everything))
        assert specimen.id in everything

    async def test_resources_cross_the_socket(self, backend: Backend, session: Session) -> None:
        """An object of the SDK inside a value would be found here."""
        found: Sequence[Resource] = await session.resources(self.kinds(backend))
        assert all(round_trips(resource) for resource in found)

    async def test_what_deserves_a_look_says_why(self, backend: Backend, session: Session) -> None:
        """A warning without a reason sends a person searching."""
        for resource in await session.resources(self.kinds(backend)):
            if resource.health in (Health.WARNING, Health.FAULT):
                assert resource.reason, resource.id
                assert resource.reason.endswith((".", "!", "?")), resource.reason

    async def test_abilities_match_the_protocols_of_the_session(self, backend: Backend, session: Session) -> None:
        """An ability without the protocol behind it is a promise nobody keeps."""
        for resource in await session.resources(self.kinds(backend)):
            for ability, protocol in PROTOCOLS.items():
                if ability in resource.abilities:
                    assert isinstance(session, protocol), f"{resource.id} has {ability}, which nobody implements"

    async def test_switches_have_an_operation(self, backend: Backend, session: Session) -> None:
        """A resource that can be stopped needs the operation that stops it."""
        offered = {(operation.kind, operation.needs) for operation in backend.operations}
        for resource in await session.resources(self.kinds(backend)):
            for ability in SWITCHES:
                if ability in resource.abilities:
                    assert (resource.id.kind, ability) in offered, f"{resource.id} has {ability}, but no verb"

    async def test_inspecting_shows_a_plain_tree(self, backend: Backend, session: Session, specimen: Resource) -> None:
        """The description is shown as a foldable tree and journalled."""
        if not isinstance(session, Inspectable):
            self.lacks("Inspectable")
        resource = await self.able(backend, session, specimen, Ability.INSPECT)
        described = await session.inspect(resource.id)
        assert described
        assert round_trips(described, object)

    async def test_processes_fit_their_titles(self, backend: Backend, session: Session, specimen: Resource) -> None:
        """Every row has a cell per title."""
        if not isinstance(session, Topped):
            self.lacks("Topped")
        resource = await self.able(backend, session, specimen, Ability.PROCESSES)
        table = await session.processes(resource.id)
        assert table.titles
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.titles)}
        assert round_trips(table)

    async def test_inspecting_what_does_not_exist_is_not_found(self, session: Session, specimen: Resource) -> None:
        """Rows vanish between a look and a key."""
        if not isinstance(session, Inspectable):
            self.lacks("Inspectable")
        with pytest.raises(NotFound):
            await session.inspect(self.unheard(specimen))

    async def test_processes_of_what_does_not_exist_are_not_found(self, session: Session, specimen: Resource) -> None:
        """Rows vanish between a look and a key."""
        if not isinstance(session, Topped):
            self.lacks("Topped")
        with pytest.raises(NotFound):
            await session.processes(self.unheard(specimen))

    async def test_logs_of_what_does_not_exist_are_not_found(self, session: Session, specimen: Resource) -> None:
        """Rows vanish between a look and a key."""
        if not isinstance(session, Logged):
            self.lacks("Logged")
        with pytest.raises(NotFound):
            await drained(session.logs(self.unheard(specimen), LogQuery(follow=False)), self.patience)

    async def test_commands_at_what_does_not_exist_are_not_found(self, session: Session, specimen: Resource) -> None:
        """Rows vanish between a look and a key."""
        if not isinstance(session, Commandable):
            self.lacks("Commandable")
        with pytest.raises(NotFound):
            await drained(session.run(self.unheard(specimen), self.exiting(0)), self.patience)

    async def test_terminals_at_what_does_not_exist_are_not_found(self, session: Session, specimen: Resource) -> None:
        """Rows vanish between a look and a key."""
        if not isinstance(session, Shellable):
            self.lacks("Shellable")
        with pytest.raises(NotFound):
            await session.terminal(self.unheard(specimen), None, Size())

    async def test_a_watch_tells_of_a_change(self, session: Session, specimen: Resource) -> None:
        """News of the specimen comes as a resource, as a loss, as an event or as a kind to list again."""
        if not isinstance(session, Watched):
            self.lacks("Watched")
        async with asyncio.timeout(self.patience), aclosing(session.watch()) as news, asyncio.TaskGroup() as tasks:
            heard = tasks.create_task(self._until_news(news, specimen))
            while not heard.done():
                # The watch may need a moment to be in place, so the change is made until it is seen.
                await self.stir(session, specimen)
                await asyncio.wait({heard}, timeout=1.0)
        assert round_trips(heard.result())

    async def _until_news(self, news: AsyncGenerator[Change, None], specimen: Resource) -> Change:
        async for change in news:
            about = {resource.id for resource in change.resources} | set(change.gone)
            about |= {event.resource for event in change.events if event.resource}
            if specimen.id in about or specimen.id.kind in change.stale:
                return change
        pytest.fail("The watch ended without news.")

    async def test_a_watch_is_closed_while_it_waits(self, session: Session) -> None:
        """Closing a connection must not wait for news."""
        if not isinstance(session, Watched):
            self.lacks("Watched")
        news = session.watch()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.interval):
                async for change in news:
                    assert isinstance(change, Change)
        async with asyncio.timeout(self.patience):
            await news.aclose()
