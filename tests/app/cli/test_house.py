"""Settings, the doctor, the version, and the page about the command line."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from app.cli import docs
from app.cli.commands import COMMANDS
from app.cli.operations import OWN
from app.cli.spec import GLOBAL
from quarterdeck.version import VERSION
from tests.app.cli.conftest import Desk
from tests.app.ptys import ROOT


def test_the_page_about_the_command_line_is_current() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert page == docs.text(), "Write it anew: python -m app.cli.docs > docs/cli.md"


def test_no_two_options_of_a_command_are_written_alike() -> None:
    for command in (*COMMANDS, *(part for whole in COMMANDS for part in whole.parts)):
        names = [name for option in (*command.options, *GLOBAL) for name in (option.name, option.short) if name]
        assert len(names) == len(set(names)), command.name
        kept = {option.name.lstrip("-") for option in command.options} & {each.name for each in command.arguments}
        assert not kept, command.name
    assert len({option.name for option in OWN}) == len(OWN)


def test_help_and_version_are_on_standard_output(qd: Desk) -> None:
    said = qd("--help")
    assert said.code == 0
    assert all(command.name in said.out for command in COMMANDS)
    assert qd("--version").out == f"quarterdeck {VERSION}\n"
    assert qd("version", "--json").json["items"][0]["quarterdeck"] == VERSION
    assert qd("journal", "--help").out == qd("help", "journal").out


@pytest.mark.parametrize("command", [command for command in COMMANDS if not command.parts], ids=lambda each: each.name)
def test_every_command_explains_itself(qd: Desk, command: object) -> None:
    name = getattr(command, "name", "")
    said = qd(name, "--help")
    assert said.code == 0
    assert f"usage: qd {name}" in said.out
    assert qd("help", name).out == said.out


def test_settings_are_written_read_and_changed(qd: Desk) -> None:
    assert qd("config", "init").code == 0
    assert qd("config", "init").code == 1
    assert qd("config", "check").code == 0
    assert qd("config", "get", "monitor.list_every").out == "30.0\n"
    assert qd("config", "set", "monitor.list_every", "60").code == 0
    assert qd("config", "get", "monitor.list_every", "--json").json["items"] == [
        {"key": "monitor.list_every", "value": 60.0}
    ]
    assert qd("config", "set", "monitor.list_every", "soon").code == 2
    assert qd("config", "unset", "monitor.list_every").code == 0
    assert qd("config", "get", "monitor.list_every").out == "30.0\n"
    assert qd("config", "get", "monitor.nope").code == 3
    assert qd("--read-only", "config", "set", "monitor.list_every", "60").code == 4


def test_settings_that_hold_are_shown_without_secrets(qd: Desk) -> None:
    qd.settings('[[connection]]\nid = "x"\nbackend = "fake"\noptions = { password = "env:PW" }\n')
    said = qd("config", "show")
    assert said.code == 0
    assert "[monitor]" in said.out
    assert qd("config", "show", "--json").json["items"]


def test_problems_of_settings_are_listed_as_json(qd: Desk) -> None:
    qd.settings("[monitor]\nlist_every = -1\nnope = 2\n")
    said = qd("config", "check", "--json")
    assert said.code == 2
    assert {problem["line"] for problem in said.json["items"]} == {2, 3}


def test_the_doctor_finds_nothing_wrong_with_a_sound_house(qd: Desk) -> None:
    qd("stop", "web-0", "--yes")
    said = qd("doctor", "--json")
    found = {check["id"]: check["level"] for check in said.json["items"]}
    assert said.code == 0, said.out
    assert {found[name] for name in ("settings", "journal", "backend.fake", "connection.fake", "daemon")} == {"ok"}
    assert "checks:" in qd("doctor").out


def test_the_doctor_says_what_would_help(qd: Desk, home: Path) -> None:
    qd("stop", "web-0", "--yes")
    qd.fake.world.go_offline()
    journal = next(home.rglob("journal.db"))
    with sqlite3.connect(journal) as connection:
        connection.execute("UPDATE entry SET title = 'Nothing to see'")
    connection.close()
    (home / "config").chmod(0o700)
    qd.environment["LANG"] = "C"
    said = qd("doctor", "--json")
    found = {check["id"]: check for check in said.json["items"]}
    assert said.code == 1
    assert found["journal"]["level"] == "fault"
    assert found["connection.fake"]["remedy"] == "Is it running?"
    qd.settings("nope = 1\n")
    said = qd("doctor", "--json")
    assert "qd config check" in {check["id"]: check for check in said.json["items"]}["settings"]["remedy"]


def test_jobs_and_the_daemon_are_told_not_to_be_there(qd: Desk) -> None:
    assert "No fleet daemon runs" in qd("jobs").err
    assert qd("jobs", "--json").json["items"] == []
    assert qd("jobs", "cancel", "x").code == 3
    assert qd("daemon", "--json").json["items"] == [{"running": False}]
    assert qd("daemon", "stop").code == 0


def test_one_entry_is_shown_with_its_output(qd: Desk) -> None:
    qd("exec", "web-0", "--", "echo", "hello there")
    number = str(qd("journal", "--json").json["items"][0]["id"])
    assert "hello there" in qd("journal", "show", number).out
    assert qd("journal", "show", number, "--json").json["items"][0]["output"][0]["text"] == "hello there\n"
    assert qd("journal", "show", "99").code == 3
    assert qd("journal", "ls", "no such words", "--json").json["items"] == []
