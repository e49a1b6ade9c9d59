"""Deltas as frames: none too large, and none lost because one thing in it cannot be written down."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import msgspec

from fleet.daemon.merge import halves
from fleet.daemon.wire import Push, WireError, encoder, pack
from fleet.values import Delta

log = logging.getLogger(__name__)

PUSH_LIMIT = 1024 * 1024
"""Bytes of a delta worth cutting in two: more than this and the client's loop would be held up by decoding."""

_UNWRITABLE = (TypeError, ValueError, OverflowError, msgspec.MsgspecError, WireError)
"""What encoding raises for values that are not what their annotations say: objects, huge integers, lone surrogates."""


def packed(delta: Delta) -> Iterator[bytearray]:
    """The frames that tell a delta. What cannot be told is logged and left out, the rest arrives."""
    try:
        frame = pack(Push(msgspec.Raw(encoder.encode(delta))))
    except _UNWRITABLE as error:
        frame, reason = None, str(error)
    else:
        reason = ""
    parts = halves(delta) if frame is None or len(frame) > PUSH_LIMIT else None
    if parts is not None:
        yield from packed(parts[0])
        yield from packed(parts[1])
    elif frame is not None:
        yield frame
    else:
        log.error("Something is kept from the clients, because it cannot be sent: %s", reason)
        yield pack(Push(msgspec.Raw(encoder.encode(Delta(fresh=delta.fresh, complete=delta.complete)))))
