"""What ``quarterdeck`` and ``qd`` run: decide from the command line alone, show something at once, then import.

This module must stay readable for older Pythons, which are told here what they lack.
"""

from __future__ import annotations

import gc
import sys

OLDEST = (3, 11)

if sys.version_info < OLDEST:
    sys.exit(
        "Quarterdeck needs Python {}.{} or newer; this is {}.{}.\n"
        "Install a newer Python beside it and make the environment with that one.".format(
            *OLDEST, *sys.version_info[:2]
        )
    )

from quarterdeck import options  # noqa: E402 - only a Python that is new enough comes here
from quarterdeck.options import Options  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Options", "main"]

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the interface, or hand the command line to the CLI; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if list(arguments) == ["--version"]:
        from quarterdeck.version import VERSION

        sys.stdout.write(f"quarterdeck {VERSION}\n")
        return 0
    chosen = options.parse(arguments)
    return _command(arguments) if chosen is None else _cockpit(chosen)


def _command(arguments: Sequence[str]) -> int:
    from quarterdeck import finder

    finder.install()
    from app.cli import main as command

    return command(list(arguments))


def _cockpit(chosen: Options) -> int:
    """Paint, import and run the interface. Whatever happens before it owns the terminal, the terminal is given back."""
    # Collecting while thousands of lasting objects are made costs a tenth of the start. The interface switches the
    # collector on again after its first paint.
    gc.disable()
    from quarterdeck import first_frame

    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stdout)):
        sys.stderr.write("Quarterdeck draws on a terminal, and this is none. For scripts there is: qd ls --json\n")
        return USAGE_ERROR
    frame = first_frame.paint()
    try:
        from quarterdeck import finder

        finder.install()
        from app.tui import run

        return run(chosen)
    except KeyboardInterrupt:
        return 130
    finally:
        # Before a traceback is printed, which would otherwise vanish with the alternate screen.
        if frame is not None:
            frame.give_back()
        # The interpreter's farewell collections walk every object there is, for 100 ms: spare them the walk.
        gc.freeze()


def _is_terminal(stream: object) -> bool:
    try:
        return bool(stream is not None and stream.isatty())  # type: ignore[attr-defined] # replaced streams have it too
    except ValueError:
        return False  # closed
