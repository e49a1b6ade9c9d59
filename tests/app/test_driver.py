"""Our driver, in real terminals: what it shows, what it takes, and how it leaves."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import constants, events
from textual._parser import Parser
from textual.app import App
from textual.driver import Driver
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from app.driver import KeyParser, QuarterdeckDriver
from app.outlet import STALLED, Outlet
from tests.app.ptys import RESTORED, Child, running

PROGRAM = (sys.executable, "-m", "tests.app.programs.plain")


@contextmanager
def plain(*arguments: str, **env: str) -> Iterator[Child]:
    with running((*PROGRAM, *arguments), env=env) as child:
        child.wait_for("READY 0")
        yield child


# Leaving


def test_quitting_restores_the_terminal() -> None:
    with plain() as child:
        assert child.attributes != child.before
        child.send(b"q")
        assert child.wait() == 0
        child.assert_restored()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_signals_end_it_in_order_and_restore_the_terminal(number: signal.Signals) -> None:
    with plain() as child:
        child.signal(number)
        assert child.wait() == 128 + number
        child.assert_restored()


def test_an_app_that_does_not_answer_is_ended_by_the_second_signal() -> None:
    with plain() as child:
        child.send(b"b")
        child.wait_for("BLOCKED")
        child.signal(signal.SIGTERM)
        child.signal(signal.SIGINT)
        assert child.wait() in {-signal.SIGTERM, -signal.SIGINT}
        child.assert_restored()


def test_an_app_that_does_not_answer_is_ended_by_one_signal_after_a_while() -> None:
    with plain() as child:
        child.send(b"b")
        child.wait_for("BLOCKED")
        child.signal(signal.SIGTERM)
        assert child.wait() == -signal.SIGTERM
        child.assert_restored()


def test_a_crash_restores_the_terminal_and_then_tells_what_happened() -> None:
    with plain() as child:
        child.send(b"c")
        assert child.wait() == 1
        child.assert_restored()
        assert "crashed on purpose" in child.output.rsplit(RESTORED[-1], 1)[1]


def test_it_ends_when_the_terminal_hangs_up() -> None:
    with plain() as child:
        child.hang_up()
        assert child.wait() == 128 + signal.SIGHUP


def test_what_is_typed_into_a_stopped_app_does_not_reach_it_before_it_goes_on() -> None:
    with plain() as child:
        child.send(b"z")
        child.wait_until_stopped()
        child.assert_restored()
        seen = len(child.output)
        child.signal(signal.SIGCONT)
        child.wait_for("\x1b[?1049h", times=2)
        child.wait_for("READY", times=child.output[:seen].count("READY") + 1)
        assert child.attributes != child.before
        child.send(b"x")
        child.wait_for("<x>")
        child.send(b"q")
        assert child.wait() == 0
        child.assert_restored()


def test_a_stop_from_outside_is_mended_when_it_goes_on() -> None:
    with plain() as child:
        child.signal(signal.SIGSTOP)
        child.wait_until_stopped()
        termios.tcsetattr(child.master, termios.TCSANOW, child.before)  # as a shell does
        child.signal(signal.SIGCONT)
        child.wait_for("\x1b[?1049h", times=2)
        assert child.attributes != child.before
        child.send(b"q")
        assert child.wait() == 0
        child.assert_restored()


# Input


def test_escape_is_a_key_of_its_own_and_the_beginning_of_others() -> None:
    with plain() as child:
        child.send(b"\x1b")
        child.wait_for("<escape>")
        child.send(b"\x1b[A")
        child.wait_for("<up>")


def test_a_character_split_between_reads_arrives_whole() -> None:
    with plain() as child:
        child.send("é".encode()[:1])
        child.send("é".encode()[1:] + b"k")
        child.wait_for("<k>")
        child.wait_for("READY 2")


def test_bytes_that_are_no_text_do_no_harm() -> None:
    with plain() as child:
        child.send(b"\xff\xfe\x1b[99999999999;1;1u\x1b[<999999999999;1;1M")
        child.send(b"k")
        child.wait_for("<k>")


def test_clicks_come_without_every_movement_being_reported() -> None:
    with plain() as child:
        assert "\x1b[?1002h" in child.output
        assert "\x1b[?1006h" in child.output
        assert "\x1b[?1003h" not in child.output
        child.send(b"\x1b[<0;5;3M\x1b[<0;5;3m")
        child.wait_for("<click 4,2>")


def test_without_a_mouse_the_terminal_keeps_it() -> None:
    with plain("--no-mouse") as child:
        for mode in ("1000", "1002", "1003", "1006"):
            assert f"\x1b[?{mode}h" not in child.output


def test_pasted_text_arrives_as_one() -> None:
    with plain() as child:
        assert "\x1b[?2004h" in child.output
        child.send(b"\x1b[200~two words\x1b[201~")
        child.wait_for("<paste two words>")


@pytest.mark.skipif(not Path("/proc/self/syscall").exists(), reason="needs Linux's /proc")
def test_nothing_wakes_it_while_nothing_happens() -> None:
    with plain() as child:
        assert len(list(Path(f"/proc/{child.pid}/task").iterdir())) == 1
        # Waiting in epoll with a time-out of -1, which is for ever.
        call: list[str] = []
        for _ in range(2000):
            call = Path(f"/proc/{child.pid}/syscall").read_text().split()
            if len(call) > 4 and int(call[4], 16) & 0xFFFFFFFF == 0xFFFFFFFF:
                return
            child._read(0.02)
        pytest.fail(f"it keeps waking up: {call}")


class Listener:
    """Stands where the app would be, and writes down what the driver says to it."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.exits: list[int] = []

    def post_message(self, message: Message) -> bool:
        self.messages.append(message)
        return True

    def exit(self, return_code: int = 0) -> None:
        self.exits.append(return_code)

    def refresh(self, **_: bool) -> None:
        """Nothing to paint."""


@contextmanager
def driven() -> Iterator[tuple[QuarterdeckDriver, Listener, int]]:
    """A driver on a terminal nobody looks at; must be entered in a running loop."""
    before = [signal.getsignal(number) for number in (signal.SIGTSTP, signal.SIGCONT)]
    master, slave = os.openpty()
    listener: Any = Listener()
    driver = QuarterdeckDriver(listener, source=slave, sink=slave)
    try:
        yield driver, listener, master
    finally:
        driver.stop_application_mode()
        driver.close()
        for number, handler in zip((signal.SIGTSTP, signal.SIGCONT), before, strict=True):
            signal.signal(number, handler)
        os.close(master)
        os.close(slave)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([b"\x1b", b"\x1b[", b"9" * 30, b";", b"u", b"M"]))))
def test_no_input_whatever_upsets_it(pieces: list[bytes]) -> None:
    async def feed() -> None:
        with driven() as (driver, listener, _):
            for piece in pieces:
                driver._take(driver._decode(piece))
            driver._give_up_waiting()
            driver._take("\x1b[201~")
            driver._take("k")
            driver._give_up_waiting()
            assert all(isinstance(message, Message) for message in listener.messages)

    asyncio.run(feed())


async def test_keys_typed_before_it_starts_are_not_lost() -> None:
    with driven() as (driver, listener, master):
        attributes = termios.tcgetattr(master)
        attributes[3] &= ~(termios.ICANON | termios.ECHO)
        termios.tcsetattr(master, termios.TCSANOW, attributes)
        os.write(master, b"ab")
        driver.start_application_mode()
        keys: list[str] = []
        for _ in range(1000):
            keys = [message.key for message in listener.messages if isinstance(message, events.Key)]
            if keys == ["a", "b"]:
                break
            await asyncio.sleep(0.01)
        assert keys == ["a", "b"]


async def test_starting_and_stopping_twice_changes_nothing() -> None:
    with driven() as (driver, _, master):
        before = termios.tcgetattr(master)
        driver.start_application_mode()
        driver.start_application_mode()
        driver.stop_application_mode()
        driver.stop_application_mode()
        assert termios.tcgetattr(master) == before
        driver.write("said to nobody")
        driver.flush()


# Output


class Ear:
    """What an outlet has to tell."""

    def __init__(self) -> None:
        self.lost = self.recovered = 0

    def on_lost(self) -> None:
        self.lost += 1

    def on_recovered(self) -> None:
        self.recovered += 1


async def drain(fd: int, enough: int = 1) -> bytes:
    """Read until nothing more comes for a while."""
    os.set_blocking(fd, False)
    data, quiet = b"", 0
    while quiet < 20 or len(data) < enough:
        try:
            data += os.read(fd, 65536)
            quiet = 0
        except BlockingIOError:
            quiet += 1
        await asyncio.sleep(0.002)
    return data


def outlet_on(fd: int) -> tuple[Outlet, Ear]:
    ear = Ear()
    return Outlet(fd, asyncio.get_running_loop(), lost=ear.on_lost, recovered=ear.on_recovered), ear


@pytest.mark.parametrize("make", [os.openpty, os.pipe], ids=["terminal", "pipe"])
async def test_a_terminal_that_does_not_read_blocks_nothing_and_gets_a_fresh_picture(make: Any) -> None:
    reader, writer = make()
    outlet, ear = outlet_on(writer)
    for _ in range(200):
        outlet.write("x" * 4096)
        outlet.flush()
    assert outlet.backlog <= STALLED + 4096
    await drain(reader)
    assert ear.recovered == 1
    outlet.write("fresh")
    assert (await drain(reader, 5)).endswith(b"fresh")
    outlet.close()
    os.close(reader)
    os.close(writer)


async def test_everything_written_arrives_in_order_when_the_terminal_reads_slowly() -> None:
    reader, writer = os.openpty()
    attributes = termios.tcgetattr(writer)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(writer, termios.TCSANOW, attributes)
    outlet, ear = outlet_on(writer)
    sent = ""
    for number in range(2000):
        sent += f"{number},"
        outlet.write(f"{number},")
    assert (await drain(reader, len(sent))).decode() == sent
    assert ear.recovered == ear.lost == 0
    outlet.close()
    os.close(reader)
    os.close(writer)


async def test_last_words_are_given_up_when_nobody_reads() -> None:
    reader, writer = os.openpty()
    outlet, _ = outlet_on(writer)
    for _ in range(100):
        outlet.write("x" * 4096)
        outlet.flush()
    outlet.finish("farewell", within=0.05)
    outlet.finish("twice", within=0.05)
    assert b"twice" not in await drain(reader)
    os.close(reader)
    os.close(writer)


async def test_a_lost_terminal_is_told_once_and_swallows_the_rest() -> None:
    reader, writer = os.openpty()
    outlet, ear = outlet_on(writer)
    os.close(reader)
    outlet.write("anybody?")
    outlet.flush()
    outlet.write("no")
    outlet.flush()
    assert ear.lost == 1
    os.close(writer)


# What we rely on


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (LinuxDriver, "_sigtstp_application"),
        (LinuxDriver, "_sigcont_application"),
        (LinuxDriver, "_patch_lflag"),
        (LinuxDriver, "_patch_iflag"),
        (LinuxDriver, "_request_terminal_sync_mode_support"),
        (LinuxDriver, "_enable_mouse_support"),
        (LinuxDriver, "_disable_mouse_support"),
        (LinuxDriver, "_get_terminal_size"),
        (LinuxDriver, "stop_application_mode"),
        (Driver, "send_message"),
        (Driver, "process_message"),
        (Driver, "suspend_application_mode"),
        (Driver, "SignalResume"),
        (Parser, "tick"),
        (App, "_process_messages"),
        (App, "_shutdown"),
        (constants, "DISABLE_KITTY_KEY"),
        (linux_driver, "KITTY_REPORT_ALL_KEYS"),
    ],
)
def test_textual_still_has(owner: object, name: str) -> None:
    assert hasattr(owner, name)


def test_textual_still_has_a_parser_that_tells_when_it_waits() -> None:
    parser = KeyParser()
    waited = [parser.waits]
    assert not list(parser.feed("\x1b"))
    waited.append(parser.waits)
    assert [message.key for message in parser.give_up() if isinstance(message, events.Key)] == ["escape"]
    assert [*waited, parser.waits] == [False, True, False]


@pytest.mark.parametrize(
    ("written", "key"), [("\x1b\r", "alt+enter"), ("\x1b1", "alt+1"), ("\x1b9", "alt+9"), ("\x1ba", "alt+a")]
)
def test_alt_is_told_on_terminals_that_send_an_escape_for_it(written: str, key: str) -> None:
    parser = KeyParser()
    messages = [*parser.feed(written), *parser.give_up()]
    assert [message.key for message in messages if isinstance(message, events.Key)] == [key]


async def test_textual_still_has_the_attributes_our_driver_sets() -> None:
    with driven() as (driver, _, _):
        for name in ("_auto_restart", "_must_signal_resume", "_mouse", "attrs_before", "input_tty", "fileno", "_loop"):
            assert hasattr(driver, name)
