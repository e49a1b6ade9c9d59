"""Reads settings: the main file, a profile over it, the environment over both. Everything wrong is told at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from fleet.paths import Paths
from fleet.settings import sense
from fleet.settings.model import Settings
from fleet.settings.positions import Place, positions
from fleet.settings.problems import Problem, SettingsError
from fleet.settings.sense import Finding

PREFIX: Final = "QUARTERDECK_"
PROFILE_VARIABLE: Final = "QUARTERDECK_PROFILE"

_PROFILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SYNTAX = re.compile(r"(?P<what>.*?) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)")
_TRUTH: Final = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


class Layer(NamedTuple):
    """One source of settings, and what is wrong with it."""

    data: dict[str, Any]
    problems: tuple[Problem, ...] = ()


def load(paths: Paths, environment: Mapping[str, str], profile: str | None = None) -> Settings:
    """The settings that hold.

    Args:
        paths: where the files are; one that is not there is empty.
        environment: ``QUARTERDECK_SECTION__KEY`` overrides both files, ``QUARTERDECK_PROFILE`` chooses a profile.
        profile: chooses a profile before the environment and the main file do.

    Raises:
        SettingsError: with every problem of every source.
    """
    main = read_layer(paths.settings)
    name = profile or environment.get(PROFILE_VARIABLE, "") or _profile_of(main.data)
    layers = [main]
    if name:
        layers.append(_profile(paths, name))
    layers.append(environment_layer(environment))
    return _settled(layers, str(paths.settings))


def parse(text: str, source: str = "settings.toml") -> Settings:
    """The settings of one text.

    Raises:
        SettingsError: with every problem in it.
    """
    return _settled([parse_layer(text, source)], source)


def read_layer(path: Path) -> Layer:
    """One file's settings; a file that is not there has none."""
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        return Layer({})
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return Layer({}, (Problem(str(path), "This line is not UTF-8 text.", line=line),))
    except OSError as error:
        return Layer({}, (Problem(str(path), f"The file cannot be read: {error.strerror}."),))
    return parse_layer(text, str(path))


def parse_layer(text: str, source: str) -> Layer:
    """One text's settings, rules marked with where they stand."""
    text = text.replace("\r\n", "\n")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Layer({}, (_syntax(str(error), text, source),))
    lines = positions(text)
    problems = tuple(
        Problem(source, message, line=_line(lines, place), key=_dotted(place)) for place, message in findings(data)
    )
    rules = data.get("policy")
    for index, rule in enumerate(rules if isinstance(rules, list) else []):
        if isinstance(rule, dict):
            rule["origin"] = f"{source}, line {_line(lines, ('policy', index))}"
    return Layer(data, problems)


def environment_layer(environment: Mapping[str, str]) -> Layer:
    """The settings in variables: ``QUARTERDECK_MONITOR__LIST_EVERY=60``."""
    data: dict[str, Any] = {}
    problems: list[Problem] = []
    for variable in sorted(environment):
        if not variable.startswith(PREFIX) or "__" not in variable:
            continue
        section, _, key = variable.removeprefix(PREFIX).lower().partition("__")
        table = {section: {key: _from_text(section, key, environment[variable])}}
        found = [Problem(variable, f"{_dotted(place)} {message}") for place, message in findings(table)]
        problems += found
        if not found:
            data.setdefault(section, {})[key] = table[section][key]
    return Layer(data, tuple(problems))


def findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Everything wrong in a table. One that fits is told apart quickly; only another is looked at key by key."""
    rules = data.get("policy")
    marked = any("origin" in rule for rule in rules if isinstance(rule, Mapping)) if isinstance(rules, list) else False
    try:
        msgspec.convert(data, Settings)
    except msgspec.ValidationError:
        marked = True
    if not marked:
        yield from sense.findings(data)
        return
    from fleet.settings import check

    yield from check.findings(data)


def _settled(layers: list[Layer], source: str) -> Settings:
    problems = [problem for layer in layers for problem in layer.problems]
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = _laid_over(merged, layer.data)
    if not problems:
        # Each source may be right by itself and wrong with the others.
        problems = [
            Problem(source, message, key=_dotted(place)) for place, message in findings(_without_origin(merged))
        ]
    if problems:
        raise SettingsError(problems)
    return msgspec.convert(merged, Settings)


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        old = merged.get(name)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            merged[name] = _laid_over(old, value)
        elif name == "connection" and isinstance(value, list) and isinstance(old, list):
            merged[name] = _connections(old, value)
        elif name == "policy" and isinstance(value, list) and isinstance(old, list):
            merged[name] = [*value, *old]  # the first rule that fits answers, so a profile's come first
        else:
            merged[name] = value
    return merged


def _connections(below: list[Any], above: list[Any]) -> list[Any]:
    replaced = {item.get("id") for item in above if isinstance(item, Mapping)}
    return [item for item in below if not (isinstance(item, Mapping) and item.get("id") in replaced)] + above


def _without_origin(merged: Mapping[str, Any]) -> dict[str, Any]:
    rules = merged.get("policy")
    if not isinstance(rules, list):
        return dict(merged)
    plain = [{key: value for key, value in rule.items() if key != "origin"} for rule in rules if isinstance(rule, dict)]
    return {**merged, "policy": plain}


def _profile_of(data: Mapping[str, Any]) -> str:
    general = data.get("general")
    name = general.get("profile") if isinstance(general, Mapping) else None
    return name if isinstance(name, str) else ""


def _profile(paths: Paths, name: str) -> Layer:
    if not _PROFILE_NAME.fullmatch(name):
        return Layer({}, (Problem(f"Profile “{name}”", "Its name must be of letters, digits, dots, dashes."),))
    path = paths.profiles / f"{name}.toml"
    if not path.is_file():
        known = sorted(file.stem for file in paths.profiles.glob("*.toml")) if paths.profiles.is_dir() else []
        return Layer({}, (Problem(str(path), f"There is no such profile; known are: {', '.join(known) or 'none'}."),))
    return read_layer(path)


def _from_text(section: str, key: str, text: str) -> object:
    """A variable's text as the type its setting has; left as text where it does not fit, to be told by the check."""
    default = getattr(getattr(Settings(), section, None), key, None)
    match default:
        case bool():
            return _TRUTH.get(text.strip().lower(), text)
        case int():
            return int(text) if re.fullmatch(r"\s*-?\d{1,18}\s*", text) else text
        case float():
            return float(text) if re.fullmatch(r"\s*-?\d{1,18}(\.\d*)?\s*", text) else text
        case _:
            return text


def _syntax(message: str, text: str, source: str) -> Problem:
    match = _SYNTAX.fullmatch(message)
    if match is None:
        return Problem(source, f"This is not TOML: {message}.")
    if match.group("line") is None:
        last = text.rstrip("\n")
        return Problem(
            source,
            f"This is not TOML: {match.group('what')} at the end",
            line=last.count("\n") + 1,
            column=len(last) - last.rfind("\n"),
        )
    return Problem(
        source,
        f"This is not TOML: {match.group('what')}",
        line=int(match.group("line")),
        column=int(match.group("column")),
    )


def _line(lines: Mapping[Place, int], place: Place) -> int:
    """The line of a place, or of the nearest one around it."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def _dotted(place: Place) -> str:
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{_quoted(part)}" for part in place).lstrip(".")


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'
