"""The log's store, filter, search and row index, checked against the simplest thing that could be right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.contract.model import LogLine, Stream
from widgets.log_buffer import LONGEST, Criteria, LogBuffer, Matches, Pattern, Rows, Shown

TEXT = st.text("abX \x1b[31m", max_size=8)
BATCHES = st.lists(st.lists(st.builds(LogLine, text=TEXT), max_size=12), max_size=12)


def lines(*texts: str) -> list[LogLine]:
    return [LogLine(text=text) for text in texts]


@given(BATCHES, st.integers(1, 20))
def test_every_line_is_either_here_or_counted(batches: list[list[LogLine]], most: int) -> None:
    buffer = LogBuffer(max_lines=most)
    everything = [line for batch in batches for line in batch]
    for batch in batches:
        buffer.append(batch)
    assert buffer.dropped + len(buffer) == len(everything) == buffer.end
    assert list(buffer.lines(0, buffer.end)) == everything[buffer.first :]
    assert len(buffer) <= most


@given(BATCHES, st.integers(200, 1000))
def test_bytes_stay_below_the_bound_and_add_up(batches: list[list[LogLine]], most: int) -> None:
    buffer = LogBuffer(max_bytes=most)
    for batch in batches:
        buffer.append(batch)
        assert buffer.bytes <= most
    assert buffer.bytes == sum(line.text.__sizeof__() for line in buffer.lines(0, buffer.end))


def test_one_monstrous_line_is_cut_and_says_so() -> None:
    buffer = LogBuffer()
    buffer.append(lines("a", "x" * (LONGEST + 5)))
    assert len(buffer) == 2
    assert buffer[1].text.endswith("… 5 characters were cut off")
    assert buffer.dropped_bytes == 5


def test_a_million_characters_are_kept_whole() -> None:
    buffer = LogBuffer()
    buffer.append(lines("x" * 1_000_000))
    assert len(buffer[0].text) == 1_000_000


def test_clearing_keeps_numbers_going() -> None:
    buffer = LogBuffer()
    buffer.append(lines("a", "b"))
    buffer.clear()
    buffer.append(lines("c"))
    assert (buffer.first, buffer.end, buffer[2].text) == (2, 3, "c")
    with pytest.raises(IndexError):
        buffer[1]


@given(BATCHES, st.integers(1, 30), st.integers(0, 3), st.sampled_from(["a", "!a", "X", "re:a.", "!re:^a"]))
def test_filtering_piece_by_piece_equals_filtering_all(
    batches: list[list[LogLine]], most: int, context: int, text: str
) -> None:
    buffer = LogBuffer(max_lines=most)
    criteria = Criteria(pattern=Pattern.parse(text), context=context)
    shown = Shown(buffer, criteria)
    length = 0
    for batch in batches:
        buffer.append(batch)
        gone, come = shown.update()
        length += come - gone
        assert length == len(shown.numbers)
        hits = [number for number in range(buffer.first, buffer.end) if criteria.accepts(buffer[number])]
        near = {n for hit in hits for n in range(hit - context, hit + context + 1)}
        wanted = [n for n in range(buffer.first, buffer.end) if n in near]
        # A line may be shown for a neighbour that has since been dropped; nothing else may differ.
        assert [n for n in shown.numbers if n >= buffer.first + context] == [
            n for n in wanted if n >= buffer.first + context
        ]
        assert set(wanted) <= set(shown.numbers)


@given(BATCHES, st.integers(1, 30))
def test_without_criteria_all_lines_are_shown(batches: list[list[LogLine]], most: int) -> None:
    buffer = LogBuffer(max_lines=most)
    shown = Shown(buffer)
    length = 0
    for batch in batches:
        buffer.append(batch)
        gone, come = shown.update()
        length += come - gone
        assert length == len(shown.numbers)
        assert list(shown.numbers) == list(range(buffer.first, buffer.end))


def test_a_time_window_keeps_lines_without_a_time_and_notes_pass_a_filter() -> None:
    buffer = LogBuffer()
    buffer.append(
        [
            LogLine(text="early", at=1.0),
            LogLine(text="on time", at=5.0),
            LogLine(text="timeless"),
            LogLine(text="late", at=9.0),
            LogLine(text="mark", at=5.5, stream=Stream.NOTE),
        ]
    )
    assert list(Shown(buffer, Criteria(since=2.0, until=6.0)).numbers) == [1, 2, 4]
    assert list(Shown(buffer, Criteria(pattern=Pattern.parse("time"))).numbers) == [1, 2, 4]


def test_colours_do_not_hide_a_word_from_search() -> None:
    assert Pattern.parse("error").accepts("\x1b[31mER\x1b[1mROR\x1b[0m")
    assert not Pattern.parse("Error").accepts("ERROR")
    assert Pattern.parse("31", regex=True).accepts("\x1b[31mred") is False


def test_a_bad_expression_is_answered_with_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"is not a regular expression: .*\.$"):
        Pattern.parse("re:(")


@given(st.text(), st.text())
def test_a_plain_word_is_found_where_it_is_lit_up(word: str, around: str) -> None:
    for start, end in Pattern(word).spans(around):
        assert around[start:end].lower() == word.lower() or not word.isascii() or not around.isascii()


def test_matches_go_round_at_both_ends() -> None:
    buffer = LogBuffer(max_lines=4)
    buffer.append(lines("hit", "no", "hit", "hit"))
    shown = Shown(buffer)
    matches = Matches(Pattern.parse("hit"), buffer, shown)
    assert [matches.step(n, 1) for n in (None, 0, 1, 2, 3)] == [0, 2, 2, 3, 0]
    assert [matches.step(n, -1) for n in (None, 0, 1, 2, 3)] == [3, 3, 0, 0, 2]
    assert [matches.position(n) for n in (None, 0, 1, 3)] == [0, 1, 0, 3]
    buffer.append(lines("hit"))
    _gone, come = shown.update()
    matches.update(shown.numbers[len(shown.numbers) - come :])
    assert matches.numbers == [2, 3, 4]


@given(st.lists(st.lists(st.integers(1, 5), max_size=6), max_size=6), st.integers(0, 6))
def test_rows_and_lines_find_each_other(batches: list[list[int]], drop: int) -> None:
    rows = Rows()
    heights: list[int] = []
    for batch in batches:
        rows.append(batch)
        heights += batch
        dropped = min(drop, len(heights))
        assert rows.drop(dropped) == sum(heights[:dropped])
        del heights[:dropped]
    assert rows.total == sum(heights)
    expected = [(index, offset) for index, height in enumerate(heights) for offset in range(height)]
    assert [rows.line(row) for row in range(rows.total)] == expected
    assert [rows.top(index) for index in range(len(heights) + 1)] == [sum(heights[:n]) for n in range(len(heights) + 1)]
