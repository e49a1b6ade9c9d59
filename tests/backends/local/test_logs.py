"""The journal's records and log files, rotation included."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.contract.errors import Refused
from backends.contract.model import LogLine, LogQuery, ResourceId, Stream
from backends.local.gpu import parse
from backends.local.loglines import lines_of, plain, record
from backends.local.logs import FileLog, JournalLog
from backends.local.programs import Programs

SOURCE = ResourceId("local", "host", "this")
NOW = datetime(2026, 1, 5, tzinfo=UTC)


async def read(path: Path, query: LogQuery) -> list[str]:
    async with asyncio.timeout(30), aclosing(FileLog(path).read(SOURCE, query)) as batches:
        return [line.text async for batch in batches for line in batch]


def entry(**fields: object) -> bytes:
    return json.dumps({"__CURSOR": "c", "__REALTIME_TIMESTAMP": "1700000000500000", **fields}).encode()


def lines(raw: bytes) -> list[LogLine]:
    found = record(raw)
    return lines_of(found, SOURCE) if found else []


def test_a_record_is_a_line_per_line_with_its_program_in_front() -> None:
    found = lines(entry(MESSAGE="one\ntwo\n", SYSLOG_IDENTIFIER="unit", _PID="7", PRIORITY="3"))
    assert [line.text for line in found] == ["unit[7]: one", "unit[7]: two"]
    assert {(line.at, line.stream) for line in found} == {(1700000000.5, Stream.ERR)}


def test_bytes_repeated_and_missing_messages_are_read() -> None:
    assert lines(entry(MESSAGE=[104, 105, 255]))[0].text == "hi\ufffd"
    assert [line.text for line in lines(entry(MESSAGE=["a", "b"]))] == ["a", "b"]
    assert lines(entry(MESSAGE=None))[0].text == ""


@given(st.binary() | st.text().map(lambda text: entry(MESSAGE=text, PRIORITY=text, _PID=text)))
def test_no_record_breaks_the_reader(raw: bytes) -> None:
    assert all("\n" not in line.text for line in lines(raw))


@given(st.text())
def test_no_line_breaks_the_reader(text: str) -> None:
    found = plain(text, SOURCE, NOW)
    assert found.at is not None or found.text == text.rstrip("\r\n")


def test_moments_are_read_from_the_front_of_a_line() -> None:
    assert plain("2026-01-02T03:04:05+00:00 host x", SOURCE, NOW).at == 1767323045.0
    assert plain("2026-01-02T03:04:05+00:00 host x", SOURCE, NOW).text == "host x"
    december = plain("Dec 31 23:59:59 host x", SOURCE, NOW)
    assert december.at is not None
    assert datetime.fromtimestamp(december.at, UTC).year in (2025, 2026)
    assert december.at < NOW.timestamp()
    assert plain("Feb 30 00:00:00 host x", SOURCE, NOW).at is None


@pytest.mark.parametrize("count", [0, 1, 2, 5000, 9999, 10_000, 20_000])
async def test_a_tail_of_a_long_file_is_its_end(tmp_path: Path, count: int) -> None:
    path = tmp_path / "log"
    path.write_text("".join(f"line {number} {'x' * (number % 50)}\n" for number in range(10_000)))
    found = await read(path, LogQuery(follow=False, tail=count))
    assert [int(text.split()[1]) for text in found] == list(range(max(0, 10_000 - count), 10_000))


async def test_an_unfinished_last_line_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("one\ntwo")
    assert await read(path, LogQuery(follow=False, tail=None)) == ["one", "two"]
    assert await read(path, LogQuery(follow=False, tail=1)) == ["two"]


async def test_a_window_leaves_out_what_is_before_and_after(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("".join(f"2026-01-02T03:04:{second:02d}Z s{second}\n" for second in range(60)))
    base = datetime(2026, 1, 2, 3, 4, tzinfo=UTC).timestamp()
    found = await read(path, LogQuery(follow=False, tail=None, since=base + 10, until=base + 12))
    assert found == ["s10", "s11", "s12"]
    assert await read(path, LogQuery(follow=False, tail=1, since=base + 10, until=base + 12)) == ["s12"]


async def test_following_survives_rotation_and_truncation(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("old\n")
    log = FileLog(path).read(SOURCE, LogQuery(tail=None))
    async with asyncio.timeout(30), aclosing(log) as batches:
        assert [line.text for line in await anext(batches)] == ["old"]
        path.rename(tmp_path / "log.1")
        path.write_text("new\n")
        assert (await anext(batches))[0].stream is Stream.NOTE
        assert [line.text for line in await anext(batches)] == ["new"]
        path.write_text("x\n")
        assert (await anext(batches))[0].stream is Stream.NOTE
        assert [line.text for line in await anext(batches)] == ["x"]


async def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        await read(tmp_path / "nothing", LogQuery(follow=False))


async def test_the_journals_reader_is_asked_for_the_past_and_then_followed(tmp_path: Path) -> None:
    """A stand-in for ``journalctl`` that answers as the real one: not every machine keeps a journal."""
    reader = tmp_path / "journalctl"
    past, live = entry(MESSAGE="past").decode(), entry(MESSAGE="live").decode()
    reader.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n'
        f"case \"$*\" in *' -f '*) echo '{live}'; exec sleep 60;; *) echo '{past}';; esac\n"
    )
    reader.chmod(0o755)
    log = JournalLog(str(reader), Programs(os.environ))
    assert await log.holds_anything()
    async with asyncio.timeout(30), aclosing(log.read(SOURCE, LogQuery(tail=5))) as batches:
        assert [line.text for line in await anext(batches)] == ["past"]
        assert [line.text for line in await anext(batches)] == ["live"]
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[1].endswith("-n 5")
    assert asked[2].endswith("-f --no-tail --after-cursor=c")


def test_cards_tell_what_they_know() -> None:
    values = parse("0, 35, 1024, 8192, 61\n1, [N/A], 0, 24576, [Not Supported]\nnonsense\n")
    assert values["gpu/0"] == 35
    assert values["gpu_memory/0"] == 2**30
    assert values["temperature/gpu0"] == 61
    assert "gpu/1" not in values
    assert "temperature/gpu1" not in values
    assert values["gpu_memory/1"] == 0
