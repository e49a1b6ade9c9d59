"""``qd`` on a fake backend, as a process of its own: ``python -m tests.app.cli.program WORD…``."""

from __future__ import annotations

import sys

from app.cli import main
from backends.registry import Registry
from tests.fakes.backend import FakeBackend


def run() -> int:
    fake = FakeBackend()
    fake.world.log_rate = 200
    return main(sys.argv[1:], registry=Registry({"fake": fake}))


if __name__ == "__main__":
    sys.exit(run())
