"""Checks of plans: they look, and change nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from backends.contract.model import Resource, ResourceId, State
from backends.contract.operation import Step, Verb
from backends.contract.session import Backend, Session
from quarterdeck.testing.ground import Ground, round_trips

Footprint = dict[ResourceId, tuple[str, State]]


class PlannedContract(Ground):
    """A plan says what would happen, to whom, by which call."""

    async def test_planning_changes_nothing_and_names_the_call(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """Every applicable verb is planned on the specimen and on one other resource of each kind."""
        before = await self._footprint(backend, session)
        for verb, resource in await self._applicable(backend, session, specimen):
            given = verb.operation.parse(self.arguments(verb.operation, resource))
            async with asyncio.timeout(self.patience):
                step: Step = await verb.plan(session, resource, given)
            where = f"{verb.operation.id} on {resource.id}"
            assert step.target == resource.id, where
            assert step.name, where
            assert step.does, where
            assert step.call, where
            assert round_trips(step), where
        assert await self._footprint(backend, session) == before

    async def test_some_verb_applies_to_the_specimen(self, backend: Backend, specimen: Resource) -> None:
        """A specimen nothing can be done to would make the check above empty."""
        offered = [operation for operation in backend.operations if operation.kind == specimen.id.kind]
        assert not offered or [operation for operation in offered if operation.blocked(specimen) is None]

    async def _applicable(self, backend: Backend, session: Session, specimen: Resource) -> list[tuple[Verb, Resource]]:
        found = await session.resources(self.kinds(backend))
        return [
            (verb, resource)
            for verb in backend.verbs()
            for resource in self._examples(verb, specimen, found)
            if not verb.operation.hidden
        ]

    def _examples(self, verb: Verb, specimen: Resource, found: Sequence[Resource]) -> Iterator[Resource]:
        """The specimen if the verb applies to it, and the first other resource it applies to."""
        others = [resource for resource in found if resource.id != specimen.id]
        for candidates in ([specimen], others):
            for resource in candidates:
                if resource.id.kind == verb.operation.kind and verb.operation.blocked(resource) is None:
                    yield resource
                    break

    async def _footprint(self, backend: Backend, session: Session) -> Footprint:
        found = await session.resources(self.kinds(backend, volatile=False))
        return {resource.id: (resource.name, resource.state) for resource in found}
