"""Where connections stand and what they hold, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from textual.content import Content

from backends.contract.model import Area, Health, Resource, ResourceId, State
from fleet.catalogue import Catalogue
from fleet.inventory import Inventory
from fleet.values import Connection, ConnectionState
from widgets.cells import natural, neutral
from widgets.glyphs import ASCII, Glyphs, Tone
from widgets.quantities import duration

LOST: Final = frozenset({ConnectionState.OFFLINE, ConnectionState.NEEDS_AUTH})
CONNECTION: Final = "connection"
"""The kind a connection has where it stands among resources."""
TONES: Final[Mapping[ConnectionState, Tone]] = {
    ConnectionState.CONNECTING: Tone.RETRYING,
    ConnectionState.ONLINE: Tone.GOOD,
    ConnectionState.DEGRADED: Tone.WARNING,
    ConnectionState.NEEDS_AUTH: Tone.LOCKED,
    ConnectionState.OFFLINE: Tone.FAULT,
    ConnectionState.DISABLED: Tone.IDLE,
}
STYLES: Final[Mapping[Tone, str]] = {
    Tone.GOOD: "$text-success",
    Tone.BUSY: "$text-accent",
    Tone.RETRYING: "$text-accent",
    Tone.WARNING: "$text-warning bold",
    Tone.LOCKED: "$text-warning bold",
    Tone.FAULT: "$text-error bold",
    Tone.IDLE: "$text-muted",
}
"""How a tone looks in running text; its shape and its word say the same without colour."""

_URGENCY = (
    ConnectionState.OFFLINE,
    ConnectionState.NEEDS_AUTH,
    ConnectionState.DEGRADED,
    ConnectionState.CONNECTING,
    ConnectionState.ONLINE,
    ConnectionState.DISABLED,
)
_COUNTED = (
    State.RUNNING,
    State.STARTING,
    State.STOPPING,
    State.PAUSED,
    State.STOPPED,
    State.CREATED,
    State.FAILED,
    State.UNKNOWN,
)
_AREAS = list(Area)
_STATE_WIDTH = max(len(state.value) for state in ConnectionState)

Tally = Mapping[str, Mapping[str, Mapping[State, int]]]
"""How many resources are in each state, by connection and kind."""


def tally(inventory: Inventory) -> Tally:
    """Count everything once."""
    found: dict[str, dict[str, Counter[State]]] = {}
    for kind in inventory.kinds():
        for resource in inventory.of_kind(kind).values():
            kinds = found.setdefault(resource.id.connection, {})
            states = kinds.get(kind)
            if states is None:
                states = kinds[kind] = Counter()
            states[resource.state] += 1
    return found


def holdings(counted: Mapping[str, Mapping[State, int]], catalogue: Catalogue, between: str = " · ") -> str:
    """What a connection holds: ``4 containers: 3 running, 1 failed · 2 images``."""
    kinds = [kind for name in counted if (kind := catalogue.kinds.get(name)) is not None and not kind.volatile]
    kinds.sort(key=lambda kind: (_AREAS.index(kind.area), kind.order))
    parts = []
    for kind in kinds:
        states = counted[kind.id]
        number = sum(states.values())
        noun = f"{number} {in_sentence(kind.title if number == 1 else kind.plural)}"
        words = [f"{states[state]} {state.value}" for state in _COUNTED if states.get(state)]
        whole = len(states) == 1 and len(words) == 1
        parts.append(
            f"{noun} {next(iter(states)).value}" if whole else f"{noun}: {', '.join(words)}" if words else noun
        )
    return between.join(parts)


def in_sentence(title: str) -> str:
    """A title in the middle of a sentence: small, unless it is an abbreviation."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def trouble(connection: Connection, now: float) -> str:
    """Why a connection is not well, when it is tried again, and what may help, as sentences."""
    parts = [neutral(connection.reason or "It has not answered yet.")]
    if connection.retry_at is not None:
        wait = connection.retry_at - now
        parts.append(f"Next try in {duration(max(1, round(wait)))}; P tries now." if wait > 0 else "Trying now.")
    if connection.hint:
        parts.append(neutral(connection.hint))
    return " ".join(parts)


def connection_lines(
    inventory: Inventory, catalogue: Catalogue, counted: Tally, *, now: float, most: int, width: int, glyphs: Glyphs
) -> Sequence[Content]:
    """One line per connection, the lost ones first and with their reason; then the engines that are missing.

    Lines of connections are cut to the width; reasons and remedies may be longer, because they must be read whole.
    """
    connections = sorted(inventory.connections.values(), key=lambda c: (_URGENCY.index(c.state), natural(c.spec.id)))
    lines: list[Content] = []
    for index, connection in enumerate(connections):
        left = len(connections) - index
        if len(lines) >= most - 1 and left > 1:
            lines.append(_rest(connections[index:], glyphs))
            break
        holds = holdings(counted.get(connection.spec.id, {}), catalogue, "; " if glyphs is ASCII else " · ")
        lines.append(_line(connection, holds, glyphs).truncate(width, ellipsis=True))
        if connection.state not in (ConnectionState.ONLINE, ConnectionState.DISABLED):
            lines.append(Content.styled(f"   {trouble(connection, now)}", "$text-muted"))
    for missing in inventory.missing:
        text = f" {glyphs.idle} {'missing'.ljust(_STATE_WIDTH)}  {neutral(missing.what)} {neutral(missing.remedy)}"
        lines.append(Content.styled(text, "$text-muted"))
    return lines


def as_resource(connection: Connection) -> Resource:
    """A lost connection as a row among resources that are not well."""
    needs_auth = connection.state is ConnectionState.NEEDS_AUTH
    return Resource(
        id=ResourceId(connection.spec.id, CONNECTION, connection.spec.id),
        name=connection.spec.title or connection.spec.id,
        state=State.STOPPED if needs_auth else State.FAILED,
        status=connection.state.value,
        health=Health.WARNING if needs_auth else Health.FAULT,
        reason=f"{connection.state.value.capitalize()}: {connection.reason or 'it does not answer.'}",
        since=connection.since,
    )


def _line(connection: Connection, holds: str, glyphs: Glyphs) -> Content:
    tone = TONES[connection.state]
    title = neutral(connection.spec.title or connection.spec.id, glyphs)
    return Content.assemble(
        (f" {glyphs.of(tone)} {connection.state.value.ljust(_STATE_WIDTH)}  ", STYLES[tone]),
        (title, "bold"),
        f"  {holds}",
    )


def _rest(connections: Sequence[Connection], glyphs: Glyphs) -> Content:
    states = Counter(connection.state.value for connection in connections)
    words = ", ".join(f"{number} {state}" for state, number in states.items())
    return Content.styled(f" {glyphs.cut} and {len(connections)} more: {words}. ctrl+o shows them.", "$text-muted")
