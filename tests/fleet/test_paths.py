from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from backends.contract.errors import Refused
from fleet.paths import SOCKET_LIMIT, Paths, check_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_one_variable_moves_everything(tmp_path: Path) -> None:
    paths = Paths.for_environment({"QUARTERDECK_HOME": str(tmp_path / "home")})
    for place in (paths.settings, paths.profiles, paths.journal, paths.log, paths.undo, paths.lock, paths.cache):
        assert place.is_relative_to(tmp_path / "home")


def test_without_it_the_platform_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert Paths.for_environment({}).settings == tmp_path / "quarterdeck" / "settings.toml"


def test_a_relative_home_is_refused() -> None:
    with pytest.raises(Refused, match="not an absolute path"):
        Paths.for_environment({"QUARTERDECK_HOME": "here"})


def test_nothing_is_created_before_it_is_asked_for(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path / "home")
    assert paths.socket.is_absolute()
    assert not (tmp_path / "home").exists()


def test_created_folders_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        paths = Paths.under(tmp_path / "home")
        paths.create()
    finally:
        os.umask(before)
    for folder in (tmp_path / "home", paths.config, paths.data, paths.state, paths.cache, paths.runtime):
        assert mode(folder) == 0o700


def test_creating_twice_changes_nothing(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path)
    paths.create()
    paths.create()
    assert paths.create_runtime() == paths.socket.parent


def test_a_runtime_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path)
    paths.runtime.mkdir(mode=0o755)
    with pytest.raises(Refused, match="open to others") as caught:
        paths.create_runtime()
    assert "chmod 700" in str(caught.value.hint)


def test_a_link_as_runtime_folder_is_refused(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path)
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    paths.runtime.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="not a folder of its own"):
        paths.create_runtime()


def test_a_folder_others_could_replace_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    inner = tmp_path / "open" / "inner"
    inner.mkdir(mode=0o700)
    with pytest.raises(Refused, match="lets another user replace"):
        check_private(inner)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_runtime_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path)
    paths.runtime.mkdir(mode=0o700)
    os.chown(paths.runtime, 4242, -1)
    with pytest.raises(Refused, match="belongs to another user"):
        paths.create_runtime()


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "runtime").write_text("")
    with pytest.raises(Refused, match="in the way"):
        Paths.under(tmp_path).create_runtime()


def test_a_long_home_still_gets_a_socket_that_can_be_bound(tmp_path: Path) -> None:
    long, longer = (Paths.under(tmp_path / (letter * 120)) for letter in "ab")
    assert len(os.fsencode(long.socket)) <= SOCKET_LIMIT
    assert long.socket != longer.socket
    folder = long.create_runtime()
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(long.socket))
        assert mode(folder) == 0o700
        assert mode(folder.parent) == 0o700
    finally:
        long.socket.unlink(missing_ok=True)
        folder.rmdir()
