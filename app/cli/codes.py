"""Exit codes, which scripts rely on, and what leads to each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
NOT_FOUND: Final = 3
REFUSED: Final = 4
UNREACHABLE: Final = 5
PARTLY: Final = 6
TIMED_OUT: Final = 124
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141

MEANINGS: Final = {
    OK: "Done.",
    FAILED: "The operation failed, or could not be done in the state things are in.",
    USAGE: "The command line or the settings make no sense.",
    NOT_FOUND: "What was named does not exist, or the name may mean several things.",
    REFUSED: "Policy or the engine refused, read-only mode is on, or nobody said yes.",
    UNREACHABLE: "A connection, or all that matter, did not answer or want credentials.",
    PARTLY: "It worked for some and not for others; a list may not be everything.",
    TIMED_OUT: "The time given was over.",
    INTERRUPTED: "Interrupted with ctrl+c (other signals: 128 and their number).",
    BROKEN_PIPE: "Whoever read the output went away, as in `qd ls | head`.",
}
"""Every code of ours. ``qd exec`` and ``qd shell`` end with the code of what they ran."""

BY_ERROR: Final = {
    "Unreachable": UNREACHABLE,
    "NeedsAuth": UNREACHABLE,
    "Refused": REFUSED,
    "NotFound": NOT_FOUND,
    "Conflict": FAILED,
    "Invalid": USAGE,
    "TimedOut": TIMED_OUT,
    "Unsupported": FAILED,
    "BackendBug": FAILED,
}
"""The code of each kind of ``BackendError``, by its name."""


class Stop(Exception):
    """Ends a command with a sentence, a hint and a code."""

    def __init__(self, message: str, *, hint: str | None = None, code: int = FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


class Usage(Stop):
    """The command line makes no sense."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint, code=USAGE)


def code_of(error: BaseException) -> int:
    """The exit code for an error of the contract's tree."""
    return next((BY_ERROR[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in BY_ERROR), FAILED)


def together(outcomes: Iterable[bool]) -> int:
    """The code for several things done: all well, all ill, or some of each."""
    found = set(outcomes)
    if False not in found:
        return OK
    return PARTLY if True in found else FAILED
