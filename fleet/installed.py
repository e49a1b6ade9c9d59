"""The installed backends as data, for whoever needs to know what there is without opening anything."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from backends.contract.errors import BackendError
from backends.guard import guarded
from backends.registry import Registry
from fleet.values import BackendInfo

log = logging.getLogger(__name__)


def describe(registry: Registry) -> Sequence[BackendInfo]:
    """All backends as data; one that cannot be loaded is left out, and the log says why."""
    found: list[BackendInfo] = []
    for name in registry.names:
        try:
            with guarded(f"backend {name}"):
                backend = registry.load(name)
                found.append(BackendInfo(backend.id, backend.title, tuple(backend.kinds), tuple(backend.operations)))
        except BackendError as error:
            log.warning("backend %s is left out: %s", name, error)
    return found
