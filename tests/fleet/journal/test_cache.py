from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from backends.contract.model import Ability, Area, Column, ConnectionSpec, Health, Kind, Missing, Resource, State
from backends.contract.operation import Effect, Operation
from fleet.journal import CachedInventory, Journal, cache, read_cached_inventory
from fleet.values import BackendInfo, Connection, ConnectionState
from tests.fleet.journal.conftest import DB, WEB, draft

PLACE = Connection(ConnectionSpec("docker:default", "docker"), ConnectionState.ONLINE, since=1.0, seen=2.0)
FOUND = (
    Resource(WEB, "web", State.RUNNING, health=Health.GOOD, abilities=Ability.STOP | Ability.LOGS, labels={"a": "b"}),
    Resource(DB, "db", State.STOPPED, facts={"image": "postgres", "ports": ["5432"]}),
)
BACKEND = BackendInfo(
    "docker",
    "Docker",
    (Kind("container", "Container", "containers", Area.CONTAINERS, (Column("name", "NAME"),)),),
    (Operation("container", "remove", "Remove", effect=Effect.DESTROY),),
)


async def save(journal: Journal) -> None:
    await journal.save_inventory([PLACE], FOUND)
    await journal.save_catalogue([BACKEND], [Missing("libvirt", "No libvirt.", "Install it.")])


async def test_what_was_saved_is_read_while_the_writer_is_open(journal: Journal, path: Path) -> None:
    await save(journal)
    found = read_cached_inventory(path)
    assert found.connections == (PLACE,)
    assert found.resources == FOUND
    assert found.backends == (BACKEND,)
    assert found.missing[0].backend == "libvirt"
    assert await journal.load_inventory() == found


async def test_it_is_read_after_the_writer_has_gone(path: Path) -> None:
    journal = await Journal.open(path)
    await save(journal)
    await journal.close()
    assert read_cached_inventory(path).resources == FOUND


async def test_it_is_read_while_a_writer_writes(journal: Journal, path: Path) -> None:
    await save(journal)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert read_cached_inventory(path).resources == FOUND
        other.execute("ROLLBACK")
    await journal.begin(draft())


async def test_saving_replaces_one_connection_and_leaves_the_others(journal: Journal) -> None:
    other = Connection(ConnectionSpec("local", "local"), ConnectionState.ONLINE, since=1.0)
    await journal.save_inventory([PLACE], FOUND)
    await journal.save_inventory([other], ())
    await journal.save_inventory([PLACE], FOUND[:1])
    found = await journal.load_inventory()
    assert (found.connections, found.resources) == ((PLACE, other), FOUND[:1])
    await journal.forget_connections(["local"])
    assert (await journal.load_inventory()).connections == (other,)


@pytest.mark.parametrize(
    "damage",
    ["UPDATE cache SET data = x'c1'", "UPDATE cache SET stamp = 'older'", "DROP TABLE cache", "DELETE FROM cache"],
)
async def test_a_cache_of_no_use_is_no_cache(path: Path, damage: str) -> None:
    journal = await Journal.open(path)
    await save(journal)
    await journal.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(damage)
        connection.commit()
    assert read_cached_inventory(path) == CachedInventory()


def test_no_file_is_no_cache_and_none_is_made(path: Path) -> None:
    assert read_cached_inventory(path) == CachedInventory()
    assert not path.exists()


def test_something_else_is_no_cache(path: Path) -> None:
    path.write_bytes(b"not a database" * 100)
    assert read_cached_inventory(path) == CachedInventory()


def test_reading_it_does_not_load_the_writer(path: Path) -> None:
    program = (
        "import sys; from fleet.journal import read_cached_inventory; from pathlib import Path;"
        f"read_cached_inventory(Path({str(path)!r}));"
        "heavy = {'asyncio', 'fleet.journal.journal', 'fleet.redaction', 'platformdirs', 'keyring'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_stamp_knows_the_shape() -> None:
    assert len(cache.stamp()) == 16
