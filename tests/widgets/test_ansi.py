"""Whatever comes in, only text and colours come out."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color

from widgets.ansi import clean, plain

PIECES = st.sampled_from(
    (
        *("\x1b[", "\x1b]", "\x1bP", "\x1b", "\x9b", "\x9d", "\x07", "\x1b\\", "31m", "2J", "0;t"),
        *("\r", "\t", "\n", "\x00", "é", "漢", "a", "\u202e"),
    )
)
HOSTILE = st.lists(PIECES | st.text(max_size=4)).map("".join) | st.text(st.characters())


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") or character in "\u2028\u2029\u202a\u202e\u2066\u2069"


@given(HOSTILE)
def test_no_control_character_ever_comes_out(text: str) -> None:
    assert not any(_is_control(character) for character in plain(text))


@given(HOSTILE)
def test_the_short_way_to_plain_text_gives_the_same(text: str) -> None:
    assert plain(text) == clean(text).text


@given(HOSTILE)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = plain(text)
    assert clean(once) == (once, ())


@given(HOSTILE)
def test_spans_are_in_order_and_inside_the_text(text: str) -> None:
    cleaned = clean(text)
    at = 0
    for start, end, _style in cleaned.spans:
        assert at <= start < end <= len(cleaned.text)
        at = end


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp", "Mn", "Cn"))))
def test_ordinary_text_of_any_language_stays_as_it_is(text: str) -> None:
    assert clean(text) == (text, ())


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("\x1b[2J\x1b[1;1Hgone", "gone"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]52;c;aGk=\x1b\\text", "text"),
        ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\ after", "link after"),
        ("\x1bPq#0;2;0\x1b\\after", "after"),
        ("\x1b]never ended", "never ended"),
        ("\x1bcreset \x1b(Bcharset \x1b=keypad", "reset charset keypad"),
        ("\x9b31mred\x9d0;t\x9cx", "redx"),
        ("10%\r55%\r100%\r", "100%"),
        ("10%\r\x1b[Kdone", "done"),
        ("a\tb\t\tc", "a       b               c"),
        ("漢\tx", "漢      x"),
        ("bell\x07 null\x00 back\x08", "bell␇ null␀ back␈"),
        ("safe\u202egnp.exe", "safe�gnp.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("cut short \x1b[", "cut short "),
        ("cut short \x1b", "cut short "),
        ("lone \ud83d half", "lone � half"),
    ],
)
def test_what_is_seen(raw: str, seen: str) -> None:
    assert plain(raw) == seen


@pytest.mark.parametrize(
    ("code", "color"),
    [
        ("31", Color.from_ansi(1)),
        ("91", Color.from_ansi(9)),
        ("38;5;208", Color.from_ansi(208)),
        ("38:5:208", Color.from_ansi(208)),
        ("38;2;1;2;3", Color.from_rgb(1, 2, 3)),
        ("38:2::1:2:3", Color.from_rgb(1, 2, 3)),
        ("58;5;9;32", Color.from_ansi(2)),
    ],
)
def test_every_way_to_name_a_colour_is_understood(code: str, color: Color) -> None:
    text, ((start, end, style),) = clean(f"a\x1b[{code}mb\x1b[0mc")
    assert (text, start, end, style.color) == ("abc", 1, 2, color)


def test_attributes_add_up_and_end_one_by_one() -> None:
    _text, spans = clean("\x1b[1;4ma\x1b[22mb\x1b[mc")
    assert [(bool(style.bold), bool(style.underline)) for _s, _e, style in spans] == [(True, True), (False, True)]


@pytest.mark.parametrize("code", ["38;5", "38;5;999", "38;2;1;2", "8", "5", "?31", "99999999999", "38:9:1", "1;;x"])
def test_odd_colour_codes_do_no_harm(code: str) -> None:
    assert plain(f"\x1b[{code}mtext") in ("text", "mtext", "xmtext")


def test_colour_survives_a_carriage_return() -> None:
    text, spans = clean("\x1b[32m10%\r20%")
    assert text == "20%"
    assert [(start, end) for start, end, _ in spans] == [(0, 3)]
