from __future__ import annotations

from collections.abc import Callable

import pytest

from backends.contract.errors import Refused, Unreachable
from backends.contract.model import State
from tests.app.cli.conftest import Desk
from tests.fakes.backend import FakeBackend


def state(qd: Desk, name: str) -> State:
    return qd.fake.world.get(qd.fake.world.named(name)).state


def test_a_plan_shows_what_would_be_done_and_does_nothing(qd: Desk) -> None:
    said = qd("stop", "web-0", "--timeout", "3", "--plan")
    assert said.code == 0
    assert "web-0 stops it" in said.out
    assert "--timeout 3" in said.out
    assert "Policy: it asks for a yes" in said.out
    assert state(qd, "web-0") is State.RUNNING
    plan = qd("remove", "web-0", "--plan", "--json").json["items"][0]
    assert plan["decision"]["verdict"] == "ask"
    assert plan["steps"][0]["dependants"] == ["volume web-data"]
    assert qd("journal", "--json").json["items"] == []


def test_without_a_yes_and_a_terminal_nothing_is_done(qd: Desk) -> None:
    said = qd("stop", "web-0")
    assert (said.code, said.out) == (4, "")
    assert "--yes" in said.err
    assert state(qd, "web-0") is State.RUNNING


def test_a_yes_beforehand_does_it_and_the_journal_knows(qd: Desk) -> None:
    said = qd("stop", "web-0", "--yes")
    assert (said.code, said.out) == (0, "web-0 is stopped.\n")
    assert state(qd, "web-0") is State.STOPPED
    entry = qd("journal", "--json").json["items"][0]
    assert (entry["verb"], entry["door"], entry["state"], entry["names"]) == (
        "container.stop",
        "cli",
        "done",
        ["web-0"],
    )
    assert qd("journal", "verify").code == 0


def test_what_was_done_can_be_taken_back(qd: Desk) -> None:
    job = qd("stop", "web-0", "--yes", "--json").json["items"][0]
    assert job["undo"]
    assert qd("journal", "undo", str(job["entry"]), "--plan").code == 0
    assert state(qd, "web-0") is State.STOPPED
    assert qd("journal", "undo", str(job["entry"])).code == 0
    assert state(qd, "web-0") is State.RUNNING
    assert qd("journal", "undo", "999").code == 3
    assert qd("journal", "undo", "x").code == 2


def test_several_are_done_as_one_job_and_a_part_may_fail(qd: Desk) -> None:
    qd.fake.world.fail("stop", Refused("The engine says no."), times=1)
    said = qd("stop", "web-0", "db-1", "--yes", "--json")
    assert said.code == 6
    assert sorted(row["state"] for row in said.json["items"][0]["rows"]) == ["done", "failed"]
    assert "The engine says no." in said.err
    qd.fake.world.fail("stop", Refused("The engine says no."))
    assert qd("stop", "cache-2", "--yes").code == 1


def test_what_does_not_apply_is_told_with_its_reason(qd: Desk) -> None:
    said = qd("start", "web-0")
    assert said.code == 1
    assert "there is nothing to start" in said.err


def test_a_protected_connection_wants_its_word(qd: Desk) -> None:
    qd.settings('[[connection]]\nid = "fake"\nbackend = "fake"\nprotected = true\n')
    said = qd("remove", "web-0", "--yes")
    assert said.code == 4
    assert "--confirm web-0" in said.err
    assert qd("remove", "web-0", "--confirm", "web").code == 4
    assert qd("remove", "web-0", "--confirm", "web-0").code == 0
    assert "web-0" not in qd("ls", "containers").out


def test_what_policy_denies_is_refused_and_journalled(qd: Desk) -> None:
    qd.settings('[[policy]]\ndecision = "deny"\neffect = "destroy"\nreason = "Not here."\n')
    said = qd("remove", "web-0", "--yes", "--confirm", "web-0")
    assert said.code == 4
    assert "Not here." in said.err
    assert qd("journal", "--json").json["items"][0]["state"] == "denied"
    assert qd("remove", "web-0", "--plan").code == 0


@pytest.mark.parametrize("words", [("stop", "web-0"), ("exec", "web-0", "--", "true"), ("journal", "undo", "1")])
def test_read_only_mode_refuses_before_anything_is_asked(qd: Desk, words: tuple[str, ...]) -> None:
    said = qd("--read-only", *words)
    assert said.code == 4
    assert "read-only" in said.err
    assert not qd.fake.world.calls
    qd.settings("[general]\nread_only = true\n")
    assert qd(*words, *([] if "--" in words else ["--yes"])).code == 4
    assert qd("stop", "web-0", "--plan").code == 0


def test_arguments_are_read_as_the_operation_says(qd: Desk) -> None:
    said = qd("stop", "web-0", "--timeout", "soon", "--yes")
    assert said.code == 2
    assert "must be a number" in said.err
    assert qd("kill", "web-0", "--signal", "NOPE", "--yes").code == 2
    assert qd("rename", "web-0").code == 2
    assert qd("rename", "web-0", "--name", "web-new").code == 0
    assert qd("rename", "web-new", "db-1", "--name", "x").code == 2


def test_options_may_stand_among_the_names(qd: Desk) -> None:
    assert qd("stop", "web-0", "--timeout", "1", "db-1", "--yes", "cache-2").code == 0
    assert state(qd, "cache-2") is State.STOPPED


def test_an_unknown_verb_is_told_with_one_that_is_near(qd: Desk) -> None:
    said = qd("stpo", "web-0")
    assert said.code == 2
    assert "Did you mean stop?" in said.err


def test_a_process_can_be_signalled_by_its_number(qd: Desk) -> None:
    assert qd("kill", "process/9", "--yes").code == 0
    assert qd("kill", "process/1", "--yes").code == 1


def test_every_verb_explains_itself(qd: Desk) -> None:
    said = qd("stop", "--help")
    assert said.code == 0
    assert "--timeout SECONDS" in said.out
    assert qd("help", "stop").out == said.out
    assert "rename" in qd("help", "verbs").out


# -- exec


def test_a_program_gives_its_output_and_its_code(qd: Desk) -> None:
    said = qd("exec", "web-0", "--", "print", "to out", "to err")
    assert said == (0, "to out", "to err")
    assert qd("exec", "web-0", "--", "exit", "7").code == 7
    assert qd("exec", "web-0", "--", "nonsense").code == 127


def test_user_folder_and_environment_are_handed_on(qd: Desk) -> None:
    said = qd("exec", "web-0", "-e", "A=x y", "--env", "B=2", "--cwd", "/srv", "--user", "me", "--", "recite", "A")
    assert said.out == "x y|/srv"
    assert qd("exec", "web-0", "-e", "novalue", "--", "true").code == 2
    assert qd("exec", "web-0").code == 2


def test_a_program_at_several_has_names_before_its_lines(qd: Desk) -> None:
    assert qd("exec", "web-0", "db-1", "--", "echo", "hi").code == 4
    said = qd("exec", "web-0", "db-1", "--yes", "--", "echo", "hi")
    assert sorted(said.out.splitlines()) == ["db-1  | hi", "web-0 | hi"]
    assert "2 of 2 ended well." in said.err
    said = qd("exec", "web-0", "db-1", "--yes", "--", "exit", "3")
    assert said.code == 3


def test_a_program_that_takes_too_long_ends_with_124(qd: Desk) -> None:
    said = qd("exec", "web-0", "--timeout", "0.2", "--", "endless", "x")
    assert said.code == 124
    assert not qd.fake.world.running


def test_output_as_json_is_lines_and_then_the_end(qd: Desk) -> None:
    *lines, end = qd("exec", "web-0", "--json", "--", "print", "a\nb", "c").lines
    assert [(line["kind"], line["stream"], line["text"]) for line in lines] == [
        ("output", "out", "a"),
        ("output", "out", "b"),
        ("output", "err", "c"),
    ]
    assert (end["kind"], end["exit_code"], end["error"], end["version"]) == ("exit", 0, None, 1)


def test_much_output_comes_whole(qd: Desk) -> None:
    said = qd("exec", "web-0", "--", "count", "20000")
    assert said.out.splitlines() == [str(number) for number in range(20000)]


def test_a_program_that_cannot_be_started_says_why(qd: Desk) -> None:
    qd.fake.world.fail("run", Unreachable("It is gone."))
    said = qd("exec", "web-0", "--", "true")
    assert said.code == 5
    assert "It is gone." in said.err


def test_a_name_at_two_connections_is_narrowed_by_the_connection(desks: Callable[..., Desk]) -> None:
    qd = desks(fake=FakeBackend(connections=2))
    images = [item["connection"] for item in qd("ls", "images", "name:web", "--json").json["items"]]
    assert images == ["fake-1", "fake-2"]
    assert qd("remove", "web:1.0", "--yes").code == 3
    assert qd("remove", "web:1.0", "--yes", "--connection", "fake-2").code == 0
