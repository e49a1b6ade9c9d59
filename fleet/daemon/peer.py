"""Who is at the other end of a unix socket."""

from __future__ import annotations

import asyncio
import os
import socket
import struct

_LINUX = struct.Struct("3i")
_BSD = struct.Struct("II")
_BSD_LEVEL, _BSD_LOCAL_PEERCRED, _BSD_SIZE = 0, 1, 76


def peer_uid(transport: asyncio.BaseTransport) -> int | None:
    """The user id of the process at the other end, or ``None`` where the system cannot tell."""
    peer: socket.socket | None = transport.get_extra_info("socket")
    if peer is None:
        return None
    try:
        if hasattr(socket, "SO_PEERCRED"):
            _pid, uid, _gid = _LINUX.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _LINUX.size))
        else:  # macOS and the BSDs: struct xucred
            _version, uid = _BSD.unpack_from(peer.getsockopt(_BSD_LEVEL, _BSD_LOCAL_PEERCRED, _BSD_SIZE))
    except OSError:
        return None
    return int(uid)


def is_stranger(transport: asyncio.BaseTransport) -> bool:
    """Whether another user is at the other end. Where that cannot be told the folder's mode (0700) has to do."""
    uid = peer_uid(transport)
    return uid is not None and uid != os.getuid()
