"""The emulator alone: what output does to the screen, and what it must not do to anything else."""

from __future__ import annotations

import unicodedata

import pyte
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from widgets.terminal_board import BoardEmulator
from widgets.terminal_screen import Mouse, Shape


def screen(emulator: BoardEmulator) -> list[str]:
    return [emulator.row(y).text.rstrip() for y in range(emulator.rows)]


def shown(data: bytes, columns: int = 20, rows: int = 5) -> BoardEmulator:
    emulator = BoardEmulator(columns, rows)
    emulator.feed(data)
    return emulator


def test_text_colours_and_attributes_arrive_as_runs() -> None:
    emulator = shown(b"a\x1b[1;31mb\x1b[0;48;5;200mc\x1b[0;38;2;1;2;3md\x1b[0m")
    (_, plain), (_, red), (_, pink), (_, rgb) = emulator.row(0).runs
    assert (plain.foreground, red.foreground, red.bold) == (None, 1, True)
    assert (pink.background, rgb.foreground) == (200, (1, 2, 3))


def test_wide_characters_take_two_cells_and_accents_none() -> None:
    emulator = shown("漢字 e\u0301x".encode())
    assert emulator.row(0).text == "漢字 e\u0301x"
    assert emulator.row(0).cells == 7
    assert emulator.cursor.x == 7


def test_a_character_cut_between_two_reads_is_put_together() -> None:
    emulator = BoardEmulator(20, 3)
    for byte in "ż漢\x1b[31m!".encode():
        emulator.feed(bytes([byte]))
    assert screen(emulator)[0] == "ż漢!"


def test_the_alternate_screen_starts_empty_and_gives_the_shell_its_screen_back() -> None:
    emulator = shown(b"$ vi\r\n\x1b[?1049h\x1b[2;3Hfile\x1b7")
    assert emulator.modes.alternate_screen
    assert screen(emulator)[:2] == ["", "  file"]
    emulator.feed(b"\x1b[?1049l")
    assert screen(emulator)[0] == "$ vi"
    assert (emulator.cursor.x, emulator.cursor.y) == (0, 1)
    emulator.feed(b"\x1b[?1049h")
    assert screen(emulator)[1] == ""


def test_what_a_program_asks_for_is_known() -> None:
    emulator = shown(b"\x1b[?1h\x1b=\x1b[?2004h\x1b[?1002h\x1b[?1006h\x1b[?1004h\x1b[?25l\x1b[4 q\x1b[?2026h")
    modes = emulator.modes
    assert modes.application_cursor
    assert modes.application_keypad
    assert modes.bracketed_paste
    assert modes.focus_reports
    assert (modes.mouse, modes.mouse_sgr, modes.composing) == (Mouse.DRAGS, True, True)
    assert not emulator.cursor.visible
    assert emulator.cursor.shape is Shape.UNDERLINE


def test_rows_that_leave_the_top_are_kept_and_the_alternate_screen_keeps_none() -> None:
    emulator = shown(b"".join(b"line %d\r\n" % number for number in range(12)))
    assert len(emulator.history) == 8
    assert emulator.history.row(3).text == "line 3"
    emulator.feed(b"\x1b[?1049h" + b"x\r\n" * 20)
    assert len(emulator.history) == 8
    emulator.feed(b"\x1b[?1049l\x1b[3J")
    assert len(emulator.history) == 0


def test_a_scroll_region_below_the_top_keeps_nothing() -> None:
    emulator = shown(b"\x1b[2;4r\x1b[4;1H" + b"x\r\n" * 9)
    assert len(emulator.history) == 0


def test_questions_are_answered() -> None:
    emulator = shown(b"ab\x1b[6n\x1b[5n\x1b[c")
    answer = emulator.replies()
    assert answer.startswith(b"\x1b[1;3R\x1b[0n\x1b[?6")
    assert emulator.replies() == b""


def test_a_program_learns_whether_the_screen_is_dark_but_cannot_change_it() -> None:
    emulator = BoardEmulator(20, 5)
    emulator.colours((255, 255, 255), (16, 32, 48))
    emulator.feed(b"\x1b]11;red\x07\x1b]11;?\x07\x1b]10;?\x1b\\")
    assert emulator.replies() == b"\x1b]11;rgb:1010/2020/3030\x1b\\\x1b]10;rgb:ffff/ffff/ffff\x1b\\"


@pytest.mark.parametrize(
    "attack",
    [
        b"\x1b]2;\nrm -rf ~\n\x07\x1b[21t",  # have the title typed back
        b"\x1b]50;\nrm -rf ~\n\x07\x1b]50;?\x07",
        b"\x1bP$q\nrm -rf ~\n\x1b\\",
        b"\x1bP+q 72\n6d\n\x1b\\",
        b"\x1b]52;c;cm0gLXJmIH4K\x07\x1b]52;c;?\x07",
        b"\x1bP0;1|17/726d0a\x1b\\\x05",
        b"\x1b[1;1;1;1;5;5*y\x1b[>q\x1b[?u",
    ],
)
def test_output_cannot_make_the_terminal_type_what_it_likes(attack: bytes) -> None:
    assert shown(attack).replies() == b""


def test_output_cannot_change_the_size_or_print_to_paper() -> None:
    emulator = shown(b"\x1b[8;100;200t\x1b[?40h\x1b[?3h\x1b[132$|\x1b[5istill here")
    assert (emulator.columns, emulator.rows) == (20, 5)
    assert screen(emulator)[0] == "still here"


def test_titles_are_printable_and_bounded() -> None:
    emulator = shown(b"\x1b]0;a\x01b" + "\u202ec".encode() + b"x" * 999 + b"\x07")
    assert emulator.title.startswith("abcxxx")
    assert len(emulator.title) == 200


def test_control_characters_never_reach_a_cell() -> None:
    emulator = shown(b"a\x1b\\b\xc2\x85\r\x7fc\xc2\x80d" + "\u202ee".encode())
    assert all(character.isprintable() for line in screen(emulator) for character in line)


@pytest.mark.parametrize("malformed", [b"\x1b[38;5;m", b"\x1b[1<H", b"\x1b[" + b"9" * 6000 + b"H", b"\x1b[;5:xm"])
def test_malformed_sequences_are_stepped_over(malformed: bytes) -> None:
    assert screen(shown(b"a" + malformed + b"\x1b[2;1Hb"))[1] == "b"


def test_a_nine_digit_count_costs_no_more_than_a_screen() -> None:
    emulator = shown(b"x\x1b[999999999b\x1b[999999999S\x1b[999999999T\x1b[999999999I\x1b[999999999L\x1b[Hdone")
    assert screen(emulator)[0] == "done"
    assert len(emulator.history) <= 20


def test_a_string_that_never_ends_is_given_up_at_the_next_sequence_and_not_hoarded() -> None:
    emulator = BoardEmulator(20, 5)
    emulator.feed(b"\x1b]0;never ends")
    emulator.feed(b"\x1b[2;1Hback")
    assert screen(emulator)[1] == "back"
    for _ in range(200):
        emulator.feed(b"\x1b_" if _ == 0 else b"x" * 4096)
    assert len(emulator._board.parser.buffer) < 100_000
    emulator.feed(b"\x1b\\ok")
    assert screen(emulator)[1] == "backok"


def test_wrapped_lines_are_wrapped_again_and_the_cursor_stays_in_its_text() -> None:
    emulator = shown(b"one\r\n" + b"0123456789" * 3 + b"\r\n$ cmd")
    emulator.resize(10, 5)
    assert screen(emulator) == ["one", "0123456789", "0123456789", "0123456789", "$ cmd"]
    emulator.resize(40, 5)
    assert screen(emulator) == ["one", "0123456789" * 3, "$ cmd", "", ""]
    assert (emulator.cursor.x, emulator.cursor.y) == (5, 2)


def test_a_lower_screen_moves_rows_to_the_history_and_a_higher_one_takes_them_back() -> None:
    emulator = shown(b"\r\n".join(b"line %d" % number for number in range(5)))
    emulator.resize(20, 2)
    assert screen(emulator) == ["line 3", "line 4"]
    assert len(emulator.history) == 3
    assert (emulator.cursor.x, emulator.cursor.y) == (6, 1)
    emulator.resize(20, 5)
    assert screen(emulator) == [f"line {number}" for number in range(5)]
    assert len(emulator.history) == 0


def test_output_goes_on_after_shrinking_below_a_scroll_region() -> None:
    emulator = shown(b"\x1b[3;5r\x1b[?1049h")
    emulator.resize(10, 2)
    emulator.feed(b"\x1b[?1049l" + b"x\r\n" * 5 + b"end")
    assert screen(emulator) == ["x", "end"]


def test_tab_stops_reach_into_columns_won() -> None:
    emulator = shown(b"", columns=20)
    emulator.resize(40, 5)
    emulator.feed(b"\t\t\t\tx")
    assert emulator.cursor.x == 33


BITS = st.sampled_from(
    [
        *(
            b"\x1b",
            b"[",
            b"]",
            b"P",
            b"?",
            b";",
            b":",
            b"<",
            b">",
            b"=",
            b"!",
            b" ",
            b"$",
            b"0",
            b"1",
            b"4",
            b"38",
            b"5",
        ),
        *(b"25", b"47", b"99", b"999999999", b"1049", b"2026", b"h", b"l", b"m", b"H", b"r", b"s", b"u", b"J", b"K"),
        *(b"L", b"M", b"P", b"X", b"S", b"T", b"b", b"n", b"c", b"t", b"7", b"8", b"D", b"E", b"c", b"(0", b"\x0e"),
        *(
            b"\x07",
            b"\x08",
            b"\x9c",
            b"\x18",
            b"\r",
            b"\n",
            b"\t",
            b"text",
            b"\xe6\xbc\xa2",
            b"\xcc\x81",
            b"\xff",
            b"\\",
        ),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(BITS, BITS, BITS, st.binary(max_size=3)), max_size=60), st.integers(2, 12), st.integers(1, 6))
@example([b"\x1b[?1049h", b"\xe6\xbc\xa2" * 9, b"\x1b[5;3s"], 3, 2)
def test_no_output_breaks_the_emulator_or_its_rows(parts: list[bytes], columns: int, rows: int) -> None:
    emulator = BoardEmulator(12, 5)
    for index, part in enumerate(parts):
        emulator.feed(part)
        if index == len(parts) // 2:
            emulator.resize(columns, rows)
    for y in range(emulator.rows):
        row = emulator.row(y)
        assert row.cells <= emulator.columns
        assert not {unicodedata.category(character) for character in row.text} & {"Cc", "Cs", "Zl", "Zp"}
    cursor = emulator.cursor
    assert 0 <= cursor.x < emulator.columns
    assert 0 <= cursor.y < emulator.rows


PLAIN_OUTPUT = st.sampled_from(
    [b"word ", b"a", b"\r\n", b"\x08", b"\x1b[A", b"\x1b[2C", b"\x1b[K", b"\x1b[2J", b"\x1b[H", b"\x1b[3;5H", b"\x1b[P"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PLAIN_OUTPUT, max_size=40))
def test_ordinary_output_looks_as_another_emulator_shows_it(parts: list[bytes]) -> None:
    # Wide enough that nothing reaches the last column: what moves do to a wrap that is due, pyte and xterm see apart.
    data = b"".join(parts)
    other = pyte.Screen(240, 5)
    pyte.ByteStream(other).feed(data)
    assert screen(shown(data, columns=240)) == [line.rstrip() for line in other.display]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.text(st.sampled_from("ab漢"), max_size=40), max_size=12),
    st.lists(st.tuples(st.integers(2, 40), st.integers(1, 10)), max_size=4),
)
def test_no_resize_loses_a_line(lines: list[str], sizes: list[tuple[int, int]]) -> None:
    emulator = shown("\r\n".join(lines).encode())
    for columns, rows in sizes:
        emulator.resize(columns, rows)
    parts = [emulator.history.row(number) for number in range(emulator.history.first, emulator.history.end)]
    parts += [emulator.row(y) for y in range(emulator.rows)]
    assert "".join(part.text for part in parts) == "".join(lines)
