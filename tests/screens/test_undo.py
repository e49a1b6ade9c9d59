"""z takes back the newest change that can be, once; Z does again what was undone."""

from __future__ import annotations

from backends.contract.model import State
from fleet.values import EntryState, JournalQuery
from tests.screens.conftest import Driven, Factory
from tests.widgets.waiting import screen_text, until


async def agree(driven: Driven, question: str) -> None:
    """Say yes to the plan when it is on the screen."""
    await until(driven.pilot, lambda: any(question in line for line in screen_text(driven.pilot)))
    await driven.pilot.press("y")


async def ended(driven: Driven, count: int) -> None:
    """Wait until so many operations are over in the journal."""
    for _ in range(1000):
        entries = await driven.fleet.journal(JournalQuery())
        if len(entries) == count and all(entry.state is EntryState.DONE for entry in entries):
            return
        await driven.pilot.pause(0.01)
    raise AssertionError(f"there are not {count} finished entries")


async def test_undo_and_redo_go_back_and_forth_through_the_gate(cockpit: Factory) -> None:
    async with cockpit() as driven:
        web = driven.fake.world.named("web-0")

        def stands(state: State) -> bool:
            known = driven.fleet.inventory.get(web)
            return known is not None and known.state is state

        await driven.pilot.press("/", *"web-0", "enter", "S")
        await agree(driven, "y  Stop")
        await ended(driven, 1)
        await until(driven.pilot, lambda: stands(State.STOPPED))
        await driven.pilot.press("z")
        await ended(driven, 2)
        await until(driven.pilot, lambda: stands(State.RUNNING))
        await driven.pilot.press("Z")
        await agree(driven, "y  Stop")
        await ended(driven, 3)
        await until(driven.pilot, lambda: stands(State.STOPPED))
        doors = [entry.door for entry in await driven.fleet.journal(JournalQuery())]
        assert doors == ["redo", "undo", "key"]


async def test_with_nothing_to_undo_it_says_so(cockpit: Factory) -> None:
    async with cockpit() as driven:
        await driven.pilot.press("z")
        await until(
            driven.pilot, lambda: any("undone" in note.title + note.message for note in driven.app._notifications)
        )
