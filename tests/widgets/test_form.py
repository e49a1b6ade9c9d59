from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from typing_extensions import override

from backends.contract.model import Fact
from backends.contract.operation import Parameter, ParameterType
from backends.contract.standard import ENVIRONMENT, GRACE, LIMIT, LINE, SIGNAL, USER
from tests.widgets.waiting import screen_text
from widgets.form import Form, as_text

NAME = Parameter(id="name", label="New name", required=True, help="Letters, digits and dashes.")
MEMORY = Parameter(id="memory", label="Memory limit", type=ParameterType.BYTES, default=512 * 1024**2)
CORES = Parameter(id="cores", label="Cores", type=ParameterType.INTEGER, minimum=1, maximum=64)
FORCE = Parameter(id="force", label="Even if running", type=ParameterType.TOGGLE, default=False)
ALL = (NAME, MEMORY, CORES, SIGNAL, FORCE)


class Filling(App[None]):
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, parameters: Sequence[Parameter], **options: Any) -> None:
        super().__init__()
        self.parameters, self.options = parameters, options
        self.submitted: list[dict[str, Fact]] = []
        self.cancelled: list[bool] = []
        self.changes: list[str] = []

    @override
    def compose(self) -> ComposeResult:
        yield Form(self.parameters, **self.options)

    @property
    def form(self) -> Form:
        return self.query_one(Form)

    @on(Form.Submitted)
    def _submitted(self, event: Form.Submitted) -> None:
        self.submitted.append(event.values)

    @on(Form.Cancelled)
    def _cancelled(self, event: Form.Cancelled) -> None:
        self.cancelled.append(event.changed)

    @on(Form.Changed)
    def _changed(self, event: Form.Changed) -> None:
        self.changes.append(event.parameter)


@asynccontextmanager
async def filling(
    parameters: Sequence[Parameter] = ALL, size: tuple[int, int] = (80, 24), **options: Any
) -> AsyncGenerator[tuple[Filling, Pilot[None]], None]:
    app = Filling(parameters, **options)
    async with app.run_test(size=size) as pilot:
        app.form.focus()
        await pilot.pause()
        yield app, pilot


def lines(pilot: Pilot[None]) -> list[str]:
    return [line.rstrip() for line in screen_text(pilot)]


async def test_fields_show_their_labels_and_defaults_on_one_line_each() -> None:
    async with filling() as (_app, pilot):
        assert [line.split() for line in lines(pilot)[:5]] == [
            ["New", "name", "*"],
            ["Memory", "limit", "512m"],
            ["Cores"],
            ["Signal", "<KILL>", "TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "STOP", "CONT"],
            ["Even", "if", "running", "<no>", "yes"],
        ]


async def test_the_keyboard_fills_and_submits_it() -> None:
    async with filling() as (app, pilot):
        await pilot.press(*"web-2", "down", "ctrl+u", *"2 GiB", "tab", "4", "down", "right", "enter", "space", "enter")
        assert app.submitted == [{"name": "web-2", "memory": 2 * 1024**3, "cores": 4, "signal": "TERM", "force": True}]
        assert app.form.values() == app.submitted[0]
        assert {"name", "memory", "cores", "signal", "force"} == set(app.changes)


async def test_the_help_is_that_of_the_field_one_is_in() -> None:
    async with filling() as (_app, pilot):
        assert any("Letters, digits and dashes." in line for line in lines(pilot))
        await pilot.press("down")
        await pilot.pause()
        assert not any("Letters, digits and dashes." in line for line in lines(pilot))


async def test_problems_stand_at_their_fields_and_the_first_gets_the_focus() -> None:
    async with filling() as (app, pilot):
        await pilot.press("down", "down", *"99", "alt+enter")
        await pilot.pause()
        assert app.submitted == []
        assert app.form.problems() == {"name": "New name is needed.", "cores": "Cores must be at most 64."}
        shown = lines(pilot)
        assert shown[1].strip() == "New name is needed."
        assert shown[4].strip() == "Cores must be at most 64."
        assert app.form.current is not None
        assert app.form.current.parameter is NAME
        with pytest.raises(ValueError, match="New name is needed"):
            app.form.values()


async def test_a_problem_goes_as_soon_as_it_is_mended() -> None:
    async with filling() as (app, pilot):
        await pilot.press("ctrl+j")
        await pilot.pause()
        assert "New name is needed." in lines(pilot)[1]
        await pilot.press("a")
        await pilot.pause()
        assert "Memory limit" in lines(pilot)[1]
        await pilot.press("ctrl+j")
        assert app.submitted[0]["name"] == "a"


async def test_a_wrong_field_says_so_when_it_is_left_but_not_while_it_is_typed() -> None:
    async with filling([CORES, NAME]) as (_app, pilot):
        await pilot.press("x")
        await pilot.pause()
        assert "Cores must" not in "".join(lines(pilot))
        await pilot.press("down")
        await pilot.pause()
        assert "Cores must be a whole number, not “x”." in "".join(lines(pilot))
        assert "is needed" not in "".join(lines(pilot))


async def test_a_check_may_look_at_all_values_together() -> None:
    def check(values: Any) -> dict[str, str]:
        return {"cores": "Not both."} if values["cores"] and values["force"] else {}

    async with filling([CORES, FORCE], check=check) as (app, pilot):
        await pilot.press("2", "down", "y", "enter")
        await pilot.pause()
        assert app.submitted == []
        assert "Not both." in lines(pilot)[1]


async def test_escape_tells_whether_something_would_be_lost() -> None:
    async with filling() as (app, pilot):
        await pilot.press("escape", "x", "escape")
        assert app.cancelled == [False, True]


async def test_choices_follow_letters_and_wrap_around() -> None:
    async with filling([SIGNAL]) as (app, pilot):
        await pilot.press("h")
        assert app.form.texts() == {"signal": "HUP"}
        await pilot.press("left", "left", "left", "left")
        assert app.form.texts() == {"signal": "CONT"}


async def test_given_values_go_before_defaults() -> None:
    given_values = {"command": ["sh", "-c", "echo 'a b'"], "user": "root"}
    async with filling([LINE, USER, ENVIRONMENT, LIMIT], values=given_values) as (app, _pilot):
        values = app.form.values()
        assert values["command"] == given_values["command"]
        assert values["user"] == "root"
        assert not app.form.changed


async def test_a_long_form_scrolls_to_the_field_one_goes_to() -> None:
    parameters = [Parameter(id=f"p{number}", label=f"Field {number}", help=f"About {number}.") for number in range(40)]
    async with filling(parameters) as (_app, pilot):
        await pilot.press("up")
        await pilot.pause()
        shown = lines(pilot)
        assert any(line.startswith("Field 39") for line in shown)
        assert not any(line.startswith("Field 0 ") for line in shown)
        assert any("About 39." in line for line in shown)


@given(st.integers(0, 2**50), st.booleans(), st.lists(st.text(min_size=1, max_size=9), min_size=1, max_size=4))
def test_values_survive_being_written_and_parsed(number: int, flag: bool, words: list[str]) -> None:
    assert MEMORY.parse(as_text(MEMORY, number)) == number
    assert FORCE.parse(as_text(FORCE, flag)) is flag
    assert LINE.parse(as_text(LINE, words)) == words
    assert GRACE.parse(as_text(GRACE, number % 3600)) == number % 3600
