from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.cli.completion import Known, offers
from backends.registry import Registry
from tests.app.cli.conftest import Desk
from tests.fakes.backend import FakeBackend


@pytest.fixture
def known(qd: Desk) -> Known:
    qd("ls")
    return Known(qd.environment, Registry(qd.backends))


def words(known: Known, *typed: str) -> list[str]:
    return [word for word, _ in offers(known, typed)]


def test_commands_and_verbs_come_first(known: Known) -> None:
    assert words(known, "sto") == ["stop"]
    assert {"ls", "logs", "stop", "doctor"} <= set(words(known, ""))
    assert "--profile" in words(known, "--")


def test_names_are_offered_where_the_verb_knows_their_kind(known: Known) -> None:
    assert words(known, "stop", "web") == ["web-0"]
    assert "fake/container/web-0" in words(known, "stop", "fake/")
    assert not any("image" in word for word in words(known, "stop", ""))
    assert "web:1.0" in words(known, "remove", "web")


def test_kinds_connections_choices_settings_and_parts_are_offered(known: Known) -> None:
    assert "containers" in words(known, "ls", "")
    assert words(known, "ls", "--connection", "") == ["fake"]
    assert words(known, "ls", "--connection=") == ["--connection=fake"]
    assert words(known, "kill", "--signal", "K") == ["KILL"]
    assert words(known, "completion", "b") == ["bash"]
    assert words(known, "journal", "v") == ["verify"]
    assert "interface.theme" in words(known, "config", "get", "inter")
    assert words(known, "--profile", "x", "retry", "") == ["fake"]


def test_options_are_offered_once_unless_they_repeat(known: Known) -> None:
    assert "--timeout" in words(known, "stop", "web-0", "--")
    assert "--yes" not in words(known, "stop", "--yes", "--")
    assert "--connection" in words(known, "stop", "--connection", "fake", "--")


def test_nothing_is_offered_inside_a_command_line(known: Known) -> None:
    assert words(known, "exec", "web-0", "--", "") == []


def test_without_a_cache_the_installed_backends_are_asked(home: Path) -> None:
    fresh = Known({"QUARTERDECK_HOME": str(home)}, Registry({"fake": FakeBackend()}))
    assert words(fresh, "sto") == ["stop"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.sampled_from(["ls", "stop", "--", "-", "--connection", "", "journal", "x", "=", "web-0", "--json"])))
def test_any_beginning_of_a_line_is_taken(known: Known, typed: list[str]) -> None:
    assert all(word for word, _ in offers(known, typed))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_a_script_it_can_read(qd: Desk, shell: str) -> None:
    said = qd("completion", shell)
    assert (said.code, said.err) == (0, "")
    assert "__complete" in said.out
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=said.out, text=True, check=True, timeout=30)


def test_bash_gets_words_that_fit_its_own_idea_of_words(qd: Desk, home: Path) -> None:
    qd("ls")
    assert qd("__complete", "bash", "qd stop we", "10", ":=").out == "web-0\n"
    assert qd("__complete", "bash", "qd remove web:", "14", " :=").out == "1.0\n"
    assert qd("__complete", "bash", "qd stop 'web", "12", ":=").out == "web-0\n"
    stub = home / "qd"
    stub.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    stub.chmod(0o700)
    line = (
        'COMP_WORDS=(qd stop we); COMP_LINE="qd stop we"; COMP_POINT=10; _quarterdeck; printf "%s|" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", f"{qd('completion', 'bash').out}\n{line}"],
        env={"PATH": f"{home}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout.startswith("__complete|bash|qd stop we|10|")
