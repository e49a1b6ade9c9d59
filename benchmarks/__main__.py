"""Measures the product beside a bare Textual app in the same run, and says which goals are met.

python -m benchmarks                 everything (about ten minutes)
python -m benchmarks --quick         fewer rounds: a glance, too noisy to quote
python -m benchmarks keys idle       some groups
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks.ground import ROOT
from benchmarks.groups import GROUPS, Effort, measure
from benchmarks.report import Figure, save, table
from benchmarks.terminal import Lost

RESULTS = ROOT / "benchmarks" / "results"


def main() -> int:
    """Measure what is asked for; 0 when it could be measured, whatever came out."""
    chosen = _arguments()
    figures: list[Figure] = []
    failed = False
    for name in chosen.groups or GROUPS:
        print(f"{name}: {GROUPS[name]} …", file=sys.stderr, flush=True)
        began = time.monotonic()
        try:
            figures += measure(name, Effort.quick() if chosen.quick else Effort.full())
        except (Lost, RuntimeError, AssertionError) as error:
            failed = True
            print(f"{name} could not be measured: {error}", file=sys.stderr)
        print(f"  {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(table(figures))
    if not chosen.no_save:
        print(f"\nKept as {save(chosen.results, figures, quick=chosen.quick)} (.txt and .md beside it).")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the product beside a bare Textual app in the same run.",
        epilog="\n".join(f"{name:9} {about}" for name, about in GROUPS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, []], metavar="GROUP", help="only these groups")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where results are kept")
    parser.add_argument("--no-save", action="store_true", help="only print")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
