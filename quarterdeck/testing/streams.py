"""Checks of samples and logs."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress

from backends.contract.model import Ability, LogLine, LogQuery, Resource, ResourceId, Sample
from backends.contract.session import Backend, Logged, Measured, Session
from quarterdeck.testing.ground import Gaze, Ground, drained, round_trips


class StreamContract(Ground):
    """Samples follow attention; logs come in order."""

    async def test_samples_cover_what_is_attended_to(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """Every measurable resource somebody looks at is session, and no other."""
        if not isinstance(session, Measured):
            self.lacks("Measured")
        able = (await self.all_able(backend, session, specimen, Ability.METRICS))[:5]
        assert able, "The session is Measured, but no resource of the test can be session."
        wanted = {resource.id for resource in able}
        seen: set[ResourceId] = set()
        async with (
            asyncio.timeout(self.patience),
            aclosing(session.samples(Gaze(wanted), self.interval)) as batches,
        ):
            async for batch in batches:
                seen |= {sample.resource for sample in batch}
                if seen >= wanted:
                    break
        assert seen == wanted

    async def test_samples_use_declared_metrics_and_finite_numbers(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """What was not measured is absent: never zero, never not-a-number."""
        if not isinstance(session, Measured):
            self.lacks("Measured")
        resource = await self.able(backend, session, specimen, Ability.METRICS)
        sample = await self._first(session, resource)
        parts = {metric.id: metric.parts for metric in self.kind(backend, resource).metrics}
        assert sample.values
        for key, value in sample.values.items():
            metric, slash, _ = key.partition("/")
            assert metric in parts, f"{key} is no declared metric"
            assert parts[metric] == bool(slash), f"{key}: only a metric with parts has a part"
            assert math.isfinite(value), f"{key} is {value}"
        assert abs(sample.at - time.time()) < self.patience
        assert round_trips(sample)

    async def test_samples_follow_attention_when_it_moves(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """Only what somebody looks at is session, so that a thousand rows cost no more than a screenful."""
        if not isinstance(session, Measured):
            self.lacks("Measured")
        able = await self.all_able(backend, session, specimen, Ability.METRICS)
        first, second = {able[0].id}, {able[-1].id}
        gaze = Gaze(first)
        async with asyncio.timeout(self.patience), aclosing(session.samples(gaze, self.interval)) as batches:
            await self._until_sampled(batches, first)
            gaze.move(())
            gaze.move(second)
            await self._until_sampled(batches, second)

    async def test_samples_wait_for_attention_and_can_be_closed_meanwhile(self, session: Session) -> None:
        """With nobody looking the stream is silent or sends empty batches, and still ends when closed."""
        if not isinstance(session, Measured):
            self.lacks("Measured")
        batches = session.samples(Gaze(), self.interval)
        with suppress(TimeoutError):
            async with asyncio.timeout(self.interval * 2):
                async for batch in batches:
                    assert not batch
        async with asyncio.timeout(self.patience):
            await batches.aclose()

    async def test_logs_come_in_order_and_whole(self, backend: Backend, session: Session, specimen: Resource) -> None:
        """Lines have no line end; moments never go back."""
        lines = await self._log(backend, session, specimen, LogQuery(follow=False, tail=None))
        assert len(lines) >= 3, "The log of the test's resource needs at least three lines."
        moments = [line.at for line in lines if line.at is not None]
        assert moments == sorted(moments)
        assert not [line for line in lines if "\n" in line.text or line.text.endswith("\r")]
        assert all(round_trips(line) for line in lines)

    async def test_a_tail_is_the_end_of_the_log(self, backend: Backend, session: Session, specimen: Resource) -> None:
        """``tail`` counts lines from the end, and none is none."""
        whole = await self._log(backend, session, specimen, LogQuery(follow=False, tail=None))
        tail = await self._log(backend, session, specimen, LogQuery(follow=False, tail=2))
        assert [line.text for line in tail] == [line.text for line in whole[-2:]]
        assert not await self._log(backend, session, specimen, LogQuery(follow=False, tail=0))

    async def test_a_log_since_the_future_is_empty(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """``since`` is a moment, not an age. Lines without a moment cannot be judged and may come."""
        query = LogQuery(follow=False, tail=None, since=time.time() + 86400)
        lines = await self._log(backend, session, specimen, query)
        assert not [line for line in lines if line.at is not None]

    async def test_a_followed_log_is_closed_while_it_waits(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """Leaving a log screen must free the stream at once."""
        if not isinstance(session, Logged):
            self.lacks("Logged")
        resource = await self.able(backend, session, specimen, Ability.LOGS)
        batches = session.logs(resource.id, LogQuery(follow=True, tail=1))
        async with asyncio.timeout(self.patience):
            assert await anext(batches)
            await batches.aclose()

    async def _first(self, measured: Measured, resource: Resource) -> Sample:
        async with (
            asyncio.timeout(self.patience),
            aclosing(measured.samples(Gaze({resource.id}), self.interval)) as batches,
        ):
            async for batch in batches:
                if batch:
                    return batch[-1]
        raise AssertionError("The samples ended by themselves.")

    async def _until_sampled(self, batches: AsyncGenerator[Sequence[Sample], None], wanted: set[ResourceId]) -> None:
        """Read until a batch holds exactly the wanted; those under way when attention moved may still come."""
        async for batch in batches:
            if {sample.resource for sample in batch} == wanted:
                return
        raise AssertionError("The samples ended by themselves.")

    async def _log(self, backend: Backend, session: Session, specimen: Resource, query: LogQuery) -> Sequence[LogLine]:
        if not isinstance(session, Logged):
            self.lacks("Logged")
        resource = await self.able(backend, session, specimen, Ability.LOGS)
        batches = await drained(session.logs(resource.id, query), self.patience)
        return [line for batch in batches for line in batch]
