"""However the interface ends, the terminal is as it was, the exit code says how, and nothing is left running."""

from __future__ import annotations

import os
import signal

import pytest

from tests.live.terminal import Cockpit, Home, until

READY = "? Help"
"""In the footer of every screen: the interface listens to keys."""


async def opened(home: Home, *arguments: str) -> Cockpit:
    """An interface that has met its fleet."""
    cockpit = home.start(*arguments)
    await cockpit.shows(READY, "This machine")
    return cockpit


async def nothing_left(home: Home) -> None:
    """The daemon ends by itself when nobody needs it, and it is the only thing that was left."""
    assert all("daemon run" in line for line in home.processes().values()), home.processes()
    await until(lambda: not home.processes(), "an end of the daemon")


@pytest.mark.parametrize("keys", [("ctrl+q",), ("q",), ("2", "q", "q"), (":", "q", "enter")], ids="+".join)
async def test_leaving_by_keys_restores_the_terminal(home: Home, keys: tuple[str, ...]) -> None:
    cockpit = await opened(home)
    assert cockpit.screen.disorder, "the interface owns the terminal"
    await cockpit.press(*keys)
    assert await cockpit.wait() == 0
    cockpit.assert_restored()
    await nothing_left(home)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
async def test_a_signal_from_outside_ends_it_in_order(home: Home, number: signal.Signals) -> None:
    cockpit = await opened(home)
    cockpit.signal(number)
    assert await cockpit.wait() == 128 + number
    cockpit.assert_restored()
    await nothing_left(home)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_before_the_first_screen_restores_the_terminal(home: Home, number: signal.Signals) -> None:
    cockpit = home.start()
    await cockpit.shows("starting…")
    cockpit.signal(number)
    assert await cockpit.wait() == 128 + number
    cockpit.assert_restored()
    await nothing_left(home)


async def test_it_ends_when_its_terminal_is_closed(home: Home) -> None:
    cockpit = await opened(home)
    cockpit.hang_up()
    assert await cockpit.wait() == 128 + signal.SIGHUP
    await nothing_left(home)


async def test_the_key_that_stops_other_programs_does_not_end_it(home: Home) -> None:
    cockpit = await opened(home)
    await cockpit.press("ctrl+c", "ctrl+c", "2")
    await cockpit.shows("Hosts", "Processes")
    assert not cockpit.ended


async def test_keys_typed_before_the_first_screen_are_not_lost(home: Home) -> None:
    cockpit = home.start()
    await cockpit.shows("starting…")
    await cockpit.type("2/")
    await cockpit.shows("Processes", "substring")


async def test_it_follows_the_terminals_size_down_to_the_unreasonable_and_back(home: Home) -> None:
    cockpit = await opened(home)
    for columns, rows in ((80, 24), (20, 5), (1, 1), (250, 80), (80, 24)):
        cockpit.resize(columns, rows)
    await cockpit.shows(READY)
    assert cockpit.screen.lines[-1].strip()
    await cockpit.press("ctrl+q")
    assert await cockpit.wait() == 0
    cockpit.assert_restored()


async def test_a_stop_and_a_continuation_leave_and_take_the_terminal(home: Home) -> None:
    cockpit = await opened(home)
    cockpit.signal(signal.SIGTSTP)
    await until(lambda: not cockpit.screen.disorder, "a terminal that was given back")
    cockpit.assert_restored()
    cockpit.signal(signal.SIGCONT)
    await until(lambda: bool(cockpit.screen.disorder), "a terminal that was taken again")
    await cockpit.press("2")
    await cockpit.shows("Processes")


async def test_the_daemon_outlives_a_killed_interface_no_longer_than_it_lingers(home: Home) -> None:
    cockpit = await opened(home)
    daemon = await home.daemon()
    assert daemon is not None
    cockpit.signal(signal.SIGKILL)
    assert await cockpit.wait() == -signal.SIGKILL
    await nothing_left(home)


async def test_a_killed_daemon_is_started_again_and_the_terminal_is_left_in_order(home: Home) -> None:
    cockpit = await opened(home)
    daemon = await home.daemon()
    assert daemon is not None
    os.kill(daemon, signal.SIGKILL)
    await cockpit.shows("fleet daemon gone")
    await cockpit.hides("fleet daemon gone")
    assert await home.daemon() not in (None, daemon)
    await cockpit.press("ctrl+q")
    assert await cockpit.wait() == 0
    cockpit.assert_restored()
    await nothing_left(home)


async def test_settings_that_cannot_be_read_are_told_on_an_ordinary_terminal(home: Home) -> None:
    home.settings("[interface]\nthem = 'x'\n")
    cockpit = home.start()
    assert await cockpit.wait() == 2
    cockpit.assert_restored()
    assert "them" in cockpit.screen.text
    assert "settings.toml" in cockpit.screen.text


async def test_without_a_terminal_it_says_what_to_use_instead(home: Home) -> None:
    code, output = await home.command()
    assert code == 2
    assert "qd ls" in output
