"""What no type can say about settings: secrets, names used twice, patterns, values that do not go together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fleet.settings.positions import Place
from fleet.settings.references import is_reference

Finding = tuple[Place, str]
"""Where something is wrong, and the rest of a sentence that begins with the key."""


def findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Everything in a settings table that makes no sense, whether or not its types are right."""
    yield from _connections(data.get("connection"))
    yield from _rules(data.get("policy"))
    yield from _monitor(data.get("monitor"))


def _connections(data: object) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, item in enumerate(data if isinstance(data, list) else []):
        if not isinstance(item, Mapping):
            continue
        name = item.get("id")
        if isinstance(name, str):
            if name in seen:
                yield ("connection", index, "id"), f"is used twice: {name}"
            if "/" in name:
                yield ("connection", index, "id"), "must not hold a slash, which parts the names of resources"
            seen.add(name)
        options = item.get("options")
        if not isinstance(options, Mapping) or not options:
            continue
        from fleet.secret_shapes import is_secret_name  # its patterns take a while, and few have options

        for option, value in options.items():
            if is_secret_name(option) and isinstance(value, str) and value and not is_reference(value):
                message = "holds a secret in plain text; write keyring:…, env:…, file:… or command:… instead"
                yield ("connection", index, "options", option), message


def _rules(data: object) -> Iterator[Finding]:
    for index, item in enumerate(data if isinstance(data, list) else []):
        command = item.get("command") if isinstance(item, Mapping) else None
        try:
            re.compile(command if isinstance(command, str) else "")
        except re.error as error:
            yield ("policy", index, "command"), f"is not a regular expression: {error}"


def _monitor(data: object) -> Iterator[Finding]:
    if isinstance(data, Mapping):
        first, last = data.get("first_retry", 1.0), data.get("last_retry", 120.0)
        if isinstance(first, int | float) and isinstance(last, int | float) and first > last:
            place = "first_retry" if "first_retry" in data else "last_retry"
            yield ("monitor", place), f"does not fit: the first wait ({first:g}) is longer than the longest ({last:g})"
