from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fleet.journal import Journal, Retention
from fleet.values import EntryState, Verification
from tests.fleet.journal.conftest import draft


async def written(path: Path) -> None:
    journal = await Journal.open(path)
    first = await journal.begin(draft("First"))
    second = await journal.begin(draft("Second"))
    await journal.end(second, EntryState.FAILED, "It failed.")
    await journal.end(first, EntryState.DONE, "It is done.")
    await journal.end(await journal.begin(draft("Third")), EntryState.DONE)
    await journal.close()


async def checked(path: Path) -> Verification:
    journal = await Journal.open(path)
    try:
        return await journal.verify()
    finally:
        await journal.close()


@pytest.mark.parametrize(
    ("tampering", "broken"),
    [
        ("UPDATE entry SET title = 'Other' WHERE id = 2", 2),
        ("UPDATE entry SET summary = 'It went well.' WHERE id = 2", 2),
        ("UPDATE entry SET state = 'done' WHERE id = 2", 2),
        ("UPDATE entry SET at = at + 1 WHERE id = 1", 1),
        ("UPDATE entry SET actor = 'agent' WHERE id = 3", 3),
        ("UPDATE entry SET plan = '{}' WHERE id = 3", 3),
        ("UPDATE entry SET title = x'ff00' WHERE id = 2", 2),
        ("UPDATE entry SET digest = 'x' WHERE id = 2", 2),
        ("UPDATE entry SET state = 'open', ended = NULL WHERE id = 3", 3),
        ("DELETE FROM entry WHERE id = 1", 1),
        ("DELETE FROM entry WHERE id = 3", 3),
        ("DELETE FROM entry WHERE id = 2; DELETE FROM link WHERE entry = 2", 1),
        ("DELETE FROM entry WHERE id = 3; DELETE FROM link WHERE entry = 3", 2),
        ("DELETE FROM entry WHERE id = 1; DELETE FROM link WHERE entry = 1", 2),
        ("DELETE FROM link WHERE seq = (SELECT max(seq) FROM link)", 3),
        ("DELETE FROM link; DELETE FROM entry", 0),
        ("DELETE FROM link; DELETE FROM entry; DELETE FROM meta WHERE key = 'anchor'", 0),
        ("UPDATE link SET digest = 'x' WHERE seq = 3", 2),
        ("UPDATE meta SET value = '[\"x\"]' WHERE key = 'head'", 0),
        ("UPDATE link SET entry = 1 WHERE seq = 2", 1),
    ],
)
async def test_tampering_is_found_at_its_first_entry(path: Path, tampering: str, broken: int) -> None:
    await written(path)
    assert (await checked(path)).broken is None
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(tampering)
        connection.commit()
    found = await checked(path)
    assert found.broken is not None
    assert found.reason.endswith(".")
    assert found.broken == broken


async def test_an_inserted_entry_is_found(path: Path) -> None:
    await written(path)
    columns = "at, actor, door, verb, title, targets, names, calls, plan, owner, state, digest"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"INSERT INTO entry ({columns}) SELECT {columns} FROM entry WHERE id = 1")
        connection.commit()
    found = await checked(path)
    assert found.broken == 4
    assert "inserted" in found.reason


async def test_a_beginning_cut_off_by_hand_is_found_but_trimming_is_not(path: Path) -> None:
    await written(path)
    journal = await Journal.open(path, keep=Retention(entry_days=1))
    await journal.trim(now=1e9)
    await journal.end(await journal.begin(draft("Fourth", at=1e9)), EntryState.DONE)
    assert (await journal.verify()).broken is None
    await journal.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "UPDATE meta SET value = (SELECT '[8,\"' || digest || '\"]' FROM link WHERE seq = 8) WHERE key = 'anchor';"
            "DELETE FROM link WHERE seq <= 8"
        )
    assert (await checked(path)).broken is not None


async def test_the_head_can_be_noted_elsewhere(path: Path) -> None:
    await written(path)
    journal = await Journal.open(path)
    before = await journal.head()
    entry = await journal.begin(draft())
    assert (await journal.entry(entry)).digest == await journal.head() != before
    await journal.close()
