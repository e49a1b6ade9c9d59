"""How people name resources: ``connection/kind/name``, a shorter end of it, a unique beginning, or a glob."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Final

from backends.contract.errors import Invalid, NotFound
from backends.contract.model import Resource
from fleet.catalogue import Catalogue
from fleet.inventory import Inventory

HERE: Final = "quarterdeck.here"
"""The label of the connection that is the machine we run on."""
SHORTEST: Final = 2
"""Letters a beginning must have before it may mean anything."""


def full_name(resource: Resource) -> str:
    """The name that means exactly this resource: ``docker/container/web-1``."""
    return f"{resource.id.connection}/{resource.id.kind}/{resource.name}"


class Names:
    """Finds resources by what people call them."""

    def __init__(self, catalogue: Catalogue, inventory: Inventory) -> None:
        self._catalogue = catalogue
        self._inventory = inventory

    def candidates(self, *, verb: str = "", kind: str = "") -> Iterable[Resource]:
        """Everything a name may mean, where a verb or a kind says what it must be."""
        for known in self._inventory.kinds():
            if kind and known != kind:
                continue
            if verb and all(operation.verb != verb for operation in self._catalogue.kind_operations(known)):
                continue
            yield from self._inventory.of_kind(known).values()

    def find(self, word: str, *, verb: str = "", kind: str = "") -> Sequence[Resource]:
        """The resources a word means: one, or several for a glob.

        Raises:
            NotFound: if there is none.
            Invalid: if it could be several and is no glob; the hint says how to be exact.
        """
        candidates = list(self.candidates(verb=verb, kind=kind))
        if any(letter in word for letter in "*?["):
            found = [r for r in candidates if any(fnmatchcase(name, word) for name in _names(r))]
            if not found:
                raise NotFound(f"Nothing is named like “{word}”.")
            return found
        for match in (_exactly, _beginning):
            found = [resource for resource in candidates if match(resource, word)]
            if len(found) == 1:
                return found
            if found:
                names = ", ".join(sorted(full_name(resource) for resource in found)[:6])
                more = f" and {len(found) - 6} more" if len(found) > 6 else ""
                raise Invalid(f"“{word}” may mean {names}{more}.", hint="Write it as connection/kind/name.")
        raise NotFound(f"There is no resource “{word}”.", hint="Names are connection/kind/name; a unique part will do.")

    def here(self) -> Resource | None:
        """The machine we run on, as a resource; ``None`` while it is not connected."""
        for connection in self._inventory.connections.values():
            if HERE in connection.spec.labels:
                hosts = (
                    r for r in self._inventory.at(connection.spec.id) if not self._catalogue.kinds[r.id.kind].volatile
                )
                return next(hosts, None)
        return None


def _names(resource: Resource) -> Sequence[str]:
    return (resource.name, f"{resource.id.kind}/{resource.name}", full_name(resource))


def _exactly(resource: Resource, word: str) -> bool:
    native = resource.id.native
    return word in _names(resource) or word in (native, f"{resource.id.kind}/{native}", str(resource.id))


def _beginning(resource: Resource, word: str) -> bool:
    if len(word) < SHORTEST:
        return False
    return any(name.startswith(word) for name in (*_names(resource), resource.id.native))
