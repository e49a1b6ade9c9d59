"""The launcher: what it decides, how soon it shows something, and that it gives the terminal back."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck import options
from quarterdeck.finder import PACKAGES, ROOT
from tests.app.ptys import Child, running

NAME = "\x1b[1m Quarterdeck"

STANDING_IN = """
import sys, types

def run(options):
    {body}

stand_in = types.ModuleType("app.tui")
stand_in.run = run
sys.modules["app.tui"] = stand_in

from quarterdeck.launch import main
sys.exit(main([]))
"""


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        timeout=60,
        check=False,
    )


@contextmanager
def started(body: str, **env: str) -> Iterator[Child]:
    """The launcher with something of ours where the interface would be."""
    with running((sys.executable, "-c", STANDING_IN.format(body=body)), env=env) as child:
        yield child


# What it decides


@pytest.mark.parametrize(
    ("arguments", "profile", "place", "read_only", "mouse"),
    [
        ([], None, None, False, True),
        (["--read-only"], None, None, True, True),
        (["--no-mouse", "--profile", "work"], "work", None, False, False),
        (["--profile=work", "--place", "containers"], "work", "containers", False, True),
    ],
)
def test_options_of_the_interface_are_understood(
    arguments: list[str], profile: str | None, place: str | None, read_only: bool, mouse: bool
) -> None:
    chosen = options.parse(arguments)
    assert chosen is not None
    assert (chosen.profile, chosen.place, chosen.read_only, chosen.mouse) == (profile, place, read_only, mouse)


@pytest.mark.parametrize(
    "arguments",
    [
        ["ls"],
        ["--help"],
        ["-h"],
        ["--profile"],
        ["--profile", ""],
        ["--profile", "--read-only"],
        ["--what"],
        ["x", "--y"],
    ],
)
def test_everything_else_is_left_to_the_command_line_interface(arguments: list[str]) -> None:
    assert options.parse(arguments) is None


@given(st.lists(st.text(max_size=12)))
def test_any_command_line_is_decided(arguments: list[str]) -> None:
    options.parse(arguments)


def test_the_version_is_told_without_importing_anything() -> None:
    code = (
        "import sys; from quarterdeck.launch import main; assert main(['--version']) == 0;"
        "assert not {'textual', 'rich', 'asyncio', 'app', 'typing'} & set(sys.modules), sorted(sys.modules)"
    )
    answer = python(code)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("quarterdeck ")


def test_an_old_python_is_refused_in_a_sentence() -> None:
    answer = python("import sys; sys.version_info = (3, 9, 2); import quarterdeck.launch")
    assert answer.returncode == 1
    assert "needs Python 3.11 or newer; this is 3.9" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("name", ["__init__", "__main__", "launch"])
def test_what_refuses_old_pythons_can_be_read_by_them(name: str) -> None:
    source = Path(ROOT, "quarterdeck", f"{name}.py").read_text()
    ast.parse(source, feature_version=(3, 7))


def test_without_a_terminal_it_says_so_and_writes_no_sequences() -> None:
    answer = python("import sys; from quarterdeck.launch import main; sys.exit(main([]))")
    assert answer.returncode == 2
    assert "terminal" in answer.stderr
    assert "\x1b" not in answer.stdout + answer.stderr


# The first frame


def test_the_name_is_on_the_screen_before_anything_heavy_is_imported() -> None:
    with started(
        "print('loaded', sorted({'textual', 'rich', 'asyncio', 'typing', 'enum'} & set(sys.modules)))"
    ) as child:
        child.wait()
        assert NAME in child.output
        assert "loaded []" in child.output


def test_type_ahead_stays_in_the_terminal_and_is_not_echoed() -> None:
    with started("import os; print('<', os.read(0, 100), '>'); return 0") as child:
        child.wait_for(NAME)
        child.send(b"\r")
        child.wait_for("< b'\\r' >")
        assert child.wait() == 0
        assert child.attributes == child.before


def test_a_failing_start_gives_the_terminal_back_before_it_says_why() -> None:
    with started("raise RuntimeError('no interface today')") as child:
        assert child.wait() == 1
        assert child.attributes == child.before
        assert "no interface today" in child.output.rsplit("\x1b[?25h", 1)[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_while_it_starts_gives_the_terminal_back(number: signal.Signals) -> None:
    with started("import select; print('waiting', flush=True); select.select([], [], [])") as child:
        child.wait_for("waiting")
        child.signal(number)
        assert child.wait() == 128 + number
        assert child.attributes == child.before
        assert child.output.endswith("\x1b[?1049l\x1b[?25h")


def test_ctrl_c_while_it_starts_ends_it() -> None:
    with started("import select; print('waiting', flush=True); select.select([], [], [])") as child:
        child.wait_for("waiting")
        child.send(b"\x03")
        assert child.wait() == 130
        assert child.attributes == child.before


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_cannot_show_it_gets_no_frame(term: str) -> None:
    with started("print('bare'); return 0", TERM=term) as child:
        assert child.wait() == 0
        assert "\x1b" not in child.output


def test_the_frame_has_no_colour() -> None:
    with started("return 0", NO_COLOR="1") as child:
        assert child.wait() == 0
        assert "\x1b[3" not in child.output
        assert "\x1b[4" not in child.output


def test_the_driver_goes_on_from_the_frame_and_restores_what_was_before_it() -> None:
    body = "from tests.app.programs.plain import Plain, QuarterdeckDriver as D; Plain(driver_class=D).run(); return 7"
    with started(body) as child:
        child.wait_for("READY")
        assert child.output.count("\x1b[?1049h") == 1
        child.send(b"q")
        assert child.wait() == 7
        child.assert_restored()
        assert child.output.count("\x1b[?1049l") == 1


# The finder


def test_our_packages_are_found_before_others_of_the_same_name(tmp_path: Path) -> None:
    for name in PACKAGES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('a stranger')")
    code = (
        f"import sys; sys.path.append({ROOT!r}); from quarterdeck import finder; finder.install(); finder.install()\n"
        f"import app, screens, widgets, assistant, fleet.values, backends.contract.errors\n"
        f"print(app.__file__, sum(f is finder.HouseFinder for f in sys.meta_path))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        timeout=60,
        check=False,
    )
    assert answer.stdout.split() == [str(Path(ROOT, "app", "__init__.py")), "1"], answer.stderr


def test_strangers_imported_before_us_are_forgotten(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").write_text("stranger = True")
    (tmp_path / "app" / "cli.py").write_text("")
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}]; import app.cli; assert app.stranger\n"
        f"sys.path.append({ROOT!r}); from quarterdeck import finder; finder.install()\n"
        f"assert 'app.cli' not in sys.modules; import app; assert not hasattr(app, 'stranger')"
    )
    answer = python(code)
    assert answer.returncode == 0, answer.stderr


def test_other_names_go_their_usual_way() -> None:
    from quarterdeck.finder import HouseFinder

    assert HouseFinder.find_spec("json") is None
    assert HouseFinder.find_spec("app.driver", ["somewhere"]) is None
