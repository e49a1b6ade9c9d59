"""Which of many resources are measured."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backends.contract.model import ResourceId
from screens.watchlist import Watchlist


def ids(count: int, kind: str = "container") -> list[ResourceId]:
    return [ResourceId("fake", kind, f"{number:04}") for number in range(count)]


def idle(_resource: ResourceId) -> float:
    return 0.0


@given(limit=st.integers(1, 20), hosts=st.integers(0, 5), others=st.integers(0, 60))
def test_never_more_than_the_limit_and_nobody_twice(limit: int, hosts: int, others: int) -> None:
    watchlist = Watchlist(limit)
    for _ in range(5):
        chosen = watchlist.choose(ids(hosts, "host"), ids(others), idle)
        assert len(chosen) == len(set(chosen)) == min(limit, hosts + others)


@given(others=st.integers(1, 60))
def test_everybody_gets_a_turn(others: int) -> None:
    watchlist = Watchlist(10)
    seen: set[ResourceId] = set()
    for _ in range(20):
        seen.update(watchlist.choose((), ids(others), idle))
    assert seen == set(ids(others))


def test_the_busiest_stay_while_others_take_turns() -> None:
    watchlist = Watchlist(10)
    others = ids(100)
    busy = set(watchlist.choose((), others, idle)[:5])
    for _ in range(8):
        assert busy <= set(watchlist.choose((), others, lambda resource: 99.0 if resource in busy else 1.0))


def test_what_is_gone_is_let_go_of() -> None:
    watchlist = Watchlist(10)
    watchlist.choose((), ids(100), idle)
    assert watchlist.choose((), ids(3), idle) == tuple(ids(3))
