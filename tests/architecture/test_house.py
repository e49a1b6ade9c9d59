"""What no single module can see: names, imports at start, and what is done only in one place."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from quarterdeck.finder import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
OURS = sorted({*PACKAGES, "quarterdeck"})
SOURCES = sorted(path for name in OURS for path in (ROOT / name).rglob("*.py"))

SDKS = {"docker", "aiohttp", "asyncssh", "libvirt", "litellm", "pydantic", "httpx", "requests", "keyring", "mcp"}
HEAVY = {"rich.markdown", "pygments", "markdown_it", "ssl", "numpy"}


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def loaded_by(*modules: str) -> set[str]:
    """What a fresh interpreter has loaded after importing these."""
    code = (
        f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\nprint(*sys.modules, sep='\\n')"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=100, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return set(answer.stdout.split())


def modules_of(package: str) -> list[str]:
    """Every module of a package that can be imported without starting something."""
    return [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in (ROOT / package).rglob("*.py")
        if path.stem != "__main__"
    ]


def calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield node.lineno, ast.unparse(node.func)


def test_no_dependency_ships_a_package_under_our_names() -> None:
    owners = packages_distributions()
    strangers = {name: set(owners.get(name, ())) - {"quarterdeck"} for name in OURS}
    assert not any(strangers.values()), strangers


def test_the_headless_floors_load_no_terminal() -> None:
    loaded = loaded_by(*modules_of("fleet"), *modules_of("backends"), *modules_of("assistant"))
    assert not {name for name in loaded if name.split(".")[0] in {"textual", "rich"}}


@pytest.mark.parametrize(
    "backend", [path.name for path in (ROOT / "backends").iterdir() if (path / "__init__.py").exists()]
)
def test_importing_a_backend_loads_no_sdk(backend: str) -> None:
    assert not {name.split(".")[0] for name in loaded_by(f"backends.{backend}")} & SDKS


def test_the_fleet_loads_no_sdk_before_it_needs_one() -> None:
    assert not {name.split(".")[0] for name in loaded_by(*modules_of("fleet"))} & SDKS


def test_the_interface_loads_nothing_heavy_before_its_first_paint() -> None:
    loaded = loaded_by("app.tui")
    assert not ({name.split(".")[0] for name in loaded} & SDKS)
    bare = loaded_by("textual.app", "textual.widget", "textual.screen")
    assert not (loaded - bare) & HEAVY


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_only_the_guard_catches_everything(path: Path) -> None:
    if relative(path) == "backends/guard.py":
        return
    broad = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or {"Exception", "BaseException"} & set(ast.unparse(node.type).strip("()").split(", ")))
        and not any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))
    ]
    assert not broad, f"{relative(path)} catches everything in lines {broad}"


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_nothing_sleeps_or_starts_bare_tasks_and_threads(path: Path) -> None:
    banned = {
        "time.sleep",
        "asyncio.create_task",
        "asyncio.ensure_future",
        "loop.create_task",
        "threading.Thread",
        "Thread",
    }
    found = [(line, name) for line, name in calls(ast.parse(path.read_text())) if name in banned]
    assert not found


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))
