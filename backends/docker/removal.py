"""The verbs that remove things, and the one that brings a container back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from backends.contract.errors import BackendError, Conflict, NotFound
from backends.contract.model import Resource, State
from backends.contract.operation import Arguments, Outcome, Report, Step, Undo
from backends.docker.client import Client
from backends.docker.saved import creation, name_of, networks, volume_names
from backends.docker.session import DockerSession

LIMIT = 300.0
"""Seconds a removal may take: an engine may have to delete many gigabytes."""
_LOSES = "Files written inside it and not on a volume, and its log, are gone."


async def plan_remove(session: DockerSession, resource: Resource, arguments: Arguments) -> Step:
    """Says what goes with it, what it frees, and that it can be created again."""
    described = await session.describe(resource.id.native, sizes=True)
    force, volumes = bool(arguments.get("force")), bool(arguments.get("volumes"))
    running = bool((described.get("State") or {}).get("Running"))
    does = "is removed"
    if running:
        does = "is killed and removed" if force else "runs, so the engine will refuse; stop it first or choose force"
    options = [*(("--force",) if force else ()), *(("--volumes",) if volumes else ())]
    return Step(
        resource.id,
        resource.name,
        does,
        session.endpoint.call("rm", *options, resource.name),
        dependants=_dependants(session, resource, described, volumes=volumes),
        frees=await _freed(session, described, volumes=volumes),
        undo="it can be created again with the same settings, networks and named volumes; "
        "files written inside it are lost",
    )


async def remove(session: DockerSession, resource: Resource, arguments: Arguments, report: Report) -> Outcome:
    """Save its description, then remove it. One that is gone already is left so."""
    force, volumes = bool(arguments.get("force")), bool(arguments.get("volumes"))
    try:
        described = await session.describe(resource.id.native)
    except NotFound:
        return Outcome(f"{resource.name} was gone already.")
    if (described.get("State") or {}).get("Running") and not force:
        raise Conflict(f"{resource.name} is running.", hint="Stop it first, or remove it with force.")
    saved = await asyncio.to_thread(session.shelf.keep, described)
    report.progress(None, "removing it")
    try:
        await session.engine.delete(f"/containers/{resource.id.native}", {"force": force, "v": volumes}, limit=LIMIT)
    except NotFound:
        return Outcome(f"{resource.name} was gone already.")
    loses = f"{_LOSES} So are its anonymous volumes." if volumes and volume_names(described) else _LOSES
    name = name_of(described)
    undo = Undo(f"Create {name} again", "recreate", (resource.id,), {"saved": saved, "name": name}, loses)
    return Outcome(f"{name} was removed.", undo)


async def plan_recreate(session: DockerSession, resource: Resource, arguments: Arguments) -> Step:
    """Says what comes back; it gets a new id."""
    described = await asyncio.to_thread(session.shelf.find, str(arguments.get("saved") or ""))
    name = name_of(described)
    runs = bool((described.get("State") or {}).get("Running"))
    image = str((described.get("Config") or {}).get("Image") or described.get("Image"))
    return Step(
        resource.id,
        name,
        f"is created again from its saved description{' and started' if runs else ''}",
        session.endpoint.call("create", "--name", name, "…", image),
        undo="it can be removed again",
    )


async def recreate(session: DockerSession, resource: Resource, arguments: Arguments, report: Report) -> Outcome:
    """Create it again with its settings, networks and volumes, and start it if it ran."""
    described = await asyncio.to_thread(session.shelf.find, str(arguments.get("saved") or ""))
    name = name_of(described)
    image = await _image(session, described)
    report.progress(0.2, "creating it")
    native = await session.call(Client.create, creation(described, image=image), name)
    try:
        for network, settings in networks(described)[1:]:
            await session.call(Client.connect, native, network, settings)
        if (described.get("State") or {}).get("Running"):
            report.progress(0.8, "starting it")
            await session.engine.post(f"/containers/{native}/start", limit=LIMIT)
    except BackendError as error:
        hint = f"{name} exists again as {native[:12]}, but not everything could be restored."
        raise type(error)(error.message, hint=hint) from error
    return Outcome(f"{name} is back.", _remove_again(resource, native, name))


def _remove_again(resource: Resource, native: str, name: str) -> Undo:
    """Removing again what was brought back."""
    identity = type(resource.id)(resource.id.connection, resource.id.kind, native)
    return Undo(f"Remove {name} again", "remove", (identity,), {"force": True})


async def plan_remove_image(session: DockerSession, resource: Resource, arguments: Arguments) -> Step:
    """Says which containers use it and what it frees."""
    users = session.roster.users(resource.id)
    tags = _tags(resource)
    force = bool(arguments.get("force"))
    does = "is removed" if len(tags) < 2 else f"is removed with its {len(tags)} names"
    if users and not force:
        does = "is used by containers, so the engine will refuse; remove them first or choose force"
    return Step(
        resource.id,
        resource.name,
        does,
        session.endpoint.call("rmi", *(("--force",) if force else ()), *tags),
        dependants=tuple(f"container {user.name} uses it" for user in sorted(users, key=lambda user: user.name)),
        frees=_image_size(await session.sizes(), resource),
    )


async def remove_image(session: DockerSession, resource: Resource, arguments: Arguments, report: Report) -> Outcome:
    """Remove all its names, and with the last one the image."""
    for tag in _tags(resource):
        try:
            answer = await session.engine.delete(f"/images/{tag}", {"force": bool(arguments.get("force"))}, limit=LIMIT)
        except NotFound:
            continue
        for line in answer or ():
            report.output("".join(f"{word}: {what}\n" for word, what in line.items()).encode())
    return Outcome(f"Image {resource.name} was removed.")


async def plan_remove_volume(session: DockerSession, resource: Resource, arguments: Arguments) -> Step:
    """Says who uses it and what it frees."""
    users = session.roster.users(resource.id)
    options = ("--force",) if arguments.get("force") else ()
    return Step(
        resource.id,
        resource.name,
        "is removed with everything in it" if not users else "is in use, so the engine will refuse",
        session.endpoint.call("volume", "rm", *options, resource.id.native),
        dependants=tuple(f"container {user.name} uses it" for user in sorted(users, key=lambda user: user.name)),
        frees=_volume_sizes(await session.sizes()).get(resource.id.native),
    )


async def remove_volume(session: DockerSession, resource: Resource, arguments: Arguments, _report: Report) -> Outcome:
    """Remove it with everything in it."""
    try:
        force = bool(arguments.get("force"))
        await session.engine.delete(f"/volumes/{resource.id.native}", {"force": force}, limit=LIMIT)
    except NotFound:
        return Outcome(f"Volume {resource.name} was gone already.")
    return Outcome(f"Volume {resource.name} was removed.")


async def plan_remove_network(session: DockerSession, resource: Resource, _arguments: Arguments) -> Step:
    """Says who is in it."""
    members = sorted(session.roster.users(resource.id), key=lambda user: user.name)
    live = [member for member in members if member.state in (State.RUNNING, State.PAUSED)]
    return Step(
        resource.id,
        resource.name,
        "is removed" if not live else "has running members, so the engine will refuse",
        session.endpoint.call("network", "rm", resource.name),
        dependants=tuple(f"container {member.name} is in it" for member in members),
    )


async def remove_network(session: DockerSession, resource: Resource, _arguments: Arguments, _report: Report) -> Outcome:
    """Remove it."""
    try:
        await session.engine.delete(f"/networks/{resource.id.native}", limit=LIMIT)
    except NotFound:
        return Outcome(f"Network {resource.name} was gone already.")
    return Outcome(f"Network {resource.name} was removed.")


def _dependants(
    session: DockerSession, resource: Resource, described: Mapping[str, Any], *, volumes: bool
) -> tuple[str, ...]:
    found = [f"{name} shares its network and loses it" for name in session.roster.leaning(resource.id.native)]
    nameless = volume_names(described)
    for mount in described.get("Mounts") or ():
        if mount.get("Type") != "volume":
            continue
        name, where = str(mount.get("Name")), mount.get("Destination")
        goes = volumes and name in nameless
        shown = name[:12] if name in nameless else name
        found.append(f"volume {shown} ({where}) {'is removed with all that is in it' if goes else 'stays'}")
    return tuple(found)


async def _freed(session: DockerSession, described: Mapping[str, Any], *, volumes: bool) -> int | None:
    """Bytes given back: its own layer, and the volumes that go with it; ``None`` when one of them is not known."""
    layer = described.get("SizeRw")
    freed = int(layer) if layer is not None else 0
    gone = volume_names(described) if volumes else ()
    if gone:
        sizes = _volume_sizes(await session.sizes())
        if not all(name in sizes for name in gone):
            return None
        freed += sum(sizes[name] for name in gone)
    return freed if layer is not None or gone or "SizeRootFs" in described else None


def _volume_sizes(sizes: Any) -> dict[str, int]:
    found = {}
    for volume in (sizes or {}).get("Volumes") or ():
        size = (volume.get("UsageData") or {}).get("Size")
        if size is not None and size >= 0:
            found[str(volume.get("Name"))] = int(size)
    return found


def _image_size(sizes: Any, resource: Resource) -> int | None:
    """Bytes of the layers no other image shares."""
    for image in (sizes or {}).get("Images") or ():
        if image.get("Id") == resource.id.native and int(image.get("SharedSize", -1)) >= 0:
            return int(image.get("Size") or 0) - int(image["SharedSize"])
    return None


def _tags(resource: Resource) -> tuple[str, ...]:
    tags = resource.facts.get("tags")
    return tuple(tags) if isinstance(tags, list) and tags else (resource.id.native,)


async def _image(session: DockerSession, described: Mapping[str, Any]) -> str:
    """What to create it from: the name it was created from if that still is the same image, or else the very image.

    Raises:
        NotFound: if the image is gone.
    """
    name, native = str((described.get("Config") or {}).get("Image") or ""), str(described.get("Image") or "")
    for candidate in (name, native):
        try:
            found = await session.call(Client.inspect, "image", candidate)
        except NotFound:
            continue
        if found.get("Id") == native or not native:
            return candidate
    raise NotFound(f"The image {name or native[:19]} is gone.", hint="Pull or build it, then undo again.")
