"""The border with plug-in code: the one place where any exception is caught."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from backends.contract.errors import BackendBug, BackendError

log = logging.getLogger(__name__)


@contextmanager
def guarded(where: str) -> Iterator[None]:
    """Let ``BackendError`` through; log anything else and rename it, so that a bug in an adapter is only news.

    Args:
        where: the connection or backend, for the log and the message.

    Raises:
        BackendBug: for every exception that is not in the drawn tree.
    """
    try:
        yield
    except BackendError:
        raise
    except Exception as bug:
        log.exception("unexpected failure in %s", where)
        raise BackendBug(
            f"{where} failed in a way we did not expect ({type(bug).__name__}).",
            hint="The log has the details; `qd doctor` says where it is.",
        ) from bug
