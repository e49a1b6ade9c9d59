"""Engines and the daemon are killed while everything runs: the interface goes on, says what is lost, and recovers."""

from __future__ import annotations

import os
import signal

import pytest

from tests.bed.docker import DockerEngine
from tests.live.terminal import Cockpit, Home, until

pytestmark = pytest.mark.engine

TALKING = ("sh", "-c", "trap 'exit 0' TERM; i=0; while :; do i=$((i+1)); echo tick-$i; sleep 0.1; done")


async def go(cockpit: Cockpit, line: str, *shown: str) -> None:
    """Go somewhere by the command line and see that one is there: the keys still work."""
    await cockpit.type(f":{line}\r")
    await cockpit.shows(*shown)


async def everything_runs(home: Home) -> Cockpit:
    """An interface with a job, a shell and followed logs of a container that is measured, and the logs in front."""
    cockpit = home.start(size=(120, 30))
    await cockpit.shows("online")
    await cockpit.press("3")
    await cockpit.until(lambda: "%" in cockpit.screen.row_with(" web "), "numbers of web")
    await cockpit.press("E")
    await cockpit.shows("Run a command web")
    await cockpit.type("sh -c 'while :; do echo working; sleep 0.2; done'")
    await cockpit.type("\x1b\r")
    await cockpit.shows("working", "1 job")
    await go(cockpit, "containers", "Images")
    await cockpit.press("s")
    await cockpit.shows("#")
    await cockpit.type("echo in-$((6*7))\r")
    await cockpit.shows("in-42")
    await cockpit.press("ctrl+]", "d")
    await cockpit.shows("Images")
    await cockpit.press("l")
    await cockpit.shows("following", "tick-")
    return cockpit


async def test_a_killed_engine_is_said_everywhere_and_all_but_the_shell_recovers(
    docker_home: Home, docker_engine: DockerEngine
) -> None:
    await docker_engine.run(name="web", command=TALKING)
    cockpit = await everything_runs(docker_home)
    await docker_engine.kill()
    await cockpit.shows("docker offline", "connection lost at")

    # While it is down every screen answers, and says how old it is and why.
    await go(cockpit, "containers", "docker is offline: Nothing answers at", "P tries now")
    await cockpit.row(" web ", "ago")
    await go(cockpit, "jobs", "failed", "Nothing answers at")
    await go(cockpit, "connections", "offline", "Nothing answers at")
    await go(cockpit, "overview", "offline", "Next try in")
    await cockpit.press("8")
    await cockpit.shows("in-42", "Ended, and no exit code is known.", "opens another on web")
    await cockpit.press("ctrl+]", "-")
    await cockpit.shows("Next try in")
    await cockpit.press("3", "u")
    await cockpit.until(
        lambda: "is running" in cockpit.screen.text or "Nothing answers" in cockpit.screen.text, "a reason"
    )

    # It comes back, its containers stopped as after a crash, and nobody has to do anything.
    await cockpit.press("l")
    await cockpit.shows("Logs", "docker offline")
    await docker_engine.start()
    await cockpit.hides("docker offline")
    await docker_engine.docker("start", "web")
    before = _highest(cockpit)
    await cockpit.until(lambda: _highest(cockpit) > max(before, 20), "the log going on")
    await go(cockpit, "containers", "Images")
    await cockpit.row(" web ", "● running")
    await cockpit.until(lambda: "%" in cockpit.screen.row_with(" web "), "fresh numbers of web")
    assert "ago" not in cockpit.screen.row_with(" web ")
    await cockpit.press("8")
    await cockpit.shows("Ended, and no exit code is known.")
    await cockpit.press("ctrl+]", "c")
    await cockpit.shows("web 2", "#")
    await cockpit.type("echo anew-$((40+4))\r")
    await cockpit.shows("anew-44")
    await cockpit.press("ctrl+]", "ctrl+q")
    assert await cockpit.wait() == 0
    cockpit.assert_restored()


async def test_a_killed_daemon_is_replaced_and_what_it_did_is_marked_unknown(
    docker_home: Home, docker_engine: DockerEngine
) -> None:
    await docker_engine.run(name="web", command=TALKING)
    cockpit = await everything_runs(docker_home)
    daemon = await docker_home.daemon()
    assert daemon is not None
    os.kill(daemon, signal.SIGKILL)
    await cockpit.shows("the fleet is being reached again")
    await cockpit.hides("the fleet is being reached again")
    assert await docker_home.daemon() not in (None, daemon)

    # The log goes on where it was, rows and numbers are live.
    seen = _highest(cockpit)
    await cockpit.until(lambda: _highest(cockpit) > seen + 5, "the log going on")
    await go(cockpit, "containers", "Images")
    await cockpit.row(" web ", "● running")
    await cockpit.until(lambda: "%" in cockpit.screen.row_with(" web "), "fresh numbers of web")

    # Shells ended with it, and say so; what ran is not claimed to have ended in any way.
    await cockpit.press("8")
    await cockpit.shows("The shell ended with the fleet that kept it.")
    await cockpit.press("ctrl+]", "@")
    await cockpit.row("Run a com", "unknown")
    code, output = await docker_home.command("journal", "verify")
    assert code == 0, output
    await cockpit.press("ctrl+q")
    assert await cockpit.wait() == 0
    cockpit.assert_restored()
    await until(lambda: not docker_home.processes(), "an end of the daemon")


async def test_an_interface_killed_with_nine_lives_of_its_own_loses_no_job_and_no_shell(
    docker_home: Home, docker_engine: DockerEngine
) -> None:
    await docker_engine.run(name="web", command=TALKING)
    cockpit = await everything_runs(docker_home)
    cockpit.signal(signal.SIGKILL)
    await cockpit.wait()
    again = docker_home.start(size=(120, 30))
    await again.shows("online", "1 job")
    await again.press("8")
    await again.shows("in-42")
    await again.press("ctrl+d")
    await again.shows("Ended with exit code 0.")
    await again.press("ctrl+]", "7")
    await again.shows("running")
    await again.press("S")
    await again.shows("y  Cancel")
    await again.press("y")
    await again.shows("cancelled")
    await again.press("ctrl+q")
    assert await again.wait() == 0
    await until(lambda: not docker_home.processes(), "an end of the daemon")


def _highest(cockpit: Cockpit) -> int:
    """The number of the newest line of the log on the screen."""
    words = (word.removeprefix("tick-") for word in cockpit.screen.text.split() if word.startswith("tick-"))
    return max((int(word) for word in words if word.isdigit()), default=0)
