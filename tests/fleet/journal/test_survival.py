"""The promise the gate rests on: what was acknowledged is there, whatever happens to the process."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

from fleet.journal import Journal
from fleet.journal.database import checked
from fleet.journal.journal import LOST
from fleet.values import EntryState, JournalQuery

ROUNDS = 12
ROOT = Path(__file__).parents[3]

CHILD = """
import asyncio, os, sys
from pathlib import Path
from backends.contract.model import Stream
from fleet.journal import Journal, Minute
from fleet.values import EntryState
from tests.fleet.journal.conftest import WEB, draft

async def main():
    journal = await Journal.open(Path(sys.argv[1]))
    async def work(lane):
        number = 0
        while True:
            number += 1
            entry = await journal.begin(draft(f"Work {lane}.{number}"))
            os.write(1, f"begun {entry}\\n".encode())
            await journal.add_output(entry, WEB, Stream.OUT, b"said something\\n" * 50)
            await journal.add_minutes([Minute(WEB, "cpu", number * 60, 1.0, 1.0, 1.0)])
            if number % 3:
                await journal.end(entry, EntryState.DONE, "It is done.")
                os.write(1, f"ended {entry}\\n".encode())
    async with asyncio.TaskGroup() as tasks:
        for lane in range(3):
            tasks.create_task(work(lane))

asyncio.run(main())
"""


async def killed_after(path: Path, lines: int) -> list[tuple[str, int]]:
    """Run a child that writes entries; kill -9 it once it has acknowledged so many."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CHILD,
        str(path),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert child.stdout is not None
    seen = [await asyncio.wait_for(child.stdout.readline(), 60) for _ in range(lines)]
    child.kill()
    seen += (await child.stdout.read()).splitlines(keepends=True)
    await child.wait()
    words = [line.decode().split() for line in seen if line.endswith(b"\n")]
    return [(word, int(entry)) for word, entry in words]


async def test_kill_nine_loses_no_acknowledged_entry(path: Path) -> None:
    chance = random.Random(20)
    begun: set[int] = set()
    ended: set[int] = set()
    for _ in range(ROUNDS):
        acknowledged = await killed_after(path, chance.randrange(1, 60))
        begun |= {entry for word, entry in acknowledged if word == "begun"}
        ended |= {entry for word, entry in acknowledged if word == "ended"}
        journal = await Journal.open(path)
        entries = {entry.id: entry for entry in await journal.entries(JournalQuery(limit=100_000))}
        found = await journal.verify()
        await journal.close()
        assert found.broken is None, found.reason
        assert begun <= set(entries)
        assert all(entries[entry].state is EntryState.DONE for entry in ended)
        assert all(entry.summary == LOST for entry in entries.values() if entry.state is EntryState.OPEN)
        assert checked(path)
    assert begun
    assert ended
