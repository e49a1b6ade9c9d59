from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.contract.errors import NotFound, Refused
from backends.contract.operation import Undo
from fleet.journal import UndoStore
from tests.fleet.journal.conftest import DB, WEB

UNDO = Undo("Create web again", "recreate", (WEB,), {"inspect": '{"Env": ["PASSWORD=hunter2"]}'}, loses="Its logs.")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "undo"


@pytest.fixture
def store(folder: Path) -> Iterator[UndoStore]:
    opened = UndoStore(folder)
    yield opened
    opened.close()


async def test_what_was_kept_comes_back(store: UndoStore) -> None:
    other = Undo("Start db", "start", (DB,))
    await store.save(7, UNDO)
    await store.save(8, UNDO, other)
    assert await store.load(7) == (UNDO,)
    assert await store.load(8) == (UNDO, other)


async def test_only_we_can_read_it(store: UndoStore, folder: Path) -> None:
    await store.save(7, UNDO)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()] == [0o600]


async def test_what_was_removed_is_gone_and_removing_twice_is_harmless(store: UndoStore) -> None:
    await store.save(7, UNDO)
    await store.remove(7)
    await store.remove(7)
    with pytest.raises(NotFound, match="entry 7"):
        await store.load(7)


async def test_what_is_old_is_not_given_out_and_is_trimmed(store: UndoStore, folder: Path) -> None:
    for entry in (1, 2, 3):
        await store.save(entry, UNDO)
    long_ago = time.time() - 25 * 3600
    for entry in (1, 2):
        os.utime(folder / f"{entry}.msgpack", (long_ago, long_ago))
    (folder / "9.part").write_bytes(b"half")
    with pytest.raises(NotFound):
        await store.load(1)
    await store.trim()
    assert [file.name for file in folder.iterdir()] == ["3.msgpack"]


async def test_half_a_file_is_no_undo(store: UndoStore, folder: Path) -> None:
    await store.save(7, UNDO)
    (folder / "7.msgpack").write_bytes(b"\x91")
    with pytest.raises(NotFound):
        await store.load(7)


async def test_a_file_in_the_way_is_told(store: UndoStore, folder: Path) -> None:
    folder.write_text("")
    with pytest.raises(Refused, match="in the way"):
        await store.save(7, UNDO)


async def test_trimming_nothing_is_harmless(store: UndoStore) -> None:
    await store.trim()
