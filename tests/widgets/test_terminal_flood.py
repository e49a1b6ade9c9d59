"""What of a flood is parsed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from widgets.terminal_board import BoardEmulator
from widgets.terminal_flood import seen_of

LINES = 60
PIECES = st.lists(
    st.sampled_from(
        [b"y\r\n", b"a\n", "漢字 é\r\n".encode(), b"\r\n", b"x" * 30, b"\t", b"\x1b[31m", b"\x1b[0m", b"\x07"]
    ),
    max_size=300,
)


def test_short_output_is_parsed_whole() -> None:
    data = b"one\r\ntwo\r\n"
    assert seen_of(data, 10) is data


def test_of_a_flood_the_first_line_and_the_last_ones_are_parsed() -> None:
    assert seen_of(b"first\n" + b"y\n" * 1000 + b"$ ", 3) == b"first\ny\ny\n$ "


def test_nothing_is_left_out_across_an_escape() -> None:
    data = b"y\n" * 30 + b"\x1b[?1049h" + b"y\n" * 30
    assert seen_of(data, 40) == data
    assert seen_of(data, 20) == b"y\n" * 20 + b"\x1b[?1049hy\n" + b"y\n" * 19


@given(before=PIECES, flood=PIECES)
def test_the_screen_is_the_same_as_if_all_had_been_parsed(before: list[bytes], flood: list[bytes]) -> None:
    shown = []
    data = b"".join(flood)
    for given_data in (data, seen_of(data, LINES)):
        emulator = BoardEmulator(20, 5)
        emulator.feed(b"".join(before))
        emulator.feed(given_data)
        shown.append(([emulator.row(y) for y in range(5)], emulator.cursor, emulator.modes))
    assert shown[0] == shown[1]
