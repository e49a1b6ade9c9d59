"""The benchmarks' own parts do what they say; what they measure is nobody's test."""

from __future__ import annotations

import struct
import sys
import zlib
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.ground import HELLO, ROOT, environment
from benchmarks.groups import GROUPS
from benchmarks.report import Figure, Peer, limited, percentile, save, table
from benchmarks.screen import Picture, disorder
from benchmarks.screenshots.picture import indexed, readied
from benchmarks.terminal import Lost, Terminal

ENTER, LEAVE = b"\x1b[?1049h\x1b[?25l\x1b[>1u", b"\x1b[<u\x1b[?25h\x1b[?1049l"


def test_a_screen_shows_what_was_written_however_it_was_cut() -> None:
    data = b"\x1b[>1u\x1b[?2026$p\x1b[1;31mred\x1b[0m\x1bP+q544e\x1b\\ and \xe2\x97\x8f round"
    for cut in range(len(data)):
        picture = Picture(20, 2)
        picture.feed(data[:cut])
        picture.feed(data[cut:])
        assert picture.row(0) == "red and ● round"


def test_nothing_is_visible_within_a_synchronised_update() -> None:
    picture = Picture(20, 2)
    picture.feed(b"\x1b[?2026hhalf")
    assert not picture.visible
    picture.feed(b"\x1b[?2026l")
    assert picture.visible


def test_modes_that_were_not_put_back_are_named() -> None:
    assert disorder(ENTER + LEAVE) == []
    assert disorder(ENTER) == ["cursor", "alternate screen", "keyboard protocol"]


def test_the_bare_app_answers_a_key_and_leaves() -> None:
    with Terminal(HELLO, environment=environment(), cwd=ROOT) as terminal:
        terminal.wait_for_text("READY 0")
        terminal.settle()
        answer = terminal.press(b"a")
        assert answer is not None
        assert answer.seconds > 0
        assert "READY 1" in terminal.picture.text
        assert terminal.leave(b"q").restored


def test_what_does_not_come_is_told_with_what_came_instead() -> None:
    command = (sys.executable, "-c", "print('something else')")
    with Terminal(command, environment=environment()) as terminal, pytest.raises(Lost, match="something else"):
        terminal.wait_for_text("READY", limit=10)


def test_a_slow_machine_stretches_a_limit_and_a_fast_one_does_not() -> None:
    assert limited("5", "key", 0.008, limit_ms=5, peer=Peer("hello", 4.2, 2.1)).met is True
    assert limited("5", "key", 0.008, limit_ms=5, peer=Peer("hello", 1.0, 2.1)).met is False


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentile([3, 1, 2], 50) == 2
    assert percentile([3, 1, 2], 99) == 3


def test_results_are_kept_as_json_and_text(tmp_path: Path) -> None:
    figures = [Figure("1", "first paint", 12.0, "ms", "≤ 3 F", 30.0, Peer("F", 10.0)), Figure("", "bytes", 6800, "B")]
    path = save(tmp_path, figures, quick=True)
    assert '"met": true' in path.read_text(encoding="utf-8")
    assert "first paint" in path.with_suffix(".txt").read_text(encoding="utf-8")
    assert "1.20x" in table(figures)


def test_every_group_can_be_loaded() -> None:
    for name in GROUPS:
        assert callable(import_module(f"benchmarks.groups.{name}").measure)


def test_each_part_of_a_piece_of_text_is_where_its_cells_are() -> None:
    svg = readied('<text class="r" x="10" y="20" textLength="1" clip-path="url(#l)">&#160;&#160;y\u2801z</text>')
    assert '<text class="r" x="34.4" y="20" clip-path="url(#l)">y</text>' in svg
    assert '<text class="r" x="58.8" y="20" clip-path="url(#l)">z</text>' in svg
    assert svg.count("<circle") == 1


def test_a_picture_keeps_its_colours_with_a_palette() -> None:
    rows = b"".join(b"\0" + bytes((255, 0, 0, 0, 0, 255)) for _ in range(2))
    parts = ((b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )
    smaller = indexed(png)
    assert smaller is not None
    assert bytes((255, 0, 0)) in smaller
    assert bytes((0, 0, 255)) in smaller
