from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from backends.contract.model import Event, ResourceId
from fleet.daemon import wire
from fleet.daemon.merge import Pending, halves
from fleet.daemon.packing import PUSH_LIMIT, packed
from fleet.daemon.replica import unpacked
from fleet.inventory import Inventory
from fleet.values import Delta, Shell
from tests.fleet.daemon.memory import box, connection, job, sample

NAMES = st.sampled_from("abcdef")
PLACES = st.sampled_from(["shed", "barn"])


@st.composite
def deltas(draw: st.DrawFn) -> Delta:
    resources = draw(st.lists(st.tuples(NAMES, PLACES, st.integers(0, 9)), max_size=4))
    gone = draw(st.lists(st.tuples(PLACES, NAMES), max_size=2))
    return Delta(
        resources=tuple(box(name, place, created=float(at)) for name, place, at in resources),
        gone=tuple(ResourceId(place, "box", name) for place, name in gone),
        connections=tuple(connection(place) for place in draw(st.lists(PLACES, max_size=1))),
        closed=tuple(draw(st.lists(PLACES, max_size=1))),
        jobs=tuple(job(name) for name in draw(st.lists(NAMES, max_size=2))),
        shells=tuple(Shell(name, box(name).id, name, 1.0) for name in draw(st.lists(NAMES, max_size=2))),
        ended_shells=tuple(draw(st.lists(NAMES, max_size=1))),
        events=tuple(Event("shed", 1.0, "start", name) for name in draw(st.lists(NAMES, max_size=2))),
    )


def known(inventory: Inventory) -> object:
    return (
        inventory.connections,
        {resource.id: resource for resource in inventory.all()},
        inventory.jobs,
        inventory.shells,
        list(inventory.events),
    )


@given(st.lists(st.tuples(deltas(), st.booleans())), st.lists(deltas()))
def test_a_replica_told_in_any_rhythm_knows_what_the_fleet_knows(
    later: Sequence[tuple[Delta, bool]], earlier: Sequence[Delta]
) -> None:
    truth, replica = Inventory(), Inventory()
    for delta in earlier:
        truth.apply(delta)
    pending = Pending.everything(truth)
    for delta, send in later:
        truth.apply(delta)
        pending.add(delta)
        if send:
            replica.apply(pending.take(2))
    while pending:
        replica.apply(pending.take(2))
    assert known(replica) == known(truth)


@given(deltas())
def test_halves_say_the_same_as_the_whole(delta: Delta) -> None:
    whole, cut = Inventory(), Inventory()
    whole.apply(delta)
    parts = [delta]
    while parts:
        first = parts.pop(0)
        both = halves(first)
        if both is None:
            cut.apply(first)
        else:
            parts[:0] = both
    assert known(cut) == known(whole)


def test_fresh_comes_first_and_complete_last() -> None:
    inventory = Inventory()
    inventory.apply(Delta(resources=tuple(box(str(number)) for number in range(1200)), connections=(connection(),)))
    pending = Pending.everything(inventory)
    told = []
    while pending:
        told.append(pending.take(500))
    assert [delta.fresh for delta in told] == [True, False, False]
    assert [delta.complete for delta in told] == [False, False, True]
    assert max(len(delta.resources) for delta in told) == 500


def test_an_empty_fleet_is_complete_at_once() -> None:
    pending = Pending.everything(Inventory())
    delta = pending.take()
    assert delta.fresh
    assert delta.complete
    assert not pending


def test_the_minute_before_comes_with_a_subscription_and_later_only_the_newest() -> None:
    inventory = Inventory()
    inventory.apply(Delta(resources=(box("a"),), samples=tuple(sample("a", at) for at in (1.0, 2.0, 3.0))))
    pending = Pending.everything(inventory)
    pending.add(Delta(samples=(sample("a", 4.0),)))
    pending.add(Delta(samples=(sample("a", 5.0),)))
    replica = Inventory()
    while pending:
        replica.apply(pending.take())
    assert [one.at for one in replica.recent(box("a").id)] == [1.0, 2.0, 3.0, 5.0]


def test_what_waits_for_a_slow_client_does_not_grow_with_time() -> None:
    pending = Pending.everything(Inventory())
    for at in range(3000):
        pending.add(Delta(resources=(box("a", created=float(at)),), samples=(sample("a", float(at)),)))
        pending.add(Delta(events=(Event("shed", float(at), "start", "It started."),), jobs=(job("x"),)))
    delta = pending.take()
    assert len(delta.resources) == len(delta.samples) == len(delta.jobs) == 1
    assert delta.resources[0].created == 2999.0
    assert len(delta.events) == 500


def received(delta: Delta) -> list[Delta]:
    found = []
    for frame in packed(delta):
        message = wire.read_response(bytes(frame[4:]))
        assert isinstance(message, wire.Push)
        found.append(unpacked(message.delta))
    return found


def test_a_delta_with_huge_labels_is_cut_into_small_frames() -> None:
    bulky = tuple(box(str(number), labels={"x": "y" * 20_000}) for number in range(200))
    frames = list(packed(Delta(resources=bulky, fresh=True, complete=True)))
    assert len(frames) > 3
    assert max(len(frame) for frame in frames) <= PUSH_LIMIT
    told = received(Delta(resources=bulky, fresh=True, complete=True))
    assert [one.id.native for delta in told for one in delta.resources] == [str(number) for number in range(200)]
    assert [delta.fresh for delta in told].count(True) == 1
    assert told[0].fresh
    assert told[-1].complete


def test_one_thing_that_cannot_be_sent_does_not_keep_the_others() -> None:
    good = [box(str(number)) for number in range(20)]
    for bad in (
        box("object", facts={"x": object()}),
        box("big", facts={"x": 2**70}),
        box("surrogate\udce9"),
        box("huge", labels={"x": "y" * (wire.FRAME_LIMIT + 1)}),
    ):
        told = received(Delta(resources=(*good[:7], bad, *good[7:]), fresh=True, complete=True))
        assert [one for delta in told for one in delta.resources] == good
        assert told[0].fresh
        assert told[-1].complete


def test_one_thing_that_cannot_be_read_does_not_hide_the_others() -> None:
    good = [box(str(number)) for number in range(3)]
    bad = box("nested", facts={"x": {"not": "a fact"}})
    told = received(Delta(resources=(*good, bad), missing=(), fresh=True, complete=True))
    assert told == [Delta(resources=tuple(good), missing=(), fresh=True, complete=True)]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_refused_with_a_sentence(body: bytes) -> None:
    for read in (wire.read_greeting, wire.read_request, wire.read_response):
        with suppress(wire.WireError):
            assert isinstance(read(body), msgspec.Struct)


async def test_a_frame_cut_short_is_an_end_and_not_an_error() -> None:
    whole = bytes(wire.pack(wire.Cancel(1)))
    for length in range(len(whole)):
        reader = asyncio.StreamReader()
        reader.feed_data(whole[:length])
        reader.feed_eof()
        assert await wire.read_frame(reader) is None


def test_handshakes_know_fields_of_later_versions() -> None:
    later = msgspec.msgpack.encode({"type": "hello", "version": "9", "protocol": "p", "colour": "blue"})
    assert wire.read_greeting(later) == wire.Hello("9", "p")
