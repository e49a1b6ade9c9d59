"""The built wheel, installed somewhere clean, starts as ours whatever the working folder and ``PYTHONPATH`` hold."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from quarterdeck.finder import PACKAGES
from quarterdeck.version import VERSION
from tests.app.ptys import ROOT, running


def run(*command: str | Path, **env: str) -> str:
    answer = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **env},
        timeout=300,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, as it would be published."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` folder of an environment with the wheel in it.

    What the wheel depends on is borrowed from the environment of the tests by a ``.pth`` file, which takes no time and
    no network. The editable install there stays behind: ``.pth`` files of a borrowed folder are not read.
    """
    environment = tmp_path_factory.mktemp("clean") / "env"
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel)
    paths = sysconfig.get_paths()
    own = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])").strip())
    (own / "borrowed.pth").write_text(f"{paths['purelib']}\n{paths['platlib']}\n")
    return environment / "bin"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder with strangers under our names."""
    for name in PACKAGES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('a stranger')\n")
    return tmp_path


def surroundings(folder: Path) -> dict[str, str]:
    homes = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    return {**homes, "HOME": str(folder), "XDG_RUNTIME_DIR": str(runtime), "PYTHONPATH": str(folder)}


def test_the_wheel_holds_our_packages_and_nothing_else(wheel: Path) -> None:
    names = {name.split("/", 1)[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert names == {*PACKAGES, "quarterdeck", f"quarterdeck-{VERSION}.dist-info"}


def test_the_wheel_holds_everything_that_is_no_python(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    needed = {
        str(path.relative_to(ROOT))
        for name in (*PACKAGES, "quarterdeck")
        for path in (ROOT / name).rglob("*")
        if path.is_file() and path.suffix not in {".pyc", ".py"}
    }
    assert needed <= packed


@pytest.mark.parametrize("command", [("qd",), ("quarterdeck",), ("python", "-P", "-m", "quarterdeck")])
def test_it_tells_its_version_from_a_folder_with_strangers(
    installed: Path, elsewhere: Path, command: tuple[str, ...]
) -> None:
    answer = subprocess.run(
        [str(installed / command[0]), *command[1:], "--version"],
        capture_output=True,
        text=True,
        cwd=elsewhere,
        env={**os.environ, **surroundings(elsewhere)},
        timeout=60,
        check=False,
    )
    assert answer.stdout.strip() == f"quarterdeck {VERSION}", answer.stderr


def test_its_commands_are_ours_from_a_folder_with_strangers(installed: Path, elsewhere: Path) -> None:
    answer = subprocess.run(
        [str(installed / "qd"), "ls", "--help"],
        capture_output=True,
        text=True,
        cwd=elsewhere,
        env={**os.environ, **surroundings(elsewhere)},
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert "ls" in answer.stdout


def test_its_cockpit_opens_and_closes_in_a_folder_with_strangers(installed: Path, elsewhere: Path) -> None:
    with running((str(installed / "qd"),), env=surroundings(elsewhere), cwd=elsewhere, size=(120, 40)) as child:
        child.wait_for("Quarterdeck")
        child.wait_for("\x1b[?1002h")
        child.send(b"\x11")
        assert child.wait() == 0, child.output[-3000:]
        child.assert_restored()
