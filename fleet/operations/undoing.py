"""The way back, as requests like any other."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from backends.contract.operation import Undo
from fleet.values import Request


def requests_of(undos: Sequence[Undo], entry: int) -> Sequence[Request]:
    """One request per verb and arguments, so that undoing a bulk operation asks once."""
    requests: list[Request] = []
    for undo in undos:
        for index, request in enumerate(requests):
            if request.verb == undo.verb and request.arguments == undo.arguments:
                requests[index] = msgspec.structs.replace(request, targets=(*request.targets, *undo.targets))
                break
        else:
            requests.append(Request(undo.verb, undo.targets, undo.arguments, door="undo", undoes=entry))
    return requests
