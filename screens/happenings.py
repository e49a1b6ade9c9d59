"""What happened, in lines: events that engines reported and jobs that people started, by time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import islice

from textual.content import Content

from backends.contract.model import Event, Severity
from fleet.inventory import Inventory
from fleet.values import Job, JobState
from screens.summary import STYLES
from widgets.cells import neutral
from widgets.glyphs import Glyphs, Tone

_SEVERITIES = {Severity.INFO: Tone.IDLE, Severity.WARNING: Tone.WARNING, Severity.FAULT: Tone.FAULT}
_JOBS = {
    JobState.WAITING: Tone.BUSY,
    JobState.RUNNING: Tone.BUSY,
    JobState.DONE: Tone.GOOD,
    JobState.FAILED: Tone.FAULT,
    JobState.CANCELLED: Tone.WARNING,
}


def latest_lines(inventory: Inventory, most: int, glyphs: Glyphs) -> Sequence[Content]:
    """The last things that happened, newest first."""
    events = [(event.at, _event(event, glyphs)) for event in islice(reversed(inventory.events), most)]
    jobs = sorted(((job.ended or job.started, job) for job in inventory.jobs.values()), key=lambda pair: -pair[0])
    found = [*events, *((at, _job(at, job, glyphs)) for at, job in jobs[:most])]
    found.sort(key=lambda pair: pair[0], reverse=True)
    return [line for _, line in found[:most]]


def _event(event: Event, glyphs: Glyphs) -> Content:
    words = "" if event.severity is Severity.INFO else f"{event.severity.value}: "
    return _line(event.at, _SEVERITIES[event.severity], f"{event.connection}  {words}{event.text}", glyphs)


def _job(at: float, job: Job, glyphs: Glyphs) -> Content:
    return _line(at, _JOBS[job.state], f"{job.title}: {job.state.value}", glyphs)


def _line(at: float, tone: Tone, text: str, glyphs: Glyphs) -> Content:
    clock = time.strftime("%H:%M:%S", time.localtime(at))
    return Content.assemble((f" {clock} ", "$text-muted"), (glyphs.of(tone), STYLES[tone]), f" {neutral(text, glyphs)}")
