"""What is imported by the moment the screen is usable, from the interpreter's own import log."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from benchmarks.ground import ROOT, cached_home, environment, fake_fleet
from benchmarks.groups import Effort
from benchmarks.groups.watched import cockpit, ready
from benchmarks.report import Figure, Peer, at_most, limited

HEAVY: Final = (
    *("asyncssh", "aiohttp", "docker", "pydantic", "litellm", "libvirt", "httpx", "requests", "urllib3", "keyring"),
    *("psutil", "rich.markdown", "pygments", "markdown_it"),
)
"""Not to be imported by an interface that nobody has asked for anything."""
OURS: Final = frozenset({"app", "screens", "widgets", "assistant", "fleet", "backends", "quarterdeck"})
BARE: Final = (
    sys.executable,
    "-c",
    "import benchmarks.programs.hello, textual.drivers.linux_driver; from textual.widgets import Static",
)
"""What the bare app imports. Not the app itself: it draws on standard error, where the log goes."""
LOG: Final = {"PYTHONPROFILEIMPORTTIME": "1"}
IMPORTS_REFERENCE: Final = 161.0
"""Milliseconds of the bare app's imports where the goals were set."""
ROUNDS: Final = 3
SHOWN: Final = 6


def measure(effort: Effort) -> Iterator[Figure]:
    """Row 4."""
    ours: dict[str, int] = {}
    bare: dict[str, int] = {}
    rounds = max(ROUNDS, effort.rounds // 2)
    with (
        tempfile.TemporaryDirectory(prefix="qd-bench-") as folder,
        cached_home(100) as home,
        fake_fleet(home, 100) as fleet,
    ):
        log = Path(folder) / "imports"
        for _ in range(rounds):
            with log.open("wb") as errors:
                subprocess.run(BARE, env={**environment(), **LOG}, cwd=ROOT, stderr=errors, check=True)
            _least(bare, _read(log))
            with cockpit({**fleet.environment, **LOG}, errors=log) as terminal:
                ready(terminal)
                _least(ours, _read(log))
    heavy = sorted(name for name in ours if any(name == bad or name.startswith(f"{bad}.") for bad in HEAVY))
    note = f"imported: {', '.join(heavy)}" if heavy else ""
    yield at_most("4", "heavy modules imported when usable", len(heavy), "", 0, note=note)
    own = {name: took for name, took in ours.items() if name.partition(".")[0] in OURS}
    others = {name: took for name, took in ours.items() if name not in bare and name not in own}
    textual = Peer("hello's imports", sum(bare.values()) / 1000, IMPORTS_REFERENCE)
    most = ", ".join(f"{name} {took / 1000:.1f}" for name, took in _largest(own))
    took = sum(own.values()) / 1e6
    yield limited("4", f"our own {len(own)} modules", took, limit_ms=25, peer=textual, note=f"most: {most}")
    most = ", ".join(f"{name} {took / 1000:.1f}" for name, took in _largest(others))
    what = f"{len(others)} other modules the bare app has not"
    yield Figure("", what, sum(others.values()) / 1000, "ms", peer=textual, note=f"most: {most}")


def _read(log: Path) -> Mapping[str, int]:
    """Module → microseconds of its own, what it imports not counted."""
    found: dict[str, int] = {}
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        head, colon, rest = line.partition("import time:")
        fields = rest.split("|")
        if colon and not head and len(fields) == 3 and fields[0].strip().isdigit():
            found[fields[2].strip()] = int(fields[0])
    return found


def _least(best: dict[str, int], found: Mapping[str, int]) -> None:
    for name, took in found.items():
        best[name] = min(took, best.get(name, took))


def _largest(modules: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(modules.items(), key=lambda item: -item[1])[:SHOWN]
