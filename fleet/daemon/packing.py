"""Deltas as frames: none too large, and none lost because one thing in it cannot be written down."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, get_type_hints

import msgspec

from fleet.daemon.merge import halves
from fleet.daemon.wire import Push, WireError, encoder, pack
from fleet.values import Delta

log = logging.getLogger(__name__)

PUSH_LIMIT = 1024 * 1024
"""Bytes of a delta worth cutting in two: more than this and the client's loop would be held up by decoding."""

_UNWRITABLE = (TypeError, ValueError, OverflowError, msgspec.MsgspecError, WireError)
"""What encoding raises for values that are not what their annotations say: objects, huge integers, lone surrogates."""

_deltas = msgspec.msgpack.Decoder(Delta)


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


def unpacked(raw: msgspec.Raw) -> Delta:
    """The delta again. What is not what it should be (a backend put an object into a fact) is logged and left out.

    Raises:
        msgspec.DecodeError: if it is no delta at all.
    """
    try:
        return _deltas.decode(raw)
    except msgspec.ValidationError:
        parts = msgspec.msgpack.decode(raw, type=dict[str, msgspec.Raw])
    known = get_type_hints(Delta)
    return Delta(**{part: _salvaged(part, known[part], value) for part, value in parts.items() if part in known})


def _salvaged(part: str, kind: Any, value: msgspec.Raw) -> Any:
    """A delta's part, without its unreadable rows."""
    if kind is bool:
        return msgspec.msgpack.decode(value, type=bool)
    rows = []
    for row in msgspec.msgpack.decode(value, type=list[msgspec.Raw]):
        try:
            rows.extend(msgspec.msgpack.decode(b"\x91" + bytes(row), type=kind))
        except msgspec.ValidationError as error:
            log.warning("One of the fleet's %s cannot be read and is not shown. %s", part, error)
    return tuple(rows)
