from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli.values import count, moment, seconds

NOW = 1_750_000_000.0


@pytest.mark.parametrize(
    ("text", "span"),
    [("30", 30), ("1.5", 1.5), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("2d", 172_800), ("1W", 604_800)],
)
def test_spans_are_read_with_and_without_units(text: str, span: float) -> None:
    assert seconds(text) == span


@pytest.mark.parametrize("text", ["", "-1", "m", "1x", "nan", "inf", "1e99", "10 m"])
def test_what_is_no_span_is_answered_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no span of time.*\.$"):
        seconds(text)


def test_a_moment_is_a_span_back_or_a_date() -> None:
    assert moment("10m", NOW) == NOW - 600
    assert moment("2026-03-01T12:30:00Z", NOW) == 1_772_368_200.0
    assert moment("1750000000", NOW) == NOW
    assert abs(moment("9:05", NOW) - NOW) < 86_400


@given(st.text())
def test_any_text_is_a_moment_or_is_answered_with_a_sentence(text: str) -> None:
    for read in (lambda: moment(text, NOW), lambda: seconds(text), lambda: count(text)):
        assert answer(read).endswith(".")


def answer(read: Callable[[], float]) -> str:
    try:
        return f"{float(read())}."
    except ValueError as error:
        return str(error)
