"""What is known about a resource, in lines of words."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from textual.content import Content

from backends.contract.model import Fact, Health, Kind, Metric, Resource, Sample, Source, Unit
from fleet.catalogue import Catalogue
from fleet.inventory import Inventory
from screens.resource_tabs.members import members_of
from screens.summary import STYLES
from widgets.cells import fact_text, neutral, unit_of
from widgets.glyphs import Glyphs, Tone, tone_of
from widgets.quantities import age, quantity, spark

LABEL: Final = 24
"""Cells for what a fact is called, at most."""
TOLD: Final = 14
"""Cells for a measured number, before its last minute."""
LONGEST: Final = 400
"""Letters of one fact that are shown; inspect has all of it."""
LABELS: Final = 40
"""Labels that are written out."""
LISTED: Final = 6
"""Parts of a metric that are told one by one; more become bars."""
_HEALTH = {Health.FAULT: Tone.FAULT, Health.WARNING: Tone.WARNING, Health.GOOD: Tone.GOOD}


class Known(NamedTuple):
    """All that the words are made from."""

    resource: Resource
    inventory: Inventory
    catalogue: Catalogue
    glyphs: Glyphs
    now: float

    @property
    def kind(self) -> Kind | None:
        """Its kind, as declared."""
        return self.catalogue.kinds.get(self.resource.id.kind)


def facts_content(known: Known, room: int) -> Content:
    """Everything about a resource that fits in words, in lines of so many cells."""
    told: list[tuple[str, str | Content]] = [*_basics(known), *_declared(known)]
    measured = list(_measured(known))
    width = min(LABEL, max(len(label) for label, _ in (*told, *measured)))
    lines = [_line(label, value, width, room) for label, value in told]
    if measured:
        lines += [Content(""), *(_line(label, value, width, room) for label, value in measured)]
    labels = sorted(known.resource.labels.items())
    if labels:
        lines += [Content(""), Content.styled(" Labels", "bold")]
        lines += [Content(f"  {_short(f'{key}={value}', known.glyphs)}") for key, value in labels[:LABELS]]
    if len(labels) > LABELS:
        lines.append(Content(f"  and {len(labels) - LABELS} more; see inspect."))
    return Content("\n").join(lines)


def state_line(known: Known) -> Content:
    """The state in words with the engine's own, and what is wrong."""
    resource, glyphs = known.resource, known.glyphs
    tone = tone_of(resource.state, resource.health)
    word = resource.state.value.replace("_", " ")
    status = "" if resource.status.lower() in ("", word) else f" ({_short(resource.status, glyphs)})"
    return Content.assemble((f"{glyphs.of(tone)} {word}", STYLES[tone]), status)


def moment(at: float, now: float) -> str:
    """A moment as its age and the clock."""
    return f"{age(at, now)} ago ({time.strftime('%Y-%m-%d %H:%M', time.localtime(at))})"


def part_lines(kind: Kind, sample: Sample, glyphs: Glyphs) -> Iterator[tuple[str, str]]:
    """Metrics of cores, disks and interfaces: a few one by one, many as bars with the least and the greatest."""
    totals = {metric.limit for metric in kind.metrics if metric.parts}
    for metric in kind.metrics:
        if not metric.parts or metric.id in totals:
            continue
        values = parts_named(metric.id, sample)
        if values:
            yield metric.title, _parts(metric, values, parts_named(metric.limit, sample), glyphs)


def parts_named(metric: str | None, sample: Sample) -> Mapping[str, float]:
    """The values of ``metric/part`` by part."""
    prefix = f"{metric}/"
    found = {key.removeprefix(prefix): value for key, value in sample.values.items() if key.startswith(prefix)}
    return dict(sorted(found.items(), key=lambda item: (not item[0].isdigit(), item[0].zfill(6))))


def _basics(known: Known) -> Iterator[tuple[str, str | Content]]:
    resource, inventory, now = known.resource, known.inventory, known.now
    yield "State", state_line(known)
    if (tone := _HEALTH.get(resource.health)) is not None:
        words = Content.styled(f"{known.glyphs.of(tone)} {resource.health.value}", STYLES[tone])
        yield "Health", Content.assemble(words, f"  {_short(resource.reason, known.glyphs)}" if resource.reason else "")
    elif resource.reason:
        yield "Reason", _short(resource.reason, known.glyphs)
    if resource.since is not None:
        yield "In this state", moment(resource.since, now)
    if resource.created is not None and resource.created != resource.since:
        yield "Created", moment(resource.created, now)
    if resource.parent is not None:
        owner = inventory.get(resource.parent)
        name = owner.name if owner else resource.parent.native
        yield "Belongs to", f"{_short(name, known.glyphs)} ({resource.parent.kind}); J goes there"
    connection = inventory.connections.get(resource.id.connection)
    if connection is not None:
        title = neutral(connection.spec.title or connection.spec.id, known.glyphs)
        yield "Connection", f"{title}, {connection.state.value}"
    members = [neutral(member.name, known.glyphs) for member in members_of(resource.id, inventory, known.catalogue)]
    if members:
        more = f" and {len(members) - LISTED} more" if len(members) > LISTED else ""
        yield "Members", f"{', '.join(members[:LISTED])}{more}"
    yield "Id", _short(resource.id.native, known.glyphs)


def _declared(known: Known) -> Iterator[tuple[str, str]]:
    """The facts, in the order and under the titles their kind's columns give them; then those without a column."""
    facts: dict[str, Fact] = dict(known.resource.facts)
    for column in known.kind.columns if known.kind else ():
        key = column.key or column.id
        if column.source is Source.FACT and (value := facts.pop(key, None)) not in (None, "", []):
            yield column.title.capitalize(), _fact(value, unit_of(column), known)
    metrics = {metric.id: metric for metric in known.kind.metrics} if known.kind else {}
    for key, value in sorted(facts.items()):
        if value not in (None, "", []):
            unit = metrics[key].unit if key in metrics else Unit.NONE
            yield neutral(key.replace("_", " ").capitalize(), known.glyphs), _fact(value, unit, known)


def _measured(known: Known) -> Iterator[tuple[str, str]]:
    """The newest measurements: numbers of the whole, then of its parts."""
    kind, sample = known.kind, known.inventory.sample(known.resource.id)
    if kind is None or sample is None:
        return
    limits = {metric.limit for metric in kind.metrics if metric.limit}
    for metric in kind.metrics:
        value = sample.values.get(metric.id)
        if value is None or metric.parts or metric.id in limits:
            continue
        limit = sample.values.get(metric.limit) if metric.limit else None
        of = f" of {quantity(limit, metric.unit)}" if limit else ""
        told = f"{quantity(value, metric.unit, now=known.now, glyphs=known.glyphs)}{of}"
        yield metric.title, f"{told:<{TOLD}} {_bars(metric, limit, known)}" if metric.charted else told
    yield from part_lines(kind, sample, known.glyphs)


def _bars(metric: Metric, limit: float | None, known: Known) -> str:
    """The last minute, for where no chart is in sight."""
    values = [sample.values.get(metric.id) for sample in known.inventory.recent(known.resource.id)]
    return spark(values, ceiling=limit or metric.ceiling, glyphs=known.glyphs)


def _parts(metric: Metric, values: Mapping[str, float], limits: Mapping[str, float], glyphs: Glyphs) -> str:
    def number(value: float) -> str:
        return quantity(value, metric.unit, glyphs=glyphs)

    if len(values) > LISTED:
        numbers = list(values.values())
        bars = spark(numbers, ceiling=metric.ceiling, glyphs=glyphs)
        return f"{bars}  {number(min(numbers))} to {number(max(numbers))}"
    told = []
    for part, value in values.items():
        of = f" of {number(limits[part])}" if part in limits else ""
        told.append(f"{neutral(part, glyphs)} {number(value)}{of}")
    return "  ".join(told)


def _line(label: str, value: str | Content, width: int, room: int) -> Content:
    """A label and its value; what goes on in the next line stands under the value."""
    if isinstance(value, str):
        value = f"\n{' ' * (width + 3)}".join(textwrap.wrap(value, max(16, room - width - 4)) or [""])
    return Content.assemble((f" {label:<{width}}  ", "$text-muted"), value)


def _fact(value: Fact, unit: Unit, known: Known) -> str:
    return _short(fact_text(value, unit, now=known.now, glyphs=known.glyphs), known.glyphs)


def _short(text: str, glyphs: Glyphs) -> str:
    safe = neutral(text[: LONGEST + 1], glyphs)
    return safe if len(text) <= LONGEST else f"{safe[:LONGEST]}{glyphs.cut}"
