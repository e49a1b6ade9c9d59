"""The commands of every screen in one light place, so that the keymap does not import the screens."""

from __future__ import annotations

from typing import Final

from screens.command import LIST, RESOURCES, Command

LOG: Final = "log"
"""Every screen with lines to read: logs, the output of jobs."""
LOGS: Final = "logs"
RESOURCE: Final = "resource"
RESOURCE_CHARTS: Final = "resource-charts"
RESOURCE_TEXT: Final = "resource-text"
"""Tabs that can be searched."""
RESOURCE_MATCHES: Final = "resource-matches"
"""Tabs in which a search goes from match to match."""
RESOURCE_LOG: Final = "resource-log"
RESOURCE_ROWS: Final = "resource-rows"
"""Tabs that are a list."""
RESOURCE_OPEN: Final = "resource-open"
"""Tabs whose rows lead somewhere."""
SESSIONS: Final = "sessions"
JOB: Final = "job"
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

LOG_COMMANDS: Final[tuple[Command, ...]] = (
    Command("log.search", "Search", ("/",), LOG, "Light up what matches: a word, re:expression, !not.", 10),
    Command("log.next", "Next match", ("n",), LOG, "The next line that matches.", 30),
    Command("log.previous", "Previous match", ("N",), LOG, "The line before that matches."),
    Command("log.filter", "Filter", ("&",), LOG, "Hide every line that does not match.", 12),
    Command("log.context", "Context", ("C",), LOG, "How many lines the filter leaves around each match."),
    Command("log.follow", "Follow", ("f",), LOG, "Keep the newest line in sight, or stay.", 14),
    Command("log.pause", "Pause", ("p", "space"), LOG, "Let the picture stand still; lines are kept.", 34),
    Command("log.wrap", "Wrap", ("w",), LOG, "Break long lines, or scroll sideways with H and L.", 20),
    Command("log.timestamps", "Times", ("t",), LOG, "Times off, local, UTC, relative.", 22),
    Command("log.colour", "Colours", ("c",), LOG, "Colour by source or by level.", 40),
    Command("log.json", "JSON columns", ("J",), LOG, "Show lines that are JSON as level, message and the rest.", 42),
    Command("log.mark", "Mark", ("m",), LOG, "Draw a line with the time after the newest line.", 44),
    Command("log.select", "Select", ("v",), LOG, "Begin or end a selection of lines.", 46),
    Command("log.copy", "Copy", ("y",), LOG, "The selected lines, or those on the screen, to the clipboard.", 36),
    Command("log.export", "Export", ("ctrl+x",), LOG, "Write the lines to a file.", 38),
    Command("log.escape", "Undo one layer", ("escape",), LOG, "Selection, then search, then filter, then back."),
)

LOGS_COMMANDS: Final[tuple[Command, ...]] = (
    Command("logs.tail", "Newest lines", ("0",), LOGS, "Only the newest lines, and what comes."),
    Command("logs.all", "All", ("1",), LOGS, "The whole log, and what comes."),
    Command("logs.minute", "1 min", ("2",), LOGS, "The last minute, and what comes."),
    Command("logs.minutes5", "5 min", ("3",), LOGS, "The last 5 minutes, and what comes."),
    Command("logs.minutes15", "15 min", ("4",), LOGS, "The last 15 minutes, and what comes."),
    Command("logs.minutes30", "30 min", ("5",), LOGS, "The last 30 minutes, and what comes."),
    Command("logs.hour", "1 h", ("6",), LOGS, "The last hour, and what comes."),
    Command("logs.sources", "Sources", ("s",), LOGS, "Choose whose logs are merged.", 16),
    Command("logs.actions", "Actions", ("x",), LOGS, "Every verb for what is read here, and why not.", 18),
)

SESSION_COMMANDS: Final[tuple[Command, ...]] = (
    Command("sessions.detach", "Detach", ("d",), SESSIONS, "Go back; the shell goes on.", 10),
    Command("sessions.next", "Next", ("n",), SESSIONS, "The next shell.", 12),
    Command("sessions.previous", "Previous", ("p",), SESSIONS, "The shell before.", 14),
    Command("sessions.new", "New shell", ("c",), SESSIONS, "Another shell on the same resource.", 16),
    Command("sessions.close", "Close", ("k",), SESSIONS, "Hang up, after asking; an ended shell just goes.", 18),
    Command("sessions.search", "Search", ("/",), SESSIONS, "Find text in what has scrolled by.", 20),
    Command("sessions.attach", "Attach again", ("r",), SESSIONS, "Attach to the shell again after a loss."),
)

JOB_COMMANDS: Final[tuple[Command, ...]] = (
    Command("job.cancel", "Cancel", ("S",), JOB, "Ask the job to end, after asking you.", 16, acts=True),
    Command("job.only", "Only this one", ("enter",), JOB, "Only the output of the row under the cursor, or all.", 18),
    Command("job.panes", "Rows, output", ("tab",), JOB, "Move between the rows and the output.", 24),
)

RECORD_COMMANDS: Final[tuple[Command, ...]] = (
    Command("jobs.cancel", "Cancel", ("S",), JOBS, "Ask the jobs to end, after asking you.", 16, acts=True),
    Command("jobs.undo", "Undo", ("z",), JOBS, "Take back what this job did.", 18, acts=True),
    Command(
        "journal.again", "Again", (".",), JOURNAL, "Prepare the same anew and show what it would do.", 16, acts=True
    ),
    Command("journal.undo", "Undo", ("z",), JOURNAL, "Take this entry back, through the gate.", 18, acts=True),
    Command("journal.verify", "Verify", ("V",), JOURNAL, "Check that no entry was changed or taken out.", 40),
    Command("settings.reset", "Default", ("R",), SETTINGS, "Back to the default: out of the file.", 16, acts=True),
    Command("settings.problems", "Problems", ("p",), SETTINGS, "All that is wrong with settings and keys.", 40),
    Command("connections.retry", "Try now", ("P",), CONNECTIONS, "Try the connections again, now.", 16),
)

OVERVIEW_COMMANDS: Final[tuple[Command, ...]] = (
    Command("overview.open", "Open", ("enter",), OVERVIEW, "Open what is under the cursor.", 10),
    Command("overview.pane", "Wrong, busy", ("tab", "shift+tab"), OVERVIEW, "Move between the two lists.", 12),
    Command("overview.actions", "Actions", ("x",), OVERVIEW, "Every verb for the selection, its key, and why not.", 14),
    Command("overview.logs", "Logs", ("l",), OVERVIEW, "Logs of the selection, merged by time.", 16),
    Command("overview.metrics", "Metrics", ("m",), OVERVIEW, "Charts of the resource under the cursor.", 40),
    Command("overview.describe", "Describe", ("d",), OVERVIEW, "What is known about the resource."),
    Command("overview.inspect", "Inspect", ("i",), OVERVIEW, "The engine's own description, as a tree."),
    Command("overview.wrong", "What is wrong", ("!",), OVERVIEW, "To the first thing that is wrong."),
    Command("overview.sort", "By CPU, by memory", ("o",), OVERVIEW, "What makes a resource busy.", 52),
    Command("overview.copy", "Copy", ("y",), OVERVIEW, "Id, name, address or call to the clipboard."),
    Command("overview.owner", "Owner", ("J",), OVERVIEW, "Jump to what the resource belongs to."),
    Command("overview.probe", "Probe", ("P",), OVERVIEW, "Try the connection again, now.", 54),
    Command("overview.repeat", "Repeat", (".",), OVERVIEW, "The last verb again, on this selection.", acts=True),
    Command("overview.escape", "Undo one layer", ("escape",), OVERVIEW, "Take the marks away."),
)

_WINDOWS: Final = ("1 minute", "5 minutes", "15 minutes", "1 hour", "6 hours", "24 hours", "7 days")

RESOURCE_COMMANDS: Final[tuple[Command, ...]] = (
    Command("resource.next-tab", "Next tab", ("]",), RESOURCE, "The next tab.", 10),
    Command("resource.previous-tab", "Tab before", ("[",), RESOURCE, "The tab before."),
    Command("resource.actions", "Actions", ("x",), RESOURCE, "Every verb for this, its key, and why not.", 12),
    Command("resource.logs", "Logs", ("l",), RESOURCE, "Its log, full screen.", 14),
    Command("resource.metrics", "Metrics", ("m",), RESOURCE, "All charts.", 40),
    Command("resource.describe", "Describe", ("d",), RESOURCE, "What is known about it."),
    Command("resource.inspect", "Inspect", ("i", "Y"), RESOURCE, "The engine's own description, as a tree.", 44),
    Command("resource.copy", "Copy", ("y",), RESOURCE, "Id, name, address, path or value to the clipboard."),
    Command("resource.owner", "Owner", ("J",), RESOURCE, "Jump to what it belongs to."),
    Command("resource.probe", "Probe", ("P",), RESOURCE, "Try its connection again, now."),
    Command("resource.repeat", "Repeat", (".",), RESOURCE, "The last verb again, on this.", acts=True),
    Command("resource.escape", "Undo one layer", ("escape",), RESOURCE, "Search, then back.", 70),
    Command("resource.up", "Up", ("backspace",), RESOURCE, "Out to the list."),
    *(
        Command(f"resource.window-{digit}", title, (str(digit),), RESOURCE_CHARTS, f"Charts of the last {title}.")
        for digit, title in enumerate(_WINDOWS)
    ),
    Command("resource.search", "Search", ("/",), RESOURCE_TEXT, "Find text; in lists, keep only what matches.", 11),
    Command("resource.next-match", "Next", ("n",), RESOURCE_MATCHES, "The next match."),
    Command("resource.previous-match", "Previous", ("N",), RESOURCE_MATCHES, "The match before."),
    Command("resource.read", "Full screen", ("enter",), RESOURCE_LOG, "The log, full screen."),
    Command("resource.follow", "Follow", ("f",), RESOURCE_LOG, "Keep the newest line in sight, or stop.", 13),
    Command("resource.wrap", "Wrap", ("w",), RESOURCE_LOG, "Break long lines, or move sideways.", 34),
    Command("resource.open", "Open", ("enter",), RESOURCE_OPEN, "Open what is under the cursor.", 8),
    Command("resource.sort", "Sort", ("o",), RESOURCE_ROWS, "Choose columns and what to sort by.", 36),
    Command("resource.reverse", "Reverse", ("O",), RESOURCE_ROWS, "Turn the order round."),
)

ALL: Final[tuple[Command, ...]] = (
    *OVERVIEW_COMMANDS,
    *RESOURCE_COMMANDS,
    *LIST_COMMANDS,
    *LOG_COMMANDS,
    *LOGS_COMMANDS,
    *SESSION_COMMANDS,
    *JOB_COMMANDS,
    *RECORD_COMMANDS,
)
