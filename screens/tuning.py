"""Settings as the interface shows and changes them: each with its value, where that comes from, and what it may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from msgspec import inspect

from backends.contract.errors import BackendError, Conflict, Invalid, Refused
from backends.contract.model import Fact
from backends.contract.operation import Parameter, ParameterType
from fleet.paths import Paths
from fleet.settings import Settings, SettingsError, load, set_value
from fleet.settings.check import bare, description, visible_fields
from fleet.settings.default import sections
from fleet.settings.edit import split_key, stamp
from fleet.settings.load import PREFIX, PROFILE_VARIABLE, environment_layer, findings, read_layer

AT_ONCE: Final = frozenset({"interface.theme", "interface.keys", "interface.hosts_enter", "interface.timestamps"})
"""What the running interface follows; the rest is read at a start."""
OURS: Final = frozenset({"interface", "general"})
"""Sections the interface reads; the others concern the fleet daemon."""
WHEN_STARTED: Final = "when this is started again"
WHEN_DAEMON_STARTED: Final = "when the fleet daemon is started again"


class Setting(NamedTuple):
    """One setting as it stands."""

    key: str
    """Dotted: ``interface.theme``."""
    value: Fact
    default: Fact
    source: str
    """``default``, ``file``, ``profile NAME``, or the name of a variable."""
    doc: str
    parameter: Parameter | None
    """What it may be; ``None`` for what is written in the file by hand."""

    @property
    def holds(self) -> str:
        """When a change of it takes effect."""
        section = self.key.partition(".")[0]
        if self.key in AT_ONCE or section == "keys":
            return "at once"
        return WHEN_STARTED if section in OURS else WHEN_DAEMON_STARTED


class Tuning:
    """The settings of one installation. Without paths, as in a fleet of tests, they can be looked at only."""

    def __init__(
        self, settings: Settings, paths: Paths | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        self._settings = settings
        self._paths = paths
        self._environment = environment or {}
        self._seen = stamp(paths.settings) if paths else 0

    @property
    def file(self) -> str:
        """Where changes are written; empty when nowhere."""
        return str(self._paths.settings) if self._paths else ""

    @property
    def problems(self) -> Sequence[str]:
        """What is wrong with the file as it is now: somebody may have edited it since."""
        if self._paths is None:
            return ()
        try:
            load(self._paths, self._environment)
        except SettingsError as error:
            return tuple(str(problem) for problem in error.problems)
        except BackendError as error:
            return (error.message,)
        return ()

    # -- reading

    def settings(self, themes: Sequence[str] = ()) -> Sequence[Setting]:
        """Every setting; ``themes`` are what the theme may be."""
        layers = self._layers()
        return [*self._plain(layers, themes), *self._keys(layers), *self._by_hand(layers)]

    def find(self, key: str, themes: Sequence[str] = ()) -> Setting:
        """The setting of that name; a key's setting need not be there yet.

        Raises:
            Invalid: if there is none.
        """
        names = split_key(key)
        known = self.settings(themes)
        for setting in known:
            if split_key(setting.key) == names:
                return setting
        if names[0] == "keys" and len(names) == 2:
            return _key_setting(names[1], None, "default")
        from difflib import get_close_matches

        close = get_close_matches(key, [setting.key for setting in known], n=1, cutoff=0.4)
        raise Invalid(f"There is no setting “{key}”.", hint=f"Did you mean {close[0]}?" if close else None)

    def _layers(self) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """The sources, the strongest first."""
        layers: list[tuple[str, Mapping[str, Any]]] = [("environment", environment_layer(self._environment).data)]
        if self._paths is not None:
            main = read_layer(self._paths.settings).data
            profile = self._profile(main)
            if profile:
                layers.append((f"profile {profile}", read_layer(self._paths.profiles / f"{profile}.toml").data))
            layers.append(("file", main))
        return layers

    def _profile(self, main: Mapping[str, Any]) -> str:
        general = main.get("general")
        named = general.get("profile") if isinstance(general, Mapping) else ""
        return self._environment.get(PROFILE_VARIABLE, "") or str(named or "")

    def _plain(self, layers: Sequence[tuple[str, Mapping[str, Any]]], themes: Sequence[str]) -> Iterator[Setting]:
        for section, struct in sections():
            defaults, values = struct(), getattr(self._settings, section)
            for name, field in visible_fields(struct).items():
                key = f"{section}.{name}"
                doc = description(field)
                yield Setting(
                    key=key,
                    value=getattr(values, name),
                    default=getattr(defaults, name),
                    source=_source(layers, section, name),
                    doc=doc,
                    parameter=_parameter(key, field.type, doc, themes if key == "interface.theme" else ()),
                )

    def _keys(self, layers: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Setting]:
        for name, keys in self._settings.chosen_keys.items():
            yield _key_setting(name, list(keys), _source(layers, "keys", name))

    def _by_hand(self, layers: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Setting]:
        for index, connection in enumerate(self._settings.connection, start=1):
            source = _source(layers, "connection")
            yield Setting(f"connection[{index}]", connection.id, None, source, f"At {connection.backend}.", None)
        for index, rule in enumerate(self._settings.policy, start=1):
            doc = rule.reason or "A rule of policy; the first that fits answers."
            yield Setting(f"policy[{index}]", rule.decision.value, None, _source(layers, "policy"), doc, None)

    # -- changing

    def problem(self, setting: Setting, value: Fact) -> str:
        """What would be wrong with a value, as a sentence; empty when nothing is."""
        section, name = split_key(setting.key)
        for place, message in findings({section: {name: value}}):
            return f"{place[-1]} {message}."
        return ""

    def change(self, key: str, value: Fact) -> Settings:
        """Write a setting, or with ``None`` take it out of the file; returns the settings that hold now.

        Raises:
            BackendError: if it may not be so, is held by a variable, or the file cannot be written.
        """
        if self._paths is None:
            raise Refused("These settings are in no file, so they cannot be changed.")
        setting = self.find(key)
        if setting.source.startswith(PREFIX):
            raise Conflict(f"{setting.key} is set by {setting.source}.", hint="Change it there, or take it out there.")
        if value is not None and (problem := self.problem(setting, value)):
            raise Invalid(problem)
        path = self._paths.settings
        if setting.source.startswith("profile "):
            path = self._paths.profiles / f"{setting.source.removeprefix('profile ')}.toml"
        set_value(path, setting.key, value, seen=self._seen if path == self._paths.settings else None)
        self._seen = stamp(self._paths.settings)
        self._settings = load(self._paths, self._environment)
        return self._settings

    def look_again(self) -> Settings:
        """Read the file again, because somebody may have edited it.

        Raises:
            SettingsError: with what is wrong with it; the settings stay as they were.
        """
        if self._paths is not None:
            self._seen = stamp(self._paths.settings)
            self._settings = load(self._paths, self._environment)
        return self._settings


def _source(layers: Sequence[tuple[str, Mapping[str, Any]]], section: str, name: str = "") -> str:
    for source, data in layers:
        table = data.get(section)
        if table is None or (name and not (isinstance(table, Mapping) and name in table)):
            continue
        return f"{PREFIX}{section}__{name}".upper() if source == "environment" else source
    return "default"


def _key_setting(name: str, keys: Fact, source: str) -> Setting:
    parameter = Parameter("value", "Keys", ParameterType.WORDS, "One key or several, parted by blanks: ctrl+k f1.")
    return Setting(f'keys."{name}"', keys, None, source, f"The key of {name}.", parameter)


def _parameter(key: str, field_type: inspect.Type, doc: str, choices: Sequence[str]) -> Parameter:
    plain = bare(field_type)
    low, high = getattr(plain, "ge", None), getattr(plain, "le", None)
    kind = ParameterType.TEXT
    match plain:
        case inspect.BoolType():
            kind = ParameterType.TOGGLE
        case inspect.IntType():
            kind = ParameterType.INTEGER
        case inspect.FloatType():
            kind = ParameterType.NUMBER
        case inspect.LiteralType():
            kind, choices = ParameterType.CHOICE, [str(value) for value in plain.values]
        case _ if choices:
            kind = ParameterType.CHOICE
    required = kind is not ParameterType.TEXT
    name = key.partition(".")[2]
    return Parameter("value", name, kind, doc, None, tuple(choices), required, low, high)
