from __future__ import annotations

import tomllib
from typing import Any

import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from fleet.settings.positions import Place, positions

TEXT = '''\
# a comment = 1
title = "x # no comment"
a.b."c.d" = 1

[table]
many = [
  1, # one
  [2, 3],
  { x = 1, y.z = [ { deep = 2 } ] },
]
text = """
[not a table]
key = "no key" \\""""
raw = \'\'\'
it's [[not]] "one" either\'\'\'

[ table . "in ner" ]
value = 2024-01-01T00:00:00Z
  [[list]]
  n = 1
  [[list]]
  n = 2
  [list.sub]
  m = 3
  [[list.more]]
  k = 4
  [[list]]
  inline = {a = {b = "}"}}
last = true'''


def test_each_key_is_found_on_its_line() -> None:
    tomllib.loads(TEXT)
    lines = positions(TEXT)
    expected: dict[Place, int] = {
        ("title",): 2,
        ("a", "b", "c.d"): 3,
        ("table",): 5,
        ("table", "many", 0): 7,
        ("table", "many", 1, 1): 8,
        ("table", "many", 2, "y", "z", 0, "deep"): 9,
        ("table", "text"): 11,
        ("table", "raw"): 14,
        ("table", "in ner"): 17,
        ("table", "in ner", "value"): 18,
        ("list", 0): 19,
        ("list", 0, "n"): 20,
        ("list", 1, "n"): 22,
        ("list", 1, "sub", "m"): 24,
        ("list", 1, "more", 0, "k"): 26,
        ("list", 2, "inline", "a", "b"): 28,
        ("list", 2, "last"): 29,
    }
    assert {place: lines[place] for place in expected} == expected


def test_an_empty_text_has_no_positions() -> None:
    assert positions("") == {}
    assert positions("# only this") == {}


def places(value: Any, place: Place = ()) -> set[Place]:
    found = {place} if place else set()
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        found |= places(item, (*place, name))
    return found


SCALARS = st.integers(-5, 5) | st.booleans() | st.text(max_size=8) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=5))
def test_every_place_of_any_document_has_a_line(data: dict[str, Any]) -> None:
    text = tomlkit.dumps(data)
    lines = positions(text)
    assert places(tomllib.loads(text)) <= set(lines)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
