"""How a secret's whereabouts are written."""

from __future__ import annotations

from typing import Final

PREFIXES: Final = ("keyring:", "env:", "file:", "command:")


def is_reference(text: str) -> bool:
    """Whether a text says where a secret is, rather than being one."""
    return text.startswith(PREFIXES)
