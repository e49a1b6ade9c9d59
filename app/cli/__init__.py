"""The command line for scripts and for people who know what they want: ``qd ls``, ``qd stop web-1 --yes``."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backends.registry import Registry

__all__ = ["main"]


def main(argv: Sequence[str], *, environment: Mapping[str, str] | None = None, registry: Registry | None = None) -> int:
    """Run one command and return the exit code.

    Args:
        argv: the words after ``qd``.
        environment: instead of that of this process.
        registry: backends to use instead of the installed ones, for fleets run inline.
    """
    from app.cli.entry import run

    return run(argv, environment=environment, registry=registry)
