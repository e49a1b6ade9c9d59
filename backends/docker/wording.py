"""Short words for what a container is made of: ports, mounts, image, command. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any


def ports(listed: Iterable[Mapping[str, Any]]) -> str:
    """Ports as people write them: ``8080→80/tcp``; an address only when it is not all of them."""
    shown: dict[str, None] = {}
    for port in sorted(listed, key=lambda p: (int(p.get("PrivatePort") or 0), str(p.get("Type")))):
        inside = f"{port.get('PrivatePort')}/{port.get('Type')}"
        if not port.get("PublicPort"):
            shown[inside] = None
            continue
        where = str(port.get("IP") or "")
        host = "" if where in ("", "0.0.0.0", "::") else f"[{where}]:" if ":" in where else f"{where}:"  # noqa: S104 - read, not bound
        shown[f"{host}{port['PublicPort']}→{inside}"] = None
    return ", ".join(shown)


def mounts(listed: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is mounted where: ``data:/data``, with ``:ro`` when it cannot be written."""
    shown = []
    for mount in listed:
        source = str(mount.get("Name") or mount.get("Source") or mount.get("Type") or "")
        short = source[:12] if re.fullmatch(r"[0-9a-f]{64}", source) else source
        shown.append(f"{short}:{mount.get('Destination')}{'' if mount.get('RW', True) else ':ro'}")
    return sorted(shown)


def image(name: str) -> str:
    """An image's name without the digest it was pulled by; a bare id is shortened."""
    bare = name.removeprefix("sha256:")
    if re.fullmatch(r"[0-9a-f]{64}", bare):
        return bare[:12]
    head, at, _ = name.partition("@sha256:")
    return head if at else name


def command(given: object) -> str:
    """The command line, cut: some are as long as a book. Podman gives the words apart."""
    text = " ".join(str(word) for word in given) if isinstance(given, list) else str(given or "")
    return text[:200]
