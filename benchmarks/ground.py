"""What measurements stand on: temporary homes, a fleet of fake resources in a process of its own, the commands."""

from __future__ import annotations

import asyncio
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from backends.contract.errors import BackendError
from fleet.daemon.greeting import meet
from fleet.journal import read_cached_inventory
from fleet.paths import Paths

ROOT: Final = Path(__file__).resolve().parents[1]
PATIENCE: Final = 60.0
LINES_SHOWN: Final = 40

HELLO: Final = (sys.executable, "-m", "benchmarks.programs.hello")
PASS: Final = (sys.executable, "-c", "pass")


def quarterdeck(*words: str) -> tuple[str, ...]:
    """The command a user types, of this very environment."""
    script = Path(sys.executable).with_name("quarterdeck")
    return (str(script), *words) if script.exists() else (sys.executable, "-m", "quarterdeck", *words)


def environment(home: Path | None = None, **more: str) -> Mapping[str, str]:
    """Our environment without what would change what is measured; with a home for the product."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("QUARTERDECK_", "TEXTUAL"))}
    variables.pop("NO_COLOR", None)
    if home is not None:
        variables["QUARTERDECK_HOME"] = str(home)
    return variables | more


class FakeFleet:
    """A daemon of fake resources that runs in a process of its own."""

    def __init__(self, home: Path, process: subprocess.Popen[bytes]) -> None:
        self.home = home
        self.process = process
        self.resources = 0

    @property
    def environment(self) -> Mapping[str, str]:
        """For programs that shall attach to it."""
        return environment(self.home)

    def say(self, line: str) -> None:
        """Tell it what to do, and wait until it does; see ``benchmarks.programs.fleet``."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        if not ready or self.process.stdout.readline() != b"done\n":
            raise RuntimeError(f"the fake fleet did not do “{line}”")


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A folder for everything the product keeps."""
    with tempfile.TemporaryDirectory(prefix="qd-bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def fake_fleet(home: Path, resources: int, *, connections: int = 4, log_size: int = 50) -> Iterator[FakeFleet]:
    """Run a fake fleet as long as the block lasts; when it begins, everything has been listed."""
    options = ("--resources", str(resources), "--connections", str(connections), "--log-size", str(log_size))
    command = (sys.executable, "-m", "benchmarks.programs.fleet", str(home), *options)
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**environment(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        fleet = FakeFleet(home, process)
        fleet.resources = asyncio.run(_listed(Paths.under(home), process, resources))
        yield fleet
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        if process.poll() is None:
            process.kill()
            process.wait()


@contextmanager
def cached_home(resources: int) -> Iterator[Path]:
    """A home whose journal remembers so many containers, as after yesterday's work."""
    with temporary_home() as home:
        with fake_fleet(home, resources):
            pass
        cached = read_cached_inventory(Paths.under(home).inventory_cache)
        if len(cached.resources) < resources:
            raise RuntimeError(f"only {len(cached.resources)} of {resources} rows were kept")
        yield home


async def _listed(paths: Paths, process: subprocess.Popen[bytes], resources: int) -> int:
    """Wait until the daemon knows all its resources; how many there are."""
    from fleet.daemon.client import RemoteFleet

    until = time.monotonic() + PATIENCE
    while not await _answers(paths.socket):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError("the fake fleet did not start")
        await asyncio.sleep(0.05)
    remote = RemoteFleet(paths.socket)
    try:
        await remote.connect()
        changed = asyncio.Event()
        remote.subscribe(lambda _delta: changed.set())
        async with asyncio.timeout(PATIENCE):
            while len(remote.inventory.of_kind("container")) < resources:
                changed.clear()
                await changed.wait()
        return sum(1 for _ in remote.inventory.all())
    finally:
        await remote.close()


async def _answers(socket: Path) -> bool:
    try:
        meeting = await meet(socket)
    except BackendError:
        return False
    meeting.close()
    return True
