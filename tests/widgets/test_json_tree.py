"""The tree of a JSON value: folds, search, filter, and nothing hostile on screen."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from typing_extensions import override

from backends.contract.model import JSON
from widgets.json_model import JsonModel, at, nodes, path_text, scalar_text, visible
from widgets.json_tree import JsonTree
from widgets.log_buffer import Pattern

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=100),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
CONTAINER: JSON = {
    "Id": "abc",
    "State": {"Running": True, "Pid": 42, "Error": ""},
    "Config": {"Env": ["PATH=/bin", "MODE=test"], "Labels": {"com.example.team": "red"}, "User": None},
    "Script": "first line\nsecond line\n" + "x" * 100,
}


class Window(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.tree_view = JsonTree()
        self.chosen: list[JsonTree.Chosen] = []

    @override
    def compose(self) -> ComposeResult:
        yield self.tree_view

    def on_json_tree_chosen(self, event: JsonTree.Chosen) -> None:
        self.chosen.append(event)


@asynccontextmanager
async def opened(value: JSON, size: tuple[int, int] = (60, 20)) -> AsyncGenerator[tuple[Pilot[None], JsonTree, Window]]:
    app = Window()
    async with app.run_test(size=size) as pilot:
        app.tree_view.show(value)
        app.tree_view.focus()
        await pilot.pause()
        yield pilot, app.tree_view, app


def screen(tree: JsonTree) -> list[str]:
    rows = [tree.render_line(y).text.rstrip() for y in range(tree.size.height)]
    return [row for row in rows if row]


@given(VALUES)
def test_every_node_is_shown_once_when_all_is_unfolded(value: JSON) -> None:
    model = JsonModel()
    model.show(value)
    model.fold_all(folded=False)
    everything = [path for path, _node in nodes(value)] or [()]
    assert [row.path for row in model.rows] == everything
    for path, node in nodes(value):
        assert at(value, path) is node


@given(VALUES, st.text(min_size=1, max_size=2))
def test_going_to_a_match_brings_it_into_view(value: JSON, text: str) -> None:
    model = JsonModel()
    model.show(value)
    model.search(Pattern(text))
    path = None
    for expected in range(1, len(model.matches) + 1):
        path = model.step(path, 1)
        assert model.position(path) == expected
        assert any(row.path == path for row in model.rows)


@given(VALUES, st.text(max_size=3))
def test_a_filter_keeps_what_matches_with_all_above(value: JSON, text: str) -> None:
    model = JsonModel()
    model.show(value)
    found = model.filter(text)
    model.fold_all(folded=False)
    shown = {row.path for row in model.rows}
    hits = {path for path, _node in nodes(value) if text.lower() in path_text(path).lower()}
    assert found == len(hits)
    if text:
        assert shown == hits | {path[:length] for path in hits for length in range(1, len(path))}


@given(st.text())
def test_what_is_visible_never_controls_the_terminal(text: str) -> None:
    assert visible(text).isprintable()
    assert scalar_text(text).isprintable()
    assert json.loads(scalar_text(text)) == text


def test_paths_are_written_as_jq_takes_them() -> None:
    assert path_text(()) == "."
    assert path_text(("Config", "Env", 0)) == ".Config.Env[0]"
    assert path_text(("a b", "c")) == '.["a b"].c'
    assert path_text((0, "c")) == ".[0].c"


async def test_keys_fold_and_unfold() -> None:
    async with opened(CONTAINER) as (pilot, tree, app):
        assert screen(tree)[:3] == ['  Id: "abc"', "▸ State: {3}", "▸ Config: {3}"]
        await pilot.press("down", "enter")
        assert screen(tree)[1:5] == ["▾ State: {3}", "    Running: true", "    Pid: 42", '    Error: ""']
        await pilot.press("right", "enter")
        assert [(event.path, event.value) for event in app.chosen] == [(("State", "Running"), True)]
        await pilot.press("left")
        assert tree.path_text() == ".State"
        await pilot.press("left")
        assert screen(tree)[1] == "▸ State: {3}"
        await pilot.press("+")
        assert any("com.example.team" in row for row in screen(tree))
        await pilot.press("-")
        assert len(screen(tree)) == 4


async def test_a_long_text_is_cut_with_its_length_and_unfolds_whole() -> None:
    async with opened(CONTAINER) as (pilot, tree, _app):
        assert screen(tree)[3].startswith('▸ Script: "first line\\nsecond line')
        assert screen(tree)[3].endswith("… (123 characters)")
        await pilot.press("G", "enter")
        rows = screen(tree)
        assert rows[3] == "▾ Script: (123 characters)"
        assert [row.strip() for row in rows[4:6]] == ["first line", "second line"]
        assert sum(row.count("x") for row in rows[6:]) == 100


async def test_search_unfolds_its_hits_and_goes_round() -> None:
    async with opened(CONTAINER) as (_pilot, tree, _app):
        assert tree.search("test") == 1
        assert tree.path_text() == ".Config.Env[1]"
        assert tree.value_text() == "MODE=test"
        assert tree.search("e") > 3
        first = tree.status.position
        tree.next_match()
        tree.next_match(-1)
        assert tree.status.position == first
        assert tree.search("second") == 1
        assert any("second line" in row for row in screen(tree)[4:])
        assert tree.search("nowhere") == 0
        with pytest.raises(ValueError, match=r"\.$"):
            tree.search("re:(")


async def test_a_refresh_keeps_folds_and_cursor() -> None:
    async with opened(CONTAINER) as (pilot, tree, _app):
        await pilot.press("down", "enter", "down", "down")
        assert tree.path_text() == ".State.Pid"
        assert isinstance(CONTAINER, dict)
        tree.show({**CONTAINER, "AAA": 1, "State": {"Running": False, "Pid": 43}})
        assert tree.path_text() == ".State.Pid"
        assert tree.value_text() == "43"
        tree.show({"State": {}})
        assert tree.path_text() == ".State"


async def test_the_filter_shows_paths_only() -> None:
    async with opened(CONTAINER) as (_pilot, tree, _app):
        assert tree.filter("labels") == 2
        assert screen(tree) == ["▾ Config: {3}", "  ▸ Labels: {1}"]
        tree.filter("")
        assert len(screen(tree)) == 4


async def test_hostile_keys_and_values_are_written_out() -> None:
    async with opened({"k\x1b[2J": "v\x07\u202e"}) as (_pilot, tree, _app):
        assert screen(tree) == ['  k\\u001b[2J: "v\\u0007\\u202e"']


@pytest.mark.parametrize("value", [None, {}, [], "text", 5])
async def test_anything_can_be_shown(value: JSON) -> None:
    async with opened(value) as (pilot, tree, _app):
        await pilot.press("enter", "right", "left", "+", "-", "up", "down", "G", "g")
        assert len(screen(tree)) == 1


async def test_ten_thousand_nodes_scroll_to_the_last() -> None:
    value: JSON = {f"key {n}": [n] for n in range(5_000)}
    async with opened(value) as (pilot, tree, _app):
        await pilot.press("+", "G")
        assert screen(tree)[-1].strip() == "0: 4999"
        assert tree.status.rows == 10_000
