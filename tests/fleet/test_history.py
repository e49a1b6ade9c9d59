from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.contract.model import ResourceId, Sample
from fleet import history as module
from fleet.history import FORGET_AFTER, RING, History, thin
from fleet.journal import Journal

WEB = ResourceId("docker", "container", "web")


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncGenerator[Journal, None]:
    opened = await Journal.open(tmp_path / "journal.db")
    yield opened
    await opened.close()


@pytest.fixture
def history(journal: Journal) -> History:
    return History(journal)


async def test_the_last_minutes_come_from_memory(history: History) -> None:
    for second in range(0, 20, 2):
        history.add(Sample(WEB, 1000.0 + second, {"cpu": float(second)}))
    found = await history.query(WEB, ["cpu"], 1004.0, 1010.0, 100)
    assert found["cpu"].times == (1004.0, 1006.0, 1008.0, 1010.0)
    assert found["cpu"].values == (4.0, 6.0, 8.0, 10.0)


async def test_older_minutes_come_from_the_journal_and_join_the_ring(history: History) -> None:
    for second in range(0, 3600, 2):
        history.add(Sample(WEB, float(second), {"cpu": float(second)}))
    await history.write(3600.0)
    series = (await history.query(WEB, ["cpu"], 0.0, 3600.0, 10_000))["cpu"]
    assert list(series.times) == sorted(series.times)
    assert series.times[0] == 30.0
    assert series.values[0] == pytest.approx(29.0)
    assert series.times[-1] == 3598.0
    assert len(series.times) > RING
    gaps = [after - before for before, after in zip(series.times, series.times[1:], strict=False)]
    assert max(gaps) <= 92


async def test_a_window_in_the_past_ends_where_it_ends(history: History) -> None:
    for second in range(0, 3600, 2):
        history.add(Sample(WEB, float(second), {"cpu": 1.0}))
    await history.write(3600.0)
    series = (await history.query(WEB, ["cpu"], 600.0, 1200.0, 100))["cpu"]
    assert min(series.times) >= 600
    assert max(series.times) <= 1200
    assert len(series.times) == 10


async def test_parts_are_found_by_a_star_from_memory_and_from_the_journal(history: History, journal: Journal) -> None:
    history.add(Sample(WEB, 1000.0, {"core/0": 1.0, "core/1": 2.0, "cpu": 3.0}))
    assert list(await history.query(WEB, ["core/*"], 0, 2000, 10)) == ["core/0", "core/1"]
    await history.write(2000.0, everything=True)
    assert list(await History(journal).query(WEB, ["core/*"], 0, 2000, 10)) == ["core/0", "core/1"]


async def test_the_silent_are_forgotten_but_their_minutes_stay(history: History) -> None:
    history.add(Sample(WEB, 1000.0, {"cpu": 5.0}))
    await history.write(1000.0 + FORGET_AFTER + 61)
    assert history._rings == {}
    assert history._count == 0
    assert (await history.query(WEB, ["cpu"], 0, 3000, 10))["cpu"].values == (5.0,)


async def test_what_was_never_measured_is_an_empty_series(history: History) -> None:
    assert (await history.query(WEB, ["cpu"], 0, 10, 10))["cpu"].times == ()


async def test_memory_is_bounded_whatever_is_measured(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RINGS", 100)
    for number in range(500):
        resource = ResourceId("docker", "container", str(number))
        history.add(Sample(resource, float(number), {"cpu": 1.0, "memory": 2.0}))
        history.add(Sample(WEB, float(number), {"cpu": 1.0}))
    assert sum(len(rings) for rings in history._rings.values()) == history._count <= 100
    assert WEB in history._rings


async def test_a_ring_keeps_a_bounded_number_of_points(history: History) -> None:
    for second in range(5000):
        history.add(Sample(WEB, float(second), {"cpu": 1.0}))
    assert RING <= len(history._rings[WEB]["cpu"].times) <= RING + 32


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200, unique=True), st.integers(-3, 50))
def test_thinning_keeps_the_range_and_the_order(times: list[float], points: int) -> None:
    times.sort()
    series = thin(times, [1.0] * len(times), points)
    assert len(series.times) == len(series.values) <= max(points, 1)
    assert list(series.times) == sorted(series.times)
    assert all(value == pytest.approx(1.0) for value in series.values)
    assert times[0] - 1e-6 <= series.times[0]
    assert series.times[-1] <= times[-1] + 1e-6
