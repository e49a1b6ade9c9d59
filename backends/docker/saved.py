"""Descriptions of removed containers, kept so that they can be created again.

They may hold secrets (environment variables), so they stay in a private folder of ours: the journal only learns a name.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from backends.contract.errors import NotFound, Refused

KEPT = 200
_NAME = re.compile(r"[0-9a-f]{12,64}")
_ENDPOINT = ("IPAMConfig", "Links", "Aliases", "DriverOpts")


class Shelf:
    """The folder with the descriptions, the oldest thrown away."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "removed"

    def keep(self, inspected: Mapping[str, Any]) -> str:
        """Write a description durably; returns the name to find it by.

        Raises:
            Refused: if it cannot be written: then nothing should be removed that is promised to come back.
        """
        name = str(inspected["Id"])
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".new-")
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(inspected))
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._path(name))
            self._thin()
        except OSError as error:
            raise Refused(f"The description of the container could not be saved: {error.strerror}.") from error
        return name

    def find(self, name: str) -> dict[str, Any]:
        """A kept description.

        Raises:
            NotFound: if there is none of that name.
        """
        if not _NAME.fullmatch(name):
            raise NotFound("There is no saved description of that name.")
        try:
            found: dict[str, Any] = msgspec.json.decode(self._path(name).read_bytes(), type=dict[str, Any])
        except (OSError, msgspec.DecodeError) as error:
            raise NotFound(
                "The saved description of this container is gone.",
                hint=f"The last {KEPT} removed containers are kept.",
            ) from error
        return found

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _thin(self) -> None:
        files = sorted(self._folder.glob("*.json"), key=lambda file: file.stat().st_mtime)
        for file in files[:-KEPT]:
            file.unlink(missing_ok=True)


def name_of(inspected: Mapping[str, Any]) -> str:
    """A described container's name."""
    return str(inspected.get("Name") or "").removeprefix("/") or str(inspected.get("Id") or "")[:12]


def creation(inspected: Mapping[str, Any], *, image: str) -> dict[str, Any]:
    """What to ask the engine for, to get the described container again. Networks beyond the first are joined later."""
    native = str(inspected["Id"])
    config = dict(inspected.get("Config") or {})
    if config.get("Hostname") == native[:12]:
        config.pop("Hostname")  # made up by the engine from the old id
    config.pop("MacAddress", None)
    host = dict(inspected.get("HostConfig") or {})
    host["Binds"] = [*(host.get("Binds") or ()), *_unnamed(inspected, host)] or None
    if str(host.get("NetworkMode", "")).startswith(("container:", "host", "none")):
        for field in ("Hostname", "Domainname", "ExposedPorts") if host["NetworkMode"] != "none" else ():
            config.pop(field, None)
    first = networks(inspected)[:1]
    return {
        **config,
        "Image": image,
        "HostConfig": host,
        "NetworkingConfig": {"EndpointsConfig": dict(first)},
    }


def networks(inspected: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The networks it was in with the settings it had asked for, the one it was created in first."""
    native = str(inspected["Id"])
    mode = str((inspected.get("HostConfig") or {}).get("NetworkMode") or "default")
    if mode.startswith("container:") or mode in ("host", "none"):
        return []
    found = []
    for name, settings in ((inspected.get("NetworkSettings") or {}).get("Networks") or {}).items():
        kept = {key: settings[key] for key in _ENDPOINT if settings and settings.get(key)}
        if aliases := [alias for alias in kept.pop("Aliases", ()) if alias != native[:12]]:
            kept["Aliases"] = aliases
        found.append((name, kept))
    return sorted(found, key=lambda pair: pair[0] != mode and not (mode == "default" and pair[0] == "bridge"))


def volume_names(inspected: Mapping[str, Any]) -> Sequence[str]:
    """The volumes it has nobody named: they go with it when that is asked for."""
    return [
        str(mount["Name"])
        for mount in inspected.get("Mounts") or ()
        if mount.get("Type") == "volume" and re.fullmatch(r"[0-9a-f]{64}", str(mount.get("Name") or ""))
    ]


def _unnamed(inspected: Mapping[str, Any], host: Mapping[str, Any]) -> list[str]:
    """Volumes the image asked for: the description names no source, but the same ones shall be mounted again."""
    taken = {str(bind).split(":")[1] for bind in host.get("Binds") or () if ":" in str(bind)}
    taken |= {str(mount.get("Target")) for mount in host.get("Mounts") or ()}
    return [
        f"{mount['Name']}:{mount['Destination']}{'' if mount.get('RW', True) else ':ro'}"
        for mount in inspected.get("Mounts") or ()
        if mount.get("Type") == "volume" and mount.get("Name") and mount.get("Destination") not in taken
    ]
