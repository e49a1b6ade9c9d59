"""``qd config``: works on files alone, also where they are wrong."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from app.cli.approval import refuse_read_only
from app.cli.codes import NOT_FOUND, OK, USAGE, Stop

if TYPE_CHECKING:
    from app.cli.context import Cli
    from app.cli.parsing import Namespace
    from backends.contract.model import Fact
    from fleet.settings import Settings


def path(cli: Cli, _given: Namespace) -> int:
    """Print where the settings file is."""
    cli.console.print(str(cli.paths.settings))
    return OK


def init(cli: Cli, _given: Namespace) -> int:
    """Write a settings file that explains itself."""
    from fleet.settings import write_default

    if cli.read_only_asked:
        refuse_read_only(cli, "Writing settings")
    write_default(cli.paths.settings)
    cli.console.print(str(cli.paths.settings))
    cli.console.say("Every setting stands in it with its default, commented out.")
    return OK


def show(cli: Cli, given: Namespace) -> int:
    """Print the settings that hold."""
    settings = _all(cli)
    if given.json:
        cli.console.document("settings", [settings])
    else:
        import tomlkit

        cli.console.print(tomlkit.dumps(settings).rstrip())
    return OK


def check(cli: Cli, given: Namespace) -> int:
    """Say everything that is wrong with the settings."""
    from fleet.settings import SettingsError

    problems: tuple[Any, ...] = ()
    try:
        _settings(cli)
    except SettingsError as error:
        problems = error.problems
    if given.json:
        fields = ("source", "line", "column", "key", "message")
        cli.console.document("problem", [{name: getattr(each, name) or None for name in fields} for each in problems])
    elif problems:
        for problem in problems:
            cli.console.complain(str(problem))
    else:
        cli.console.print("The settings are right.")
    return USAGE if problems else OK


def get(cli: Cli, given: Namespace) -> int:
    """Print one setting."""
    from fleet.settings.edit import split_key

    value: Any = _all(cli)
    for name in split_key(given.key):
        if not isinstance(value, dict) or name not in value:
            raise Stop(f"There is no setting “{given.key}”.", hint="`qd config show` prints all.", code=NOT_FOUND)
        value = value[name]
    if given.json:
        cli.console.document("setting", [{"key": given.key, "value": value}])
    elif isinstance(value, dict | list):
        import tomlkit

        cli.console.print(
            tomlkit.dumps(value if isinstance(value, dict) else {given.key.split(".")[-1]: value}).rstrip()
        )
    else:
        cli.console.print(str(value).lower() if isinstance(value, bool) else str(value))
    return OK


def set_key(cli: Cli, given: Namespace) -> int:
    """Change one setting in the file, or in that of the profile."""
    return _change(cli, given.key, _value(given.value))


def unset(cli: Cli, given: Namespace) -> int:
    """Take one setting out of the file."""
    return _change(cli, given.key, None)


def _change(cli: Cli, key: str, value: Fact) -> int:
    from fleet.settings import set_value, stamp

    if cli.read_only_asked:
        refuse_read_only(cli, "Changing settings")
    file = cli.paths.profiles / f"{cli.profile}.toml" if cli.profile else cli.paths.settings
    before = stamp(file)
    after = set_value(file, key, value, seen=before)
    cli.console.say(f"{file} is changed." if after != before else f"{file} says so already.")
    return OK


def _value(text: str) -> Fact:
    """A value as TOML reads it; what TOML cannot read is text."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, KeyError):
        return text
    return value if isinstance(value, bool | int | float | str | list) else text


def _settings(cli: Cli) -> Settings:
    """The settings that hold, read anew: the command may be about what is wrong with them."""
    from fleet.settings import load

    return load(cli.paths, cli.environment, cli.profile)


def _all(cli: Cli) -> dict[str, Any]:
    """Everything that is set, as plain tables, without what is unset."""
    from msgspec import json

    from fleet.redaction import redact_json

    tables = redact_json(json.decode(json.encode(_settings(cli))))
    assert isinstance(tables, dict)
    return {name: _without_nothing(table) for name, table in tables.items()}


def _without_nothing(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nothing(part) for key, part in value.items() if part is not None}
    if isinstance(value, list):
        return [_without_nothing(part) for part in value]
    return value
