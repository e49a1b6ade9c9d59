from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.contract.model import Health, State
from backends.docker.reasons import exit_reason, exit_verdict


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1, "exit code 1"),
        (125, "engine itself"),
        (126, "could not be run"),
        (127, "not found"),
        (137, "SIGKILL"),
        (139, "SIGSEGV"),
        (143, "SIGTERM"),
    ],
)
def test_an_exit_code_is_explained(code: int, words: str) -> None:
    assert words in (exit_reason(code) or "")


def test_a_good_end_needs_no_reason() -> None:
    assert exit_reason(0) is None
    assert exit_verdict(0) == (State.STOPPED, Health.UNKNOWN)


def test_running_out_of_memory_beats_the_code() -> None:
    assert "out of memory" in (exit_reason(137, oom=True) or "")
    assert exit_verdict(137, oom=True) == (State.FAILED, Health.FAULT)


def test_what_was_asked_to_stop_has_not_failed() -> None:
    assert exit_verdict(143) == (State.STOPPED, Health.UNKNOWN)
    assert exit_verdict(137) == (State.STOPPED, Health.WARNING)
    assert exit_verdict(3) == (State.FAILED, Health.FAULT)


@given(st.integers(-(2**31), 2**31), st.booleans())
def test_any_code_gets_a_sentence_wherever_it_deserves_a_look(code: int, oom: bool) -> None:
    reason = exit_reason(code, oom=oom)
    _, health = exit_verdict(code, oom=oom)
    assert reason is not None or health is Health.UNKNOWN
    assert reason is None or reason.endswith((".", "?"))
