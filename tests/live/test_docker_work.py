"""A day's work on a real engine, by keys, through the daemon, in a real terminal."""

from __future__ import annotations

import pytest

from tests.bed.docker import DockerEngine
from tests.live.terminal import Cockpit, Home, until

pytestmark = pytest.mark.engine

OBEDIENT = ("sh", "-c", "trap 'exit 0' TERM; i=0; while :; do i=$((i+1)); echo tick-$i; sleep 0.1; done")
"""Ends by itself when asked, and talks."""


async def containers(home: Home, *names: str, size: tuple[int, int] = (120, 30)) -> Cockpit:
    """The list of containers, with these in it."""
    cockpit = home.start(size=size)
    await cockpit.shows("online")
    await cockpit.press("3")
    await cockpit.shows("Images", *names)
    return cockpit


async def cursor_on(cockpit: Cockpit, name: str) -> None:
    """Bring the cursor to a container by filtering for it, as a person in a hurry types: all in one go."""
    await cockpit.type(f"/{name}\r")
    await cockpit.until(
        lambda: cockpit.screen.row_with(f" {name} ").startswith("▌") and f"filter {name}" in cockpit.screen.text,
        f"the cursor on {name}",
    )


async def status(engine: DockerEngine, name: str) -> str:
    return await engine.docker("inspect", "--format", "{{.State.Status}}", name)


async def test_verbs_by_keys_change_the_engine_and_the_row(docker_home: Home, docker_engine: DockerEngine) -> None:
    await docker_engine.run(name="web", command=OBEDIENT)
    await docker_engine.run(name="db", command=OBEDIENT)
    cockpit = await containers(docker_home, "web", "db")
    await cursor_on(cockpit, "web")
    await cockpit.press("S")
    await cockpit.shows("docker stop --time 10 web", "it can be started again", "y  Stop")
    assert await status(docker_engine, "web") == "running", "nothing before the yes"
    await cockpit.press("n")
    await cockpit.hides("y  Stop")
    await cockpit.press("S")
    await cockpit.shows("y  Stop")
    await cockpit.press("y")
    await cockpit.row(" web ", "stopped", "exited (0)")
    assert await status(docker_engine, "web") == "exited"
    await cockpit.shows("u Start")
    await cockpit.press("u")
    await cockpit.row(" web ", "running")
    await cockpit.shows("p Pause")
    await cockpit.press("p")
    await cockpit.row(" web ", "paused")
    assert await status(docker_engine, "web") == "paused"
    await cockpit.shows("p Resume")
    await cockpit.press("p")
    await cockpit.row(" web ", "running")
    await cockpit.press("r")
    await cockpit.shows("y  Restart")
    started = await docker_engine.docker("inspect", "--format", "{{.State.StartedAt}}", "web")
    await cockpit.press("y")
    await cockpit.shows("Restart: done.")
    assert await docker_engine.docker("inspect", "--format", "{{.State.StartedAt}}", "web") > started
    assert await status(docker_engine, "db") == "running"
    await cockpit.press("@")
    await cockpit.shows("Journal", "docker pause web")
    code, output = await docker_home.command("journal", "verify")
    assert code == 0, output


async def test_a_removed_container_comes_back_with_its_settings(docker_home: Home, docker_engine: DockerEngine) -> None:
    await docker_engine.docker("volume", "create", "keep")
    await docker_engine.run("--env", "COLOUR=blue", "--volume", "keep:/data", name="web", command=OBEDIENT)
    before = await docker_engine.docker("inspect", "--format", "{{.Id}}", "web")
    cockpit = await containers(docker_home, "web")
    await cockpit.press("S")
    await cockpit.shows("y  Stop")
    await cockpit.press("y")
    await cockpit.row(" web ", "stopped")
    await cockpit.press("D")
    await cockpit.shows("docker rm web", "to undo", "y  Remove")
    await cockpit.press("y")
    await cockpit.shows("There are no containers here yet")
    await cockpit.shows("z undoes it")
    await cockpit.press("z")
    await cockpit.until(
        lambda: " web " in cockpit.screen.text or "y  Create" in cockpit.screen.text, "the container or its plan"
    )
    if "y  Create" in cockpit.screen.text:
        await cockpit.press("y")
    await cockpit.row(" web ", "created")
    told = await docker_engine.docker("inspect", "--format", "{{.Id}} {{.Config.Env}} {{.HostConfig.Binds}}", "web")
    assert before not in told
    assert "COLOUR=blue" in told
    assert "keep:/data" in told


async def test_a_command_runs_on_all_marked_and_each_answers(docker_home: Home, docker_engine: DockerEngine) -> None:
    for name in ("web-1", "web-2", "web-3"):
        await docker_engine.run("--hostname", f"host-{name}", name=name, command=OBEDIENT)
    cockpit = await containers(docker_home, "web-1", "web-2", "web-3")
    await cockpit.press("space", "j", "space")
    await cockpit.shows("2 marked")
    await cockpit.press("E")
    await cockpit.shows("Run a command on 2 resources")
    await cockpit.type("uname -n")
    await cockpit.type("\x1b\r")  # alt+enter, as terminals without a keyboard protocol send it
    await cockpit.shows("docker exec web-1 uname -n", "docker exec web-2 uname -n", "It changes 2 at once.")
    await cockpit.press("y")
    await cockpit.shows("host-web-1", "host-web-2")
    assert "host-web-3" not in cockpit.screen.text
    await cockpit.press("q")
    await cockpit.shows("2 marked")


async def test_a_command_that_fails_says_so_with_its_exit_code(docker_home: Home, docker_engine: DockerEngine) -> None:
    await docker_engine.run(name="web", command=OBEDIENT)
    cockpit = await containers(docker_home, "web")
    await cockpit.press("E")
    await cockpit.shows("Run a command web")
    await cockpit.type("ls /nowhere")
    await cockpit.type("\x1b\r")
    await cockpit.shows("No such file or directory")
    await cockpit.shows("exit code 1")


async def test_logs_are_followed_searched_filtered_and_left(docker_home: Home, docker_engine: DockerEngine) -> None:
    await docker_engine.run(name="web", command=OBEDIENT)
    cockpit = await containers(docker_home, "web")
    await cockpit.press("l")
    await cockpit.shows("following", "tick-40")
    await cockpit.type("/tick-1")
    await cockpit.shows("search tick-1")
    await cockpit.press("enter")
    await cockpit.shows("“tick-1”")
    await cockpit.press("escape")
    await cockpit.hides("“tick-1”")
    await cockpit.press("&")
    await cockpit.type("tick-33")
    await cockpit.press("enter")
    await cockpit.until(
        lambda: "tick-33" in cockpit.screen.text and "tick-34" not in cockpit.screen.text, "only what matches"
    )
    await cockpit.press("escape", "f")
    await cockpit.hides("tick-33 ")
    await cockpit.press("q")
    await cockpit.shows("Images", "web")


async def test_several_logs_are_merged(docker_home: Home, docker_engine: DockerEngine) -> None:
    for name in ("alpha", "beta"):
        await docker_engine.run(name=name, command=("sh", "-c", f"while :; do echo from-{name}; sleep 0.1; done"))
    cockpit = await containers(docker_home, "alpha", "beta")
    await cockpit.press("space", "j", "space", "l")
    await cockpit.shows("alpha, beta", "from-alpha", "from-beta", "following")


async def test_a_shell_is_typed_into_left_and_found_again(docker_home: Home, docker_engine: DockerEngine) -> None:
    await docker_engine.run("--hostname", "inside", name="web", command=OBEDIENT)
    cockpit = await containers(docker_home, "web")
    await cockpit.press("s")
    await cockpit.shows("Sessions", "#")
    await cockpit.type("echo $((6*7))-$(uname -n)\r")
    await cockpit.shows("42-inside")
    await cockpit.type("3q")  # letters belong to the shell
    await cockpit.shows("# 3q")
    await cockpit.press("ctrl+]", "d")
    await cockpit.shows("Images", "web")
    cockpit.resize(100, 28)
    await cockpit.press("8")
    await cockpit.shows("42-inside", "3q")
    await cockpit.press("ctrl+u")
    await cockpit.type("stty size\r")
    await cockpit.shows(" 100")
    await cockpit.press("ctrl+d")
    await cockpit.shows("Ended with exit code 0.")
    await cockpit.press("ctrl+]", "ctrl+q")
    assert await cockpit.wait() == 0
    cockpit.assert_restored()


async def test_numbers_move_while_somebody_looks_and_are_gone_when_it_stops(
    docker_home: Home, docker_engine: DockerEngine
) -> None:
    await docker_engine.run(name="busy", command=("sh", "-c", "trap 'exit 0' TERM; while :; do :; done"))
    cockpit = await containers(docker_home, "busy")
    await cockpit.until(lambda: "%" in cockpit.screen.row_with(" busy "), "a measured share of the processor")
    await docker_engine.docker("kill", "busy")
    await cockpit.row(" busy ", "exited (137)")
    await cockpit.until(lambda: "%" not in cockpit.screen.row_with(" busy "), "no share of a container that is over")
    await cockpit.press("enter")
    await cockpit.shows("137")


async def test_why_a_container_is_over_is_said_in_words(docker_home: Home, docker_engine: DockerEngine) -> None:
    await docker_engine.run(name="broken", command=("sh", "-c", "exit 3"))
    await docker_engine.run(name="absent", command=("sh", "-c", "no-such-program"))
    await docker_engine.run(
        *("--health-cmd", "false", "--health-interval", "1s", "--health-retries", "1"), name="ill", command=OBEDIENT
    )
    cockpit = docker_home.start(size=(160, 40))
    await cockpit.shows("broken", "absent", "ill")
    await cockpit.row(" broken ", "failed with exit code 3")
    await cockpit.row(" absent ", "its command was not found")
    await cockpit.row(" ill ", "health check failed")


async def test_published_ports_are_shown(docker_home: Home, docker_engine: DockerEngine) -> None:
    await docker_engine.run("--expose", "9000", name="web", command=OBEDIENT)
    cockpit = await containers(docker_home, "web", size=(250, 30))
    await cockpit.row(" web ", "9000")


async def test_the_command_line_reaches_verbs_and_views(docker_home: Home, docker_engine: DockerEngine) -> None:
    await docker_engine.run(name="web", command=OBEDIENT)
    cockpit = await containers(docker_home, "web")
    await cockpit.type(":pause web\r")
    await cockpit.row(" web ", "paused")
    await cockpit.type(":no-such-thing\r")
    await cockpit.shows("no-such-thing")
    await cockpit.type(":images\r")
    await cockpit.shows("quarterdeck-test:1", "Used by")


async def test_two_interfaces_share_one_daemon_and_see_what_the_other_does(
    docker_home: Home, docker_engine: DockerEngine
) -> None:
    await docker_engine.run(name="web", command=OBEDIENT)
    first = await containers(docker_home, "web")
    second = await containers(docker_home, "web", size=(80, 24))
    daemons = [line for line in docker_home.processes().values() if "daemon run" in line]
    assert len(daemons) == 1
    await first.press("p")
    await first.row(" web ", "paused")
    await second.row(" web ", "paused")
    await second.press("p")
    await first.row(" web ", "running")
    await first.press("s")
    await first.shows("#")
    await second.press("8")
    await second.shows("#")
    await first.type("echo shared-$((40+2))\r")
    await second.shows("shared-42")
    await first.press("ctrl+]", "ctrl+q")
    assert await first.wait() == 0
    first.assert_restored()
    await second.type("echo still-$((40+3))\r")
    await second.shows("still-43")
    await second.press("ctrl+]", "ctrl+q")
    assert await second.wait() == 0
    assert await docker_home.daemon() is not None, "a kept shell keeps the daemon"
    third = docker_home.start()
    await third.shows("online")
    await third.press("8")
    await third.shows("still-43")
    await third.press("ctrl+d")
    await third.shows("Ended with exit code 0.")
    await third.press("ctrl+]", "ctrl+q")
    await third.wait()
    await until(lambda: not docker_home.processes(), "an end of the daemon")
