"""Takes the pictures of the documentation again.

python -m benchmarks.screenshots                 all, into docs/pictures
python -m benchmarks.screenshots logs shell      some
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.screenshots import clock, picture

if TYPE_CHECKING:
    from benchmarks.screenshots.scenes import Scene

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"


def main() -> int:
    """Take what is asked for; 0 when every picture could be taken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="PICTURE", help="only these")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    chosen = parser.parse_args()
    try:
        picture.check()
    except picture.CannotDraw as reason:
        print(reason, file=sys.stderr)
        return 1
    for name in ("NO_COLOR", "COLORTERM"):
        os.environ.pop(name, None)
    now = clock.install()
    from benchmarks.screenshots.scenes import SCENES

    unknown = set(chosen.names) - {scene.name for scene in SCENES}
    if unknown:
        parser.error(f"no such picture: {', '.join(sorted(unknown))}; there are: {', '.join(s.name for s in SCENES)}")
    wanted = [scene for scene in SCENES if not chosen.names or scene.name in chosen.names]
    return max([asyncio.run(_take(scene, chosen.folder, now)) for scene in wanted], default=0)


async def _take(scene: Scene, folder: Path, now: clock.Clock) -> int:
    """Take one picture; what cannot be taken is told and leaves the old one."""
    from benchmarks.screenshots.scenes import demo_stage, real_stage
    from tests.bed.docker import Unavailable

    now.reset(real=scene.real)
    with tempfile.TemporaryDirectory(prefix="qd-pictures-", ignore_cleanup_errors=True) as home:
        try:
            stage = real_stage(scene, Path(home)) if scene.real else demo_stage(scene, Path(home), now)
            async with stage as shown:
                await scene.lead(shown)
                size = picture.take(shown.app, folder / f"{scene.name}.png")
        except (Unavailable, TimeoutError) as reason:
            print(f"{scene.name}: not taken: {str(reason) or 'it did not come in time'}", file=sys.stderr)
            return 1
    print(f"{scene.name}: {size:,} bytes{' (too large)' if size > picture.LIMIT else ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
