"""What the fleet lends a backend: a private folder, the environment, and secrets by reference."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from backends.contract.session import Context
from fleet.paths import Paths
from fleet.settings import secrets


class BackendContext(NamedTuple):
    """Keeps the contract's ``Context`` protocol for one backend."""

    folder: Path
    environment: Mapping[str, str]

    async def secret(self, reference: str) -> str:
        """Resolve a reference to a secret; may raise ``NeedsAuth`` or ``Invalid``."""
        return (await secrets.resolve(reference, self.environment)).reveal()


def context_for(backend: str, paths: Paths, environment: Mapping[str, str]) -> Context:
    """The context of a backend; its folder is made private when it is made."""
    folder = paths.data / "backends" / backend
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return BackendContext(folder, environment)
