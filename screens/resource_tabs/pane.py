"""What every tab of the resource screen is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.containers import Vertical
from textual.widget import Widget

from backends.contract.model import Resource, ResourceId
from screens.copying import Copied
from screens.desk import Desk
from screens.view import News


class Pane(Vertical):
    """One tab about one resource: mounted when first shown, told when it is shown, left, and when something changed."""

    TAB: ClassVar[str]
    """Its name, in the interface as in places."""
    CONTEXTS: ClassVar[tuple[str, ...]] = ()
    """Where its own keys are looked up."""
    LIVE: ClassVar[bool] = False
    """Whether a search follows every key."""
    DEFAULT_CSS = """
    Pane { height: 1fr; }
    """

    def __init__(self, desk: Desk, resource: ResourceId) -> None:
        super().__init__(id=f"tab-{self.TAB}")
        self.desk = desk
        self.fleet = desk.fleet
        self.resource = resource
        self._wanted = False

    @classmethod
    def offered(cls, desk: Desk, resource: Resource) -> bool:
        """Whether it makes sense for this resource now."""
        raise NotImplementedError

    @property
    def target(self) -> Widget:
        """What has the keys."""
        raise NotImplementedError

    def enter(self) -> None:
        """Show it, now or as soon as it is mounted."""
        self._wanted = True
        if self.is_mounted:
            self._enter()

    def on_mount(self) -> None:
        """Its widgets are there."""
        if self._wanted:
            self._enter()

    def _enter(self) -> None:
        self.screen.set_focus(self.target)
        self.shown()

    def leave(self) -> None:
        """Another tab is shown."""
        self._wanted = False
        self.left()

    def shown(self) -> None:
        """Somebody looks at it."""

    def left(self) -> None:
        """Nobody looks at it."""

    def rest(self) -> None:
        """Nobody looks at the screen: let go of what costs something."""
        self.left()

    def learn(self, news: News) -> None:
        """Act on what changed; called while it is shown."""

    def tick(self) -> None:
        """A second has passed; called while it is shown."""

    def search(self, text: str) -> str:
        """Find a text, or end the search with an empty one; returns what to say about it.

        Raises:
            ValueError: with a sentence, if the text cannot be searched for.
        """
        raise NotImplementedError

    @property
    def searching(self) -> str:
        """What is searched for now."""
        return ""

    def next_match(self, step: int) -> None:
        """Go from match to match."""

    def open(self) -> None:
        """Open what is under the cursor."""

    def copies(self) -> Sequence[Copied]:
        """What can be copied here besides the resource's own names."""
        return ()

    def interest(self) -> frozenset[ResourceId]:
        """What else has to be measured while this is shown."""
        return frozenset()
