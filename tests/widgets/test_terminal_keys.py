from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.terminal_keys import PASTE_END, PASTE_START, Movement, encode_key, encode_mouse, encode_paste
from widgets.terminal_screen import Modes, Mouse

PLAIN = Modes()


@pytest.mark.parametrize(
    ("key", "character", "expected"),
    [
        ("a", "a", b"a"),
        ("A", "A", b"A"),
        ("space", " ", b" "),
        ("full_stop", ".", b"."),
        ("ß", "ß", "ß".encode()),
        ("enter", "\r", b"\r"),
        ("tab", "\t", b"\t"),
        ("shift+tab", None, b"\x1b[Z"),
        ("escape", "\x1b", b"\x1b"),
        ("backspace", "\x7f", b"\x7f"),
        ("ctrl+backspace", None, b"\x08"),
        ("alt+backspace", None, b"\x1b\x7f"),
        ("ctrl+a", "\x01", b"\x01"),
        ("ctrl+c", "\x03", b"\x03"),
        ("ctrl+at", "\x00", b"\x00"),
        ("ctrl+@", "\x00", b"\x00"),
        ("ctrl+backslash", "\x1c", b"\x1c"),
        ("ctrl+right_square_bracket", "\x1d", b"\x1d"),
        ("ctrl+circumflex_accent", "\x1e", b"\x1e"),
        ("ctrl+underscore", "\x1f", b"\x1f"),
        ("alt+b", "b", b"\x1bb"),
        ("alt+shift+b", "B", b"\x1bB"),
        ("alt+ctrl+x", None, b"\x1b\x18"),
        ("up", None, b"\x1b[A"),
        ("ctrl+right", None, b"\x1b[1;5C"),
        ("shift+up", None, b"\x1b[1;2A"),
        ("alt+left", None, b"\x1b[1;3D"),
        ("ctrl+shift+end", None, b"\x1b[1;6F"),
        ("home", None, b"\x1b[H"),
        ("delete", None, b"\x1b[3~"),
        ("ctrl+pageup", None, b"\x1b[5;5~"),
        ("insert", None, b"\x1b[2~"),
        ("f1", None, b"\x1bOP"),
        ("shift+f1", None, b"\x1b[1;2P"),
        ("f5", None, b"\x1b[15~"),
        ("ctrl+f12", None, b"\x1b[24;5~"),
        ("f20", None, b"\x1b[34~"),
        ("super+a", None, None),
        ("left_shift", None, None),
    ],
)
def test_keys_are_what_xterm_sends(key: str, character: str | None, expected: bytes | None) -> None:
    assert encode_key(key, character, PLAIN) == expected


def test_cursor_keys_follow_application_mode_unless_modified() -> None:
    modes = Modes(application_cursor=True)
    assert encode_key("up", None, modes) == b"\x1bOA"
    assert encode_key("end", None, modes) == b"\x1bOF"
    assert encode_key("ctrl+up", None, modes) == b"\x1b[1;5A"


def test_keypad_backspace_and_enter_follow_their_modes() -> None:
    assert encode_key("add", None, PLAIN) == b"+"
    assert encode_key("add", None, Modes(application_keypad=True)) == b"\x1bOk"
    assert encode_key("backspace", None, Modes(backspace_is_control_h=True)) == b"\x08"
    assert encode_key("enter", None, Modes(enter_adds_line_feed=True)) == b"\r\n"


def test_a_paste_is_bracketed_only_when_asked_for() -> None:
    assert encode_paste("a\nb", PLAIN) == b"a\rb"
    assert encode_paste("a\r\nb", Modes(bracketed_paste=True)) == PASTE_START + b"a\rb" + PASTE_END


@given(st.text(st.sampled_from("\x1b[]201~a\n\x9b\x03")), st.booleans())
def test_no_paste_can_leave_its_bracket_or_press_a_control_key(text: str, bracketed: bool) -> None:
    data = encode_paste(text, Modes(bracketed_paste=bracketed))
    if bracketed:
        assert data.startswith(PASTE_START)
        assert data.endswith(PASTE_END)
        data = data[len(PASTE_START) : -len(PASTE_END)]
    assert not [byte for byte in data if byte < 32 and byte not in b"\r\t"]


def test_the_mouse_is_reported_as_far_as_the_program_asked() -> None:
    press, drag = Movement(4, 2, 0), Movement(5, 2, 0, moved=True)
    assert encode_mouse(press, PLAIN) is None
    clicks = Modes(mouse=Mouse.CLICKS, mouse_sgr=True)
    assert encode_mouse(press, clicks) == b"\x1b[<0;5;3M"
    assert encode_mouse(press._replace(pressed=False), clicks) == b"\x1b[<0;5;3m"
    assert encode_mouse(press._replace(control=True), clicks) == b"\x1b[<16;5;3M"
    assert encode_mouse(drag, clicks) is None
    assert encode_mouse(drag, clicks._replace(mouse=Mouse.DRAGS)) == b"\x1b[<32;6;3M"
    assert encode_mouse(drag._replace(button=3), clicks._replace(mouse=Mouse.DRAGS)) is None
    assert encode_mouse(drag._replace(button=3), clicks._replace(mouse=Mouse.MOVES)) == b"\x1b[<35;6;3M"
    assert encode_mouse(Movement(0, 0, 65), clicks) == b"\x1b[<65;1;1M"


def test_the_old_mouse_encoding_stays_silent_where_it_cannot_count() -> None:
    old = Modes(mouse=Mouse.CLICKS)
    assert encode_mouse(Movement(0, 0, 0), old) == b"\x1b[M !!"
    assert encode_mouse(Movement(0, 0, 2, pressed=False), old) == b"\x1b[M#!!"
    assert encode_mouse(Movement(300, 0, 0), old) is None
