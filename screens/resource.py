"""One resource: what is known of it, its charts, log, description, processes, members, and what happened to it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partialmethod
from typing import Final

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static
from typing_extensions import override

from backends.contract.errors import BackendError
from backends.contract.model import Ability, Resource, ResourceId
from fleet.values import Interest
from screens.absence import in_a_sentence
from screens.command import GLOBAL
from screens.commands import RESOURCE
from screens.copying import Copied
from screens.desk import Desk, Place
from screens.resource_tabs.facts_text import Known, state_line
from screens.resource_tabs.inspect import InspectPane
from screens.resource_tabs.log import LogPane
from screens.resource_tabs.members import MembersPane
from screens.resource_tabs.metrics import ChartsPane, FactsPane, MetricsPane
from screens.resource_tabs.pane import Pane
from screens.resource_tabs.processes import ProcessesPane
from screens.resource_tabs.record import RecordPane
from screens.resource_tabs.rows import RowsPane
from screens.selecting import Selecting
from screens.summary import in_sentence, trouble
from screens.view import News
from widgets.cells import age, neutral
from widgets.frame import KeyHint
from widgets.frame import Place as Heading
from widgets.glyphs import ASCII, UNICODE
from widgets.line_input import LineInput
from widgets.resource_table import ResourceTable

PANES: Final[tuple[type[Pane], ...]] = (
    FactsPane,
    MetricsPane,
    LogPane,
    InspectPane,
    ProcessesPane,
    MembersPane,
    RecordPane,
)
"""The tabs, from left to right."""
_LEADS_TO: Final[Mapping[str, str]] = {
    "resource.logs": LogPane.TAB,
    "resource.metrics": MetricsPane.TAB,
    "resource.inspect": InspectPane.TAB,
}
"""Commands the footer leaves out where they would lead nowhere."""


class ResourceView(Selecting):
    """Everything about one resource. Tabs are mounted when first shown; what is gone stays readable."""

    DEFAULT_CSS = """
    ResourceView #about { height: auto; max-height: 3; }
    ResourceView #tabs { height: 1; color: $text-muted; }
    ResourceView #panes { height: 1fr; }
    ResourceView #search { height: 1; display: none; }
    ResourceView.-searching #search { display: block; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._glyphs = ASCII if desk.ascii else UNICODE
        self._subject: ResourceId | None = None
        self._last: Resource | None = None
        """The resource as last seen."""
        self._gone_at: float | None = None
        self._panes: dict[str, Pane] = {}
        self._tab = ""
        self._asked_tab = ""
        self._said_tabs: tuple[tuple[str, ...], str] = ((), "")
        self._interest = Interest()
        """What the fleet was told we look at."""

    @override
    def body(self) -> ComposeResult:
        yield Static(id="about")
        yield Static(id="tabs")
        yield Container(id="panes")
        yield LineInput(id="search", placeholder="find")

    # -- places

    @override
    def enter(self, place: Place) -> None:
        if place.resource is not None:
            self._subject = place.resource
        self._asked_tab = place.tab or self._tab or FactsPane.TAB
        if self.is_mounted:
            self.show_tab(self._asked_tab)

    @override
    def place(self) -> Place:
        resources = (self._subject,) if self._subject is not None else ()
        return Place("resource", kind=self._subject.kind if self._subject else "", resources=resources, tab=self._tab)

    @override
    def _heading(self) -> Heading:
        if self._subject is None:
            return super()._heading()
        kind = self.fleet.catalogue.kinds.get(self._subject.kind)
        name = self._last.name if self._last else self._subject.native
        return (
            super()._heading()._replace(crumbs=(kind.plural if kind else self._subject.kind, neutral(name), self._tab))
        )

    @override
    def mounted(self) -> None:
        """Show the tab that was asked for; time passes."""
        self._see()
        self.show_tab(self._asked_tab)
        self.set_interval(1.0, self._tick)

    # -- tabs

    @property
    def pane(self) -> Pane | None:
        """The tab that is shown."""
        return self._panes.get(self._tab)

    def tabs(self) -> Sequence[type[Pane]]:
        """The tabs that make sense now; what was opened before stays, because it may still be read."""
        resource = self._last
        return [
            pane
            for pane in PANES
            if pane.TAB in self._panes or (resource is not None and pane.offered(self.desk, resource))
        ]

    def show_tab(self, name: str) -> None:
        """Show a tab; one that makes no sense for this resource is answered with the reason."""
        offered = {pane.TAB: pane for pane in self.tabs()}
        if name not in offered:
            if self._last is not None and self._tab:
                self.notify(f"{neutral(self._last.name)} has no {name} now.", severity="warning")
            if self._tab:
                return
            name = FactsPane.TAB
        if name == self._tab or self._subject is None:
            return
        if self.pane is not None:
            self.pane.leave()
            self.pane.display = False
        self._tab = name
        if name not in self._panes:
            kind = offered.get(name, FactsPane)
            self._panes[name] = kind(self.desk, self._subject)
            self.query_one("#panes").mount(self._panes[name])
        self._panes[name].display = True
        self._panes[name].enter()
        self._say_tabs()
        self.refresh_frame()
        self._attend()

    def _turn(self, step: int) -> None:
        names = [pane.TAB for pane in self.tabs()]
        if self._tab in names:
            self.show_tab(names[(names.index(self._tab) + step) % len(names)])

    # -- what is shown

    def _see(self) -> None:
        """See what has become of the resource."""
        found = self.fleet.inventory.get(self._subject) if self._subject else None
        if found is not None:
            self._last, self._gone_at = found, None
        elif self._gone_at is None:
            self._gone_at = time.time()

    @override
    def learn(self, news: News) -> None:
        before = self._last, self._gone_at
        if news.all or self._subject in news.resources or self._subject in news.gone:
            self._see()
        self._say_about()
        if news.all:
            self._interest = Interest()
        if news.all or before != (self._last, self._gone_at):
            self.refresh_frame()
            self._say_tabs()
            self._attend()
        if self.pane is not None and self.pane.is_mounted:
            self.pane.learn(news)

    def _tick(self) -> None:
        if not self.is_current:
            return
        self._say_about()
        self._say_tabs()
        self._attend()
        if self.pane is not None and self.pane.is_mounted:
            self.pane.tick()

    def _say_about(self) -> None:
        """State, reason, and how far what is shown can be believed."""
        about = self.query_one("#about", Static)
        content = Content("\n").join(self._about_lines())
        if about.content != content:
            about.update(content)

    def _about_lines(self) -> Sequence[Content]:
        resource, now = self._last, time.time()
        if resource is None:
            name = neutral(self._subject.native) if self._subject else ""
            return [Content.styled(f" {self._glyphs.fault} {name} is not known here.", "$text-error bold")]
        known = Known(resource, self.fleet.inventory, self.fleet.catalogue, self._glyphs, now)
        kind = in_sentence(known.kind.title) if known.kind else resource.id.kind
        name = neutral(resource.name, self._glyphs)
        title = Content.assemble(" ", (name, "bold"), f"  {kind} of {neutral(resource.id.connection)}  ")
        if self._gone_at is not None:
            gone = f" {self._glyphs.fault} gone since {age(self._gone_at, now)}; this is what was last known."
            return [Content.assemble(title, (gone.strip(), "$text-error bold"))]
        lines = [Content.assemble(title, state_line(known))]
        if (stale := self._stale_words(resource, now)) is not None:
            lines.append(Content.styled(f" {self._glyphs.idle} {stale}", "$text-warning"))
        elif resource.reason:
            lines.append(Content.styled(f" {neutral(resource.reason[:300], self._glyphs)}", "$text-warning"))
        return lines

    def _stale_words(self, resource: Resource, now: float) -> str | None:
        inventory = self.fleet.inventory
        if not self.fleet.attached:
            return in_a_sentence(self.fleet)
        since = inventory.stale(resource.id)
        if since is None:
            return None
        connection = inventory.connections.get(resource.id.connection)
        known = f"Known {age(since, now)} ago" if since else "Known before"
        why = f"{connection.state.value}. {trouble(connection, now)}" if connection else "not connected."
        return f"{known}; {resource.id.connection} is {why}"

    def _say_tabs(self) -> None:
        names = tuple(pane.TAB for pane in self.tabs())
        if (names, self._tab) == self._said_tabs:
            return
        self._said_tabs = names, self._tab
        words: list[tuple[str, str] | str] = [" "]
        for name in names:
            words += [(name, "bold underline" if name == self._tab else ""), "  "]
        self.query_one("#tabs", Static).update(Content.assemble(*words))

    # -- attention

    def _attend(self) -> None:
        """Have this measured often, and what the tab shows besides."""
        wanted: set[ResourceId] = set(self.pane.interest()) if self.pane else set()
        if self._subject is not None and self._last is not None and Ability.METRICS in self._last.abilities:
            wanted.add(self._subject)
        self._say_interest(Interest(resources=frozenset(wanted)))

    def _say_interest(self, interest: Interest) -> None:
        if interest != self._interest:
            self._interest = interest
            self._tell_interest(interest)

    @work(exclusive=True, group="attention")
    async def _tell_interest(self, interest: Interest) -> None:
        try:
            await self.fleet.attend(f"resource-{self._subject}", interest)
        except BackendError:
            self._interest = Interest()  # the fleet is being reached again, and is told anew when it is

    @override
    def resumed(self) -> None:
        super().resumed()
        if self.pane is not None:
            self.pane.enter()

    @override
    def suspended(self) -> None:
        super().suspended()
        for pane in self._panes.values():
            pane.rest()
        self._say_interest(Interest())

    # -- keys

    @override
    def footer(self) -> Sequence[KeyHint]:
        offered = {pane.TAB for pane in self.tabs()}
        return [hint for hint in super().footer() if _LEADS_TO.get(hint.action, FactsPane.TAB) in offered]

    @override
    def contexts(self) -> Sequence[str]:
        return (*(self.pane.CONTEXTS if self.pane else ()), RESOURCE, GLOBAL)

    @property
    @override
    def selection(self) -> Sequence[ResourceId]:
        return (self._subject,) if self._subject is not None and self._gone_at is None else ()

    @override
    def copies(self, resources: Sequence[Resource]) -> Sequence[Copied]:
        shown = [self._last] if self._last is not None else []
        return [*(self.pane.copies() if self.pane else ()), *super().copies(resources or shown)]

    @on(ResourceTable.Chosen)
    def _chosen(self) -> None:
        self.do_resource_open()

    def do_resource_next_tab(self) -> None:
        """The next tab."""
        self._turn(1)

    def do_resource_previous_tab(self) -> None:
        """The tab before."""
        self._turn(-1)

    def do_resource_metrics(self) -> None:
        """All charts."""
        self.show_tab(MetricsPane.TAB)

    def do_resource_describe(self) -> None:
        """What is known about it."""
        self.show_tab(FactsPane.TAB)

    def do_resource_inspect(self) -> None:
        """The engine's own description."""
        self.show_tab(InspectPane.TAB)

    def do_resource_up(self) -> None:
        """Out to the list, with the cursor on this."""
        if self._subject is not None:
            self.desk.go(Place("resources", kind=self._subject.kind, resources=(self._subject,)))

    def do_resource_escape(self) -> None:
        """Undo one layer: the search, then back."""
        if self.pane is not None and self.pane.searching:
            self.pane.search("")
        else:
            self.desk.back()

    def _show_window(self, number: int) -> None:
        if isinstance(self.pane, ChartsPane):
            self.pane.show_window(number)

    def do_resource_open(self) -> None:
        """Open what is under the cursor."""
        if self.pane is not None:
            self.pane.open()

    def do_resource_sort(self) -> None:
        """Choose columns and the order."""
        if isinstance(self.pane, RowsPane):
            self.pane.choose_sort()

    def do_resource_reverse(self) -> None:
        """Turn the order round."""
        if isinstance(self.pane, RowsPane):
            self.pane.reverse()

    def do_resource_follow(self) -> None:
        """Keep the newest line in sight, or stop."""
        if isinstance(self.pane, LogPane):
            self.pane.lines.follow = not self.pane.lines.follow

    def do_resource_wrap(self) -> None:
        """Break long lines, or move sideways."""
        if isinstance(self.pane, LogPane):
            self.pane.lines.wrap = not self.pane.lines.wrap

    do_resource_actions = Selecting.choose_action
    do_resource_copy = Selecting.choose_copy
    do_resource_logs = Selecting.open_logs
    do_resource_read = Selecting.open_logs
    do_resource_owner = Selecting.open_owner
    do_resource_probe = Selecting.probe
    do_resource_repeat = Selecting.repeat
    do_resource_window_0 = partialmethod(_show_window, 0)
    do_resource_window_1 = partialmethod(_show_window, 1)
    do_resource_window_2 = partialmethod(_show_window, 2)
    do_resource_window_3 = partialmethod(_show_window, 3)
    do_resource_window_4 = partialmethod(_show_window, 4)
    do_resource_window_5 = partialmethod(_show_window, 5)
    do_resource_window_6 = partialmethod(_show_window, 6)

    # -- search

    def do_resource_search(self) -> None:
        """Type what to find."""
        if self.pane is None:
            return
        line = self.query_one("#search", LineInput)
        self.add_class("-searching")
        line.value = self.pane.searching
        line.cursor_position = len(line.value)
        line.focus()

    def do_resource_next_match(self) -> None:
        """The next match."""
        if self.pane is not None:
            self.pane.next_match(1)

    def do_resource_previous_match(self) -> None:
        """The match before."""
        if self.pane is not None:
            self.pane.next_match(-1)

    @on(LineInput.Changed, "#search")
    def _search_typed(self, event: LineInput.Changed) -> None:
        if self.pane is not None and self.pane.LIVE and self.has_class("-searching"):
            self._search(event.value)

    @on(LineInput.Submitted, "#search")
    def _search_given(self, event: LineInput.Submitted) -> None:
        event.stop()
        self._leave_search()
        if words := self._search(event.value):
            self.notify(words)

    @on(LineInput.Cancelled, "#search")
    def _search_cancelled(self, event: LineInput.Cancelled) -> None:
        event.stop()
        self._leave_search()
        self._search("")

    def _search(self, text: str) -> str:
        try:
            return self.pane.search(text) if self.pane is not None else ""
        except ValueError as error:
            self.notify(neutral(str(error)), severity="warning")
            return ""

    def _leave_search(self) -> None:
        self.remove_class("-searching")
        if self.pane is not None:
            self.set_focus(self.pane.target)
