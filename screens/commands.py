"""The commands of every screen in one light place, so that the keymap does not import the screens."""

from __future__ import annotations

from typing import Final

from screens.command import LIST, RESOURCES, Command

LOGS: Final = "logs"
RESOURCE: Final = "resource"
SESSIONS: Final = "sessions"
JOBS: Final = "jobs"
JOURNAL: Final = "journal"
EVENTS: Final = "events"
CONNECTIONS: Final = "connections"
OVERVIEW: Final = "overview"
SETTINGS: Final = "settings"

LIST_COMMANDS: Final[tuple[Command, ...]] = (
    Command("list.open", "Open", ("enter",), LIST, "Open what is under the cursor.", 10),
    Command("list.filter", "Filter", ("/",), LIST, "Show only rows that match; see the filter grammar.", 12),
    Command("list.actions", "Actions", ("x",), LIST, "Every verb for the selection, its key, and why not.", 14),
    Command("list.logs", "Logs", ("l",), RESOURCES, "Logs of the marked resources, merged by time.", 16),
    Command("list.metrics", "Metrics", ("m",), RESOURCES, "Charts of the resource under the cursor.", 40),
    Command("list.describe", "Describe", ("d",), RESOURCES, "What is known about the resource.", 42),
    Command("list.inspect", "Inspect", ("i",), RESOURCES, "The engine's own description, as a tree.", 44),
    Command("list.raw", "Raw definition", ("Y",), RESOURCES, "The same as list.inspect, for hands used to k9s."),
    Command("list.faults", "Faults only", ("!",), LIST, "Show only what is wrong.", 50),
    Command("list.sort", "Sort, columns", ("o",), LIST, "Choose columns and what to sort by.", 52),
    Command("list.reverse", "Reverse", ("O",), LIST, "Turn the order round."),
    Command("list.next-kind", "Next kind", ("]",), RESOURCES, "The next kind of this area.", 54),
    Command("list.previous-kind", "Previous kind", ("[",), RESOURCES, "The kind before."),
    Command("list.escape", "Undo one layer", ("escape",), LIST, "Filter, then marks, then back."),
    Command("list.up", "Up", ("backspace",), LIST, "Out to the overview."),
    Command("list.copy", "Copy", ("y",), LIST, "Id, name, address or call to the clipboard."),
    Command("list.owner", "Owner", ("J",), RESOURCES, "Jump to what the resource belongs to."),
    Command("list.probe", "Probe", ("P",), RESOURCES, "Try the resource's connection again, now."),
    Command("list.repeat", "Repeat", (".",), RESOURCES, "The last verb again, on this selection.", acts=True),
)

ALL: Final[tuple[Command, ...]] = LIST_COMMANDS
