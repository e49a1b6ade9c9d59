from __future__ import annotations

import asyncio
import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.contract.errors import Conflict, NotFound, Refused, Unreachable
from backends.contract.model import Event, Severity, Stream
from backends.contract.operation import Effect, Plan, Step
from fleet.journal import Draft, Journal, Minute, Retention
from fleet.journal.journal import ABANDONED, LOST
from fleet.values import Actor, EntryState, EventQuery, JournalQuery, Request
from tests.fleet.journal.conftest import DB, WEB, draft


async def test_what_began_is_found_open_and_what_ended_closed(journal: Journal) -> None:
    first = await journal.begin(draft())
    second = await journal.begin(draft("Start db", targets=(DB,), names=("db",)))
    await journal.end(first, EntryState.DONE, "web has stopped.", exit_code=0, undo="Start web", at=1002.0)
    newest, oldest = await journal.entries(JournalQuery())
    assert (newest.id, newest.state, newest.ended) == (second, EntryState.OPEN, None)
    assert (oldest.id, oldest.state, oldest.ended, oldest.summary) == (
        first,
        EntryState.DONE,
        1002.0,
        "web has stopped.",
    )
    assert (oldest.exit_code, oldest.undo, oldest.targets, oldest.names) == (0, "Start web", (WEB,), ("web",))
    assert (await journal.verify()).broken is None


async def test_an_entry_ends_once(journal: Journal) -> None:
    entry = await journal.begin(draft())
    await journal.end(entry, EntryState.DONE)
    with pytest.raises(Conflict):
        await journal.end(entry, EntryState.FAILED)
    with pytest.raises(NotFound):
        await journal.end(99, EntryState.DONE)
    assert (await journal.entry(entry)).state is EntryState.DONE
    assert (await journal.verify()).broken is None


async def test_a_denied_operation_is_recorded_at_once(journal: Journal) -> None:
    entry = await journal.record(draft(), EntryState.DENIED, "Read-only mode.")
    assert (await journal.entry(entry)).state is EntryState.DENIED
    assert (await journal.verify()).entries == 1


async def test_a_draft_tells_what_was_asked_and_planned(journal: Journal) -> None:
    step = Step(target=WEB, name="web", does="runs", call="docker exec web mysql --password hunter2")
    plan = Plan(
        kind="container",
        verb="exec",
        title="Run a command in web",
        effect=Effect.CHANGE,
        steps=(step,),
        arguments={"command": ["mysql", "--password", "hunter2"], "env": ["DB_PASSWORD=hunter2"]},
    )
    entry = await journal.begin(
        Draft.of(Request(verb="exec", targets=(WEB,), actor=Actor.AGENT, door="mcp"), plan, 5.0)
    )
    found = await journal.entry(entry)
    assert (found.verb, found.actor, found.door, found.names) == ("container.exec", Actor.AGENT, "mcp", ("web",))
    stored = json.loads(await journal.plan(entry))
    assert stored["arguments"]["command"] == ["mysql", "--password", "••••"]
    assert "hunter2" not in json.dumps(stored) + str(found.calls)


async def test_pages_follow_each_other(journal: Journal) -> None:
    ids = [await journal.begin(draft(f"Stop {number}", at=float(number))) for number in range(7)]
    seen: list[int] = []
    before: int | None = None
    while page := await journal.entries(JournalQuery(limit=3, before=before)):
        seen += [entry.id for entry in page]
        before = seen[-1]
    assert seen == ids[::-1]
    assert len(await journal.entries(JournalQuery(since=4.0))) == 3


@pytest.mark.parametrize("text", ["postgres", "OSTG", "gr", "st_g", "100%", 'quo"te', "gone for good", "%", "\\"])
async def test_text_is_found_anywhere(journal: Journal, text: str) -> None:
    await journal.begin(draft("Stop web"))
    entry = await journal.begin(draft('Stop postgres 100% st_g quo"te \\', names=("pg",)))
    await journal.end(entry, EntryState.FAILED, "It is gone for good.")
    assert [found.id for found in await journal.entries(JournalQuery(text=text))] == [entry]


async def test_entries_of_a_resource(journal: Journal) -> None:
    await journal.begin(draft())
    both = await journal.begin(draft(targets=(WEB, DB, DB)))
    assert [entry.id for entry in await journal.entries(JournalQuery(resource=DB))] == [both]


@given(text=st.text(max_size=40) | st.text(st.characters(codec=None), max_size=10))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_hostile_names_are_taken_and_the_chain_holds(journal: Journal, text: str) -> None:
    entry = await journal.begin(draft(text, names=(text,), calls=(text,)))
    await journal.end(entry, EntryState.DONE, text)
    await journal.entries(JournalQuery(text=text))
    assert (await journal.verify()).broken is None


async def test_secrets_do_not_reach_the_file(journal: Journal, path: Path) -> None:
    entry = await journal.begin(draft(calls=("login --password hunter2",), title="Run TOKEN=hunter2"))
    for part in (b"PASSWORD=hun", b"ter2\nplain\n"):
        await journal.add_output(entry, WEB, Stream.OUT, part)
    await journal.add_events([Event("docker:default", 1.0, "exec", "exec_create: sh -c PASSWORD=hunter2")])
    await journal.end(entry, EntryState.DONE, "password: hunter2")
    await journal.close()
    kept = b"".join(file.read_bytes() for file in path.parent.iterdir() if file.is_file())
    assert b"plain" in kept
    assert b"hunter2" not in kept


async def test_output_comes_back_in_order_by_target_and_stream(journal: Journal) -> None:
    entry = await journal.begin(draft(targets=(WEB, DB)))
    await journal.add_output(entry, WEB, Stream.OUT, b"one\n")
    await journal.add_output(entry, DB, Stream.ERR, b"two\n")
    await journal.add_output(entry, WEB, Stream.OUT, b"no line end")
    await journal.end(entry, EntryState.DONE)
    found = [(piece.target, piece.output.stream, piece.output.data) for piece in await journal.output(entry)]
    assert found == [(WEB, Stream.OUT, b"one\n"), (DB, Stream.ERR, b"two\n"), (WEB, Stream.OUT, b"no line end")]


async def test_of_much_output_the_beginning_and_the_end_are_kept_and_the_rest_is_counted(journal: Journal) -> None:
    entry = await journal.begin(draft())
    lines = [f"line {number:06d}\n".encode() for number in range(2000)]
    for line in lines:
        await journal.add_output(entry, WEB, Stream.OUT, line)
    await journal.end(entry, EntryState.DONE)
    pieces = await journal.output(entry)
    kept = b"".join(piece.output.data for piece in pieces if piece.output.stream is Stream.OUT)
    (note,) = [piece.output.data for piece in pieces if piece.output.stream is Stream.NOTE]
    whole = b"".join(lines)
    assert len(kept) <= 4096
    assert whole.startswith(kept[:2048])
    assert whole.endswith(kept[2048:])
    assert str(len(whole) - len(kept)).encode() in note


async def test_one_huge_piece_of_output_is_bounded_too(journal: Journal) -> None:
    entry = await journal.begin(draft())
    await journal.add_output(entry, WEB, Stream.OUT, b"0123456\n" * 200_000)
    await journal.end(entry, EntryState.DONE)
    assert sum(len(piece.output.data) for piece in await journal.output(entry)) < 4200


async def test_many_writers_at_once_make_one_chain(journal: Journal) -> None:
    async def work(number: int) -> None:
        entry = await journal.begin(draft(f"Job {number}"))
        await journal.add_output(entry, WEB, Stream.OUT, b"x\n")
        await journal.end(entry, EntryState.DONE)

    async with asyncio.TaskGroup() as tasks:
        for number in range(40):
            tasks.create_task(work(number))
    found = await journal.verify()
    assert (found.entries, found.broken) == (40, None)


async def test_a_cancelled_beginning_leaves_no_open_entry(journal: Journal) -> None:
    async with asyncio.TaskGroup() as tasks:
        beginning = tasks.create_task(journal.begin(draft()))
        await asyncio.sleep(0)
        beginning.cancel()
    await journal.add_minutes([Minute(WEB, "cpu", 60, 1.0, 1.0, 1.0)])  # in line behind what the callback submitted
    async with asyncio.timeout(10):
        while not [entry for entry in await journal.entries(JournalQuery()) if entry.state is EntryState.CANCELLED]:
            await asyncio.sleep(0.01)
    (entry,) = await journal.entries(JournalQuery())
    assert entry.summary == ABANDONED
    assert (await journal.verify()).broken is None


async def test_the_file_is_ours_alone(journal: Journal, path: Path) -> None:
    await journal.begin(draft())
    for file in path.parent.glob("journal.db*"):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0


async def test_a_full_disk_refuses_the_act(journal: Journal) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    await journal._database.write(fill)

    async def many() -> None:
        for number in range(500):
            await journal.begin(draft(f"Stop {number} " + "x" * 500))

    with pytest.raises(Refused, match=r"The journal cannot be written: .*full") as caught:
        await many()
    assert caught.value.hint is not None
    await journal._database.write(lambda connection: connection.execute("PRAGMA max_page_count = 1000000").close())
    await journal.begin(draft())
    assert (await journal.verify()).broken is None


async def test_what_is_no_journal_is_refused(path: Path) -> None:
    path.write_bytes(b"This is not a database at all, really not." * 40)
    with pytest.raises(Refused, match="cannot be opened"):
        await Journal.open(path)


async def test_a_newer_journal_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(Refused, match="newer"):
        await Journal.open(path)


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be opened"):
        await Journal.open(tmp_path / "none" / "journal.db")


async def test_closing_twice_changes_nothing_and_then_it_is_closed(path: Path) -> None:
    journal = await Journal.open(path)
    await journal.close()
    await journal.close()
    with pytest.raises(Unreachable):
        await journal.begin(draft())


async def test_an_entry_left_open_is_told_once_and_stays_open(path: Path) -> None:
    journal = await Journal.open(path)
    entry = await journal.begin(draft())
    await journal.close()
    again = await Journal.open(path)
    assert [(found.id, found.state, found.summary) for found in again.recovered] == [(entry, EntryState.OPEN, LOST)]
    assert (await again.verify()).broken is None
    await again.close()
    third = await Journal.open(path)
    assert third.recovered == ()
    await third.close()


async def test_two_processes_share_a_journal_and_keep_each_others_entries(path: Path) -> None:
    first, second = await Journal.open(path), await Journal.open(path)
    mine = await first.begin(draft())
    third = await Journal.open(path)
    assert third.recovered == ()
    await second.end(await second.begin(draft()), EntryState.DONE)
    await first.end(mine, EntryState.DONE)
    assert (await third.verify()).broken is None
    for journal in (first, second, third):
        await journal.close()
    assert list(path.with_name("journal.db-owners").iterdir()) == []


async def test_events_come_newest_first_and_filtered(journal: Journal) -> None:
    await journal.add_events(
        [
            Event("a", 1.0, "start", "web started", WEB),
            Event("b", 2.0, "die", "db died", DB, Severity.FAULT),
            Event("a", 3.0, "oom", "web is out of memory", WEB, Severity.WARNING),
        ]
    )
    assert [event.at for event in await journal.events(EventQuery())] == [3.0, 2.0, 1.0]
    assert [event.verb for event in await journal.events(EventQuery(resource=WEB, limit=1))] == ["oom"]
    assert [event.at for event in await journal.events(EventQuery(severity=Severity.WARNING))] == [3.0, 2.0]
    assert [event.at for event in await journal.events(EventQuery(connection="a", since=2.0))] == [3.0]


async def test_minutes_are_kept_per_metric_and_replaced(journal: Journal) -> None:
    await journal.add_minutes([Minute(WEB, "cpu", minute, 1.0, 0.0, 2.0) for minute in (60, 120, 180)])
    await journal.add_minutes([Minute(WEB, "cpu", 120, 5.0, 4.0, 6.0), Minute(WEB, "memory", 60, 9.0, 9.0, 9.0)])
    found = await journal.minutes(WEB, "cpu", 60, 120)
    assert [(row.minute, row.mean) for row in found] == [(60, 1.0), (120, 5.0)]
    assert await journal.metrics(WEB) == ["cpu", "memory"]


async def test_trimming_takes_the_old_and_keeps_the_chain(path: Path) -> None:
    journal = await Journal.open(path, keep=Retention(entry_days=10, output_days=5, event_days=5, minute_days=7))
    day = 86_400.0
    ids = []
    for number in range(20):
        entry = await journal.begin(draft(f"Stop {number}", at=number * day))
        await journal.add_output(entry, WEB, Stream.OUT, b"said\n")
        await journal.end(entry, EntryState.DONE, "done", at=number * day)
        ids.append(entry)
    await journal.add_events([Event("a", number * day, "x", "y") for number in range(20)])
    await journal.add_minutes([Minute(WEB, "cpu", int(number * day), 1, 1, 1) for number in range(20)])
    await journal.trim(now=20 * day)
    await journal.trim(now=20 * day)
    found = await journal.entries(JournalQuery())
    assert [entry.id for entry in found] == ids[10:][::-1]
    assert [bool(await journal.output(entry)) for entry in ids[10:]] == [False] * 5 + [True] * 5
    assert len(await journal.events(EventQuery())) == 5
    assert len(await journal.minutes(WEB, "cpu", 0, 30 * day)) == 7
    assert [entry.id for entry in await journal.entries(JournalQuery(text="Stop 3"))] == []
    assert (await journal.verify()).broken is None
    await journal.trim(now=100 * day)
    assert await journal.entries(JournalQuery()) == []
    assert (await journal.verify()).broken is None
    assert await journal.begin(draft()) > ids[-1]
    assert (await journal.verify()).broken is None
    await journal.close()


async def test_trimming_stops_before_what_is_still_open(path: Path) -> None:
    journal = await Journal.open(path, keep=Retention(entry_days=1))
    early = await journal.begin(draft(at=0.0))
    opened = await journal.begin(draft(at=1.0))
    await journal.end(early, EntryState.DONE, at=2.0)
    await journal.end(await journal.begin(draft(at=3.0)), EntryState.DONE, at=4.0)
    await journal.trim(now=1e9)
    assert len(await journal.entries(JournalQuery())) == 3
    await journal.end(opened, EntryState.DONE)
    await journal.trim(now=1e9)
    assert await journal.entries(JournalQuery()) == []
    assert (await journal.verify()).broken is None
    await journal.close()
