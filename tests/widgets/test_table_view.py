from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.contract.model import Health, Resource, ResourceId, Sample, State
from tests.widgets.samples import COLUMNS, NOW, identity, measured, thing
from widgets.cells import natural, sort_key
from widgets.filter import parse
from widgets.table_view import CALM, TableView


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


NAMES = [f"web{number}" for number in range(14)]
THINGS = st.builds(
    thing,
    st.sampled_from(NAMES),
    state=st.sampled_from([State.RUNNING, State.STOPPED, State.FAILED]),
    health=st.sampled_from([Health.GOOD, Health.FAULT]),
    image=st.sampled_from(["nginx", "redis", None]),
)
FILTERS = st.sampled_from(["", "w", "we", "web", "web1", "!web1", "image:nginx", "state:run", "re:[12]", "~w2", "re:("])
SORTS = st.tuples(st.sampled_from(["name", "state", "image", "age"]), st.booleans())
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("update"), st.lists(THINGS, max_size=4), st.lists(st.sampled_from(NAMES), max_size=2)),
        st.tuples(st.just("filter"), FILTERS),
        st.tuples(st.just("sort"), SORTS),
        st.tuples(st.just("faults"), st.booleans()),
        st.tuples(st.just("load"), st.lists(THINGS, max_size=8)),
    ),
    max_size=14,
)


class Naive:
    """The same table without any cleverness."""

    def __init__(self) -> None:
        self.held: dict[ResourceId, Resource] = {}
        self.filter = ""
        self.sort = ("name", False)
        self.faults_only = False

    def rows(self) -> list[ResourceId]:
        asked = parse(self.filter, COLUMNS)
        kept = [
            resource
            for resource in self.held.values()
            if asked.matches(resource, now=NOW)
            and (not self.faults_only or resource.health in {Health.FAULT, Health.WARNING})
        ]
        column = next(column for column in COLUMNS if column.id == self.sort[0])
        kept.sort(key=lambda resource: (natural(resource.name), resource.id))
        known = [resource for resource in kept if sort_key(column, resource) is not None]
        known.sort(key=lambda resource: sort_key(column, resource) or (0, 0), reverse=self.sort[1])
        return [resource.id for resource in (*known, *(resource for resource in kept if resource not in known))]


def play(step: Sequence[object], view: TableView, naive: Naive) -> None:
    match step:
        case ("update", list(changed), list(gone)):
            leaving = {identity(name) for name in gone}
            before = view.rows
            news = view.update(changed, leaving)
            naive.held.update({resource.id: resource for resource in changed})
            naive.held = {key: resource for key, resource in naive.held.items() if key not in leaving}
            assert news.moved or before == view.rows
            assert news.keys == {resource.id for resource in changed} & set(view.rows)
        case ("filter", str(text)):
            naive.filter = text
            view.set_filter(parse(text, COLUMNS))
        case ("sort", (str(column), bool(reverse))):
            naive.sort = (column, reverse)
            view.set_sort(column, reverse=reverse)
        case ("faults", bool(only)):
            naive.faults_only = only
            view.set_faults_only(only=only)
        case ("load", list(resources)):
            naive.held = {resource.id: resource for resource in resources}
            view.load(resources)


@settings(deadline=None)
@given(STEPS)
def test_the_view_shows_what_filtering_and_sorting_everything_would(steps: list[Sequence[object]]) -> None:
    view, naive = TableView(COLUMNS, clock=Clock()), Naive()
    for step in steps:
        play(step, view, naive)
        assert view.rows == naive.rows()
        assert view.total == len(naive.held)
        assert view.faults == sum(resource.health is Health.FAULT for resource in naive.held.values())
        for index, row in enumerate(view.rows):
            assert view.index_of(row) == index


def test_many_changes_at_once_give_the_same_as_one_by_one() -> None:
    many = [thing(f"web{number}", image=f"i{number % 7}") for number in range(300)]
    later = [thing(f"web{number}", image=f"i{number % 5}") for number in range(0, 300, 2)]
    gone = [identity(f"web{number}") for number in range(1, 300, 6)]
    bulk, single = TableView(COLUMNS, sort="-image", clock=Clock()), TableView(COLUMNS, sort="-image", clock=Clock())
    for view in (bulk, single):
        view.load(many)
        view.set_filter(parse("!web7"))
    change = bulk.update(later, gone)
    for resource in later:
        single.update([resource])
    for leaving in gone:
        single.update([], [leaving])
    assert change.moved
    assert bulk.rows == single.rows
    assert bulk.faults == single.faults


def names(view: TableView) -> list[str]:
    return [row.native for row in view.rows]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def busy(clock: Clock) -> TableView:
    view = TableView(COLUMNS, sort="-cpu", clock=clock)
    view.load([thing(name) for name in ("a", "b", "c")])
    view.measure([measured("a", 10), measured("b", 20)])
    clock.now += CALM
    view.settle()
    return view


def test_the_unknown_sorts_last_in_both_directions(busy: TableView) -> None:
    assert names(busy) == ["b", "a", "c"]
    busy.set_sort("cpu", reverse=False)
    assert names(busy) == ["a", "b", "c"]


def test_rows_sorted_by_a_metric_move_only_now_and_then(busy: TableView, clock: Clock) -> None:
    busy.measure([measured("a", 90)])
    assert not busy.settle()
    assert names(busy) == ["b", "a", "c"]
    clock.now += CALM
    assert busy.settle()
    assert names(busy) == ["a", "b", "c"]
    assert not busy.settle()


def test_rows_stay_where_they_are_while_the_cursor_moves(busy: TableView, clock: Clock) -> None:
    busy.measure([measured("a", 90)])
    clock.now += CALM
    busy.hold()
    assert not busy.settle()
    clock.now += CALM
    assert busy.settle()


def test_a_single_spike_does_not_throw_rows_about(busy: TableView, clock: Clock) -> None:
    busy.measure([measured("a", 30)])
    clock.now += CALM
    assert not busy.settle()
    assert names(busy) == ["b", "a", "c"]


def test_new_and_gone_rows_are_seen_at_once_even_when_sorted_by_a_metric(busy: TableView) -> None:
    assert busy.update([thing("d")], [identity("b")]).moved
    assert names(busy) == ["a", "c", "d"]


@given(
    st.lists(
        st.one_of(
            st.lists(st.builds(measured, st.sampled_from(NAMES), st.floats(0, 100)), max_size=5),
            THINGS,
            st.sampled_from(NAMES),
        ),
        max_size=25,
    )
)
@settings(deadline=None)
def test_a_table_sorted_by_a_metric_never_loses_or_doubles_a_row(
    steps: list[list[Sample] | Resource | str],
) -> None:
    clock = Clock()
    view = TableView(COLUMNS, sort="-cpu", clock=clock)
    view.set_filter(parse("!web3", COLUMNS))
    held: set[ResourceId] = set()
    for step in steps:
        clock.now += 1
        if isinstance(step, list):
            view.measure(step)
        elif isinstance(step, str):
            view.update([], [identity(step)])
            held.discard(identity(step))
        else:
            view.update([step])
            held.add(step.id)
        view.settle()
        assert sorted(view.rows) == sorted(key for key in held if key.native != "web3")
        assert all(view.index_of(key) == index for index, key in enumerate(view.rows))


def test_a_filter_on_a_metric_follows_the_measurements(clock: Clock) -> None:
    view = TableView(COLUMNS, clock=clock)
    view.load([thing("a"), thing("b")])
    view.set_filter(parse("cpu:>50", COLUMNS))
    assert names(view) == []
    view.measure([measured("a", 80)])
    clock.now += CALM
    assert view.settle()
    assert names(view) == ["a"]
    view.measure([measured("a", 1)])
    clock.now += CALM
    assert view.settle()
    assert names(view) == []


def test_totals_count_what_is_shown(clock: Clock) -> None:
    view = TableView(COLUMNS, clock=clock)
    view.load([thing(name) for name in ("web1", "web2", "db")])
    view.measure([measured("web1", 10, 100.0), measured("web2", 5, 50.0), measured("db", 1, 7.0)])
    assert view.totals() == {"cpu": 16.0, "mem": 157.0}
    view.set_filter(parse("web"))
    assert view.totals() == {"cpu": 15.0, "mem": 150.0}


def process(number: int, parent: int | None, name: str = "") -> Resource:
    return thing(str(number), parent=parent, image=name)


@pytest.fixture
def forest(clock: Clock) -> TableView:
    view = TableView(COLUMNS, tree_field="parent", clock=clock)
    view.load(
        [process(1, 0), process(2, 1), process(3, 1, "leaf"), process(10, 2, "leaf"), process(4, 99), process(5, 5)]
    )
    return view


def test_children_stand_under_their_parents(forest: TableView) -> None:
    assert [(row.id.native, row.depth) for row in forest.window(0, 9)] == [
        ("1", 0),
        ("2", 1),
        ("10", 2),
        ("3", 1),
        ("4", 0),
        ("5", 0),
    ]
    assert forest.index_of(identity("3")) == 3


def test_folding_hides_what_is_below(forest: TableView) -> None:
    assert forest.fold(identity("1"), folded=True)
    assert names(forest) == ["1", "4", "5"]
    assert forest.index_of(identity("10")) is None
    assert not forest.fold(identity("4"), folded=True)
    assert forest.fold(identity("1"), folded=False)
    assert len(forest) == 6


def test_a_match_in_a_tree_brings_its_ancestors(forest: TableView) -> None:
    forest.set_filter(parse("image:leaf"))
    assert names(forest) == ["1", "2", "10", "3"]


def test_a_new_parent_moves_the_branch(forest: TableView) -> None:
    assert forest.update([process(2, 4)]).moved
    assert names(forest) == ["1", "3", "4", "2", "10", "5"]
    assert not forest.update([process(2, 4)]).moved


@given(st.dictionaries(st.integers(0, 9), st.one_of(st.none(), st.integers(0, 12))))
def test_no_row_is_lost_whatever_the_parents_say(parents: dict[int, int | None]) -> None:
    view = TableView(COLUMNS, tree_field="parent", clock=Clock())
    view.load([process(number, parent) for number, parent in parents.items()])
    assert sorted(names(view)) == sorted(map(str, parents))
