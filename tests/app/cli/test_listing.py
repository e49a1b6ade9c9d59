from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backends.contract.errors import NeedsAuth
from tests.app.cli.conftest import Desk
from tests.fakes.backend import FakeBackend


def test_a_list_has_titles_and_a_row_for_each(qd: Desk) -> None:
    said = qd("ls", "containers")
    titles, *rows = said.out.splitlines()
    assert said.code == 0
    assert titles.split() == ["NAME", "STATE", "IMAGE", "STATUS", "CREATED"]
    assert [row.split()[0] for row in rows] == sorted(row.split()[0] for row in rows)
    assert len(rows) == 10
    assert "\x1b" not in said.out


def test_json_is_one_versioned_document(qd: Desk) -> None:
    said = qd("ls", "c", "state:running", "--json")
    assert (said.json["version"], said.json["kind"], said.json["silent"]) == (1, "container", [])
    assert {item["state"] for item in said.json["items"]} == {"running"}
    assert len(said.json["items"]) == 7
    first = said.json["items"][0]
    assert first["id"] == f"fake/container/{first['native']}"
    assert first["metrics"] is None
    assert first["created"].endswith("Z")
    assert said.err == ""


def test_without_a_kind_everything_that_lasts_is_listed(qd: Desk) -> None:
    kinds = {item["kind"] for item in qd("ls", "--json").json["items"]}
    assert kinds == {"host", "container", "image"}


def test_a_kind_that_comes_and_goes_is_listed_when_it_is_asked_for(qd: Desk) -> None:
    said = qd("ls", "processes", "user:root", "--sort=-memory", "--columns", "pid,user")
    assert said.out.split() == ["PID", "USER", *(word for pid in range(9, 0, -1) for word in (str(pid), "root"))]


def test_wide_measures_and_shows_everything(qd: Desk) -> None:
    said = qd("ls", "containers", "state:running", "--wide")
    titles, *rows = said.out.splitlines()
    assert {"CPU", "MEMORY", "PORTS"} <= set(titles.split())
    assert all("%" in row for row in rows)


def test_a_filter_by_a_number_measures_first(qd: Desk) -> None:
    assert qd("ls", "containers", "memory:>1b", "--json").json["items"]
    assert not qd("ls", "containers", "memory:>100g", "--json").json["items"]


def test_full_names_alone_can_be_handed_on(qd: Desk) -> None:
    names = qd("ls", "--names", "containers", "web").out.split()
    assert names == ["fake/container/web-0"]
    assert qd("get", *names, "--json").json["items"][0]["name"] == "web-0"


def test_faults_only_come_with_their_reasons(qd: Desk) -> None:
    said = qd("ls", "containers", "--faults")
    assert "REASON" in said.out.splitlines()[0]
    assert "ran out of memory" in said.out


def test_nothing_found_is_said_on_standard_error(qd: Desk) -> None:
    said = qd("ls", "contaner")
    assert (said.code, said.out) == (0, "")
    assert "Did you mean container?" in said.err


@pytest.mark.parametrize(
    ("words", "about"),
    [
        (("ls", "containers", "--columns", "nope"), "column “nope”"),
        (("ls", "containers", "--sort", "nope"), "column “nope”"),
        (("ls", "containers", "cpu:>x"), "x"),
        (("ls", "containers", "re:("), "regular expression"),
        (("ls", "--nope"), "--nope"),
        (("--nope", "ls"), "--nope"),
        (("ls", "--connection"), "--connection needs a value"),
        (("--wait", "x", "ls"), "no span of time"),
        (("--color", "pink", "ls"), "--color"),
        (("logs",), "missing: NAME"),
        (("journal", "nope"), "“nope”"),
        (("config",), "config"),
    ],
)
def test_what_makes_no_sense_ends_with_code_two_and_a_sentence(qd: Desk, words: tuple[str, ...], about: str) -> None:
    said = qd(*words)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("qd: ")
    assert about in said.err


def test_a_connection_that_does_not_answer_is_told_and_changes_the_code(desks: Callable[..., Desk]) -> None:
    qd = desks(fake=FakeBackend(connections=2))
    qd.fake.worlds["fake-2"].go_offline()
    said = qd("ls", "containers", "--json")
    assert said.code == 6
    assert {item["connection"] for item in said.json["items"]} == {"fake-1"}
    assert [each["id"] for each in said.json["silent"]] == ["fake-2"]
    assert "fake-2 does not answer: Cannot reach fake-2." in said.err
    qd.fake.worlds["fake-1"].fail("open", NeedsAuth("The password is wrong."))
    said = qd("ls", "containers")
    assert said.code == 5
    assert "fake-1 wants credentials" in said.err


def test_only_the_connections_a_command_is_about_are_opened(desks: Callable[..., Desk]) -> None:
    qd = desks(fake=FakeBackend(connections=3))
    assert qd("ls", "containers", "--connection", "fake-2").code == 0
    assert (
        qd("get", "fake-2/container/" + next(iter(qd("ls", "--names", "c", "@fake-2").out.split())).split("/")[2]).code
        == 0
    )
    opened = {name for name, world in qd.fake.worlds.items() if ("open", name) in world.calls}
    assert opened == {"fake-2"}


def test_a_connection_that_hangs_is_waited_for_only_so_long(desks: Callable[..., Desk]) -> None:
    qd = desks(fake=FakeBackend(connections=2))
    qd.fake.worlds["fake-2"].delay("open", 3600)
    said = qd("--wait", "0.5", "ls", "containers")
    assert said.code == 6
    assert "fake-2 has not answered within 0.5 s." in said.err


def test_a_name_that_may_be_where_nobody_answers_is_not_called_missing(desks: Callable[..., Desk]) -> None:
    qd = desks(fake=FakeBackend(connections=2))
    qd.fake.worlds["fake-2"].go_offline()
    assert qd("get", "nobody").code == 5
    qd.fake.worlds["fake-2"].come_back()
    assert qd("get", "nobody").code == 3
    assert qd("get", "web-0", "--connection", "nope").code == 3


def test_an_ambiguous_name_is_told_with_what_it_may_mean(qd: Desk) -> None:
    said = qd("inspect", "we")
    assert said.code == 3
    assert "fake/container/web-0" in said.err
    assert "fake/image/web:1.0" in said.err


def test_a_description_comes_bare_or_wrapped_and_always_masked(qd: Desk) -> None:
    bare, wrapped = qd("inspect", "web-0"), qd("inspect", "web-0", "--json")
    assert bare.json["Name"] == "web-0"
    assert wrapped.json["items"][0]["description"] == bare.json
    assert "hunter2" not in bare.out + wrapped.out


def test_all_that_is_known_of_a_resource_is_shown(qd: Desk) -> None:
    said = qd("get", "web-0")
    assert "fake/container/web-0" in said.out
    assert "label stack" in said.out
    assert "web:1.0" in said.out


def test_a_process_is_found_by_its_number(qd: Desk) -> None:
    assert qd("get", "process/7", "--json").json["items"][0]["name"] == "task7"


def test_a_command_leaves_nothing_behind(qd: Desk, home: Path) -> None:
    assert qd("ls").code == 0
    assert not list(home.rglob("*.sock"))
    assert not list(home.rglob("*.lock"))
    assert not qd.fake.world.sessions


def test_wrong_settings_are_told_with_file_line_and_key(qd: Desk) -> None:
    qd.settings("[general]\nread_onyl = true\n")
    said = qd("ls")
    assert said.code == 2
    assert "settings.toml, line 2" in said.err
    assert "read_onyl" in said.err
    assert qd("config", "check").code == 2
    assert qd("config", "path").code == 0


def test_connections_are_listed_with_what_is_missing(desks: Callable[..., Desk]) -> None:
    qd = desks(fake=FakeBackend(connections=2, missing=True))
    qd.fake.worlds["fake-2"].go_offline()
    said = qd("connections", "--json")
    assert [(each["id"], each["state"]) for each in said.json["items"]] == [("fake-1", "online"), ("fake-2", "offline")]
    assert said.json["missing"][0]["remedy"] == "Make one."
    plain = qd("connections")
    assert "Cannot reach fake-2." in plain.out
    assert "Make one." in plain.err


def test_trying_again_tells_how_it_went(qd: Desk) -> None:
    assert qd("retry", "fake").code == 0
    qd.fake.world.go_offline()
    said = qd("retry", "fake")
    assert said.code == 5
    assert "Is it running?" in said.err
    assert qd("retry", "nope").code == 3


def test_top_once_has_numbers_and_json_has_a_line_a_refresh(qd: Desk) -> None:
    said = qd("top", "containers", "--once")
    assert said.code == 0
    assert "%" in said.out.splitlines()[1]
    line = qd("top", "--once", "--json").lines[0]
    assert (line["version"], line["kind"]) == (1, "top")
    assert {item["kind"] for item in line["items"]} == {"host", "container"}
    assert qd("top", "images").code == 2


def test_a_connection_of_an_unknown_backend_spoils_nothing(qd: Desk) -> None:
    qd.settings('[[connection]]\nid = "x"\nbackend = "nope"\n')
    said = qd("ls", "--json")
    assert said.code == 6
    assert len(said.json["items"]) > 10
    assert said.err == "qd: x does not answer: There is no backend “nope”.\n    Installed are: fake.\n"
