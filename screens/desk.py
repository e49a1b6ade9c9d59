"""What a screen is given: the fleet, the settings, the keys, and a way to go elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from backends.contract.model import Fact, ResourceId
from fleet.protocol import Fleet
from fleet.settings import Settings
from screens.command import Keymap
from widgets.line_input import Suggestion

if TYPE_CHECKING:  # looks closely at types, which takes longer than a start should
    from screens.tuning import Tuning


class Place(NamedTuple):
    """Somewhere in the interface, as a value: what history, breadcrumbs and the command line speak of."""

    view: str
    kind: str = ""
    resources: tuple[ResourceId, ...] = ()
    filter: str = ""
    tab: str = ""

    @property
    def resource(self) -> ResourceId | None:
        """The one resource it is about, where it is about one."""
        return self.resources[0] if self.resources else None


class Desk(Protocol):
    """The services every screen shares."""

    @property
    def fleet(self) -> Fleet:
        """What is known and what can be asked."""

    @property
    def settings(self) -> Settings:
        """How the user wants it."""

    @property
    def keymap(self) -> Keymap:
        """Which key does what."""

    @property
    def ascii(self) -> bool:
        """Whether only ASCII may be drawn."""

    @property
    def tuning(self) -> Tuning:
        """The settings to look at and to change."""

    @property
    def theme_names(self) -> Sequence[str]:
        """What the theme may be."""

    @property
    def key_problems(self) -> Sequence[str]:
        """What is wrong with the user's keys, in sentences."""

    async def change_setting(self, key: str, value: Fact) -> None:
        """Write a setting, or with ``None`` take it back to its default, and follow it where that can be at once.

        Raises:
            BackendError: with what is wrong with it.
        """

    @property
    def crumbs(self) -> tuple[str, ...]:
        """Where we are, from the outside in."""

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed."""

    def go(self, place: Place) -> None:
        """Show a place and remember where we were."""

    def back(self) -> None:
        """Return to where we were; at the root, do nothing."""

    def run_line(self, line: str) -> None:
        """Do what a command line says: go to a view, or do a verb."""

    @property
    def line_history(self) -> Sequence[str]:
        """Lines given before, the newest last."""

    def suggest(self, line: str) -> Sequence[Suggestion]:
        """What a command line so far may become."""

    def copy(self, text: str, what: str) -> None:
        """Put text on the clipboard and say so."""

    def keys_are_quiet(self) -> bool:
        """Whether the key being obeyed came with pasted text, and so should do nothing irrevocable."""

    def remember(self, verb: str, arguments: Mapping[str, Fact]) -> None:
        """Note the last operation, for the key that repeats it."""

    @property
    def last_operation(self) -> tuple[str, Mapping[str, Fact]] | None:
        """The verb and arguments done last."""
