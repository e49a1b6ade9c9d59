"""The commands of every screen in one light place, so that the keymap does not import the screens."""

from __future__ import annotations

from typing import Final

from screens.command import LIST, RESOURCES, Command

LOG: Final = "log"
"""Every screen with lines to read: logs, the output of jobs."""
LOGS: Final = "logs"
RESOURCE: Final = "resource"
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

ALL: Final[tuple[Command, ...]] = (
    *LIST_COMMANDS,
    *LOG_COMMANDS,
    *LOGS_COMMANDS,
    *SESSION_COMMANDS,
    *JOB_COMMANDS,
)
