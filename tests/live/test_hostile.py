"""What comes from containers never reaches the terminal as anything but text."""

from __future__ import annotations

import re

import pytest

from tests.bed.docker import DockerEngine
from tests.live.terminal import Cockpit, Home

pytestmark = pytest.mark.engine

TITLE = "\x1b]0;owned\x07"
CLIPBOARD = "\x1b]52;c;b3duZWQ=\x07"
CLEAR = "\x1b[2J\x1b[H\x1bc"
TURNED = "\u202egnp.exe"
LABELS = (
    f"owner={TITLE}{CLIPBOARD}",
    "lines=one\ntwo\r\nthree\ttab",
    f"turned={TURNED}",
    f"{CLEAR}key=value",
    "markup=[bold red]x[/] [@click=app.quit]y[/]",
)
LOGS = (
    r"printf '\033]0;owned\007title\n'",
    r"printf '\033]52;c;b3duZWQ=\007clipboard\n'",
    r"printf '\033[2J\033[H\033cclear\n'",
    r"printf '\033[?1049l\033[?25h\033[?2004lmodes\n'",
    r"printf 'cut\rback\b\b\b\bspace\n'",
    r"printf '\302\2331mC1\n'",
    r"printf '\033[31mred\033[0m\n'",
    r"printf '\342\200\256turned\n'",
    r"printf '\377\376bytes\n'",
    "sleep 3600",
)
_HOSTILE = re.compile(r"\x1b\]0;|\x1b\]52;c;b3duZWQ|\x1bc|\u202e|\x9b")


def check(cockpit: Cockpit) -> None:
    """Nothing of it got through, and the terminal is still the interface's."""
    found = _HOSTILE.search(cockpit.screen.raw)
    assert found is None, cockpit.screen.raw[max(0, found.start() - 80) : found.end() + 80].encode()
    assert cockpit.screen.modes[1049], "the alternate screen was left"
    assert not cockpit.screen.modes[25], "the cursor was shown"
    assert cockpit.screen.modes[2004], "bracketed paste was switched off"


@pytest.fixture
async def hostile(docker_home: Home, docker_engine: DockerEngine) -> Home:
    words = [word for label in LABELS for word in ("--label", label)]
    await docker_engine.run(*words, "--env", f"BAD={TITLE}", name="evil", command=("sh", "-c", "; ".join(LOGS)))
    return docker_home


async def test_labels_with_escapes_and_line_breaks_stay_text(hostile: Home) -> None:
    cockpit = hostile.start(size=(120, 40))
    await cockpit.shows("online", "evil")
    await cockpit.press("3")
    await cockpit.shows("Images", "evil")
    await cockpit.press("enter")
    await cockpit.shows("markup")
    check(cockpit)
    await cockpit.press("i")
    await cockpit.shows("inspect", "Config")
    await cockpit.type("/owner")
    await cockpit.press("enter")
    await cockpit.shows("owner")
    check(cockpit)
    await cockpit.press("ctrl+q")
    assert await cockpit.wait() == 0
    cockpit.assert_restored()


async def test_log_lines_keep_their_colours_and_nothing_else(hostile: Home) -> None:
    cockpit = hostile.start(size=(120, 40))
    await cockpit.shows("online", "evil")
    await cockpit.press("3")
    await cockpit.shows("Images", "evil")
    await cockpit.press("l")
    await cockpit.shows("title", "clipboard", "clear", "modes", "red", "turned", "bytes")
    check(cockpit)
    await cockpit.press("y")
    await cockpit.shows("Copied")
    await cockpit.press("ctrl+q")
    assert await cockpit.wait() == 0
    cockpit.assert_restored()


async def test_output_of_commands_and_their_failures_stay_text(hostile: Home) -> None:
    cockpit = hostile.start(size=(120, 40))
    await cockpit.shows("online", "evil")
    await cockpit.press("3")
    await cockpit.shows("Images", "evil")
    await cockpit.press("E")
    await cockpit.shows("Run a command evil")
    await cockpit.type(r"sh -c 'printf \"\033]0;owned\007out\n\"; printf \"\033cerr\n\" >&2; exit 3'")
    await cockpit.type("\x1b\r")
    await cockpit.shows("exit code 3")
    check(cockpit)
    await cockpit.press("@")
    await cockpit.shows("Journal", "docker exec evil")
    check(cockpit)
