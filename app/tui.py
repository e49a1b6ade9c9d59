"""The full-screen App: wires the fleet to the screens and owns their lifetimes."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import Mapping, Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import ClassVar, Final

from textual.app import App
from textual.driver import Driver
from textual.events import Key

from app.adjusting import Adjusting
from app.command_line import CommandLine, Do, Quit, Run, Set
from app.driver import QuarterdeckDriver
from app.line_history import LineHistory
from app.reach import Home, interface_log
from app.themes import register_themes
from app.typeahead import OrderedKeys
from app.views import MANY_PLACES, area_of, make_view, view_key
from backends.contract.errors import BackendError
from backends.contract.model import Area, Fact
from fleet.daemon.client import RemoteFleet
from fleet.journal import read_cached_inventory
from fleet.paths import Paths
from fleet.protocol import Fleet
from fleet.settings import Settings
from quarterdeck.options import Options
from screens.desk import Place
from screens.operating import Operating
from screens.view import View
from widgets.cells import neutral
from widgets.line_input import Suggestion

HISTORY: Final = 100
"""Places remembered for going back."""


class Cockpit(Adjusting, OrderedKeys, App[int], inherit_bindings=False):
    """The cockpit. It is the ``Desk`` of every screen.

    Textual's own bindings are left out: as priority bindings they would take keys from a shell that is shown.
    """

    TITLE = "Quarterdeck"
    CSS_PATH = "tui.tcss"
    ENABLE_COMMAND_PALETTE: ClassVar[bool] = False
    BINDINGS = []

    def __init__(
        self,
        fleet: Fleet,
        settings: Settings,
        *,
        place: Place | None = None,
        read_only: bool = False,
        driver: type[Driver] | None = None,
        paths: Paths | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Make the app.

        Args:
            fleet: what it shows.
            settings: how the user wants it.
            place: what to show first.
            read_only: refuse every change, whatever the settings say.
            driver: another driver than ours, for tests and servers.
            paths: where settings and the history of lines are kept; without it neither is written.
            environment: what lies over the settings' file.
        """
        super().__init__(driver_class=driver or QuarterdeckDriver)
        self.fleet = fleet
        self.paths = paths
        self.environment = environment or {}
        self.ascii = settings.interface.ascii
        self.read_only = read_only or settings.general.read_only
        self._first = place or Place("overview")
        self._views: dict[str, View] = {}
        self._history: list[Place] = []
        self._ahead: list[Place] = []
        self._here = self._first
        self._last: tuple[str, Mapping[str, Fact]] | None = None
        self._lines = LineHistory(paths.state / "command_history" if paths else None)
        register_themes(self)
        self.follow_settings(settings)

    # -- start and end

    def _view(self, place: Place) -> View:
        """The screen for a place; installed, so that it lives on when another is shown."""
        key = view_key(place, self.fleet.catalogue)
        view = self._views.get(key)
        if view is None:
            view = self._views[key] = make_view(place, self)
            self.install_screen(view, key)
        return view

    def on_mount(self) -> None:
        """Attach, show the first place; what the first frame does not need comes after it."""
        self._show(self._first)
        if not self._views:  # a place that is not there (any more)
            self._show(Place("overview"))
        self.call_after_refresh(self._after_first_paint)

    def _after_first_paint(self) -> None:
        """What was put off so that the first frame came sooner."""
        self._lines.load()
        self.tell_key_problems()
        # Hardly anything made so far can be garbage: freezing it unlooked at spares a stall of 40 ms and more.
        gc.freeze()
        gc.enable()
        if isinstance(self.fleet, RemoteFleet):
            self.fleet.begin()

    def on_unmount(self) -> None:
        """The end of the app; the fleet is let go of by whoever started us."""

    # -- going places

    @property
    def crumbs(self) -> tuple[str, ...]:
        """Where we are, from the outside in."""
        place, catalogue = self._here, self.fleet.catalogue
        titles = {"resources": "", "resource": "", "job": "Job"}
        crumbs = [titles.get(place.view, place.view.capitalize())]
        kind = catalogue.kinds.get(place.kind)
        if kind is not None:
            crumbs.insert(0, kind.plural)
        elif place.view == "resources":
            crumbs.insert(0, place.kind.capitalize())
        if place.view != "resources" and place.resource is not None:
            crumbs.insert(-1, self._subject(place))
        if place.view == "resource":
            crumbs.append(place.tab)
        return tuple(crumb for crumb in crumbs if crumb)

    def _subject(self, place: Place) -> str:
        if len(place.resources) > 1:
            return f"{len(place.resources)} of them"
        resource = self.fleet.inventory.get(place.resources[0])
        return neutral(resource.name) if resource else place.resources[0].native

    def go(self, place: Place) -> None:
        """Show a place and remember where we were."""
        self._note_here()
        within = place.view == self._here.view and place.view not in MANY_PLACES
        if not within and (not self._history or self._history[-1] != self._here):
            self._history.append(self._here)
            del self._history[:-HISTORY]
        self._ahead.clear()
        self._show(place)

    def back(self) -> None:
        """Return to where we were; at the root, do nothing."""
        self.do_app_history_back()

    def _note_here(self) -> None:
        if isinstance(self.screen, View):
            self._here = self.screen.place()

    def _show(self, place: Place) -> None:
        try:
            view = self._view(place)
        except BackendError as error:
            self.notify(error.hint or "", title=error.message, severity="warning")
            return
        self._here = place
        view.enter(place)
        if view is self.screen:
            view.refresh_frame()
        elif isinstance(self.screen, View):
            self.switch_screen(view)
        else:
            self.push_screen(view)
        self._end_forgotten()

    def _end_forgotten(self) -> None:
        """End screens about single resources that history no longer leads to."""
        catalogue = self.fleet.catalogue
        wanted = {view_key(place, catalogue) for place in (*self._history[-20:], *self._ahead, self._here)}
        for key in [key for key in self._views if ":" in key and not key.startswith("resources:")]:
            if key not in wanted:
                view = self._views.pop(key)
                self.uninstall_screen(view)
                if view is not self.screen and view.is_attached:
                    view.remove()

    def do_app_history_back(self) -> None:
        """Back in history."""
        if not self._history:
            return
        self._note_here()
        self._ahead.append(self._here)
        self._show(self._history.pop())

    def do_app_history_forward(self) -> None:
        """Forward in history."""
        if not self._ahead:
            return
        self._note_here()
        self._history.append(self._here)
        self._show(self._ahead.pop())

    def do_app_last(self) -> None:
        """To the view before, and back again."""
        if self._history:
            self.go(self._history[-1])

    def _go_area(self, area: Area) -> None:
        kinds = sorted(
            (kind for kind in self.fleet.catalogue.kinds.values() if kind.area is area), key=lambda kind: kind.order
        )
        here = self.screen.place() if isinstance(self.screen, View) else self._here
        if here.view == "resources" and area_of(here, self.fleet.catalogue) is area:
            return
        view = self._views.get(f"resources:{area.value}")
        kept = view.place().kind if view is not None else ""
        self.go(Place("resources", kind=kept or (kinds[0].id if kinds else area.value)))

    def do_go_overview(self) -> None:
        """What is up, what is wrong, what is busy."""
        self.go(Place("overview"))

    def do_go_hosts(self) -> None:
        """Hosts."""
        self._go_area(Area.HOSTS)

    def do_go_containers(self) -> None:
        """Containers."""
        self._go_area(Area.CONTAINERS)

    def do_go_machines(self) -> None:
        """Virtual machines."""
        self._go_area(Area.MACHINES)

    def do_go_runtimes(self) -> None:
        """Runtimes."""
        self._go_area(Area.RUNTIMES)

    def do_go_tunnels(self) -> None:
        """Tunnels."""
        self._go_area(Area.TUNNELS)

    def do_go_jobs(self) -> None:
        """Jobs."""
        self.go(Place("jobs"))

    def do_go_sessions(self) -> None:
        """Sessions."""
        self.go(Place("sessions"))

    def do_go_events(self) -> None:
        """Events."""
        self.go(Place("events"))

    def do_app_journal(self) -> None:
        """What was done."""
        self.go(Place("journal"))

    def do_app_connections(self) -> None:
        """Where connections stand."""
        self.go(Place("connections"))

    def do_app_settings(self) -> None:
        """How the user wants it."""
        self.go(Place("settings"))

    # -- everywhere

    def on_key(self, event: Key) -> None:
        """Keys no screen took: global commands while a dialog is not in the way."""
        if isinstance(self.screen, View):
            return
        if event.key == "ctrl+q":
            self.do_app_quit()

    def do_app_quit(self) -> None:
        """Leave. What runs in the fleet daemon goes on."""
        self.exit(0)

    def do_back(self) -> None:
        """Back; at the root it leaves, unless the key came with pasted text."""
        if self._history:
            self.do_app_history_back()
        elif not self.keys_are_quiet():
            self.do_app_quit()

    def do_app_help(self) -> None:
        """Everything possible here."""
        from app.help import show_help

        show_help(self)

    def do_app_palette(self) -> None:
        """Find anything."""
        from app.palette import open_palette

        open_palette(self)

    @property
    def recent_places(self) -> Sequence[Place]:
        """Where we were, the latest first, each once."""
        return tuple(dict.fromkeys(place for place in reversed(self._history) if place != self._here))

    def do_app_command(self) -> None:
        """Open the command line."""
        if isinstance(self.screen, View):
            self.screen.open_command_line("")

    def suggest(self, line: str) -> Sequence[Suggestion]:
        """What a command line so far may become."""
        return self._command_line().suggest(line)

    @property
    def line_history(self) -> Sequence[str]:
        """Lines given before, the newest last."""
        return self._lines.lines

    def _command_line(self) -> CommandLine:
        def settings() -> Sequence[tuple[str, str]]:
            return [(setting.key, setting.doc) for setting in self.tuning.settings() if setting.parameter]

        return CommandLine(self.fleet.catalogue, self.fleet.inventory, themes=self.theme_names, settings=settings)

    def run_line(self, line: str) -> None:
        """Do what a command line says. One that came with pasted text is shown again instead of doing anything."""
        arguments = None
        try:
            meaning = self._command_line().read(line)
            if isinstance(meaning, Do) and meaning.arguments:
                arguments = meaning.operation.parse(meaning.arguments)
        except (BackendError, ValueError) as error:
            hint = error.hint if isinstance(error, BackendError) else None
            self.notify(neutral(hint or ""), title=neutral(str(error)), severity="warning")
            return
        if self.keys_are_quiet() and not isinstance(meaning, Place) and isinstance(self.screen, View):
            self.screen.open_command_line(line)
            self.notify("This line came with pasted text. Enter does it.", severity="warning")
            return
        self._lines.add(line)
        self.run_worker(asyncio.to_thread(self._lines.save), group="lines")
        if isinstance(meaning, Do):
            if isinstance(self.screen, Operating):
                self.screen.operate(meaning.operation, meaning.targets, arguments, door="command line")
        else:
            self._obey(meaning)

    def _obey(self, meaning: Place | Run | Set | Quit) -> None:
        if isinstance(meaning, Place):
            self.go(meaning)
        elif isinstance(meaning, Quit):
            self.do_app_quit()
        elif isinstance(meaning, Set):
            self.run_worker(self.set_by_text(meaning.key, meaning.text), group="settings")
        elif isinstance(self.screen, View):
            self.screen.do(meaning.command)

    def copy(self, text: str, what: str) -> None:
        """Put text on the clipboard of the terminal (OSC 52) and say so."""
        self.copy_to_clipboard(text)
        self.notify(f"Copied {what}.")

    def remember(self, verb: str, arguments: Mapping[str, Fact]) -> None:
        """Note the last operation."""
        self._last = (verb, arguments)

    @property
    def last_operation(self) -> tuple[str, Mapping[str, Fact]] | None:
        """The verb and the arguments done last, for the key that repeats it."""
        return self._last

    def do_app_refresh(self) -> None:
        """List everything again."""
        self.run_worker(self._refresh_fleet(), group="refresh", exclusive=True)

    async def _refresh_fleet(self) -> None:
        try:
            await self.fleet.refresh()
        except BackendError as error:
            self.notify(error.hint or "", title=error.message, severity="error")
            return
        self.notify("Everything was listed again.")

    def do_app_undo(self) -> None:
        """Take back the last change that can be taken back."""
        self._take_back(redo=False)

    def do_app_redo(self) -> None:
        """Do again what was undone last."""
        self._take_back(redo=True)

    def _take_back(self, *, redo: bool) -> None:
        if isinstance(self.screen, Operating):
            self.screen.take_back(redo=redo)


def run(options: Options) -> int:
    """Run the cockpit on this terminal until it is left; returns the exit code.

    The first frame comes from the cached inventory, before the daemon is reached.
    """
    try:
        home = Home(options.profile)
    except BackendError as error:
        sys.stderr.write(f"{error.message}\n{error.hint or ''}\n")
        return 2
    _log_to(interface_log(home.paths.log))

    async def cockpit() -> int:
        fleet = home.remote()
        fleet.recall(read_cached_inventory(home.paths.inventory_cache))  # kept by no name: it is as large as the fleet
        place = CommandLine(fleet.catalogue, fleet.inventory).place(options.place) if options.place else None
        app = Cockpit(
            fleet,
            home.settings,
            place=place,
            read_only=options.read_only,
            paths=home.paths,
            environment=home.environment,
        )
        try:
            await app.run_async(mouse=options.mouse and home.settings.interface.mouse)
        finally:
            await fleet.close()
        return app.return_code or 0

    return asyncio.run(cockpit())


def _log_to(path: Path) -> None:
    """Send our log to a file; the terminal belongs to the interface."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=2, delay=True, encoding="utf-8")
    except OSError:
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
