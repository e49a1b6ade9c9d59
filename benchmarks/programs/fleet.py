"""A fleet daemon of fake resources, to which the ordinary ``quarterdeck`` attaches; told what to do on standard input.

Lines it understands: ``churn 200`` (changes of state per second), ``turn 10000 1`` (that many rows change, so many
times a second), ``log 20000`` (lines per second of a followed log), ``burst web-0 100000`` (so many lines at once),
``offline`` and ``online``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from backends.contract.model import Change, Resource, State
from backends.registry import Registry
from fleet.daemon.run import run_daemon
from fleet.paths import Paths
from fleet.service import LocalFleet
from fleet.settings import Settings
from quarterdeck.version import VERSION
from tests.fakes.backend import FakeBackend
from tests.fakes.world import World


class Levers:
    """Does what standard input says."""

    def __init__(self, backend: FakeBackend) -> None:
        self._worlds = tuple(backend.worlds.values())
        self._rest = b""
        self._round = 0
        self._turning: asyncio.TimerHandle | None = None
        self._does: Final[Mapping[str, Callable[..., None]]] = {
            "churn": self._churn,
            "turn": self._turn,
            "log": self._log,
            "burst": self._burst,
            "offline": self._offline,
            "online": self._online,
        }

    def listen(self) -> None:
        """Begin reading; the end of the input means nothing."""
        os.set_blocking(0, False)
        asyncio.get_running_loop().add_reader(0, self._read)

    def _read(self) -> None:
        data = os.read(0, 65536)
        if not data:
            asyncio.get_running_loop().remove_reader(0)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            name, *words = line.decode().split()
            self._does[name](*words)
            print("done", flush=True)

    def _churn(self, rate: str) -> None:
        for world in self._worlds:
            world.rate = float(rate) / len(self._worlds)

    def _log(self, rate: str) -> None:
        for world in self._worlds:
            world.log_rate = float(rate)

    def _burst(self, name: str, count: str) -> None:
        world = next(world for world in self._worlds if any(r.name == name for r in world.resources.values()))
        began = time.time()
        world.say(
            world.named(name), *(f"burst {number:07d} of {count} begun {began:.3f}" for number in range(int(count)))
        )

    def _offline(self) -> None:
        for world in self._worlds:
            world.go_offline()

    def _online(self) -> None:
        for world in self._worlds:
            world.come_back()

    def _turn(self, count: str, rate: str) -> None:
        """Change so many rows again and again, each time to something else that is seen."""
        if self._turning is not None:
            self._turning.cancel()
            self._turning = None
        if float(rate):
            self._turn_all(int(count) // len(self._worlds), 1 / float(rate))

    def _turn_all(self, count: int, every: float) -> None:
        self._turning = asyncio.get_running_loop().call_later(every, self._turn_all, count, every)
        self._round += 1
        for world in self._worlds:
            _renew(world, count, f"Up (round {self._round})")


def _renew(world: World, count: int, status: str) -> None:
    running: list[Resource] = []
    for resource in world.resources.values():
        if len(running) == count:
            break
        if resource.id.kind == "container":
            running.append(msgspec.structs.replace(resource, status=status, state=State.RUNNING))
    world.resources.update((resource.id, resource) for resource in running)
    change = Change(resources=tuple(running))
    for queue in world.listeners:
        queue.put_nowait(change)


def main() -> int:
    """Serve until asked to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--resources", type=int, default=100)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--log-size", type=int, default=50)
    chosen = parser.parse_args()
    paths = Paths.under(chosen.home)
    backend = FakeBackend(resources=chosen.resources, connections=chosen.connections)
    for world in backend.worlds.values():
        world.log_size = chosen.log_size

    async def make() -> LocalFleet:
        Levers(backend).listen()
        return await LocalFleet.open(
            paths,
            Settings(),
            registry=Registry({"fake": backend}),
            environment=os.environ,
            version=VERSION,
            inline=False,
        )

    return run_daemon(make, socket=paths.socket, lock=paths.lock, log_file=paths.log, keep=lambda: True, linger=3600.0)


if __name__ == "__main__":
    sys.exit(main())
