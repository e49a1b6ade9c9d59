"""How the full-screen interface was asked to start: read before the first frame, so nothing is imported here."""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself takes longer to import than this module may cost
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

SWITCHES = frozenset({"--read-only", "--no-mouse"})
VALUED = frozenset({"--profile", "--place"})


class Options:
    """The command line of the full-screen interface. A value: nobody changes it."""

    __slots__ = ("mouse", "place", "profile", "read_only")

    def __init__(
        self,
        *,
        profile: str | None = None,
        place: str | None = None,
        read_only: bool = False,
        mouse: bool = True,
    ) -> None:
        self.profile: Final = profile
        """The settings profile to use instead of the default one."""
        self.place: Final = place
        """Where to open: what one would type behind ``:``, such as ``containers``."""
        self.read_only: Final = read_only
        """Refuse everything that changes anything, whatever the settings allow."""
        self.mouse: Final = mouse
        """Whether clicks are wanted; without them the terminal's own selection works as usual."""


def parse(arguments: Sequence[str]) -> Options | None:
    """Read a command line that opens the interface; None when it asks for anything else, mistakes included."""
    values: dict[str, str] = {}
    switches: set[str] = set()
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if argument in SWITCHES:
            switches.add(argument)
        elif name in VALUED:
            value = value if equals else next(rest, "")
            if not value or (not equals and value.startswith("-")):
                return None
            values[name] = value
        else:
            return None
    return Options(
        profile=values.get("--profile"),
        place=values.get("--place"),
        read_only="--read-only" in switches,
        mouse="--no-mouse" not in switches,
    )
