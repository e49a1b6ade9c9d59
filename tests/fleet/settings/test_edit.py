from __future__ import annotations

import stat
from pathlib import Path

import pytest

from backends.contract.errors import Conflict, Invalid, Refused
from fleet.settings import Settings, SettingsError, default_text, parse, set_value, stamp
from fleet.settings.edit import BACKUPS, split_key


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def test_one_setting_changes_and_everything_else_stays(path: Path) -> None:
    path.write_text("# mine\n[interface]   # look\ntheme = 'day' # light\n\n[[policy]]\ndecision = 'ask'\n")
    set_value(path, "interface.theme", "night")
    assert path.read_text() == (
        "# mine\n[interface]   # look\ntheme = \"night\" # light\n\n[[policy]]\ndecision = 'ask'\n"
    )


def test_a_file_is_made_when_there_is_none(path: Path) -> None:
    set_value(path, "monitor.list_every", 60.0)
    assert parse(path.read_text()).monitor.list_every == 60
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_setting_is_added_to_the_default_file(path: Path) -> None:
    path.write_text(default_text())
    set_value(path, "interface.mouse", False)
    set_value(path, 'keys."container.stop"', ["s", "ctrl+s"])
    settings = parse(path.read_text())
    assert not settings.interface.mouse
    assert settings.chosen_keys == {"container.stop": ("s", "ctrl+s")}
    assert "# theme = " in path.read_text()


def test_taking_a_setting_out_brings_the_default_back(path: Path) -> None:
    set_value(path, "interface.mouse", False)
    set_value(path, "interface.mouse", None)
    set_value(path, "monitor.list_every", None)
    assert parse(path.read_text()) == Settings()


@pytest.mark.parametrize(("key", "value"), [("interface.theme", 5), ("interface.colour", "x"), ("foo.bar", 1)])
def test_what_would_be_wrong_is_refused_and_the_file_stays(path: Path, key: str, value: str | int) -> None:
    path.write_text("[interface]\ntheme = 'day'\n")
    with pytest.raises(SettingsError):
        set_value(path, key, value)
    assert path.read_text() == "[interface]\ntheme = 'day'\n"
    assert [file.name for file in path.parent.iterdir()] == ["settings.toml"]


def test_a_file_changed_meanwhile_is_not_touched(path: Path) -> None:
    seen = set_value(path, "interface.theme", "day")
    assert seen == stamp(path)
    path.write_text("[interface]\ntheme = 'by hand'\n")
    with pytest.raises(Conflict, match="changed meanwhile"):
        set_value(path, "interface.theme", "night", seen=seen - 1)
    assert "by hand" in path.read_text()
    set_value(path, "interface.theme", "night", seen=stamp(path))


def test_links_are_followed_and_the_mode_is_kept(path: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "qd.toml"
    real.parent.mkdir()
    real.write_text("")
    real.chmod(0o640)
    path.symlink_to(real)
    set_value(path, "interface.theme", "night")
    assert path.is_symlink()
    assert "night" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_the_last_states_are_kept(path: Path) -> None:
    for number in range(BACKUPS + 3):
        set_value(path, "interface.theme", f"t{number}")
    kept = sorted(file.name for file in path.parent.iterdir())
    assert kept == ["settings.toml", *(f"settings.toml.~{number}" for number in range(1, BACKUPS + 1))]
    assert f"t{BACKUPS + 1}" in path.with_name("settings.toml.~1").read_text()


def test_setting_what_is_set_writes_nothing(path: Path) -> None:
    first = set_value(path, "interface.theme", "x")
    assert set_value(path, "interface.theme", "x") == first
    assert len(list(path.parent.iterdir())) == 1


def test_a_broken_file_is_left_to_its_owner(path: Path) -> None:
    path.write_text("[interface\n")
    with pytest.raises(Refused, match="cannot be changed as it is"):
        set_value(path, "interface.theme", "x")


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("a", ("a",)),
        ("a.b-c", ("a", "b-c")),
        ('keys."container.stop"', ("keys", "container.stop")),
        ('"x\\"y".z', ('x"y', "z")),
    ],
)
def test_dotted_keys_are_split(key: str, names: tuple[str, ...]) -> None:
    assert split_key(key) == names


@pytest.mark.parametrize("key", ["", ".", "a.", ".a", "a b", 'a."b', "a..b"])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(Invalid, match="no setting's name"):
        split_key(key)
