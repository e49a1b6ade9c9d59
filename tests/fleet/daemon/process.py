"""A daemon with a fleet made of memory: ``python -m tests.fleet.daemon.process FOLDER [OPTION…]``."""

from __future__ import annotations

import sys
from pathlib import Path

from backends.contract.errors import Invalid
from fleet.daemon.run import run_daemon
from fleet.protocol import Fleet
from fleet.values import Delta
from quarterdeck.version import VERSION
from tests.fleet.daemon.memory import MemoryFleet, box


async def make() -> Fleet:
    if "invalid" in sys.argv:
        raise Invalid("The settings are wrong.", hint="See line 3.")
    if "crash" in sys.argv:
        raise SystemExit("out of luck")
    fleet = MemoryFleet()
    fleet.publish(Delta(resources=(box("first"),)))
    return fleet


if __name__ == "__main__":
    home = Path(sys.argv[1])
    sys.exit(
        run_daemon(
            make,
            socket=home / "s" / "d.sock",
            lock=home / "s" / "d.lock",
            log_file=home / "l" / "d.log",
            version="0.0.1" if "old" in sys.argv else VERSION,
            linger=1.0,  # longer than a second starter takes to arrive on a busy machine
        )
    )
