"""Verbs every technology shares, so that the same letter means the same everywhere.

A backend makes them its own: ``standard.STOP.of("container", confirm=Confirm.ASK)``. Letters follow
the rule that a plain letter never destroys; what destroys is a capital and a plan.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from backends.contract.model import Ability
from backends.contract.operation import Confirm, Effect, Operation, Parameter, ParameterType


class Standard(NamedTuple):
    """A verb before a backend has made it its own."""

    verb: str
    title: str
    key: str
    needs: Ability
    effect: Effect = Effect.CHANGE
    confirm: Confirm = Confirm.NONE
    refusal: str = ""
    parameters: tuple[Parameter, ...] = ()
    help: str = ""
    many: bool = True
    group: str = ""

    def of(self, kind: str, **changes: Any) -> Operation:
        """This verb for a kind, with what the backend wants different."""
        return Operation(kind=kind, **{**self._asdict(), **changes})


GRACE = Parameter(
    id="timeout",
    label="Seconds to end by itself",
    type=ParameterType.SECONDS,
    default=10,
    minimum=0,
    maximum=3600,
    help="After this it is killed.",
)
SIGNAL = Parameter(
    id="signal",
    label="Signal",
    type=ParameterType.CHOICE,
    default="KILL",
    choices=("KILL", "TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "STOP", "CONT"),
)
LINE = Parameter(
    id="command",
    label="Command",
    type=ParameterType.WORDS,
    required=True,
    help="A program and its arguments; for pipes write sh -c '…'.",
)
USER = Parameter(id="user", label="User", help="Name or number; empty is the resource's own.")
FOLDER = Parameter(id="cwd", label="Working folder", help="Empty is the resource's own.")
ENVIRONMENT = Parameter(
    id="env", label="Environment", type=ParameterType.WORDS, help="NAME=value, separated by blanks."
)
LIMIT = Parameter(
    id="limit",
    label="Time limit in seconds",
    type=ParameterType.SECONDS,
    minimum=0,
    help="Empty waits for ever.",
)

START = Standard("start", "Start", "u", Ability.START, refusal="{name} is {status}; there is nothing to start.")
STOP = Standard(
    "stop",
    "Stop",
    "S",
    Ability.STOP,
    confirm=Confirm.ASK,
    parameters=(GRACE,),
    refusal="{name} is {status}; there is nothing to stop.",
)
RESTART = Standard(
    "restart",
    "Restart",
    "r",
    Ability.RESTART,
    confirm=Confirm.ASK,
    parameters=(GRACE,),
    refusal="{name} is {status} and cannot be restarted.",
)
PAUSE = Standard(
    "pause",
    "Pause",
    "p",
    Ability.PAUSE,
    refusal="{name} is {status}; only what runs can be paused.",
    group="pause",
)
RESUME = Standard("resume", "Resume", "p", Ability.RESUME, refusal="{name} is {status}, not paused.", group="pause")
KILL = Standard(
    "kill",
    "Send a signal",
    "K",
    Ability.SIGNAL,
    effect=Effect.DESTROY,
    confirm=Confirm.ASK,
    parameters=(SIGNAL,),
    refusal="{name} is {status}; there is no process to signal.",
)
RENAME = Standard(
    "rename",
    "Rename",
    "N",
    Ability.RENAME,
    parameters=(Parameter(id="name", label="New name", required=True),),
    many=False,
)
REMOVE = Standard("remove", "Remove", "D", Ability.REMOVE, effect=Effect.DESTROY, confirm=Confirm.ASK)
RUN = Standard(
    "exec",
    "Run a command",
    "E",
    Ability.RUN,
    parameters=(LINE, USER, FOLDER, ENVIRONMENT, LIMIT),
    refusal="{name} is {status}; commands need it running.",
)
SHELL = Standard(
    "shell",
    "Shell",
    "s",
    Ability.SHELL,
    parameters=(
        Parameter(id="command", label="Command", type=ParameterType.WORDS, help="Empty finds the best shell."),
        USER,
    ),
    refusal="{name} is {status}; a shell needs it running.",
    many=False,
)
