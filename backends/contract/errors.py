"""Everything that can go wrong at the border, as one drawn tree.

::

    BackendError
    ├── Unreachable     the other side does not answer
    ├── NeedsAuth       it answers, but wants credentials we do not have
    ├── Refused         it understood and said no
    ├── NotFound        the thing is gone
    ├── Conflict        the thing is not in a state that allows this, or changed since it was looked at
    ├── Invalid         what was asked makes no sense; says where
    ├── TimedOut        no answer within the time given
    ├── Unsupported     this engine, or this version of it, cannot do that
    └── BackendBug      an adapter failed in a way nobody expected
"""

from __future__ import annotations

import msgspec


class BackendError(Exception):
    """Something a person can be told. The message says what happened, the hint what may help; both are sentences."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Unreachable(BackendError):
    """The other side does not answer. Retried with back-off."""


class NeedsAuth(BackendError):
    """The other side wants credentials. Never retried by itself: that locks accounts."""


class Refused(BackendError):
    """The other side understood and said no."""


class NotFound(BackendError):
    """What was asked for does not exist, or no longer."""


class Conflict(BackendError):
    """The resource is in no state for this, or has changed since it was looked at."""


class Invalid(BackendError):
    """An argument makes no sense."""


class TimedOut(BackendError):
    """No answer within the time given."""


class Unsupported(BackendError):
    """This engine cannot do that."""


class BackendBug(BackendError):
    """An adapter raised something that is not in this tree."""


ERRORS: dict[str, type[BackendError]] = {
    error.__name__: error
    for error in (
        Unreachable,
        NeedsAuth,
        Refused,
        NotFound,
        Conflict,
        Invalid,
        TimedOut,
        Unsupported,
        BackendBug,
    )
}
"""Every leaf by its name, for the wire."""


class Failure(msgspec.Struct, frozen=True):
    """An error as a value: what crosses the socket, stands in the journal and is printed with ``--json``."""

    kind: str
    message: str
    hint: str | None = None

    @classmethod
    def of(cls, error: BackendError) -> Failure:
        """The value of an error; of a finer class it keeps the nearest one that is drawn above."""
        kind = next((base.__name__ for base in type(error).__mro__ if base.__name__ in ERRORS), BackendBug.__name__)
        return cls(kind=kind, message=error.message, hint=error.hint)

    def error(self) -> BackendError:
        """The error again, to be raised on this side."""
        return ERRORS.get(self.kind, BackendBug)(self.message, hint=self.hint)
