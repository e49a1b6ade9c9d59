"""Whether ``qd doctor`` tells a person that missing bytecode makes every start several times slower."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.ground import ROOT, environment, temporary_home
from benchmarks.groups import Effort
from benchmarks.report import Figure

PACKAGES: Final = ("app", "screens", "widgets", "assistant", "fleet", "backends", "quarterdeck")
WORDS: Final = ("bytecode", ".pyc", "compiled")


def measure(effort: Effort) -> Iterator[Figure]:
    """Row 23."""
    del effort
    with tempfile.TemporaryDirectory(prefix="qd-bench-") as folder, temporary_home() as home:
        for package in PACKAGES:
            shutil.copytree(ROOT / package, Path(folder) / package, ignore=shutil.ignore_patterns("__pycache__"))
        more = {"PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"}
        told = _doctor(home, folder, more)
        usual = _doctor(home, str(ROOT), {"PYTHONPATH": str(ROOT)})
    warned = any(word in told for word in WORDS) and told != usual
    yield Figure("23", "`qd doctor` warns when bytecode is missing", float(warned), "", "1", 1.0, least=True)


def _doctor(home: Path, folder: str, more: dict[str, str]) -> str:
    command = (sys.executable, "-m", "quarterdeck", "doctor")
    variables = {**environment(home), **more}
    answer = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, check=False, timeout=120
    )
    return answer.stdout + answer.stderr
