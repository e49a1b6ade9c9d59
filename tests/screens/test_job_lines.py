"""A job's output cut into lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backends.contract.model import LogLine, Output, ResourceId, Stream
from fleet.values import JobOutput
from screens.job_lines import Lines

ONE, TWO = ResourceId("fake", "container", "1"), ResourceId("fake", "container", "2")


def piece(data: bytes, target: ResourceId = ONE, stream: Stream = Stream.OUT) -> JobOutput:
    return JobOutput(target, Output(stream, data))


def test_a_line_is_told_when_it_has_ended() -> None:
    lines = Lines()
    assert [line.text for line in lines.take(piece(b"one\ntw"))] == ["one"]
    assert [line.text for line in lines.take(piece(b"o\r\nthree"))] == ["two"]
    assert [line.text for line in lines.rest()] == ["three"]
    assert not lines.rest()


def test_streams_and_targets_do_not_mix() -> None:
    lines = Lines()
    assert not lines.take(piece(b"a"))
    assert not lines.take(piece(b"b", stream=Stream.ERR))
    assert not lines.take(piece(b"c", TWO))
    told = {(line.source, line.stream): line.text for line in lines.rest()}
    assert told == {(ONE, Stream.OUT): "a", (ONE, Stream.ERR): "b", (TWO, Stream.OUT): "c"}


def test_the_exit_code_ends_what_was_begun_and_is_told() -> None:
    lines = Lines()
    lines.take(piece(b"half"))
    told = lines.take(JobOutput(ONE, Output(exit_code=3)))
    assert [(line.text, line.stream) for line in told] == [("half", Stream.OUT), ("exit code 3", Stream.NOTE)]
    assert lines.codes == {ONE: 3}
    assert lines.last == {ONE: "half"}


@given(st.text(st.characters(codec="utf-8")), st.lists(st.integers(1, 7), min_size=1))
def test_lines_are_the_same_however_the_output_is_cut(text: str, steps: list[int]) -> None:
    told: list[LogLine] = []
    data, lines, at = text.encode(), Lines(), 0
    for step in steps:
        told += lines.take(piece(data[at : at + step]))
        at += step
    told += lines.take(piece(data[at:]))
    told += lines.rest()
    expected = [line.removesuffix("\r") for line in text.split("\n")]
    if not expected[-1]:
        expected.pop()
    assert [line.text for line in told] == expected
