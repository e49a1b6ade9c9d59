"""Turns what goes wrong at an engine into the contract's errors, with sentences for people."""

from __future__ import annotations

import errno
import re
import ssl

import msgspec

from backends.contract.errors import (
    BackendError,
    Conflict,
    Invalid,
    NeedsAuth,
    NotFound,
    Refused,
    TimedOut,
    Unreachable,
    Unsupported,
)
from backends.docker.endpoint import Endpoint

_BY_STATUS: dict[int, type[BackendError]] = {
    400: Invalid,
    401: NeedsAuth,
    403: Refused,
    404: NotFound,
    409: Conflict,
    501: Unsupported,
}
_ID = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")
"""Ids in full say no more than their beginning, and drown the sentence they stand in."""
_TELLING = (PermissionError, FileNotFoundError, ConnectionRefusedError, ssl.SSLError, TimeoutError)
_GROUP = "Join its group (sudo usermod -aG docker $USER), then log in again; or run a rootless engine."


def sentence(text: str) -> str:
    """An engine's words as one sentence: a capital first, a full stop last, on one line."""
    words = _ID.sub(r"\1", " ".join(text.split())).rstrip(". ")
    return f"{words[:1].upper()}{words[1:]}." if words else "The engine gave no reason."


def refusal(status: int, message: str) -> BackendError:
    """The error for an HTTP answer that is not a success."""
    kind = _BY_STATUS.get(status, Refused)
    if status >= 500 and "driver does not support reading" in message:
        return unreadable_log()
    return kind(sentence(message))


def message_of(data: bytes) -> str:
    """The engine's own words in the body of a refusal."""
    try:
        decoded = msgspec.json.decode(data)
    except msgspec.DecodeError:
        return data.decode(errors="replace").strip()[:500]
    if isinstance(decoded, dict):
        return str(decoded.get("message") or decoded.get("cause") or "")
    return str(decoded)


def unreadable_log() -> Unsupported:
    """The error for a container whose log driver keeps nothing to read."""
    return Unsupported(
        "The log of this container cannot be read here: its log driver sends it elsewhere.",
        hint="Look where the driver sends it, or create the container with the json-file or local driver.",
    )


def lost(error: BaseException, endpoint: Endpoint) -> BackendError:
    """The error for a call that got no answer, by what the socket said."""
    place = endpoint.place
    cause = root(error)
    if isinstance(cause, PermissionError):
        return NeedsAuth(f"This user may not use the engine at {place}.", hint=_GROUP)
    if isinstance(cause, FileNotFoundError):
        return Unreachable(
            f"There is no socket at {place}.", hint="Is the engine running? See systemctl status docker."
        )
    if isinstance(cause, ssl.SSLError):
        return NeedsAuth(
            f"The engine at {place} and we do not trust each other: {_distrust(cause)}.",
            hint="Check the connection's ca.pem, cert.pem and key.pem, and whether the engine speaks TLS on this port.",
        )
    if isinstance(cause, TimeoutError):
        return TimedOut(f"The engine at {place} did not answer in time.", hint="It may be busy or hung.")
    if isinstance(cause, ConnectionRefusedError):
        return Unreachable(f"Nothing answers at {place}.", hint="Is the engine running? See systemctl status docker.")
    return Unreachable(f"The connection to the engine at {place} broke.", hint=_hint(cause))


def root(error: BaseException) -> BaseException:
    """The exception of the socket inside the wrappers HTTP libraries put around it."""
    seen: dict[int, BaseException] = {}
    pending: list[BaseException] = [error]
    while pending:
        inner = pending.pop()
        if id(inner) in seen:
            continue
        seen[id(inner)] = inner
        wrapped = [inner.__cause__, inner.__context__, getattr(inner, "reason", None), *inner.args]
        pending += [one for one in wrapped if isinstance(one, BaseException)]
    telling = (one for one in seen.values() if isinstance(one, _TELLING))
    return next(telling, error)


def _distrust(cause: ssl.SSLError) -> str:
    told = getattr(cause, "verify_message", "") or str(cause.reason or "TLS failed").replace("_", " ").lower()
    return str(told).rstrip(".")


def _hint(cause: BaseException) -> str:
    number = getattr(cause, "errno", None)
    if number in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return "There is no way to that host from here; check the network."
    return "The engine may have been stopped or restarted; this is tried again by itself."
