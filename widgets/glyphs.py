"""The shapes that carry meaning beside colour, in Unicode and in plain ASCII."""

from __future__ import annotations

from enum import StrEnum, auto
from typing import NamedTuple

from backends.contract.model import Health, State


class Tone(StrEnum):
    """How a state deserves to be drawn: a role that a theme gives a colour, and a shape that needs none."""

    GOOD = auto()
    BUSY = auto()
    """On its way somewhere, or paused."""
    WARNING = auto()
    FAULT = auto()
    IDLE = auto()
    """Stopped, unused or unknown: nothing to see."""
    RETRYING = auto()
    LOCKED = auto()


class Glyphs(NamedTuple):
    """One set of shapes; each is one cell wide."""

    good: str
    busy: str
    warning: str
    fault: str
    idle: str
    retrying: str
    locked: str
    cursor: str
    mark: str
    ascending: str
    descending: str
    more_left: str
    more_right: str
    cut: str
    """Stands where a text was cut off."""
    opened: str
    closed: str
    replacement: str
    """Stands for a character that must not reach the terminal."""
    degree: str
    rule: str
    """A dashed horizontal line, for thresholds."""
    levels: str
    """Bars from empty to full, for sparklines."""

    def of(self, tone: Tone) -> str:
        """The shape of a tone."""
        shape: str = getattr(self, tone.value)
        return shape


UNICODE = Glyphs(
    good="●",
    busy="◐",
    warning="▲",
    fault="✖",
    idle="○",
    retrying="⟳",
    locked="L",
    cursor="▌",
    mark="✓",
    ascending="▲",
    descending="▼",
    more_left="«",
    more_right="»",
    cut="…",
    opened="▾",
    closed="▸",
    replacement="\N{REPLACEMENT CHARACTER}",
    degree="°",
    rule="╌",
    levels="▁▂▃▄▅▆▇█",
)
ASCII = Glyphs(
    good="*",
    busy="~",
    warning="!",
    fault="x",
    idle="o",
    retrying="r",
    locked="L",
    cursor=">",
    mark="+",
    ascending="^",
    descending="v",
    more_left="<",
    more_right=">",
    cut="~",
    opened="-",
    closed="+",
    replacement="?",
    degree="",
    rule="-",
    levels="_.-:=+*#",
)

_TONES = {
    State.RUNNING: Tone.GOOD,
    State.IN_USE: Tone.GOOD,
    State.STARTING: Tone.BUSY,
    State.STOPPING: Tone.BUSY,
    State.PAUSED: Tone.BUSY,
    State.FAILED: Tone.FAULT,
}


def tone_of(state: State, health: Health) -> Tone:
    """The tone of a resource: ill health speaks louder than any state."""
    if health is Health.FAULT:
        return Tone.FAULT
    if health is Health.WARNING:
        return Tone.WARNING
    return _TONES.get(state, Tone.IDLE)
