from __future__ import annotations

from widgets.terminal_board import BoardEmulator
from widgets.terminal_window import Window


def window(lines: int) -> tuple[BoardEmulator, Window]:
    emulator = BoardEmulator(20, 5)
    emulator.feed(b"\r\n".join(b"line %d" % number for number in range(lines)))
    return emulator, Window(emulator)


def top(of: Window) -> str:
    return of.row(of.number(0)).text


def test_scrolling_stops_at_the_oldest_row_and_ends_at_the_live_screen() -> None:
    _, view = window(20)
    view.scroll(-3)
    assert (top(view), view.back) == ("line 12", 3)
    view.scroll(-100)
    assert top(view) == "line 0"
    view.scroll(100)
    assert view.live
    assert top(view) == "line 15"


def test_it_stays_at_its_rows_until_they_are_forgotten() -> None:
    emulator, view = window(20)
    view.scroll(-10)
    emulator.feed(b"\r\nmore" * 30)
    view.keep()
    assert top(view) == "line 5"
    emulator.feed(b"\x1b[3J" + b"\r\nnew" * 9)
    view.keep()
    assert view.number(0) == emulator.history.first


def test_hits_come_in_order_also_several_in_one_row() -> None:
    emulator, view = window(3)
    emulator.feed(b"\r\nab ab" + b"\r\nx" * 20)
    places = []
    while view.find("ab", forward=False):
        assert view.hit is not None
        places.append((view.hit.number, view.hit.start))
    assert places == [(3, 3), (3, 0)]
    assert view.find("ab", forward=True)
    assert view.hit is not None
    assert view.hit.start == 3


def test_an_empty_text_is_found_nowhere() -> None:
    _, view = window(3)
    assert not view.find("", forward=False)
