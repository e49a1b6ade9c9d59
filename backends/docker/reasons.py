"""What exit codes and states mean, in words a person can act on."""

from __future__ import annotations

from backends.contract.model import Health, State

_SIGNALS = {
    1: ("SIGHUP", "its terminal or its parent hung up"),
    2: ("SIGINT", "somebody interrupted it"),
    3: ("SIGQUIT", "somebody made it quit"),
    4: ("SIGILL", "it met an instruction this processor does not know; is the image for another architecture?"),
    5: ("SIGTRAP", "it hit a breakpoint"),
    6: ("SIGABRT", "it gave up by itself after an internal error"),
    7: ("SIGBUS", "it touched memory that cannot be reached"),
    8: ("SIGFPE", "it calculated something impossible"),
    9: ("SIGKILL", "it was killed: by hand, or because a stop ran out of time"),
    10: ("SIGUSR1", "it did not handle that signal"),
    11: ("SIGSEGV", "it crashed on an invalid memory access"),
    12: ("SIGUSR2", "it did not handle that signal"),
    13: ("SIGPIPE", "it wrote to something that was closed"),
    14: ("SIGALRM", "its alarm went off"),
    15: ("SIGTERM", "it was asked to stop"),
    24: ("SIGXCPU", "it used up its CPU time"),
    25: ("SIGXFSZ", "it wrote a file larger than allowed"),
    31: ("SIGSYS", "it made a system call that is forbidden here (seccomp)"),
}
_CODES = {
    125: "the engine itself could not run it",
    126: "its command was found but could not be run: is it executable?",
    127: "its command was not found in the image",
}
ASKED = frozenset({130, 143})
"""Codes of a program that ended because somebody asked it to."""
KILLED = 137


def signal_name(code: int) -> str | None:
    """The signal an exit code stands for, such as ``SIGKILL`` for 137."""
    known = _SIGNALS.get(code - 128)
    return known[0] if known else None


def exit_reason(code: int, *, oom: bool = False) -> str | None:
    """One sentence on why a container ended, or ``None`` when it ended well."""
    if oom:
        return f"It ran out of memory and was killed (exit code {code})."
    if code == 0:
        return None
    if code in _CODES:
        return f"Exit code {code}: {_CODES[code]}{'' if _CODES[code].endswith('?') else '.'}"
    known = _SIGNALS.get(code - 128)
    if known:
        return f"Ended by {known[0]} (exit code {code}): {known[1]}{'' if known[1].endswith('?') else '.'}"
    return f"It failed with exit code {code}."


def exit_verdict(code: int | None, *, oom: bool = False) -> tuple[State, Health]:
    """How a container that ended with this code stands: stopped or failed, and whether to look at it."""
    if oom:
        return State.FAILED, Health.FAULT
    if code is None or code == 0 or code in ASKED:
        return State.STOPPED, Health.UNKNOWN
    if code == KILLED:
        return State.STOPPED, Health.WARNING
    return State.FAILED, Health.FAULT
