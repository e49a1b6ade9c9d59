"""Screens on a real engine, driven by keys at the size of a small terminal and of a usual one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from textual.pilot import Pilot

from app.tui import Cockpit
from backends.docker import BACKEND
from backends.registry import Registry
from fleet.paths import Paths
from fleet.service import LocalFleet
from fleet.settings import Settings
from fleet.values import EntryState, JournalQuery
from screens.dialogs.plan import PlanDialog
from screens.resources import ResourcesView
from tests.bed.docker import DockerEngine
from tests.screens.conftest import LIST
from tests.widgets.waiting import screen_text, until

SIZES = [(80, 24), (120, 40)]
TALKING = ("sh", "-c", "trap 'exit 0' TERM; i=0; while :; do i=$((i+1)); echo tick-$i; sleep 0.1; done")
pytestmark = pytest.mark.engine


class OnDocker(NamedTuple):
    """A cockpit on the bed's engine."""

    app: Cockpit
    pilot: Pilot[Any]
    fleet: LocalFleet
    engine: DockerEngine

    async def shows(self, *texts: str) -> None:
        """Wait until all texts are on the screen."""
        try:
            await until(self.pilot, lambda: all(text in "\n".join(screen_text(self.pilot)) for text in texts))
        except TimeoutError:
            raise AssertionError("\n".join([f"{texts} did not come:", *screen_text(self.pilot)])) from None

    def row(self, name: str) -> str:
        """The row of a container as it is shown."""
        return next((line for line in screen_text(self.pilot) if f" {name} " in line), "")

    async def state(self, name: str) -> str:
        """What the engine itself says."""
        return await self.engine.docker("inspect", "--format", "{{.State.Status}}", name)

    async def at(self, name: str) -> None:
        """Put the cursor on a container."""
        await self.shows(f" {name} ")
        view = self.app.screen
        assert isinstance(view, ResourcesView)
        view.table.move_to(next(r.id for r in self.fleet.inventory.of_kind("container").values() if r.name == name))
        await self.pilot.pause()


Factory = Callable[[tuple[int, int]], AbstractAsyncContextManager[OnDocker]]


@pytest.fixture
async def on_docker(docker_engine: DockerEngine, tmp_path: Path) -> AsyncIterator[Factory]:
    """Opens the list of containers of the bed's engine, which is empty at first."""
    await docker_engine.clear()

    @asynccontextmanager
    async def opened(size: tuple[int, int]) -> AsyncIterator[OnDocker]:
        environment = {"DOCKER_HOST": docker_engine.host, "HOME": str(tmp_path)}
        registry = Registry({"docker": BACKEND})
        fleet = await LocalFleet.open(Paths.under(tmp_path), Settings(), registry=registry, environment=environment)
        try:
            await fleet.ready()
            app = Cockpit(fleet, Settings(), place=LIST)
            async with app.run_test(size=size) as pilot:
                await pilot.pause()
                yield OnDocker(app, pilot, fleet, docker_engine)
        finally:
            await fleet.close()

    yield opened
    await docker_engine.clear()


@pytest.mark.parametrize("size", SIZES)
async def test_what_others_do_to_containers_is_seen(
    on_docker: Factory, docker_engine: DockerEngine, size: tuple[int, int]
) -> None:
    async with on_docker(size) as on:
        await on.shows("There are no containers here yet.")
        await docker_engine.run(name="web", command=TALKING)
        await on.shows(" web ", "running")
        await docker_engine.docker("rename", "web", "site")
        await on.shows(" site ")
        await docker_engine.docker("pause", "site")
        await until(on.pilot, lambda: "paused" in on.row("site"))
        await docker_engine.docker("rm", "--force", "site")
        await on.shows("There are no containers here yet.")


@pytest.mark.parametrize("size", SIZES)
async def test_a_verb_goes_through_plan_yes_and_journal(
    on_docker: Factory, docker_engine: DockerEngine, size: tuple[int, int]
) -> None:
    await docker_engine.run(name="web", command=TALKING)
    async with on_docker(size) as on:
        await on.at("web")
        await on.pilot.press("S")
        await on.shows("docker stop --time 10 web", "y  Stop")
        assert isinstance(on.app.screen, PlanDialog)
        await on.pilot.press("escape")
        assert await on.fleet.journal(JournalQuery()) == []
        await on.pilot.press("S")
        await on.shows("y  Stop")
        await on.pilot.press("y")
        await until(on.pilot, lambda: "stopped" in on.row("web"))
        assert await on.state("web") == "exited"
        (entry,) = await on.fleet.journal(JournalQuery())
        await on.fleet.wait(next(iter(on.fleet.inventory.jobs)))
        assert (entry.verb, entry.calls) == ("container.stop", ("docker stop --time 10 web",))
        (entry,) = await on.fleet.journal(JournalQuery())
        assert entry.state is EntryState.DONE


@pytest.mark.parametrize("size", SIZES)
async def test_a_bulk_verb_is_one_job_with_a_row_for_each(
    on_docker: Factory, docker_engine: DockerEngine, size: tuple[int, int]
) -> None:
    for name in ("a-1", "a-2", "b-1"):
        await docker_engine.run(name=name, command=TALKING)
    async with on_docker(size) as on:
        await on.shows(" a-1 ", " a-2 ", " b-1 ")
        await on.pilot.press("slash", *"a-", "enter", "space", "down", "space", "S")
        await on.shows("docker stop --time 10 a-1", "docker stop --time 10 a-2", "y  Stop")
        await on.pilot.press("y")
        await until(on.pilot, lambda: "stopped" in on.row("a-1") and "stopped" in on.row("a-2"))
        assert await on.state("b-1") == "running"
        (job,) = on.fleet.inventory.jobs.values()
        assert sorted(row.name for row in job.rows) == ["a-1", "a-2"]


@pytest.mark.parametrize("size", SIZES)
async def test_every_tab_of_a_container_opens(
    on_docker: Factory, docker_engine: DockerEngine, size: tuple[int, int]
) -> None:
    await docker_engine.run("--label", "team=blue", name="web", command=TALKING)
    async with on_docker(size) as on:
        await on.at("web")
        await on.pilot.press("enter")
        await on.shows("team=blue")
        await on.pilot.press("right_square_bracket")
        await on.shows("CPU", "Memory")
        await on.pilot.press("right_square_bracket")
        await on.shows("tick-")
        await on.pilot.press("right_square_bracket")
        await on.shows("HostConfig")
        await on.pilot.press("right_square_bracket")
        await on.shows("sleep")
        await docker_engine.docker("pause", "web")
        await on.pilot.press("right_square_bracket")
        await on.shows("pause")
        await on.pilot.press("q")
        await until(on.pilot, lambda: isinstance(on.app.screen, ResourcesView))


async def test_secrets_in_a_description_are_masked(on_docker: Factory, docker_engine: DockerEngine) -> None:
    await docker_engine.run("--env", "DB_PASSWORD=hunter2", "--env", "COLOUR=blue", name="web", command=TALKING)
    async with on_docker((120, 200)) as on:
        await on.at("web")
        await on.pilot.press("i")
        await on.shows("Config")
        await on.pilot.press("slash", *"COLOUR", "enter")
        await on.shows("COLOUR=blue", "DB_PASSWORD=")
        assert "hunter2" not in "\n".join(screen_text(on.pilot))
