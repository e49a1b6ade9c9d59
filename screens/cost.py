"""What we cost ourselves: the lag and the memory of this interface and of the fleet behind it, in one line each."""

from __future__ import annotations

import os
import time

from rich.text import Text

from fleet.cost import resident
from fleet.values import FleetStatus
from widgets.cells import duration, size

LATE = 0.1
"""Seconds of event-loop delay from which it is worth a look."""


def cost_text(lag: float, status: FleetStatus | None, *, wide: bool) -> Text:
    """The lines: interface, then fleet. ``None`` for a fleet that does not answer."""
    memory = resident()
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append("interface  ", style="bold")
    _lag(text, lag)
    if memory:
        text.append(f" · {size(memory)}")
    text.append(f" · pid {os.getpid()}\n")
    text.append("fleet      ", style="bold")
    if status is None:
        return text.append("does not answer; what is shown is what was last known")
    _lag(text, status.lag)
    text.append(f" · {size(status.rss)} · {'inline' if status.inline else f'daemon pid {status.pid}'}")
    counted = (("channel", status.channels), ("client", status.clients), ("job", status.jobs), ("shell", status.shells))
    text.append("".join(f" · {count} {word}{'' if count == 1 else 's'}" for word, count in counted))
    if wide:
        text.append(f" · {status.resources} resources · up {duration(max(0.0, time.time() - status.started))}")
        text.append(f" · version {status.version}" if status.version else "")
    return text


def _lag(text: Text, lag: float) -> None:
    """The worst delay of the last ten seconds."""
    words = f"lag {duration(lag)}"
    text.append(f"{words} (late)" if lag >= LATE else words, style="bold" if lag >= LATE else "")
