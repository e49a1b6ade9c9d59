from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.contract.model import Health, State
from tests.widgets.samples import COLUMNS, NOW, measured, thing
from widgets.filter import parse

WEB = thing("web-2", connection="east", image="nginx:1.27", ports=["8080->80/tcp"], restarts=3, tty=True)
BUSY = measured("web-2", 75.0, 2 * 1024**3)


def passes(text: str) -> bool:
    return parse(text, COLUMNS).matches(WEB, BUSY, now=NOW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "WEB",
        "web nginx",
        '"1.27"',
        "~wb2",
        r"re:^web-\d$",
        "!postgres",
        "!!web",
        "state:run",
        "state:paused,running",
        "host:east",
        "connection:ea*",
        "tag:prod",
        "label:env",
        "label:env=prod",
        "label:ENV=PR",
        "image:nginx",
        "image:*:1.2*",
        "nginx:1.27",
        "health:unknown",
        "kind:container",
        "name:=web-2",
        "ports:8080",
        "tty:yes",
        "restarts:3",
        "cpu:>50",
        "cpu:>=75%",
        "mem:>1g",
        "mem:<=2GiB",
        "memory:>1500m",
        "age:>30s",
        "age:<1d",
        "restarts:<5",
        "!cpu:>80",
        '!"two words"',
    ],
)
def test_a_filter_finds_what_it_describes(text: str) -> None:
    assert parse(text, COLUMNS).problem == ""
    assert passes(text)


@pytest.mark.parametrize(
    "text",
    [
        "postgres",
        "web postgres",
        "~2bw",
        "re:^eb",
        "!web",
        "state:stopped",
        "!state:running",
        "host:west",
        "label:env=test",
        "label:prod=env",
        "name:=web",
        "image:redis",
        "postgres:16",
        "cpu:>80",
        "mem:<1g",
        "age:>1h",
        "nothing:>1",
        "connection:e*x",
    ],
)
def test_a_filter_leaves_out_what_it_does_not_describe(text: str) -> None:
    assert not passes(text)


@pytest.mark.parametrize(
    "text", ["!", "~", "re:", "cpu:", "cpu:>", "state:", "label:", '"', "image:=", "!state:", "a:,"]
)
def test_a_word_that_is_only_begun_hides_nothing(text: str) -> None:
    assert parse(text, COLUMNS).problem == ""
    assert passes(text)


@pytest.mark.parametrize("text", ["re:(", "!re:[", "cpu:>x", "mem:<1q", "web re:*"])
def test_what_cannot_be_understood_lets_nothing_through_and_says_why(text: str) -> None:
    assert parse(text, COLUMNS).problem.endswith(".")
    assert not passes(text)


def test_the_unknown_is_on_neither_side_of_a_number() -> None:
    for text in ("cpu:>0", "cpu:<=0", "age:>0s"):
        assert not parse(text, COLUMNS).matches(thing("db", created=None), None, now=NOW)


def test_fields_are_found_without_columns_too() -> None:
    assert parse("restarts:>2 memory:>1g image:nginx").matches(WEB, BUSY, now=NOW)


def test_a_quoted_value_keeps_its_blanks_and_commas() -> None:
    noted = thing("db", note="two words, here")
    assert parse('note:"words, here"').matches(noted)
    assert not parse('note:"words, there"').matches(noted)


def test_health_and_state_words_of_the_engine_are_found() -> None:
    sick = thing("db", state=State.STOPPED, health=Health.FAULT)
    assert parse("health:fault state:stop").matches(sick)


@given(st.text())
def test_any_text_is_a_filter(text: str) -> None:
    found = parse(text, COLUMNS)
    assert found.text == text
    assert isinstance(found.matches(WEB, BUSY, now=NOW), bool)
    assert found.problem == "" or found.problem.endswith(".")


WORDS = st.text(alphabet='awe1-!~:"re,>=*( |', max_size=12)


@given(WORDS, WORDS)
def test_a_filter_that_claims_to_narrow_never_lets_more_through(before: str, after: str) -> None:
    old, new = parse(before, COLUMNS), parse(after, COLUMNS)
    things = [thing(name, image=image) for name in ("web-1", "awe", "ea", "") for image in ("re:e", "a,1", "w")]
    if new.narrows(old):
        assert all(old.matches(each) for each in things if new.matches(each))


def test_typing_on_narrows_and_negation_does_not() -> None:
    assert parse("web-1").narrows(parse("web"))
    assert parse("web x").narrows(parse("web"))
    assert parse("anything").narrows(parse(""))
    assert not parse("!webs").narrows(parse("!web"))
    assert not parse("re:web|db").narrows(parse("re:web"))


def test_only_filters_on_measurements_and_ages_may_change_by_themselves() -> None:
    assert parse("cpu:>1", COLUMNS).moving
    assert parse("age:>1d", COLUMNS).moving
    assert not parse("web state:run image:x", COLUMNS).moving
