"""Holds a parsed TOML table against the settings' types, and finds everything that does not fit.

Only loaded when something does not: looking closely at types takes longer than a whole start should.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints

import msgspec
from msgspec import inspect

from fleet.settings import sense
from fleet.settings.model import Settings
from fleet.settings.positions import Place
from fleet.settings.sense import Finding

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text in quotes",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
}
_BOUNDS = {">=": "of at least", "<=": "of at most", ">": "above", "<": "below"}


def findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Everything in a settings table that does not fit."""
    yield from _struct(data, Settings, ())
    yield from sense.findings(data)


def visible_fields(struct: type[msgspec.Struct]) -> Mapping[str, inspect.Field]:
    """A struct's fields that may stand in a file."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return {field.name: field for field in info.fields if not _extra(field.type).get("hidden")}


def description(field: inspect.Field) -> str:
    """The sentence about a field."""
    if not isinstance(field.type, inspect.Metadata):
        return ""
    schema = field.type.extra_json_schema or {}
    return str(schema.get("description", ""))


def nested(field_type: inspect.Type) -> tuple[type[msgspec.Struct] | None, bool]:
    """The struct a field holds, if it does, and whether it holds many."""
    plain = bare(field_type)
    if isinstance(plain, inspect.StructType):
        return plain.cls, False
    if isinstance(plain, inspect.VarTupleType | inspect.ListType | inspect.CollectionType):
        return nested(plain.item_type)[0], True
    return None, False


def bare(field_type: inspect.Type) -> inspect.Type:
    """A type without what is said about it."""
    while isinstance(field_type, inspect.Metadata):
        field_type = field_type.type
    return field_type


def _struct(data: object, struct: type[msgspec.Struct], place: Place) -> Iterator[Finding]:
    if not isinstance(data, Mapping):
        yield place, f"must be a table; it is {_shown(data)}"
        return
    fields = visible_fields(struct)
    hints = get_type_hints(struct, include_extras=True)
    for name, value in data.items():
        where = (*place, name)
        if name not in fields:
            yield where, f"is not a setting{_meant(name, fields)}"
            continue
        inner, many = nested(fields[name].type)
        if inner is None:
            yield from _value(value, hints[name], fields[name].type, where)
        elif many:
            yield from _structs(value, inner, where)
        else:
            yield from _struct(value, inner, where)
    for name, field in fields.items():
        if field.required and name not in data:
            yield place, f"needs a {name}"


def _structs(data: object, struct: type[msgspec.Struct], place: Place) -> Iterator[Finding]:
    if not isinstance(data, list):
        yield place, f"must be written as [[{place[-1]}]], once for each"
        return
    for index, item in enumerate(data):
        yield from _struct(item, struct, (*place, index))


def _value(value: object, hint: Any, field_type: inspect.Type, place: Place) -> Iterator[Finding]:
    if isinstance(value, Mapping) and isinstance(bare(field_type), inspect.DictType):
        # Item by item: msgspec would not name the key, and only the first.
        for name, item in value.items():
            yield from _converted({name: item}, item, hint, field_type, (*place, name))
    else:
        yield from _converted(value, value, hint, field_type, place)


def _converted(value: object, shown: object, hint: Any, field_type: inspect.Type, place: Place) -> Iterator[Finding]:
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        yield place, _sentence(str(error), shown, field_type)


def _sentence(message: str, shown: object, field_type: inspect.Type) -> str:
    choices = _choices(field_type)
    if choices:
        return f"must be one of {', '.join(choices)}; it is {_shown(shown)}"
    text = message.partition(" - at ")[0]
    if not text.startswith("Expected "):
        return f"does not fit: {text}"
    wanted = text.removeprefix("Expected ").partition(", got ")[0].replace("`", "").replace(" | ", " or ")
    wanted = re.sub(r"\b[a-z]+\b", lambda match: _WORDS.get(match.group(), match.group()), wanted)
    for sign, words in _BOUNDS.items():
        wanted = re.sub(rf"{sign} (-?\d+)(\.0)?\b", rf"{words} \1", wanted)
    wanted = wanted.replace("of length of at least 1", "that is not empty")
    return f"must be {wanted}; it is {_shown(shown)}"


def _shown(value: object) -> str:
    text = repr(value) if not isinstance(value, bool) else str(value).lower()
    return text if len(text) <= 40 else text[:37] + "…"


def _choices(field_type: inspect.Type) -> list[str]:
    plain = bare(field_type)
    if isinstance(plain, inspect.LiteralType):
        return [str(value) for value in plain.values]
    if isinstance(plain, inspect.EnumType):
        return [str(member.value) for member in plain.cls]
    if isinstance(plain, inspect.UnionType):
        return next((found for kind in plain.types if (found := _choices(kind))), [])
    return []


def _meant(name: str, fields: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, fields, n=1)
    if close:
        return f"; did you mean {close[0]}?"[:-1]
    return f"; known here are {', '.join(fields)}"


def _extra(field_type: inspect.Type) -> Mapping[str, object]:
    return (field_type.extra or {}) if isinstance(field_type, inspect.Metadata) else {}
