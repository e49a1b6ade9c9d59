"""Charts of metrics over a time window, asked of the fleet's history."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from textual.app import ComposeResult
from textual.containers import Grid
from typing_extensions import override

from backends.contract.model import Kind, Metric, ResourceId
from fleet.protocol import Fleet
from fleet.values import Series
from widgets.metric_chart import MetricChart

POINTS: Final = 240
"""Points asked for per series: about two to a cell of a wide chart."""


class Window(NamedTuple):
    """A span of time that ends now."""

    title: str
    seconds: float

    @property
    def every(self) -> float:
        """Seconds after which the picture is no longer the same."""
        return max(2.0, self.seconds / POINTS)


WINDOWS: Final = (
    Window("1m", 60),
    Window("5m", 300),
    Window("15m", 900),
    Window("1h", 3_600),
    Window("6h", 21_600),
    Window("24h", 86_400),
    Window("7d", 604_800),
)
"""What the digits from 0 on choose."""


class ChartBoard(Grid):
    """One chart per metric, each of one resource or of several together."""

    DEFAULT_CSS = """
    ChartBoard { height: auto; grid-size: 1; grid-gutter: 0 2; grid-rows: 7; }
    ChartBoard.-wide { grid-size: 2; }
    ChartBoard MetricChart { height: 100%; }
    """

    def __init__(
        self,
        metrics: Sequence[Metric],
        *,
        wide: bool = False,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002 - as every widget names it
    ) -> None:
        super().__init__(id=id, classes="-wide" if wide else "")
        self.metrics = tuple(metrics)
        self._ascii = ascii_only

    @override
    def compose(self) -> ComposeResult:
        for metric in self.metrics:
            yield MetricChart(
                metric.title, unit=metric.unit, warning=metric.warning, fault=metric.fault, ascii=self._ascii
            )

    async def load(self, fleet: Fleet, resources: Mapping[str, ResourceId], since: float, until: float) -> None:
        """Show a window of these resources, each under the name given.

        Raises:
            BackendError: if the fleet cannot be asked.
        """
        wanted = [metric.id for metric in self.metrics]
        wanted += [metric.limit for metric in self.metrics if metric.limit]
        known = {
            name: await fleet.history(resource, wanted, since, until, POINTS) for name, resource in resources.items()
        }
        for metric, chart in zip(self.metrics, self.query(MetricChart), strict=False):
            series = {name: found.get(metric.id, Series()) for name, found in known.items()}
            chart.show(series, since=since, until=until, ceiling=_ceiling(metric, known.values()))


def charted(kind: Kind | None) -> Sequence[Metric]:
    """The metrics a kind wants charts of."""
    return [metric for metric in kind.metrics if metric.charted] if kind else []


def _ceiling(metric: Metric, known: Collection[Mapping[str, Series]]) -> float | None:
    """The top of the axis: what the metric declares, or the newest limit where there is only one resource."""
    if metric.limit is None or len(known) != 1:
        return metric.ceiling
    limit = next(iter(known)).get(metric.limit, Series()).values
    return limit[-1] if limit else metric.ceiling
