from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from widgets.terminal_screen import PLAIN, History, Pen, Row, wrapped


def row(text: str, *, goes_on: bool = False) -> Row:
    return Row(((text, PLAIN),), cell_len(text), goes_on)


def texts(history: History) -> list[str]:
    return [history.row(number).text for number in range(history.first, history.end)]


def test_the_oldest_rows_go_first_and_numbers_keep_their_meaning() -> None:
    history = History(rows=3)
    for number in range(5):
        history.push(row(f"line {number}"))
    assert texts(history) == ["line 2", "line 3", "line 4"]
    assert (history.first, history.end) == (2, 5)
    assert history.row(3).text == "line 3"
    assert history.row(1) == Row()


def test_very_long_rows_are_bounded_by_characters() -> None:
    history = History(rows=100, characters=50)
    for number in range(10):
        history.push(row(str(number) * 20))
    assert texts(history) == ["8" * 20, "9" * 20]
    assert history.characters == 40


def test_lines_are_wrapped_again_for_another_width_and_joined_when_there_is_room() -> None:
    history = History()
    history.push(row("abcdef", goes_on=True))
    history.push(row("gh"))
    history.push(row("short"))
    history.fit(4)
    assert texts(history) == ["abcd", "efgh", "shor", "t"]
    history.fit(80)
    assert texts(history) == ["abcdefgh", "short"]
    assert history.end - history.first == 2


def test_taking_a_line_gives_all_its_rows() -> None:
    history = History()
    history.push(row("first"))
    history.push(row("sec", goes_on=True))
    history.push(row("ond"))
    assert [taken.text for taken in history.take_line()] == ["sec", "ond"]
    assert texts(history) == ["first"]


def test_clearing_forgets_rows_but_numbers_go_on() -> None:
    history = History()
    history.push(row("gone"))
    history.clear()
    history.push(row("new"))
    assert texts(history) == ["new"]
    assert history.first == 1


@given(st.lists(st.text(st.sampled_from("ab漢 é"), max_size=30)), st.integers(2, 12))
def test_wrapping_loses_nothing_and_never_exceeds_the_width(parts: list[str], width: int) -> None:
    runs = [(part, Pen(bold=bool(index % 2))) for index, part in enumerate(parts) if part]
    rows = wrapped(runs, width)
    assert "".join(piece.text for piece in rows) == "".join(parts)
    assert all(piece.cells == cell_len(piece.text) <= width for piece in rows)
    assert [piece.wrapped for piece in rows] == [True] * (len(rows) - 1) + [False]


@given(st.lists(st.tuples(st.text(st.sampled_from("abc 漢"), max_size=20), st.booleans())), st.integers(2, 30))
def test_fitting_a_history_keeps_every_character(lines: list[tuple[str, bool]], width: int) -> None:
    history = History()
    for text, goes_on in lines:
        history.push(row(text, goes_on=goes_on))
    before = "".join(texts(history))
    history.fit(width)
    assert "".join(texts(history)) == before
