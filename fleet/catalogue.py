"""What all backends bring, as one book to look things up in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from backends.contract.errors import Invalid
from backends.contract.model import Column, Kind, Metric, Resource
from backends.contract.operation import Operation
from fleet.values import BackendInfo


class Catalogue:
    """Kinds and operations of all backends. A kind that several bring is one kind with all their columns."""

    def __init__(self, backends: Iterable[BackendInfo] = ()) -> None:
        self.backends: dict[str, BackendInfo] = {backend.id: backend for backend in backends}
        self.kinds: dict[str, Kind] = {}
        for backend in self.backends.values():
            for kind in backend.kinds:
                known = self.kinds.get(kind.id)
                self.kinds[kind.id] = kind if known is None else _merged(known, kind)

    def kind(self, word: str) -> Kind:
        """The kind of that id, plural or alias.

        Raises:
            Invalid: if no backend brings one.
        """
        wanted = word.lower()
        for kind in self.kinds.values():
            if wanted in (kind.id, kind.plural.lower(), kind.title.lower(), *kind.aliases):
                return kind
        known = ", ".join(sorted(self.kinds))
        raise Invalid(f"There is no kind “{word}”.", hint=f"Known kinds are {known or 'none yet'}.")

    def operations(self, backend: str, kind: str) -> Sequence[Operation]:
        """What a backend can do to a kind, hidden operations left out."""
        info = self.backends.get(backend)
        if info is None:
            return ()
        return tuple(op for op in info.operations if op.kind == kind and not op.hidden)

    def kind_operations(self, kind: str) -> Sequence[Operation]:
        """What can be done to a kind by any backend, each verb once; for help and completion."""
        found = {
            op.verb: op
            for backend in self.backends.values()
            for op in backend.operations
            if op.kind == kind and not op.hidden
        }
        return tuple(found.values())

    def operation(self, backend: str, kind: str, verb: str) -> Operation:
        """One operation, hidden ones too.

        Raises:
            Invalid: if the backend cannot do that to the kind.
        """
        info = self.backends.get(backend)
        for operation in info.operations if info else ():
            if operation.kind == kind and operation.verb == verb:
                return operation
        known = ", ".join(op.verb for op in self.operations(backend, kind))
        raise Invalid(f"“{verb}” cannot be done to a {kind} of {backend}.", hint=f"It knows: {known or 'nothing'}.")

    def applicable(self, backend: str, resource: Resource) -> Sequence[tuple[Operation, str | None]]:
        """Each operation for a resource with the reason why not; of a group only the one that fits is given."""
        found: list[tuple[Operation, str | None]] = []
        groups: dict[str, int] = {}
        for operation in self.operations(backend, resource.id.kind):
            reason = operation.blocked(resource)
            if operation.group and operation.group in groups:
                if reason is None:
                    found[groups[operation.group]] = (operation, None)
                continue
            if operation.group:
                groups[operation.group] = len(found)
            found.append((operation, reason))
        return found


def _merged(first: Kind, second: Kind) -> Kind:
    columns: dict[str, Column] = {column.id: column for column in (*second.columns, *first.columns)}
    metrics: dict[str, Metric] = {metric.id: metric for metric in (*second.metrics, *first.metrics)}
    order = [column.id for column in first.columns]
    order += [column.id for column in second.columns if column.id not in order]
    return msgspec.structs.replace(
        first,
        columns=tuple(columns[name] for name in order),
        metrics=tuple(metrics.values()),
        aliases=tuple(dict.fromkeys((*first.aliases, *second.aliases))),
    )
