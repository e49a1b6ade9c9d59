from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.contract.errors import Unreachable
from backends.contract.model import LogLine, ResourceId, Stream
from backends.docker.frames import Flow, Frames
from backends.docker.loglines import PIECE, LogLines

WEB = ResourceId("here", "container", "a" * 64)
STAMP = b"1970-01-01T00:00:01.500000000Z "


def frame(number: int, data: bytes) -> bytes:
    return bytes((number, 0, 0, 0)) + len(data).to_bytes(4, "big") + data


def lines_of(data: bytes, *, tty: bool = False, cut: int | None = None) -> list[LogLine]:
    parser = LogLines(WEB, tty=tty)
    found: list[LogLine] = []
    for at in range(0, len(data), cut or max(len(data), 1)):
        found += parser.feed(data[at : at + (cut or len(data))])
    return found + parser.finish()


def test_lines_have_their_moment_and_their_stream() -> None:
    data = frame(1, STAMP + b"out\n") + frame(2, STAMP + b"err\r\n") + frame(3, STAMP + b"the engine says\n")
    assert lines_of(data) == [
        LogLine("out", 1.5, Stream.OUT, WEB),
        LogLine("err", 1.5, Stream.ERR, WEB),
        LogLine("the engine says", 1.5, Stream.NOTE, WEB),
    ]


def test_a_line_stored_in_pieces_is_one_line() -> None:
    data = frame(1, STAMP + b"a" * PIECE) + frame(2, STAMP + b"between\n") + frame(1, STAMP + b"b\n")
    assert [line.text for line in lines_of(data)] == ["between", "a" * PIECE + "b"]


def test_a_long_line_of_a_terminal_loses_the_moments_inside_it() -> None:
    data = STAMP + b"a" * PIECE + STAMP + b"b" * PIECE + STAMP + b"c\r\n" + STAMP + b"next\r\n"
    assert [line.text for line in lines_of(data, tty=True)] == ["a" * PIECE + "b" * PIECE + "c", "next"]


def test_bytes_that_are_no_text_are_marked() -> None:
    assert lines_of(frame(1, STAMP + b"\xff\xfe ok\n"))[0].text == "\ufffd\ufffd ok"


def test_a_line_without_an_end_is_given_out_at_the_end() -> None:
    assert [line.text for line in lines_of(frame(1, STAMP + b"half"))] == ["half"]
    assert [line.text for line in lines_of(STAMP + b"half", tty=True)] == ["half"]


def test_a_carriage_return_ends_no_line() -> None:
    assert [line.text for line in lines_of(frame(1, STAMP + b"10%\r20%\n"))] == ["10%\r20%"]


def test_several_lines_in_a_frame_are_several_lines() -> None:
    data = frame(1, STAMP + b"one\n" + STAMP + b"two\n" + STAMP + b"three")
    assert [line.text for line in lines_of(data)] == ["one", "two", "three"]


def test_what_is_no_log_stream_is_said_to_be_none() -> None:
    with pytest.raises(Unreachable):
        lines_of(b"HTTP/1.1 400 Bad Request\r\n\r\n")


_TEXTS = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=50).map(lambda b: b.replace(b"\n", b""))))


@given(_TEXTS, st.integers(1, 20))
def test_it_does_not_matter_where_the_bytes_are_cut(texts: list[tuple[int, bytes]], cut: int) -> None:
    data = b"".join(frame(number, STAMP + text + b"\n") for number, text in texts)
    whole = lines_of(data)
    assert lines_of(data, cut=cut) == whole
    assert [line.text for line in whole] == [text.decode("utf-8", "replace").rstrip("\r") for _, text in texts]


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=30))), st.integers(1, 9))
def test_output_arrives_whole_however_it_is_cut(pieces: list[tuple[int, bytes]], cut: int) -> None:
    data = b"".join(frame(number, piece) for number, piece in pieces)
    flow, frames = Flow(), Frames()
    flowing = [item for at in range(0, len(data), cut) for item in flow.feed(data[at : at + cut])]
    framed = [item for at in range(0, len(data), cut) for item in frames.feed(data[at : at + cut])]
    for stream, number in ((Stream.OUT, 1), (Stream.ERR, 2)):
        said = b"".join(piece for which, piece in pieces if which == number)
        assert b"".join(piece for which, piece in flowing if which is stream) == said
        assert b"".join(piece for which, piece in framed if which is stream) == said
