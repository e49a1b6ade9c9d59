from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.docker.moments import age, log_moment, moment


def test_nanoseconds_and_zones_are_read() -> None:
    assert moment("1970-01-01T00:00:01.5Z") == 1.5
    assert moment("1970-01-01T01:00:01.500000000+01:00") == 1.5
    assert moment("1969-12-31T19:00:01-05:00") == 1.0


@pytest.mark.parametrize("text", ["", None, "0001-01-01T00:00:00Z", "yesterday", "2026-13-40T99:99:99Z", 7])
def test_no_moment_is_none(text: object) -> None:
    assert moment(text) is None


@given(st.floats(86400, 7e9).map(lambda at: datetime.fromtimestamp(at, UTC)))
def test_a_log_s_moment_is_the_same_moment(at: datetime) -> None:
    text = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert moment(text) == pytest.approx(at.timestamp(), abs=1e-6)
    assert log_moment(text.encode()) == moment(text)


@given(st.binary(max_size=40))
def test_garbage_in_front_of_a_line_is_no_moment(stamp: bytes) -> None:
    assert log_moment(stamp) is None or len(stamp) >= 20


@pytest.mark.parametrize(
    ("status", "seconds"),
    [
        ("Up 3 hours (healthy)", 3 * 3600),
        ("Exited (1) Less than a second ago", 0),
        ("Up About a minute", 60),
        ("Up About an hour (Paused)", 3600),
        ("Exited (137) 2 weeks ago", 14 * 86400),
        ("Created", None),
    ],
)
def test_the_age_in_a_status_is_read(status: str, seconds: float | None) -> None:
    assert age(status) == seconds
