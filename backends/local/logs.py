"""The machine's own log: the systemd journal where there is one, or a log file."""

from __future__ import annotations

import asyncio
import math
import os
import shutil
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from typing_extensions import override

from backends.contract.errors import Refused
from backends.contract.model import Command, LogLine, LogQuery, ResourceId, Stream
from backends.local.loglines import Record, lines_of, plain, record, wanted
from backends.local.programs import Programs

FILES: Final = ("/var/log/syslog", "/var/log/messages", "/var/log/system.log")
CHUNK: Final = 65_536
LONGEST: Final = 1 << 20
"""Bytes after which a line is ended, whatever its file says."""
LOOK: Final = 0.5
"""Seconds between two looks at a file that is followed."""
FIELDS: Final = "--output-fields=MESSAGE,SYSLOG_IDENTIFIER,_PID,PRIORITY"


class Log(Protocol):
    """A log that can be read."""

    def read(self, source: ResourceId, query: LogQuery) -> AsyncGenerator[Sequence[LogLine], None]:
        """The lines the query asks for."""


async def find_log(programs: Programs, environment: Mapping[str, str], configured: str) -> Log | None:
    """The log there is: the file that was configured, the journal if it holds anything, the usual files."""
    if configured:
        return FileLog(Path(configured))
    journalctl = shutil.which("journalctl", path=environment.get("PATH"))
    if journalctl is not None:
        journal = JournalLog(journalctl, programs)
        if await journal.holds_anything():
            return journal
    for name in FILES:
        if os.access(name, os.R_OK):
            return FileLog(Path(name))
    return None


class JournalLog(Log):
    """The systemd journal, through its own reader."""

    def __init__(self, program: str, programs: Programs) -> None:
        self._program = program
        self._programs = programs

    async def holds_anything(self) -> bool:
        """Whether there is a journal we may read."""
        async with aclosing(self._records("-n", "1", limit=5.0)) as batches:
            try:
                async for batch in batches:
                    if batch:
                        return True
            except Refused:
                return False
        return False

    @override
    async def read(self, source: ResourceId, query: LogQuery) -> AsyncGenerator[Sequence[LogLine], None]:
        cursor = ""
        last: deque[LogLine] = deque(maxlen=query.tail)
        async with aclosing(self._records(*_window(query))) as batches:
            async for batch in batches:
                cursor = batch[-1].cursor
                lines = [line for entry in batch for line in lines_of(entry, source) if wanted(line, query)]
                if query.tail is not None:
                    last.extend(lines)
                elif lines:
                    yield lines
        if last:
            yield tuple(last)
        if not query.follow or query.until is not None:
            return
        start = ("--no-tail", f"--after-cursor={cursor}") if cursor else ("-n", "0")
        async with aclosing(self._records("-f", *start)) as batches:
            async for batch in batches:
                if lines := [line for entry in batch for line in lines_of(entry, source)]:
                    yield lines

    async def _records(self, *arguments: str, limit: float | None = None) -> AsyncGenerator[list[Record], None]:
        command = Command(argv=(self._program, "--no-pager", "-q", "-o", "json", FIELDS, *arguments), timeout=limit)
        rest, complaint = b"", b""
        async with aclosing(self._programs.run(command)) as outputs:
            async for output in outputs:
                if output.stream is Stream.OUT:
                    *whole, rest = (rest + output.data).split(b"\n")
                    found = [entry for line in whole if (entry := record(line))]
                    if found:
                        yield found
                elif output.stream is Stream.ERR:
                    complaint = (complaint + output.data)[-500:]
                if output.exit_code and complaint:
                    raise Refused(f"The journal cannot be read: {complaint.decode(errors='replace').strip()}.")


def _window(query: LogQuery) -> tuple[str, ...]:
    """The reader's arguments for the past. It counts whole seconds, and a tail from the start of a window."""
    if query.since is None and query.until is None:
        return ("-n", "all" if query.tail is None else str(max(query.tail, 1)))
    window = ["-n", "all"]
    if query.since is not None:
        window.append(f"--since=@{math.floor(query.since)}")
    if query.until is not None:
        window.append(f"--until=@{math.ceil(query.until)}")
    return tuple(window)


class FileLog(Log):
    """A log file, followed through rotation and truncation."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @override
    async def read(self, source: ResourceId, query: LogQuery) -> AsyncGenerator[Sequence[LogLine], None]:
        reader = _Reader(self._path)
        windowed = query.since is not None or query.until is not None
        await asyncio.to_thread(reader.open, None if windowed else query.tail)
        try:
            last: deque[LogLine] = deque(maxlen=query.tail)
            while lines := await self._next(reader, source, query, whole=not query.follow):
                if query.tail is not None:
                    last.extend(lines)
                else:
                    yield lines
            if last:
                yield tuple(last)
            while query.follow and query.until is None:
                if lines := await self._next(reader, source, query, whole=False):
                    yield lines
                elif note := await asyncio.to_thread(reader.renewed):
                    yield [LogLine(note, datetime.now(UTC).timestamp(), Stream.NOTE, source)]
                else:
                    await asyncio.sleep(LOOK)
        finally:
            reader.close()

    async def _next(
        self, reader: _Reader, source: ResourceId, query: LogQuery, *, whole: bool
    ) -> Sequence[LogLine] | None:
        """The next lines in the window; ``None`` at the end of what there is."""
        while (texts := await asyncio.to_thread(reader.next, whole=whole)) is not None:
            now = datetime.now(UTC).astimezone()
            lines = [line for text in texts if wanted(line := plain(text, source, now), query)]
            if lines:
                return lines
        return None


class _Reader:
    """An open log file. Its methods block, shortly."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._rest = b""

    def open(self, tail: int | None) -> None:
        """Open it so that ``tail`` lines are left to read.

        Raises:
            Refused: if it cannot be read.
        """
        try:
            self._file = self._path.open("rb")
            if tail is not None:
                self._file.seek(_tail_offset(self._file, tail))
        except OSError as error:
            raise Refused(
                f"The log {self._path} cannot be read: {error.strerror}.", hint="Is your user in the group `adm`?"
            ) from error

    def next(self, *, whole: bool) -> list[str] | None:
        """Some lines, or ``None`` when there are no more now; ``whole`` takes an unfinished last line too."""
        assert self._file is not None
        data = self._file.read(CHUNK)
        if not data:
            rest, self._rest = (self._rest, b"") if whole else (b"", self._rest)
            return [rest.decode(errors="replace")] if rest else None
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST:
            lines.append(self._rest)
            self._rest = b""
        return [line.decode(errors="replace") for line in lines]

    def renewed(self) -> str:
        """A sentence when the file was replaced or cut, and is read from its start again; else nothing."""
        assert self._file is not None
        try:
            here, there = os.fstat(self._file.fileno()), self._path.stat()
        except OSError:
            return ""  # between two files of a rotation; look again
        if (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
            self._file.close()
            self._rest = b""
            self.open(None)
            return f"{self._path} was rotated; reading the new file."
        if there.st_size < self._file.tell():
            self._file.seek(0)
            self._rest = b""
            return f"{self._path} was cut; reading it from its start."
        return ""

    def close(self) -> None:
        """Close it."""
        if self._file is not None:
            self._file.close()


def _tail_offset(file: BinaryIO, lines: int) -> int:
    """Where the last ``lines`` lines begin, found from the end so that a long log costs nothing."""
    place = size = file.seek(0, os.SEEK_END)
    if lines <= 0:
        return size
    missing = lines
    while place > 0:
        step = min(CHUNK, place)
        place -= step
        file.seek(place)
        data = file.read(step)
        end = len(data) - 1 if place + step == size and data.endswith(b"\n") else len(data)
        while (found := data.rfind(b"\n", 0, end)) >= 0:
            missing -= 1
            if missing == 0:
                return place + found + 1
            end = found
    return 0
