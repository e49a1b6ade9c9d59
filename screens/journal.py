"""The command log: what was done, by whom, through which door, to what, with which call and which outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual import on, work
from typing_extensions import override

from backends.contract.errors import BackendError
from backends.contract.model import Column, Fact, Resource, ResourceId, Source, Unit
from fleet.redaction import MASK
from fleet.values import Entry, EntryState, JournalQuery, Request
from screens.command import GLOBAL, LIST
from screens.commands import JOURNAL
from screens.copying import Copied
from screens.desk import Desk, Place
from screens.dialogs.arguments import ArgumentsDialog
from screens.records import BUSY, FAULT, FLEET, GOOD, WARNING, Records, Standing, record_kind
from screens.view import News
from widgets.cells import neutral
from widgets.line_input import LineInput
from widgets.resource_table import ResourceTable

PAGE: Final = 200
"""Entries asked for at a time."""
NEAR: Final = 20
"""Rows before the last at which older entries are fetched."""
PAUSE: Final = 0.25
"""Seconds without a key before the journal itself is searched for what is typed."""

ENTRY: Final = record_kind(
    "entry",
    "entries",
    (
        Column("at", "TIME", Source.FIELD, "clock", width=12, rank=1),
        Column("state", "OUTCOME", Source.FIELD, "standing", width=11, rank=0),
        Column("name", "WHAT", Source.FIELD, "name", width=10, grow=1, rank=0),
        Column("on", "ON", Source.FACT, "on", width=12, grow=2, rank=1),
        Column("exit", "EXIT", Source.FACT, "exit", width=4, right=True, rank=2),
        Column("who", "WHO", Source.FACT, "who", width=9, rank=4),
        Column("door", "DOOR", Source.FACT, "door", width=8, rank=6),
        Column("call", "CALL", Source.FACT, "call", width=16, grow=4, rank=3),
        Column("summary", "SUMMARY", Source.FACT, "summary", width=16, grow=2, rank=7),
        Column("took", "TOOK", Source.FACT, "took", Unit.SECONDS, width=7, right=True, rank=5),
        Column("undo", "CAN BE UNDONE BY", Source.FACT, "undo", width=16, shown=False),
        Column("verb", "VERB", Source.FACT, "verb", width=16, shown=False),
        Column("digest", "DIGEST", Source.FACT, "digest", width=16, shown=False),
    ),
    sort="-at",
)
_STANDINGS: Final[Mapping[EntryState, Standing]] = {
    EntryState.OPEN: BUSY,
    EntryState.DONE: GOOD,
    EntryState.FAILED: FAULT,
    EntryState.CANCELLED: WARNING,
    EntryState.DENIED: WARNING,
}


class JournalView(Records):
    """Journal entries, newest first; older ones come as one scrolls."""

    VIEW = "journal"
    KIND = ENTRY
    CONTEXTS: ClassVar[tuple[str, ...]] = (JOURNAL, LIST, GLOBAL)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._entries: dict[int, Entry] = {}
        self._oldest: dict[str, int | None] = {}
        """How far back the journal was read, by what was searched for; ``None`` when there is nothing older."""
        self._verified: Text | None = None

    # -- loading

    @override
    def learn(self, news: News) -> None:
        if news.all or news.work:
            self._read_newest()

    @work(group="newest", exclusive=True)
    async def _read_newest(self) -> None:
        """What was written since we last looked, and how open entries ended."""
        found = await self._query(JournalQuery(limit=PAGE, text=self.searched))
        if found is None:
            return
        known = self._oldest.get(self.searched, 0)
        if known == 0:
            self._oldest[self.searched] = found[-1].id if len(found) == PAGE else None
        self._take(found)

    @work(group="older", exclusive=True)
    async def _read_older(self) -> None:
        searched = self.searched
        oldest = self._oldest.get(searched)
        if not oldest:
            return
        found = await self._query(JournalQuery(limit=PAGE, text=searched, before=oldest))
        if found is not None:
            self._oldest[searched] = found[-1].id if len(found) == PAGE else None
            self._take(found)

    async def _query(self, query: JournalQuery) -> Sequence[Entry] | None:
        try:
            return await self.fleet.journal(query)
        except BackendError as error:
            if self.fleet.attached:
                self.report(error)
            return None  # when it is back, an empty delta makes us look again

    def _take(self, entries: Sequence[Entry]) -> None:
        self._entries.update((entry.id, entry) for entry in entries)
        if self._rows:
            self.change(entry_row(entry) for entry in entries)
        else:
            self.load(entry_row(entry) for entry in entries)
        self.describe_state()

    @property
    def searched(self) -> str:
        """What the journal itself is asked for: the longest plain word of the filter."""
        words = [term.needle for term in self.table.view.filter.terms if term.needle and term.raw == term.needle]
        return max(words, key=len, default="")

    @on(ResourceTable.WindowChanged)
    def _scrolled(self) -> None:
        table = self.table
        if table.top + table.page + NEAR >= table.shown:
            self._read_older()

    @on(LineInput.Changed, "#filter")
    def _search_soon(self) -> None:
        self.set_timer(PAUSE, self._search)

    def _search(self) -> None:
        if self.searched not in self._oldest:
            self._read_newest()

    @override
    def why_none(self) -> str:
        return "Nothing was done yet. What changes anything is written down here, whoever does it."

    # -- commands

    def _entry(self) -> Entry | None:
        row = self.chosen
        return self._entries.get(int(row.id.native)) if row else None

    def do_list_open(self) -> None:
        """The entry with its calls and its output."""
        if (entry := self._entry()) is not None:
            self.desk.go(Place("job", tab=f"entry:{entry.id}"))

    @override
    def copies(self, resources: Sequence[Resource]) -> Sequence[Copied]:
        entries = [self._entries[int(row.id.native)] for row in resources]
        calls = [call for entry in entries for call in entry.calls]
        return [Copied("the call" if len(calls) == 1 else f"{len(calls)} calls", "\n".join(calls))] if calls else []

    @work(group="operation")
    async def do_journal_again(self) -> None:
        """Prepare the same request anew, and show what it would do now."""
        entry = self._entry()
        if entry is None:
            return
        verb = entry.verb.rpartition(".")[2]
        try:
            request = Request(verb=verb, targets=entry.targets, arguments=entry.arguments, door="journal")
            operation = self.operation_of(request)
        except BackendError as error:
            self.report(error)
            return
        known = {parameter.id for parameter in operation.parameters}
        values = {name: value for name, value in entry.arguments.items() if name in known and not _masked(value)}
        lacking = any(p.required and values.get(p.id) in (None, "", []) for p in operation.parameters)
        if lacking or len(values) < len(entry.arguments):
            answer = await self.app.push_screen_wait(ArgumentsDialog(operation, values, neutral(_names(entry))))
            if answer is None:
                return
            values = dict(answer)
        await self.ask_and_do(operation, Request(verb=verb, targets=entry.targets, arguments=values, door="journal"))

    def do_journal_undo(self) -> None:
        """Take this entry back."""
        entry = self._entry()
        if entry is None or not entry.undo:
            self.notify("This entry cannot be undone.", severity="warning")
            return
        self.undo_entry(entry.id)

    @work(group="verify", exclusive=True)
    async def do_journal_verify(self) -> None:
        """Check the hash chain, and say what that found."""
        try:
            found = await self.fleet.journal_verify()
        except BackendError as error:
            self.report(error)
            return
        if found.broken is None:
            self.say(Text(f"The chain of {found.entries} entries holds: none was changed or taken out."))
            return
        text = Text(f"The chain is broken at entry {found.broken}: {neutral(found.reason)}", style="bold")
        self.say(text)
        self.point_at(str(found.broken))


def entry_row(entry: Entry) -> Resource:
    """A journal entry as a row."""
    lost = entry.state is EntryState.OPEN and bool(entry.summary)  # its end was never written: a fleet was killed
    standing = WARNING if lost else _STANDINGS[entry.state]
    connections = {target.connection for target in entry.targets}
    facts: dict[str, Fact] = {
        "on": list(entry.names[:20]),
        "exit": "" if entry.exit_code is None else str(entry.exit_code),
        "who": entry.actor.value,
        "door": entry.door,
        "call": " ; ".join(entry.calls[:20]),
        "summary": entry.summary,
        "took": None if entry.ended is None else entry.ended - entry.at,
        "undo": entry.undo or "",
        "verb": entry.verb,
        "digest": entry.digest,
    }
    return Resource(
        id=ResourceId(connections.pop() if len(connections) == 1 else FLEET, ENTRY.id, str(entry.id)),
        name=entry.title,
        state=standing.state,
        health=standing.health,
        status="unknown" if lost else entry.state.value,
        facts=facts,
        created=entry.at,
        since=entry.ended,
    )


def _names(entry: Entry) -> str:
    return entry.names[0] if len(entry.names) == 1 else f"{len(entry.names)} resources"


def _masked(value: Fact) -> bool:
    """Whether the journal kept a secret back, so that it has to be given again."""
    return any(MASK in text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str))
