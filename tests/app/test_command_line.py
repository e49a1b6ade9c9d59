"""The command line: what lines mean, what they may become, and what is kept of them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.command_line import CommandLine, Do, Quit, Run, Set
from app.line_history import KEPT, LineHistory
from backends.contract.errors import BackendError, Invalid, NotFound
from backends.contract.model import ConnectionSpec
from fleet.catalogue import Catalogue
from fleet.inventory import Inventory
from fleet.naming import HERE
from fleet.redaction import MASK
from fleet.values import BackendInfo, Connection, ConnectionState, Delta
from screens.desk import Place
from tests.fakes.backend import FakeBackend
from tests.screens.conftest import LIST, Factory
from tests.widgets.waiting import until
from widgets.line_input import LineInput


def line(resources: int = 10) -> CommandLine:
    backend = FakeBackend(resources=resources)
    info = BackendInfo(backend.id, backend.title, tuple(backend.kinds), tuple(backend.operations))
    inventory = Inventory()
    spec = ConnectionSpec("fake", "fake", labels={HERE: "true"})
    here = Connection(spec, ConnectionState.ONLINE, since=1.0)
    inventory.apply(Delta(connections=(here,), resources=tuple(backend.world.resources.values())))
    settings = lambda: [("interface.theme", "Colour theme."), ("interface.keys", "Which keys.")]  # noqa: E731
    return CommandLine(Catalogue([info]), inventory, themes=("harbour", "paper"), settings=settings)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("containers", Place("resources", kind="container")),
        (":c", Place("resources", kind="container")),
        ("containers @fake /web up", Place("resources", kind="container", filter="connection:fake web up")),
        ("jobs", Place("jobs")),
        ("journal /exec", Place("journal", filter="exec")),
        ("q", Quit()),
        ("q!", Quit()),
        ("undo", Run("app.undo")),
        ("theme", Run("app.theme")),
        ("theme paper", Set("interface.theme", "paper")),
        ("set interface.keys k9s", Set("interface.keys", "k9s")),
        ("set keys.stop ctrl+k f9", Set("keys.stop", "ctrl+k f9")),
        ("set interface.keys", Place("settings", tab="interface.keys")),
        ("set", Place("settings")),
    ],
)
def test_a_line_means_one_thing(text: str, meaning: object) -> None:
    assert line().read(text) == meaning


def test_a_verb_takes_names_globs_and_arguments() -> None:
    meaning = line().read("stop web-0 timeout=3")
    assert isinstance(meaning, Do)
    assert (meaning.operation.verb, len(meaning.targets), meaning.arguments) == ("stop", 1, {"timeout": "3"})
    meaning = line(100).read("restart 'web-*'")
    assert isinstance(meaning, Do)
    assert len(meaning.targets) > 1


def test_an_exclamation_mark_runs_a_shell_line_on_this_machine() -> None:
    meaning = line().read("!uptime | cut -c 1-10")
    assert isinstance(meaning, Do)
    assert meaning.operation.id == "host.exec"
    assert meaning.arguments == {"command": "sh -c 'uptime | cut -c 1-10'"}


@pytest.mark.parametrize(
    ("text", "error", "hint"),
    [
        ("contaners", Invalid, "Did you mean containers?"),
        ("jornal", Invalid, "Did you mean journal?"),
        ("restrat web-0", Invalid, "Did you mean restart?"),
        ("xyzzy", Invalid, "Press tab"),
        ("stop", Invalid, ""),
        ("stop nobody", NotFound, ""),
        ('stop "web', Invalid, ""),
        ("", Invalid, ""),
    ],
)
def test_what_is_not_understood_is_answered_with_what_was_probably_meant(
    text: str, error: type[BackendError], hint: str
) -> None:
    with pytest.raises(error) as told:
        line().read(text)
    assert hint in (told.value.hint or "")


@given(st.text(max_size=60))
def test_any_line_is_understood_or_answered_with_a_sentence(text: str) -> None:
    reader = line()
    reader.suggest(text)
    try:
        reader.read(text)
    except BackendError as error:
        assert error.message.rstrip().endswith((".", "?"))  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("cont", "containers"),
        ("containers @", "containers @fake"),
        ("stop web", "stop web-0"),
        ("theme p", "theme paper"),
        ("set interface.k", "set interface.keys"),
        ("und", "undo"),
    ],
)
def test_a_line_is_completed(typed: str, offered: str) -> None:
    assert offered in [suggestion.value for suggestion in line().suggest(typed)]


def test_ten_thousand_resources_offer_few_completions() -> None:
    assert len(line(10_000).suggest("stop w")) <= 50


# -- what is kept


def test_lines_are_kept_for_the_next_run_each_once_and_only_for_us(tmp_path: Path) -> None:
    path = tmp_path / "state" / "command_history"
    first = LineHistory(path)
    for text in ("jobs", "containers", "jobs"):
        first.add(text)
    first.save()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    second = LineHistory(path)
    second.load()
    assert second.lines == ("containers", "jobs")


def test_secrets_are_masked_in_the_file_but_can_be_recalled_in_this_run(tmp_path: Path) -> None:
    path = tmp_path / "command_history"
    history = LineHistory(path)
    history.add("exec web-1 command='mysql --password=hunter22hunter'")
    history.add("!curl -H 'Authorization: Bearer abcdefghijklmnop' http://x")
    history.save()
    kept = path.read_text(encoding="utf-8")
    assert "hunter22hunter" not in kept
    assert "abcdefghijklmnop" not in kept
    assert MASK in kept
    assert "hunter22hunter" in history.lines[0]


def test_the_history_is_bounded_in_memory_and_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "command_history"
    history = LineHistory(path)
    for number in range(3 * KEPT):
        history.add(f"logs web-{number}")
    history.save()
    history = LineHistory(path)
    history.load()
    assert len(history.lines) == KEPT
    assert history.lines[-1] == f"logs web-{3 * KEPT - 1}"
    assert len(path.read_text(encoding="utf-8").splitlines()) == KEPT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_history_that_cannot_be_read_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "command_history"
    path.mkdir()
    history = LineHistory(path)
    history.load()
    history.add("jobs")
    history.save()
    assert history.lines == ("jobs",)
    path = tmp_path / "binary"
    path.write_bytes(bytes(range(256)) * 10)
    LineHistory(path).load()


# -- on a screen


async def test_a_line_goes_somewhere_and_is_recalled_by_up_on_another_screen(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        await driven.pilot.press("colon", *"jobs", "enter")
        await until(driven.pilot, lambda: driven.app._here.view == "jobs")
        await driven.pilot.press("colon", "up")
        assert driven.app.screen.query_one("#command", LineInput).value == "jobs"
        await driven.pilot.press("escape")
        assert driven.app.paths is not None
        kept = driven.app.paths.state / "command_history"
        await until(driven.pilot, kept.is_file)


async def test_ghost_text_is_taken_by_the_right_arrow(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        await driven.pilot.press("colon", *"jour", "right", "enter")
        await until(driven.pilot, lambda: driven.app._here.view == "journal")


async def test_an_unknown_word_is_answered_and_nothing_moves(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        driven.app.run_line("contaners")
        notices = driven.app._notifications
        await until(driven.pilot, lambda: any(notice.message == "Did you mean containers?" for notice in notices))
        assert driven.app._here == LIST
