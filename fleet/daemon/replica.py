"""What a client knows of the fleet: the inventory and the catalogue again, kept up to date by what the daemon tells."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, get_type_hints

import msgspec

from backends.contract.errors import BackendError
from backends.guard import guarded
from fleet.catalogue import Catalogue
from fleet.inventory import Inventory
from fleet.protocol import Listener
from fleet.values import BackendInfo, ConnectionState, Delta

if TYPE_CHECKING:  # the journal brings SQLite, which whoever has a cache has loaded already
    from fleet.journal import CachedInventory

log = logging.getLogger(__name__)


class Replica:
    """The fleet's inventory in this process, and whoever wants to know when it changes."""

    def __init__(self) -> None:
        self.catalogue = Catalogue()
        self.inventory = Inventory()
        self._listeners: dict[int, Listener] = {}
        self._tickets = 0

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` after each change; returns what ends that."""
        self._tickets += 1
        ticket = self._tickets
        self._listeners[ticket] = listener

        def end() -> None:
            self._listeners.pop(ticket, None)

        return end

    def recall(self, cached: CachedInventory) -> None:
        """Begin with what was known when it was last written down; its connections count as being opened."""
        self.catalogue = Catalogue(cached.backends)
        waiting = tuple(
            msgspec.structs.replace(place, state=ConnectionState.CONNECTING, reason=None, hint=None, retry_at=None)
            for place in cached.connections
        )
        self.inventory.apply(Delta(connections=waiting, resources=cached.resources, missing=cached.missing))

    def learn_backends(self, raw: msgspec.Raw) -> None:
        """Take over the book of backends.

        Raises:
            msgspec.DecodeError: if it is none.
        """
        self.catalogue = Catalogue(_book_decoder().decode(raw))

    def learn(self, raw: msgspec.Raw) -> Delta:
        """Take over a delta and tell the listeners.

        Raises:
            msgspec.DecodeError: if it is none.
        """
        delta = unpacked(raw)
        self.inventory.apply(delta)
        self.notify(delta)
        return delta

    def notify(self, delta: Delta) -> None:
        """Tell the listeners."""
        for listener in [*self._listeners.values()]:
            # A listener that fails is a bug in one view; the others and the replica go on. The guard logs it.
            with suppress(BackendError), guarded("a listener of the fleet"):
                listener(delta)


def unpacked(raw: msgspec.Raw) -> Delta:
    """The delta in a frame. What is not what it should be (a backend put an object into a fact) is logged and left out.

    Raises:
        msgspec.DecodeError: if it is no delta at all.
    """
    try:
        return _delta_decoder().decode(raw)
    except msgspec.ValidationError:
        parts = msgspec.msgpack.decode(raw, type=dict[str, msgspec.Raw])
    known = get_type_hints(Delta)
    return Delta(**{part: _salvaged(part, known[part], value) for part, value in parts.items() if part in known})


def _salvaged(part: str, kind: Any, value: msgspec.Raw) -> Any:
    """A delta's part, without its unreadable rows."""
    if kind is bool:
        return msgspec.msgpack.decode(value, type=bool)
    rows = []
    for row in msgspec.msgpack.decode(value, type=list[msgspec.Raw] | None) or ():
        try:
            rows.extend(msgspec.msgpack.decode(b"\x91" + bytes(row), type=kind))
        except msgspec.ValidationError as error:
            log.warning("One of the fleet's %s cannot be read and is not shown. %s", part, error)
    return tuple(rows)


# Built when the daemon first tells something: a first paint does not wait for them.


@cache
def _delta_decoder() -> msgspec.msgpack.Decoder[Delta]:
    return msgspec.msgpack.Decoder(Delta)


@cache
def _book_decoder() -> msgspec.msgpack.Decoder[tuple[BackendInfo, ...]]:
    return msgspec.msgpack.Decoder(tuple[BackendInfo, ...])
