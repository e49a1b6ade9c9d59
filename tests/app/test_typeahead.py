"""Whatever is typed ahead arrives where it was meant to go: each case through a real terminal, fifty times over."""

from __future__ import annotations

import sys
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.app import App, ComposeResult
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widgets import Input
from typing_extensions import override

from app.typeahead import BURST, BURST_VARIETY, OrderedKeys, PasteGuard, queued, rests
from tests.app.ptys import running

TIMES = 50
PROGRAM = (sys.executable, "-m", "tests.app.programs.ordered")


@pytest.mark.parametrize(
    ("typed", "arrives"),
    [
        pytest.param(b"/team1\r", "[team1]", id="a filter"),
        pytest.param(b":hello\r", "<hello>", id="a command line in a dialog"),
        pytest.param(b"\x10find\r", "<find>", id="a palette on a priority key"),
        pytest.param(b"wabc\r", "<abc>", id="a dialog opened by a worker"),
        pytest.param(b"a/9z\r", "[/9z]", id="a filter focused after the repaint"),
        pytest.param(b"mvalue\r", "[value]", id="a field mounted by the key"),
        pytest.param(b"/one\r:two\rwthr\r", "[one]<two><thr>", id="one after the other"),
        pytest.param(b"/\x1b[200~pasted\x1b[201~!\r", "[pasted!]", id="pasted text among keys"),
    ],
)
def test_every_letter_typed_ahead_arrives(typed: bytes, arrives: str) -> None:
    with running(PROGRAM) as child:
        child.wait_for("READY")
        for _ in range(TIMES):
            child.send(typed)
        child.send(b"q")
        assert child.wait() == 0
        assert child.output.rsplit("END ", 1)[1].split() == [arrives * TIMES]


def test_letters_wait_for_a_dialog_that_is_slow_to_open() -> None:
    with running(PROGRAM) as child:
        child.wait_for("READY")
        child.send(b"habc\r" * 3 + b"q")
        assert child.wait() == 0
        assert child.output.rsplit("END ", 1)[1].strip() == "<abc>" * 3


def test_verbs_stay_quiet_when_plain_text_was_pasted_on_a_list() -> None:
    with running(PROGRAM) as child:
        child.wait_for("READY")
        child.send(b"vivid over five even ivory")
        child.wait_for("SEEN 6.")
        child.send(b"q")
        child.wait()
        assert child.output.rsplit("END ", 1)[1].strip() == "quiet" * 6


def test_a_verb_that_was_typed_is_obeyed() -> None:
    with running(PROGRAM) as child:
        child.wait_for("READY")
        child.send(b"vvv")
        child.wait_for("SEEN 3.")
        child.send(b"q")
        child.wait()
        assert child.output.rsplit("END ", 1)[1].strip() == "verbverbverb"


def test_the_way_out_never_waits() -> None:
    with running(PROGRAM) as child:
        child.wait_for("READY")
        # The dialog takes its time, the letters wait for it, ctrl+q does not.
        child.send(b"habc\x11")
        assert child.wait() == 0
        assert child.output.rsplit("END", 1)[1].strip() == ""


@given(st.lists(st.tuples(st.floats(0, 0.2), st.characters(categories=["L"])), max_size=60))
def test_only_many_different_letters_in_a_moment_are_a_paste(typed: list[tuple[float, str]]) -> None:
    guard = PasteGuard()
    now = 100.0
    pasted = []
    for gap, letter in typed:
        now += gap
        key = events.Key(letter, letter)
        key.time = now
        guard.arrived(key, ())
        pasted.append(guard.cover(key))
    if len(typed) < BURST or len({letter for _, letter in typed}) < BURST_VARIETY:
        assert not any(pasted)


def test_the_first_letter_of_a_burst_is_known_as_pasted() -> None:
    keys = [events.Key(letter, letter) for letter in "rm everything"]
    for key in keys:
        key.time = 5.0
    guard = PasteGuard()
    guard.arrived(keys[0], deque(keys[1:]))
    assert guard.cover(keys[0])


def test_pasted_letters_that_wait_stay_pasted_when_more_is_pasted_meanwhile() -> None:
    guard = PasteGuard()
    first, second = ([events.Key(letter, letter) for letter in "rm everything"] for _ in range(2))
    for when, keys in ((5.0, first), (6.0, second)):
        for key in keys:
            key.time = when
            guard.arrived(key, ())
    assert all(guard.cover(key) for key in (*first, *second))


def test_a_held_key_is_no_paste() -> None:
    guard = PasteGuard()
    for number in range(200):
        key = events.Key("j", "j")
        key.time = 5.0 + number / 10_000
        guard.arrived(key, ())
        assert not guard.cover(key)


class Typing(OrderedKeys):
    """One field."""

    @override
    def compose(self) -> ComposeResult:
        yield Input()


async def test_a_forgotten_hold_lets_go_by_itself() -> None:
    app = Typing()
    async with app.run_test() as pilot:
        app.hold_keys(at_most=0.2)
        await pilot.press("a", "b")
        field = app.query_one(Input)
        for _ in range(500):
            if field.value == "ab":
                break
            await pilot.pause(0.01)
        assert field.value == "ab"


async def test_a_released_hold_lets_go_at_once_and_twice_changes_nothing() -> None:
    app = Typing()
    async with app.run_test() as pilot:
        hold = app.hold_keys(at_most=3600)
        await pilot.press("a")
        assert app.query_one(Input).value == ""
        hold.release()
        hold.release()
        await pilot.press("b")
        assert app.query_one(Input).value == "ab"


async def test_textual_still_has_what_tells_a_resting_pump_from_a_busy_one() -> None:
    app = Typing()
    async with app.run_test() as pilot:
        await pilot.pause()
        field = app.query_one(Input)
        assert rests(field)
        field.post_message(events.Key("x", "x"))
        assert queued(field)
        assert not rests(field)
        await pilot.pause()
        assert rests(field)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (App, "on_event"),
        (MessagePump, "_message_queue"),
        (MessagePump, "_get_message"),
        (Screen, "_invoke_later"),
        (Screen, "_invoke_and_clear_callbacks"),
        (Input, "check_consume_key"),
    ],
)
def test_textual_still_has(owner: type, name: str) -> None:
    assert hasattr(owner, name)


async def test_textual_still_has_its_registry_callbacks_and_pending_message() -> None:
    app = Typing()
    async with app.run_test():
        assert app.query_one(Input) in app._registry
        assert isinstance(app.screen._callbacks, list)
        assert app._pending_message is None
        assert app._next_callbacks == []
        assert app._loop is not None
