"""``qd exec``: a program at one resource, or at several."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from app.cli import items
from app.cli.approval import approve, refuse_read_only, show_plan
from app.cli.codes import FAILED, OK, TIMED_OUT, Usage, code_of
from app.cli.finding import find, scope_for
from app.cli.operations import DOOR, end_job, operation_for
from backends.contract.errors import Failure
from backends.contract.model import Output, ResourceId, Stream
from fleet.values import Job, JobOutput, JobRow, JobState, Request
from widgets.ansi import plain

if TYPE_CHECKING:
    from app.cli.context import Cli
    from app.cli.parsing import Namespace
    from fleet.protocol import Fleet

VERB = "exec"


async def execute(cli: Cli, given: Namespace) -> int:
    """Run a program at resources."""
    if not given.words_after:
        raise Usage("Which program?", hint="Write it after --: qd exec web-1 -- uptime")
    if not given.plan:
        refuse_read_only(cli, "Running a command")
    for pair in given.env:
        if not pair.partition("=")[0] or "=" not in pair:
            raise Usage(f"“{pair}” is not NAME=value.")
    scope = scope_for(cli, connections=given.connection, verb=VERB, names=given.name)
    async with cli.fleet(scope) as fleet:
        found = find(cli, fleet, scope, given.name, verb=VERB)
        operation = operation_for(fleet, found[0], VERB)
        request = Request(VERB, tuple(each.id for each in found), _arguments(given), door=DOOR)
        prepared = await fleet.prepare(request)
        if given.plan:
            show_plan(cli, prepared, as_json=given.json)
            return OK
        approval = await approve(cli, given, operation, prepared)
        for warning in prepared.plan.warnings:
            cli.console.complain(warning)
        began = time.monotonic()
        job = await fleet.perform(request, approval)
        reader = Reader(cli, job, as_json=given.json)
        ended = await _followed(cli, fleet, job, reader)
        over = given.timeout is not None and time.monotonic() - began >= given.timeout
        return reader.finish(ended, ended_by_limit=reader.noted if over else frozenset())


def _arguments(given: Namespace) -> dict[str, Any]:
    values = {
        "command": list(given.words_after),
        "user": given.user,
        "cwd": given.cwd,
        "env": list(given.env),
        "limit": given.timeout,
    }
    return {name: value for name, value in values.items() if value not in (None, [])}


async def _followed(cli: Cli, fleet: Fleet, job: Job, reader: Reader) -> Job:
    try:
        async with aclosing(fleet.job_output(job.id)) as pieces:
            async for piece in pieces:
                reader.take(piece)
        return await fleet.wait(job.id)
    except asyncio.CancelledError:
        await end_job(cli, fleet, job)
        raise
    except BrokenPipeError:  # whoever read has gone: the program has nobody left to write to
        await fleet.cancel(job.id)
        raise


class Reader:
    """Brings a job's output to where it belongs."""

    def __init__(self, cli: Cli, job: Job, *, as_json: bool) -> None:
        self._console = cli.console
        self._json = as_json
        self._names = {row.target: row.name for row in job.rows}
        self._many = len(job.rows) > 1
        self._width = max(len(plain(name)) for name in self._names.values())
        self._begun: dict[tuple[ResourceId, Stream], bytes] = {}
        self.noted: frozenset[ResourceId] = frozenset()
        """Where the backend remarked on something, such as a time limit that was reached."""

    def take(self, piece: JobOutput) -> None:
        """Print a piece of output: raw when it is all there is, else in whole lines with names."""
        output = piece.output
        if output.stream is Stream.NOTE:
            self.noted |= {piece.target}
            if output.data:
                text = output.data.decode(errors="replace").strip()
                self._console.say(f"--- {plain(self._names[piece.target])}: {plain(text)} ---")
        elif self._json or self._many:
            self._lines(piece.target, output)
        elif output.data:
            self._console.write(output.data, error=output.stream is Stream.ERR)

    def finish(self, job: Job, *, ended_by_limit: frozenset[ResourceId]) -> int:
        """Print what is left, and how it went; returns the exit code."""
        for (target, stream), rest in self._begun.items():
            if rest:
                self._line(target, stream, rest)
        codes = [_code(row, timed_out=row.target in ended_by_limit) for row in job.rows]
        for row, code in zip(job.rows, codes, strict=True):
            if self._json:
                shown = row.exit_code if row.failure is None else None
                item = {"resource": str(row.target), "name": row.name, "exit_code": shown, "code": code}
                self._console.line("exit", {**item, "error": items.failure(row.failure)})
            elif row.failure is not None or row.state is JobState.CANCELLED:
                text = row.text or "It was cancelled."
                name = "" if row.name in text else f"{row.name}: "
                self._console.complain(name + text, row.failure.hint if row.failure else None)
        if self._many and not self._json:
            self._summary(job, codes)
        return max(codes, default=OK)

    def _summary(self, job: Job, codes: list[int]) -> None:
        bad = [(row, code) for row, code in zip(job.rows, codes, strict=True) if code]
        self._console.say(f"{len(codes) - len(bad)} of {len(codes)} ended well.")
        for row, code in bad:
            self._console.say(f"    {plain(row.name)}: code {code}")

    def _lines(self, target: ResourceId, output: Output) -> None:
        key = (target, output.stream)
        *whole, rest = (self._begun.get(key, b"") + output.data).split(b"\n")
        self._begun[key] = rest
        for line in whole:
            self._line(target, output.stream, line)

    def _line(self, target: ResourceId, stream: Stream, line: bytes) -> None:
        text = line.decode(errors="replace").removesuffix("\r")
        if self._json:
            item = {"resource": str(target), "name": self._names[target], "stream": stream.value, "text": text}
            self._console.line("output", item)
            return
        shown = f"{plain(self._names[target]).ljust(self._width)} | {plain(text)}"
        if stream is Stream.ERR:
            self._console.say(shown)
        else:
            self._console.print(shown)
            self._console.flush()


def _code(row: JobRow, *, timed_out: bool) -> int:
    if row.failure is not None:
        return _failed(row.failure)
    if timed_out:
        return TIMED_OUT
    if row.exit_code is None:
        return OK if row.state is JobState.DONE else FAILED
    # A signal's number comes negative from some engines; shells add it to 128.
    return 128 - row.exit_code if row.exit_code < 0 else row.exit_code & 0xFF


def _failed(failure: Failure) -> int:
    return code_of(failure.error())
