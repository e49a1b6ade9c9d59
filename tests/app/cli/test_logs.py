from __future__ import annotations

from tests.app.cli.conftest import Desk


def test_a_log_is_printed_whole_or_from_its_end(qd: Desk) -> None:
    assert len(qd("logs", "web-0").out.splitlines()) == qd.fake.world.log_size
    assert len(qd("logs", "web-0", "--tail", "3").out.splitlines()) == 3
    assert qd("logs", "web-0", "--since", "1s").out == ""


def test_several_logs_carry_names(qd: Desk) -> None:
    said = qd("logs", "web-0", "db-1", "--tail", "2", "--timestamps")
    lines = said.out.splitlines()
    assert sorted(line.split(" | ")[0] for line in lines) == ["db-1 ", "db-1 ", "web-0", "web-0"]
    assert all("T" in line.split(" | ")[1].split()[0] for line in lines)


def test_lines_as_json_say_where_they_come_from(qd: Desk) -> None:
    line = qd("logs", "web-0", "--tail", "1", "--json").lines[0]
    assert (line["version"], line["kind"], line["name"]) == (1, "log", "web-0")
    assert line["at"].endswith("Z")


def test_nothing_a_program_printed_moves_the_cursor(qd: Desk) -> None:
    qd.fake.world.hostile = True
    qd.fake.world.say(qd.fake.world.named("web-0"), "\x1b[2J\x1b]52;c;aGk=\x07evil\x08\x9b2K")
    said = qd("logs", "web-0")
    assert "evil" in said.out
    assert not any(letter in said.out for letter in "\x1b\x07\x08\r\x9b")


def test_what_has_no_log_is_told(qd: Desk) -> None:
    said = qd("logs", "image/web:1.0")
    assert said.code == 1
    assert "has no log" in said.err


def test_events_are_kept_and_printed(qd: Desk) -> None:
    assert qd("events").code == 0
    assert qd("events", "--json").out == ""
