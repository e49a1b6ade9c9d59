"""Runs command lines in this process, on a fake backend or another, and keeps what they say."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app.cli import main
from backends.contract.session import Backend
from backends.registry import Registry
from tests.fakes.backend import FakeBackend


class Said(NamedTuple):
    """How a command line ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as one JSON document."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Standard output as JSON, one object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


class Desk:
    """A home of its own and a fake fleet to work on."""

    def __init__(self, home: Path, capfd: pytest.CaptureFixture[str], **backends: Backend) -> None:
        self.home = home
        self.backends = backends
        self.environment = {"QUARTERDECK_HOME": str(home), "TERM": "xterm", "HOME": str(home), "PATH": "/usr/bin:/bin"}
        self._capfd = capfd

    @property
    def fake(self) -> FakeBackend:
        """The fake backend."""
        fake = self.backends["fake"]
        assert isinstance(fake, FakeBackend)
        return fake

    def __call__(self, *words: str) -> Said:
        """Run a command line."""
        self._capfd.readouterr()
        code = main(words, environment=self.environment, registry=Registry(self.backends))
        out, err = self._capfd.readouterr()
        return Said(code, out, err)

    def settings(self, text: str) -> None:
        """Write the settings file."""
        file = self.home / "config" / "settings.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="qd-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def desks(home: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Desk]:
    def make(**backends: Backend) -> Desk:
        return Desk(home, capfd, **backends)

    return make


@pytest.fixture
def qd(desks: Callable[..., Desk]) -> Desk:
    """Command lines on one fake connection with ten containers."""
    return desks(fake=FakeBackend())
