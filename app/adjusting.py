"""What a person may change while the interface runs: settings, theme, keys."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.notifications import SeverityLevel
from typing_extensions import override

from app.keymap import build_keymap, key_problems
from backends.contract.errors import BackendError, Invalid
from backends.contract.model import Fact
from fleet.paths import Paths
from fleet.protocol import Fleet
from fleet.settings import Settings
from screens.command import Keymap
from screens.commands import ALL
from widgets.cells import neutral

if TYPE_CHECKING:  # looks closely at types, which takes longer than a start should
    from screens.tuning import Tuning


class Adjusting(App[Any]):
    """An app that follows its settings. Put it before ``App`` among the bases."""

    fleet: Fleet
    settings: Settings
    keymap: Keymap
    paths: Paths | None = None
    """Where the settings are; ``None`` where they are in no file."""
    environment: Mapping[str, str] = {}

    def follow_settings(self, settings: Settings) -> None:
        """Look and behave as these settings say, as far as that can be at once."""
        self.settings = settings
        self.keymap = build_keymap(ALL, settings.interface.keys, settings.chosen_keys)
        # Ids that are no widget's are no concern of Textual's, so all may be told.
        self.set_keymap({name: ",".join(keys) for name, keys in self.keymap.chosen.items()})
        if settings.interface.theme in self.available_themes:
            self.theme = settings.interface.theme

    @cached_property
    def tuning(self) -> Tuning:
        """The settings to look at and to change."""
        from screens.tuning import Tuning

        return Tuning(self.settings, self.paths, self.environment)

    @property
    def theme_names(self) -> Sequence[str]:
        """Every theme there is, ours first."""
        from app.themes import OURS

        ours = [theme.name for theme in OURS]
        return (*ours, *sorted(name for name in self.available_themes if name not in ours))

    @property
    def key_problems(self) -> Sequence[str]:
        """What is wrong with the keys, in sentences."""
        return [problem.message for problem in key_problems(self.keymap, self.fleet.catalogue)]

    def tell_key_problems(self) -> None:
        """Say once, at the start, that keys are not as the user wants them."""
        if not self.keymap.chosen:
            return
        problems = self.key_problems
        if self.settings.interface.theme not in self.available_themes:
            problems = [f"There is no theme “{self.settings.interface.theme}”.", *problems]
        if problems:
            more = f" And {len(problems) - 1} more." if len(problems) > 1 else ""
            self.notify(f"{problems[0]}{more} See :settings.", title="Settings", severity="warning", timeout=10)

    async def change_setting(self, key: str, value: Fact) -> None:
        """Write a setting, or with ``None`` take it back to its default, and follow it.

        Raises:
            BackendError: with what is wrong with it; nothing is changed then.
        """
        self.follow_settings(await asyncio.to_thread(self.tuning.change, key, value))

    async def set_by_text(self, key: str, text: str) -> None:
        """Change a setting to what a person typed; tells how that went."""
        try:
            setting = self.tuning.find(key, self.theme_names)
            if setting.parameter is None:
                raise Invalid(f"{setting.key} is written by hand in {self.tuning.file or 'the settings file'}.")
            await self.change_setting(setting.key, setting.parameter.parse(text))
        except BackendError as error:
            self.notify(error.hint or "", title=error.message, severity="warning")
        except ValueError as error:
            self.notify(str(error), title=f"{key} stays as it was.", severity="warning")
        else:
            self.notify(f"{setting.key}: takes effect {setting.holds}.")

    def do_app_theme(self) -> None:
        """Choose another look; it is shown while one chooses."""
        self.run_worker(self._choose_theme(), group="theme", exclusive=True)

    async def _choose_theme(self) -> None:
        from screens.dialogs.finder import Finder, Found, containing

        before = self.theme
        found = [
            Found(name, "dark" if self.available_themes[name].dark else "light", name) for name in self.theme_names
        ]

        def look(name: object) -> None:
            self.theme = str(name)

        finder = Finder("Theme", containing(found), preview=look, first=before)
        chosen = await self.push_screen_wait(finder)
        if chosen is None or chosen == before:
            self.theme = before
            return
        try:
            await self.change_setting("interface.theme", str(chosen))
        except BackendError as error:
            self.theme = str(chosen)
            self.notify(error.hint or "", title=f"Only until you leave: {error.message}", severity="warning")

    @override
    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        # Whatever a caller says: names of resources stand in messages, and nobody may colour or break ours by a name.
        super().notify(neutral(message), title=neutral(title), severity=severity, timeout=timeout, markup=False)
