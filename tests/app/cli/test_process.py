"""The command line as a process: what it imports, how it takes signals, what it does to the terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import termios
from collections.abc import Sequence
from fcntl import ioctl
from pathlib import Path
from struct import pack

import pytest

from tests.app import ptys

PROGRAM = (sys.executable, "-m", "tests.app.cli.program")
LIMIT = 60


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "QUARTERDECK_HOME": str(home), "TERM": "xterm-256color", "PYTHONPATH": str(ptys.ROOT)}


def imported(home: Path, words: Sequence[str]) -> set[str]:
    code = f"import sys; from app.cli import main; main({list(words)!r}); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(home),
        cwd=ptys.ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=True,
    )
    return set(done.stderr.splitlines()[-1].split())


def test_help_imports_next_to_nothing(home: Path) -> None:
    modules = imported(home, ["--help"])
    assert not {"asyncio", "argparse", "msgspec", "textual", "rich", "backends", "fleet"} & modules


def test_a_list_imports_no_interface_and_no_engine_it_is_not_about(home: Path) -> None:
    modules = imported(home, ["ls", "hosts"])
    assert "psutil" in modules
    assert not {"textual", "docker", "aiohttp", "app.tui"} & modules


def test_completion_imports_no_interface_and_starts_nothing(home: Path) -> None:
    modules = imported(home, ["__complete", "fish", "sto"])
    assert not {"textual", "docker", "psutil", "fleet.service"} & modules
    assert not list(home.rglob("*.sock"))


def test_a_reader_that_leaves_ends_it_quietly(home: Path) -> None:
    line = f"{' '.join(PROGRAM)} logs -f web-0; echo code=$? >&2"
    done = subprocess.run(
        ["bash", "-c", f"({line}) | head -n 3"],
        env=environment(home),
        cwd=ptys.ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr == "code=141\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_following_ends_at_once_and_quietly_when_told_to(home: Path, number: signal.Signals, code: int) -> None:
    with subprocess.Popen(
        [*PROGRAM, "logs", "-f", "web-0"],
        env=environment(home),
        cwd=ptys.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline()
        running.send_signal(number)
        _out, err = running.communicate(timeout=LIMIT)
    assert (running.returncode, err) == (code, "")


def test_a_question_shows_the_plan_and_takes_yes_or_no(home: Path) -> None:
    for answer, code in (("y\n", 0), ("n\n", 4), ("\n", 4)):
        with ptys.running([*PROGRAM, "stop", "web-0"], env=environment(home)) as child:
            child.wait_for("Go on? [y/N]")
            assert "web-0 stops it" in child.output
            child.send(answer.encode())
            assert child.wait() == code


def test_a_question_can_be_interrupted(home: Path) -> None:
    with ptys.running([*PROGRAM, "stop", "web-0"], env=environment(home)) as child:
        child.wait_for("Go on? [y/N]")
        child.send(b"\x03")
        assert child.wait() == 130
        assert "Traceback" not in child.output


def test_a_shell_passes_everything_and_ends_with_its_code(home: Path) -> None:
    with ptys.running([*PROGRAM, "shell", "web-0"], env=environment(home), size=(90, 30)) as child:
        child.wait_for("$ ")
        assert child.attributes != child.before
        child.send(b"size\r")
        child.wait_for("30 90")
        ioctl(child.master, termios.TIOCSWINSZ, pack("HHHH", 11, 77, 0, 0))
        os.kill(child.pid, signal.SIGWINCH)
        until_resized(child)
        child.send(b"echo \x03raw\r")
        child.wait_for("raw")
        child.send(b"exit 7\r")
        assert child.wait() == 7
        assert child.attributes == child.before


def until_resized(child: ptys.Child) -> None:
    for number in range(1, 50):
        child.send(f"size\recho asked-{number}\r".encode())
        child.wait_for(f"\nasked-{number}\r\n")
        if "11 77" in child.output:
            return
    pytest.fail("the new size never arrived")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_shell_that_is_ended_gives_the_terminal_back(home: Path, number: signal.Signals) -> None:
    with ptys.running([*PROGRAM, "shell", "web-0"], env=environment(home)) as child:
        child.wait_for("$ ")
        child.signal(number)
        assert child.wait() == 128 + number
        assert child.attributes == child.before
        assert "\x1b[?25h" in child.output
        assert "\x1b[?1049l" not in child.output


def test_a_shell_needs_a_terminal(home: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "shell", "web-0"],
        env=environment(home),
        cwd=ptys.ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr


def test_colours_are_for_terminals_that_want_them(home: Path) -> None:
    for extra, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        with ptys.running([*PROGRAM, "ls", "containers"], env={**environment(home), **extra}) as child:
            assert child.wait() == 0
            assert ("\x1b[31m" in child.output) is coloured


def test_on_a_terminal_no_line_is_longer_than_it(home: Path) -> None:
    with ptys.running(
        [*PROGRAM, "--color", "never", "ls", "containers"], env=environment(home), size=(44, 24)
    ) as child:
        assert child.wait() == 0
        assert max(map(len, child.output.splitlines())) <= 44


def test_top_stays_current_and_leaves_the_cursor_visible(home: Path) -> None:
    with ptys.running([*PROGRAM, "top", "containers", "--every", "0.3"], env=environment(home)) as child:
        child.wait_for("\x1b[H", times=3)
        child.send(b"\x03")
        assert child.wait() == 130
        assert child.output.rindex("\x1b[?25h") > child.output.rindex("\x1b[?25l")


def test_the_daemon_is_started_used_and_ended(home: Path) -> None:
    def qd(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "quarterdeck", *words],
            env={**environment(home), "QUARTERDECK_DAEMON__KEEP": "yes", "DOCKER_HOST": "unix:///nonexistent.sock"},
            cwd=ptys.ROOT,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )

    assert "No fleet daemon runs." in qd("daemon", "status").stdout
    try:
        assert qd("daemon", "start").returncode == 0
        status = qd("daemon", "--json").stdout
        assert '"running": true' in status
        assert qd("ls", "hosts", "--json").stdout.count('"kind": "host"') == 2
        done = qd("exec", "host/*", "--", "echo", "through the daemon")
        assert (done.returncode, done.stdout) == (0, "through the daemon\n"), done.stderr
        assert "Run a command" in qd("jobs").stdout
    finally:
        ended = qd("daemon", "stop")
    assert "was ended" in ended.stdout
    assert "No fleet daemon runs." in qd("daemon").stdout
    assert not list(home.rglob("*.sock"))
