"""The sessions screen with shells of the fake, driven by its keys."""

from __future__ import annotations

import pytest

from backends.contract.model import Size
from fleet.values import Request, Shell
from screens.desk import Place
from screens.dialogs.ask import AskDialog
from screens.sessions import SessionsView
from screens.shell_pane import Standing
from tests.fakes.backend import FakeBackend
from tests.fakes.programs import FakeTerminal
from tests.screens.conftest import LIST, Driven, Factory
from tests.widgets.waiting import screen_text, until
from widgets.tab_line import TabLine
from widgets.terminal import TerminalView


def view(driven: Driven) -> SessionsView:
    screen = driven.app.screen
    assert isinstance(screen, SessionsView)
    return screen


def terminals(fake: FakeBackend) -> list[FakeTerminal]:
    return [terminal for session in fake.world.sessions for terminal in getattr(session, "terminals", [])]


def shown(driven: Driven) -> str:
    return "\n".join(screen_text(driven.pilot))


async def open_shell(driven: Driven, name: str = "web-0") -> Shell:
    request = Request("shell", (driven.fake.world.named(name),))
    return await driven.fleet.open_shell(request, None, Size(80, 24))


async def at_the_prompt(driven: Driven) -> None:
    await until(
        driven.pilot,
        lambda: isinstance(driven.app.screen, SessionsView) and isinstance(driven.app.focused, TerminalView),
    )
    await until(driven.pilot, lambda: "$ " in shown(driven))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_shell_opened_from_a_list_is_shown_at_its_real_size(cockpit: Factory, size: tuple[int, int]) -> None:
    async with cockpit(Place("resources", kind="container", resources=()), size=size) as driven:
        await driven.pilot.press("slash", *"web-0", "enter", "s")
        await at_the_prompt(driven)
        await driven.pilot.press(*"size", "enter")
        await until(driven.pilot, lambda: f"{size[1] - 3} {size[0]}" in shown(driven))


async def test_without_a_shell_it_says_how_to_open_one(cockpit: Factory) -> None:
    async with cockpit(Place("sessions"), size=(80, 24)) as driven:
        await until(driven.pilot, lambda: "Press s on a resource" in shown(driven))
        await driven.pilot.press("3")
        await until(driven.pilot, lambda: not isinstance(driven.app.screen, SessionsView))


async def test_every_key_goes_to_the_program(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        await open_shell(driven)
        driven.app.go(Place("sessions"))
        await at_the_prompt(driven)
        await driven.pilot.press("q", "colon", "3", "tab", "escape", "ctrl+q", "ctrl+p", "ctrl+c")
        terminal = terminals(driven.fake)[0]
        await until(driven.pilot, lambda: terminal.written == b"q:3\t\x1b\x11\x10\x03")
        assert driven.app.is_running
        assert isinstance(driven.app.screen, SessionsView)


async def test_the_leader_goes_to_areas_and_back_while_the_shell_lives_on(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        await open_shell(driven)
        driven.app.go(Place("sessions"))
        await at_the_prompt(driven)
        await driven.pilot.press(*"echo one", "enter", "ctrl+right_square_bracket", "2")
        await until(driven.pilot, lambda: not isinstance(driven.app.screen, SessionsView))
        terminals(driven.fake)[0].show(b"meanwhile\r\n")
        await driven.pilot.press("8")
        await until(driven.pilot, lambda: "meanwhile" in shown(driven))
        await driven.pilot.press("ctrl+right_square_bracket", "d")
        await until(driven.pilot, lambda: not isinstance(driven.app.screen, SessionsView))
        assert driven.fleet.inventory.shells


async def test_shells_opened_elsewhere_are_tabs_to_turn_to(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        first = await open_shell(driven, "web-0")
        second = await open_shell(driven, "db-1")
        driven.app.go(Place("sessions", tab=first.id))
        await at_the_prompt(driven)
        line = view(driven).query_one(TabLine)
        assert [tab.title for tab in line.tabs] == ["web-0", "db-1"]
        await driven.pilot.press("ctrl+right_square_bracket", "n")
        await until(driven.pilot, lambda: line.current == second.id)
        await driven.pilot.press("ctrl+right_square_bracket", "p")
        await until(driven.pilot, lambda: line.current == first.id)


async def test_a_new_shell_on_the_same_resource_becomes_a_tab(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        await open_shell(driven)
        driven.app.go(Place("sessions"))
        await at_the_prompt(driven)
        await driven.pilot.press("ctrl+right_square_bracket", "c")
        line = view(driven).query_one(TabLine)
        await until(driven.pilot, lambda: [tab.title for tab in line.tabs] == ["web-0 1", "web-0 2"])
        await until(driven.pilot, lambda: line.current == list(driven.fleet.inventory.shells)[1])


async def test_closing_asks_and_hangs_up(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        await open_shell(driven)
        driven.app.go(Place("sessions"))
        await at_the_prompt(driven)
        await driven.pilot.press("ctrl+right_square_bracket", "k")
        await until(driven.pilot, lambda: isinstance(driven.app.screen, AskDialog))
        await driven.pilot.press("n")
        await at_the_prompt(driven)
        assert driven.fleet.inventory.shells
        await driven.pilot.press("ctrl+right_square_bracket", "k", "y")
        await until(driven.pilot, lambda: not driven.fleet.inventory.shells)
        await until(driven.pilot, lambda: "No shell is open" in shown(driven))


async def test_an_ended_shell_says_its_exit_code_and_goes_without_asking(cockpit: Factory) -> None:
    async with cockpit(LIST, size=(80, 24)) as driven:
        await open_shell(driven)
        driven.app.go(Place("sessions"))
        await at_the_prompt(driven)
        await driven.pilot.press(*"exit 3", "enter")
        await until(driven.pilot, lambda: "Ended with exit code 3. ctrl+] c opens another on web-0" in shown(driven))
        await driven.pilot.press(*"zq3")  # typed ahead to a program that is gone: means nothing to us
        await driven.pilot.pause()
        assert isinstance(driven.app.screen, SessionsView)
        await driven.pilot.press("ctrl+right_square_bracket", "k")
        await until(driven.pilot, lambda: "No shell is open" in shown(driven))


async def test_a_lost_connection_ends_the_shell_in_words(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        await open_shell(driven)
        driven.app.go(Place("sessions"))
        await at_the_prompt(driven)
        terminals(driven.fake)[0].end(None)
        await until(driven.pilot, lambda: "no exit code is known" in shown(driven))


async def test_a_pane_let_go_of_is_attached_again_when_looked_at(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        shell = await open_shell(driven)
        driven.app.go(Place("sessions"))
        await at_the_prompt(driven)
        await driven.pilot.press(*"echo one", "enter")
        await until(driven.pilot, lambda: shown(driven).count("one") == 2)
        pane = view(driven).pane
        assert pane is not None
        await driven.pilot.press("ctrl+right_square_bracket", "2")
        await until(driven.pilot, lambda: not isinstance(driven.app.screen, SessionsView))
        pane.detach()
        await until(driven.pilot, lambda: driven.fleet.inventory.shells[shell.id].watchers == 0)
        assert pane.standing is Standing.AWAY
        await driven.pilot.press("8")
        await until(driven.pilot, lambda: pane.standing is Standing.LIVE and shown(driven).count("one") == 2)
        await driven.pilot.press(*"size", "enter")
        await until(driven.pilot, lambda: "37 120" in shown(driven))


async def test_a_flood_leaves_keys_their_way(cockpit: Factory) -> None:
    async with cockpit(LIST) as driven:
        await open_shell(driven)
        driven.app.go(Place("sessions"))
        await at_the_prompt(driven)
        terminal = terminals(driven.fake)[0]
        for _ in range(20):
            terminal.show(b"y\r\n" * 50_000)
        await driven.pilot.press("ctrl+right_square_bracket", "2")
        await until(driven.pilot, lambda: not isinstance(driven.app.screen, SessionsView))


async def test_scrollback_is_searched(cockpit: Factory) -> None:
    async with cockpit(LIST, size=(80, 24)) as driven:
        await open_shell(driven)
        driven.app.go(Place("sessions"))
        await at_the_prompt(driven)
        terminals(driven.fake)[0].show(b"needle here\r\n" + b"hay\r\n" * 100)
        await until(driven.pilot, lambda: shown(driven).count("hay") > 15)
        await driven.pilot.press("ctrl+right_square_bracket", "slash", *"needle", "enter")
        await until(driven.pilot, lambda: "needle here" in shown(driven))
        await driven.pilot.press("escape")
        await until(driven.pilot, lambda: isinstance(driven.app.focused, TerminalView))
