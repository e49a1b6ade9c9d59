"""What can be copied of resources: the same choices everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from backends.contract.model import Fact, Resource


class Copied(NamedTuple):
    """A text to copy and what it is called."""

    title: str
    text: str


def copy_choices(resources: Sequence[Resource]) -> list[Copied]:
    """Names, ids, addresses and the command that names them on our own command line."""
    if not resources:
        return []
    choices = [
        Copied("Name", "\n".join(resource.name for resource in resources)),
        Copied("Id", "\n".join(resource.id.native for resource in resources)),
        Copied("Full name for qd", "\n".join(_full(resource) for resource in resources)),
    ]
    for fact, title in (("address", "Address"), ("ip", "IP address"), ("image", "Image"), ("ports", "Ports")):
        values = [_text(value) for resource in resources if (value := resource.facts.get(fact))]
        if values:
            choices.append(Copied(title, "\n".join(values)))
    choices.append(Copied("Command to look", f"qd get {' '.join(_full(resource) for resource in resources)}"))
    return choices


def _text(value: Fact) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _full(resource: Resource) -> str:
    return f"{resource.id.connection}/{resource.id.kind}/{resource.name}"
