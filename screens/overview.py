"""What is up, what is wrong and what is busy, across everything, with history."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static
from typing_extensions import override

from backends.contract.errors import BackendError
from backends.contract.model import (
    Ability,
    Column,
    Health,
    Kind,
    Metric,
    Resource,
    ResourceId,
    Source,
    State,
    Unit,
)
from fleet.values import Interest
from screens.absence import in_a_sentence
from screens.charts import ChartBoard
from screens.command import GLOBAL
from screens.commands import OVERVIEW
from screens.desk import Desk, Place
from screens.happenings import latest_lines
from screens.selecting import Selecting
from screens.summary import CONNECTION, LOST, Tally, as_resource, connection_lines, tally
from screens.view import News
from screens.watchlist import Watchlist
from widgets.cells import neutral
from widgets.glyphs import ASCII, UNICODE
from widgets.resource_table import ResourceTable

ATTENDED: Final = 100
"""Resources measured at most while the overview is shown."""
TURN: Final = 10.0
"""Seconds between two choices of what to measure, when not everything can be."""
SOON: Final = 2.0
"""The same while everything can be: what has just been started is busy soon."""
SPAN: Final = 600.0
"""Seconds the charts go back."""
CHARTED: Final = 4
"""Hosts in the charts at most: as many as there are ways to draw a line."""
TALL: Final = 34
"""Lines from which there is room for charts and for what happened."""
HAPPENINGS: Final = 4
"""Lines of what happened."""

WRONG_COLUMNS: Final = (
    Column("name", "WRONG", Source.FIELD, "name", width=16, grow=1, rank=0),
    Column("state", "STATE", Source.FIELD, "state", width=12, rank=0),
    Column("kind", "KIND", Source.FIELD, "kind", width=10, rank=4),
    Column("since", "SINCE", Source.FIELD, "since", Unit.TIME, width=8, right=True, rank=3),
    Column("reason", "REASON", Source.FIELD, "reason", width=24, grow=4, rank=1),
    Column("connection", "CONNECTION", Source.FIELD, "connection", width=12, rank=5),
)
BUSY_COLUMNS: Final = (
    Column("name", "BUSY", Source.FIELD, "name", width=16, grow=2, rank=0),
    Column("kind", "KIND", Source.FIELD, "kind", width=10, rank=4),
    Column("cpu", "CPU", Source.METRIC, "cpu", Unit.PERCENT, width=6, right=True, rank=0),
    Column("cpu_history", "CPU, LAST MINUTE", Source.HISTORY, "cpu", Unit.PERCENT, width=30, rank=2),
    Column("memory", "MEMORY", Source.METRIC, "memory", Unit.BYTES, width=9, right=True, rank=1),
    Column("connection", "CONNECTION", Source.FIELD, "connection", width=12, rank=5),
)
_WORRYING = frozenset({Health.FAULT, Health.WARNING})


class OverviewView(Selecting):
    """The first screen. Cheap to mount: charts and what happened come after the first frame, where there is room."""

    CONTEXTS: ClassVar[tuple[str, ...]] = (OVERVIEW, GLOBAL)
    VERTICAL_BREAKPOINTS = [(0, "-short"), (TALL, "-tall")]
    DEFAULT_CSS = """
    OverviewView #connections { height: auto; max-height: 7; }
    OverviewView.-tall #connections { max-height: 12; margin-bottom: 1; }
    OverviewView ResourceTable { height: 1fr; min-height: 3; }
    OverviewView.-fine #wrong { height: 3; }
    OverviewView #charts { grid-rows: 9; margin-top: 1; }
    OverviewView #happened { height: auto; max-height: 4; }
    OverviewView.-short #charts, OverviewView.-short #happened { display: none; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._glyphs = ASCII if desk.ascii else UNICODE
        self._wrong = self._new_table("wrong", WRONG_COLUMNS, "state")
        self._busy = self._new_table("busy", BUSY_COLUMNS, "-cpu")
        self._pane = self._wrong
        self._watchlist = Watchlist(ATTENDED)
        self._tally: Tally = {}
        self._recount = True
        self._lost_before: frozenset[ResourceId] = frozenset()
        self._settled = False
        """Whether the cursor was put where there is something, which is done once."""
        self._chosen_at = 0.0
        self._attended = False
        """Whether the fleet knows what to measure for us."""
        self._charted_at = 0.0

    def _new_table(self, name: str, columns: Sequence[Column], sort: str) -> ResourceTable:
        inventory = self.fleet.inventory
        return ResourceTable(
            columns,
            recent=inventory.recent,
            stale=lambda row: None if row.kind == CONNECTION else inventory.stale(row),
            ascii=self.desk.ascii,
            sort=sort,
            id=name,
        )

    @override
    def body(self) -> ComposeResult:
        yield Static(id="connections")
        yield self._wrong
        yield self._busy

    @override
    def place(self) -> Place:
        return Place("overview")

    @override
    def mounted(self) -> None:
        """Time passes: ages grow, retries come nearer, charts move on."""
        self.set_interval(1.0, self._tick)
        self.set_focus(self._pane)

    def on_resize(self, event: Resize) -> None:
        """Where there is room now, show the history too."""
        if event.size.height >= TALL:
            self.call_after_refresh(self._show_history)

    def _show_history(self) -> None:
        if self.is_mounted and not self.query("#charts"):
            metrics = self._host_metrics()
            if not metrics:
                return
            board = ChartBoard(metrics, wide=True, ascii_only=self.desk.ascii, id="charts")
            self.query_one("#body").mount(board, Static(id="happened"))
            self._say_happened()
            self.call_after_refresh(self._load_charts)

    # -- what is shown

    @override
    def learn(self, news: News) -> None:
        inventory = self.fleet.inventory
        if news.all:
            self._load()
        else:
            if news.resources or news.gone:
                changed = [r for i in news.resources if (r := inventory.get(i)) is not None]
                self._take(changed, news.gone)
            if news.connections:
                self._take_connections()
        samples = [s for i in news.samples if (s := inventory.sample(i)) is not None]
        if samples:
            self._busy.measure(samples)
        if news.events or news.work or news.all:
            self._say_happened()

    def _load(self) -> None:
        self._attended = False
        lost = self._lost()
        self._lost_before = frozenset(row.id for row in lost)
        self._wrong.load([*lost, *filter(self._worries, self.fleet.inventory.all())])
        self._count()
        self._choose_busy()
        if not self._settled and self.fleet.inventory.connections:
            self._settled = True
            if not self._wrong.total and self.focused is self._wrong:
                self.set_focus(self._busy)
        self._say_history_possible()

    def _lost(self) -> Sequence[Resource]:
        return [as_resource(c) for c in self.fleet.inventory.connections.values() if c.state in LOST]

    def _take_connections(self) -> None:
        """Connections change by the second when there are many: nothing else is looked through for them."""
        lost = self._lost()
        now = frozenset(row.id for row in lost)
        self._wrong.update(lost, self._lost_before - now)
        self._lost_before = now
        self._wrong.tick()
        self._busy.tick()
        self._say_connections()

    def _take(self, changed: Iterable[Resource], gone: Iterable[ResourceId]) -> None:
        wrong = [resource for resource in changed if self._worries(resource)]
        fine = [resource.id for resource in changed if not self._worries(resource)]
        self._wrong.update(wrong, [*fine, *gone])
        watched = set(self._watchlist.chosen)
        self._busy.update([resource for resource in changed if resource.id in watched], gone)
        self._recount = True

    def _worries(self, resource: Resource) -> bool:
        if resource.health not in _WORRYING:
            return False
        kind = self.fleet.catalogue.kinds.get(resource.id.kind)
        return kind is None or not kind.volatile

    def _tick(self) -> None:
        if not self.is_current:
            return
        if self._recount:
            self._count()
        else:
            self._say_connections()
        turn = TURN if len(self._watchlist.chosen) >= ATTENDED else SOON
        if time.monotonic() - self._chosen_at >= turn:
            self._choose_busy()
        if time.monotonic() - self._charted_at >= SPAN / 120:
            self._load_charts()
        self._wrong.tick()
        self._busy.tick()

    def _count(self) -> None:
        self._recount = False
        self._tally = tally(self.fleet.inventory)
        self._say_connections()

    def _say_connections(self) -> None:
        inventory, catalogue = self.fleet.inventory, self.fleet.catalogue
        most = 11 if self.has_class("-tall") else 6
        lines = connection_lines(
            inventory, catalogue, self._tally, now=time.time(), most=most, width=self.size.width, glyphs=self._glyphs
        )
        if not self.fleet.attached:
            gone = f" {neutral(in_a_sentence(self.fleet), self._glyphs)}"
            lines = [Content.styled(gone, "$text-warning bold"), *lines]
        shown = Content("\n").join(lines) if lines else Content(" No connection is known yet.")
        static = self.query_one("#connections", Static)
        if static.content != shown:
            static.update(shown)
        self.set_class(not self._wrong.total, "-fine")
        self._wrong.placeholder = "Nothing is wrong." if inventory.connections else "Nothing is known yet."
        self._busy.placeholder = "Nothing that runs is measured yet."

    def _say_happened(self) -> None:
        for static in self.query("#happened").results(Static):
            static.update(Content("\n").join(latest_lines(self.fleet.inventory, HAPPENINGS, self._glyphs)))

    # -- what is busy

    def _choose_busy(self) -> None:
        """Choose what is measured and shown as busy."""
        self._chosen_at = time.monotonic()
        inventory = self.fleet.inventory
        hosts: list[ResourceId] = []
        others: list[ResourceId] = []
        for kind in self._measured_kinds():
            running = [
                resource.id
                for resource in inventory.of_kind(kind.id).values()
                if Ability.METRICS in resource.abilities and resource.state is State.RUNNING
            ]
            (hosts if kind.always else others).extend(running)
        before = self._watchlist.chosen
        chosen = self._watchlist.choose(hosts, others, self._load_of)
        if chosen != before or self._busy.total != len(chosen):
            self._busy.load(resource for i in chosen if (resource := inventory.get(i)) is not None)
        if chosen != before or not self._attended:
            self._attend(Interest(resources=frozenset(chosen)))

    def _measured_kinds(self) -> Sequence[Kind]:
        return [
            kind
            for kind in self.fleet.catalogue.kinds.values()
            if not kind.volatile and {"cpu", "memory"} <= {metric.id for metric in kind.metrics}
        ]

    def _load_of(self, resource: ResourceId) -> float:
        sample = self.fleet.inventory.sample(resource)
        return sample.values.get("cpu", 0.0) if sample else 0.0

    @work(exclusive=True, group="attention")
    async def _attend(self, interest: Interest) -> None:
        try:
            await self.fleet.attend("overview", interest)
        except BackendError:
            self._attended = False  # the fleet is being reached again, and is told anew when it is
        else:
            self._attended = interest != Interest()

    @override
    def suspended(self) -> None:
        super().suspended()
        self._attend(Interest())

    # -- history

    def _host_metrics(self) -> Sequence[Metric]:
        """What is charted of hosts: the processor, and memory as a share where that is measured."""
        for kind in self._measured_kinds():
            if kind.always:
                metrics = {metric.id: metric for metric in kind.metrics}
                return (metrics["cpu"], metrics.get("memory_percent", metrics["memory"]))
        return ()

    def _say_history_possible(self) -> None:
        if self.size.height >= TALL:
            self._show_history()

    @work(exclusive=True, group="charts")
    async def _load_charts(self) -> None:
        boards = list(self.query("#charts").results(ChartBoard))
        if not boards or not self.has_class("-tall"):
            return
        self._charted_at = now = time.monotonic()
        kinds = [kind.id for kind in self._measured_kinds() if kind.always]
        hosts = [host for kind in kinds for host in self.fleet.inventory.of_kind(kind).values()]
        hosts = sorted(hosts, key=lambda host: self._load_of(host.id), reverse=True)[:CHARTED]
        hosts.sort(key=lambda host: host.id)
        until = time.time()
        try:
            await boards[0].load(self.fleet, {host.name: host.id for host in hosts}, until - SPAN, until)
        except BackendError:
            self._charted_at = now  # asked again at the next turn; the header says that the fleet is gone

    # -- keys

    @property
    @override
    def selection(self) -> Sequence[ResourceId]:
        return self._pane.selection

    @property
    @override
    def current(self) -> ResourceId | None:
        return self._pane.current

    @on(ResourceTable.Highlighted)
    def _highlighted(self) -> None:
        self.refresh_frame()

    @on(ResourceTable.Chosen)
    def _chosen(self, event: ResourceTable.Chosen) -> None:
        self._pane = event.table
        self.do_overview_open()

    def on_descendant_focus(self) -> None:
        """Verbs act on the list that has the keys, and still do while the command line has them."""
        if isinstance(self.focused, ResourceTable):
            self._pane = self.focused
            self.refresh_frame()

    def do_overview_pane(self) -> None:
        """Move between what is wrong and what is busy."""
        self.set_focus(self._busy if self._pane is self._wrong else self._wrong)

    def do_overview_wrong(self) -> None:
        """To the first thing that is wrong."""
        self.set_focus(self._wrong)
        self._wrong.action_first()

    def do_overview_open(self) -> None:
        """Open what is under the cursor."""
        current = self.current
        if current is not None and current.kind == CONNECTION:
            self.desk.go(Place("connections", tab=current.native))
        else:
            self.open_tab("overview")

    do_overview_describe = do_overview_open

    def do_overview_inspect(self) -> None:
        """The engine's own description."""
        self.open_tab("inspect")

    def do_overview_metrics(self) -> None:
        """Charts, full screen."""
        self.open_tab("metrics")

    def do_overview_sort(self) -> None:
        """The busiest by processor, or by memory."""
        column, _ = self._busy.view.sort
        self._busy.set_sort("cpu" if column.id == "memory" else "memory", reverse=True)

    def do_overview_escape(self) -> None:
        """Take the marks away."""
        self._pane.clear_marks()

    do_overview_actions = Selecting.choose_action
    do_overview_copy = Selecting.choose_copy
    do_overview_logs = Selecting.open_logs
    do_overview_owner = Selecting.open_owner
    do_overview_probe = Selecting.probe
    do_overview_repeat = Selecting.repeat
