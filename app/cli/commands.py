"""All commands, as data."""

from __future__ import annotations

from typing import Final

from app.cli.spec import (
    COMMAND,
    CONFIRM,
    CONNECTION,
    CONNECTIONS,
    JSON,
    KIND,
    PLAN,
    RESOURCE,
    SETTING,
    YES,
    Argument,
    Command,
    Option,
)

LOOK, DO, KEEP, SELF = "Look", "Do", "Remember", "Quarterdeck itself"
FOLLOW = Option("--follow", "Go on until interrupted.", short="-f")
SINCE = Option("--since", "From then on: a span back (10m, 2h, 3d) or a moment.", value="WHEN", type="moment")
NAMES = Argument("name", "Resources: connection/kind/name, a unique part of it, or a glob.", "+", RESOURCE)
NAME = Argument("name", "A resource: connection/kind/name, or a unique part of it.", "1", RESOURCE)

LIST: Final = Command(
    "ls",
    "List what there is, of one kind or of all.",
    "listing:ls",
    (
        Argument("kind", "A kind (containers, hosts, images …). Without one, everything that lasts.", "?", KIND),
        Argument("filter", "The filter of the tables: web, state:running, label:env=prod, !db, ~wb1, cpu:>50.", "*"),
    ),
    (
        JSON,
        Option("--wide", "All columns, uncut; what has to be measured is measured.", short="-w"),
        Option("--columns", "Which columns, by id, with commas.", value="A,B"),
        Option("--sort", "Sort by a column; -COLUMN for the other way (write --sort=-cpu).", value="COLUMN"),
        Option("--no-header", "Leave out the line with the titles."),
        Option("--names", "Only full names, one on a line, for other commands."),
        Option("--faults", "Only what deserves a look."),
        CONNECTIONS,
    ),
    more="A list that lacks a connection that did not answer says so and ends with code 6 (5 if none answered).",
    examples=(
        ("qd ls containers state:running", "containers that run"),
        ("qd ls containers --faults --json", "what is wrong with containers, for a script"),
        ("qd ls --names 'label:env=test' | xargs qd stop --yes", "stop what has a label"),
    ),
    group=LOOK,
    json="`kind` is the kind, or `resource`; each item is a resource.",
)
GET: Final = Command(
    "get",
    "Show all that is known of resources.",
    "describing:get",
    (NAMES,),
    (JSON, CONNECTIONS),
    group=LOOK,
    json="`kind` is `resource`; each item is a resource, measured where it can be.",
)
INSPECT: Final = Command(
    "inspect",
    "Print the engine's own description of a resource, secrets masked.",
    "describing:inspect",
    (NAME,),
    (JSON, CONNECTIONS),
    group=LOOK,
    json="`kind` is `inspect`; the item has `id` and `description`. Without it the bare description is printed.",
)
LOGS: Final = Command(
    "logs",
    "Print the log of a resource, or of several merged by time.",
    "logs:logs",
    (NAMES,),
    (
        FOLLOW,
        SINCE,
        Option("--until", "Up to then.", value="WHEN", type="moment"),
        Option("--tail", "Only that many lines from the end, of each.", value="N", short="-n", type="count"),
        Option("--timestamps", "The time before each line.", short="-t"),
        JSON,
        CONNECTIONS,
    ),
    more="What the programs wrote is on standard output, from whichever stream; our own remarks are on standard error.",
    examples=(
        ("qd logs -f 'web-*'", "follow several, merged, each line with its name"),
        ("qd logs db --since 10m --tail 100", "the end of what was said lately"),
    ),
    group=LOOK,
    json="One object a line: `kind` is `log`; `resource`, `name`, `at`, `stream` (`out`, `err`, `note`), `text`.",
)
TOP: Final = Command(
    "top",
    "Measure, and show a table that stays current.",
    "top:top",
    (
        Argument("kind", "A kind; without one, everything that lasts and can be measured.", "?", KIND),
        Argument("filter", "As of qd ls.", "*"),
    ),
    (
        Option("--once", "Measure once and end."),
        Option("--every", "Seconds between two tables.", value="SECONDS", type="seconds", default=2.0),
        Option("--sort", "Sort by a column; -COLUMN for the other way.", value="COLUMN"),
        JSON,
        CONNECTIONS,
    ),
    group=LOOK,
    json="One object a line and a refresh: `kind` is `top`; `at`, `items` as of `qd ls`.",
)
EVENTS: Final = Command(
    "events",
    "What the engines reported.",
    "records:events",
    (),
    (
        FOLLOW,
        SINCE,
        Option("--limit", "At most so many past ones.", value="N", type="count", default=200),
        Option("--resource", "Only of one resource.", value="NAME", names=RESOURCE),
        JSON,
        CONNECTIONS,
    ),
    group=LOOK,
    json="One object a line: `kind` is `event`; `at`, `connection`, `verb`, `text`, `severity`, `resource`.",
)
CONNECTION_LIST: Final = Command(
    "connections",
    "Where connections stand, with reasons, and what is missing on this machine.",
    "links:connections",
    (),
    (JSON,),
    group=LOOK,
    json="`kind` is `connection`; each item has `id`, `backend`, `title`, `state`, `reason`, `hint`, `latency` …",
)
EXEC: Final = Command(
    "exec",
    "Run a program at a resource, or at several.",
    "programs:execute",
    (NAMES,),
    (
        Option("--user", "As whom.", value="USER", short="-u"),
        Option("--cwd", "In which folder.", value="FOLDER", short="-w"),
        Option("--env", "NAME=value; may be given several times.", value="NAME=VALUE", short="-e", repeat=True),
        Option("--timeout", "Seconds until it is ended; then the exit code is 124.", value="SECONDS", type="seconds"),
        PLAN,
        YES,
        CONFIRM,
        JSON,
        CONNECTIONS,
    ),
    tail="COMMAND…",
    more="Its output comes as it is written, its exit code is ours. At several resources lines carry names, a summary "
    "follows on standard error, and the worst code is ours. It gets no standard input.",
    examples=(
        ("qd exec web-1 -- nginx -t", "run one program"),
        ("qd exec 'web-*' --yes -- sh -c 'df -h | tail -1'", "a pipe, at several"),
    ),
    group=DO,
    json="One object a line: `output` (`resource`, `stream`, `text`), then `exit` (`resource`, `exit_code`, `error`).",
)
SHELL: Final = Command(
    "shell",
    "Open a shell at a resource, in this terminal.",
    "shell:shell",
    (NAME,),
    (Option("--user", "As whom.", value="USER", short="-u"), YES, CONFIRM, CONNECTIONS),
    tail="COMMAND…",
    more="It ends with the program, whose exit code is ours. Every key goes to the program.",
    group=DO,
)
RETRY: Final = Command(
    "retry",
    "Try a connection again now.",
    "links:retry",
    (Argument("connection", "Its name.", "1", CONNECTION),),
    (JSON,),
    group=DO,
    json="As of `qd connections`, with the one connection.",
)
JOBS: Final = Command(
    "jobs",
    "Operations under way in the fleet daemon, and those just over.",
    group=KEEP,
    parts=(
        Command("ls", "List them.", "work:jobs", (), (JSON,), json="`kind` is `job`; `id`, `title`, `state`, `rows`."),
        Command("cancel", "Ask one to end.", "work:cancel", (Argument("id", "Its id, as qd jobs shows it."),)),
    ),
)
JOURNAL: Final = Command(
    "journal",
    "What was done, by whom, with what outcome.",
    group=KEEP,
    parts=(
        Command(
            "ls",
            "List entries, newest first.",
            "records:entries",
            (Argument("text", "Only entries with this in title, names, calls or summary.", "?"),),
            (SINCE, Option("--limit", "At most so many.", value="N", type="count", default=50), JSON),
            json="`kind` is `entry`; `id`, `at`, `actor`, `door`, `verb`, `title`, `targets`, `calls`, `state`, …",
        ),
        Command(
            "show",
            "One entry with its output.",
            "records:show",
            (Argument("id", "Its number."),),
            (JSON,),
            json="`kind` is `entry`; as of `ls`, with `output`.",
        ),
        Command(
            "verify",
            "Check that no entry was changed or taken out.",
            "records:verify",
            (),
            (JSON,),
            json="`kind` is `verification`; `entries`, `broken`, `reason`.",
        ),
        Command(
            "undo",
            "Take an entry back, where that is possible.",
            "operations:undo",
            (Argument("id", "Its number."),),
            (PLAN, YES, CONFIRM, JSON),
            json="As of an operation.",
        ),
    ),
)
CONFIG: Final = Command(
    "config",
    "Settings: where they are, what holds, whether they are right.",
    group=SELF,
    parts=(
        Command("path", "Print where the settings file is.", "config:path"),
        Command("init", "Write a settings file that explains every setting.", "config:init"),
        Command(
            "show",
            "Print the settings that hold, from all sources.",
            "config:show",
            (),
            (JSON,),
            json="`kind` is `settings`; the item is all of them.",
        ),
        Command(
            "check",
            "Say everything that is wrong with them.",
            "config:check",
            (),
            (JSON,),
            json="`kind` is `problem`; `source`, `line`, `column`, `key`, `message`.",
        ),
        Command(
            "get",
            "Print one setting.",
            "config:get",
            (Argument("key", "Like interface.theme.", "1", SETTING),),
            (JSON,),
            json="`kind` is `setting`; `key`, `value`.",
        ),
        Command(
            "set",
            "Change one setting in the file, and nothing else there.",
            "config:set_key",
            (Argument("key", "Like interface.theme.", "1", SETTING), Argument("value", "As in TOML, or plain text.")),
        ),
        Command(
            "unset",
            "Take one setting out of the file, so that the default holds.",
            "config:unset",
            (Argument("key", "Like interface.theme.", "1", SETTING),),
        ),
    ),
)
DAEMON: Final = Command(
    "daemon",
    "The fleet daemon, which watches and works for all interfaces.",
    group=SELF,
    parts=(
        Command(
            "status",
            "Say whether it runs, and what it holds and costs.",
            "daemon:status",
            (),
            (JSON,),
            json="`kind` is `daemon`; `running`, `version`, `pid` and, where it is ours, its cost.",
        ),
        Command("run", "Be the daemon, in the foreground.", "daemon:run"),
        Command("start", "Start it, unless it runs.", "daemon:start"),
        Command("stop", "End it, with its jobs and shells.", "daemon:stop"),
        Command("restart", "End it and start it again.", "daemon:restart"),
    ),
)
DOCTOR: Final = Command(
    "doctor",
    "Check this installation, and say what would help.",
    "health:doctor",
    (),
    (JSON,),
    group=SELF,
    json="`kind` is `check`; each item has `id`, `title`, `level` (`ok`, `warn`, `fault`), `says`, `remedy`.",
)
COMPLETION: Final = Command(
    "completion",
    "Print what teaches a shell to complete qd.",
    "completion:script",
    (Argument("shell", "bash, zsh or fish.", choices=("bash", "zsh", "fish")),),
    examples=(
        ('eval "$(qd completion bash)"', "for this bash; put it into ~/.bashrc for all"),
        ("qd completion fish | source", "for this fish"),
    ),
    group=SELF,
)
VERSION: Final = Command(
    "version",
    "Print the version.",
    "about:version",
    (),
    (JSON,),
    group=SELF,
    json="`kind` is `version`; `quarterdeck`, `python`, `platform`.",
)
HELP: Final = Command(
    "help",
    "Explain a command, or list the verbs.",
    "about:explain",
    (Argument("topic", "A command, a verb, or “verbs”.", "*", COMMAND),),
    group=SELF,
)

COMMANDS: Final = (
    LIST,
    GET,
    INSPECT,
    LOGS,
    TOP,
    EVENTS,
    CONNECTION_LIST,
    EXEC,
    SHELL,
    RETRY,
    JOBS,
    JOURNAL,
    CONFIG,
    DAEMON,
    DOCTOR,
    COMPLETION,
    VERSION,
    HELP,
)
BY_NAME: Final = {command.name: command for command in COMMANDS}
GROUPS: Final = (LOOK, DO, KEEP, SELF)
COMPLETE: Final = "__complete"
"""The hidden command completion scripts call."""
