"""All commands of the product in one registry, and the presets that re-key them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from fleet.catalogue import Catalogue
from screens.command import GLOBAL, Command, Keymap

if TYPE_CHECKING:
    from app.key_check import KeyProblem

AREAS: Final[tuple[tuple[str, str, str], ...]] = (
    ("1", "overview", "Overview"),
    ("2", "hosts", "Hosts"),
    ("3", "containers", "Containers"),
    ("4", "machines", "VMs"),
    ("5", "runtimes", "Runtimes"),
    ("6", "tunnels", "Tunnels"),
    ("7", "jobs", "Jobs"),
    ("8", "sessions", "Sessions"),
    ("9", "events", "Events"),
)
"""Digit, place and title of the areas."""

GLOBAL_COMMANDS: Final[tuple[Command, ...]] = (
    *(Command(f"go.{name}", title, (digit, f"alt+{digit}"), GLOBAL, f"Go to {title}.") for digit, name, title in AREAS),
    Command(
        "app.command", "Command line", (":",), GLOBAL, "Views and verbs by name: :containers web, :stop web-1.", 62
    ),
    Command("app.palette", "Palette", ("ctrl+p",), GLOBAL, "Find any object, verb, view or setting.", 64),
    Command("app.help", "Help", ("?", "f1"), GLOBAL, "The keys of this screen; enter runs one.", 15),
    Command("app.journal", "Command log", ("@",), GLOBAL, "What was done, by whom, with what outcome."),
    Command("app.connections", "Connections", ("ctrl+o",), GLOBAL, "States, reasons, next retries, and our own cost."),
    Command("app.settings", "Settings", ("f2",), GLOBAL, "How you want it."),
    Command("app.last", "Last view", ("-",), GLOBAL, "To the view before, and back again."),
    Command("app.history-back", "Back in history", ("alt+left", "{"), GLOBAL),
    Command("app.history-forward", "Forward in history", ("alt+right", "}"), GLOBAL),
    Command("back", "Back", ("q",), GLOBAL, "To where you came from; quits at the root.", 80, acts=True),
    Command("app.quit", "Quit", ("ctrl+q",), GLOBAL, "Leave. Jobs and shells go on in the fleet daemon."),
    Command("app.refresh", "Refresh", ("ctrl+r", "f5"), GLOBAL, "List everything again, now."),
    Command("app.undo", "Undo", ("z",), GLOBAL, "Take back the last change that can be taken back.", acts=True),
    Command("app.redo", "Redo", ("Z",), GLOBAL, "Do again what was undone last.", acts=True),
    Command("app.theme", "Theme", ("ctrl+t",), GLOBAL, "Choose another look."),
)

PRESETS: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "default": {},
    "k9s": {
        # Both show their plan and ask, so the reflex of half a page down opens something to read, no more.
        "remove": ("ctrl+d", "D"),
        "kill": ("ctrl+k", "K"),
        "table.half_down": ("ctrl+f",),
        "list.raw": ("y", "Y"),
        "list.copy": ("c",),
        "resource.inspect": ("y", "Y", "i"),
        "resource.copy": ("c",),
        "overview.copy": ("c",),
        "list.sort": ("o", "ctrl+w"),
        "app.palette": ("ctrl+p", "ctrl+a"),
    },
    "lazydocker": {
        "stop": ("s", "S"),
        "shell": ("E",),
        "exec": ("c",),
        "list.faults": ("e", "!"),
        "list.logs": ("m", "l"),
        "list.metrics": ("M",),
        "overview.logs": ("m", "l"),
        "overview.metrics": ("M",),
        "resource.logs": ("m", "l"),
        "resource.metrics": ("M",),
    },
}
"""What other tools' hands know, as far as no plain letter destroys; the rest stays as it is."""


def build_keymap(commands: Sequence[Command], preset: str, chosen: Mapping[str, Sequence[str]]) -> Keymap:
    """The registry with the preset and, above it, the user's own keys."""
    return Keymap((*GLOBAL_COMMANDS, *commands), {**PRESETS.get(preset, {}), **chosen})


def key_problems(keymap: Keymap, catalogue: Catalogue) -> Sequence[KeyProblem]:
    """Everything wrong with a keymap, given what the backends bring."""
    from app.key_check import KeyCheck
    from app.widget_keys import widget_keys

    return KeyCheck(keymap, catalogue, widget_keys()).problems()
