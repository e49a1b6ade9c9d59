"""Checks of commands and terminals."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import aclosing, suppress

import msgspec
import pytest

from backends.contract.errors import BackendError
from backends.contract.model import Ability, Command, Output, Resource, Size, Stream
from backends.contract.session import Backend, Commandable, Session, Shellable, Terminal, Topped
from quarterdeck.testing.ground import Ground, drained, round_trips


class ProgramContract(Ground):
    """Programs run, stream, end, and are gone when nobody wants them any more."""

    async def test_a_command_streams_its_output_and_then_one_exit_code(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """Both streams arrive unmixed and the exit code comes last, once."""
        outputs = await self._run(backend, session, specimen, self.printing("über out", "and err"))
        assert [output.exit_code for output in outputs[:-1]] == [None] * (len(outputs) - 1)
        assert outputs[-1].exit_code == 0
        assert _joined(outputs, Stream.OUT) == "über out".encode()
        assert _joined(outputs, Stream.ERR) == b"and err"
        assert all(round_trips(output) for output in outputs)

    @pytest.mark.parametrize("code", [1, 3, 126])
    async def test_a_non_zero_exit_code_comes_back(
        self, backend: Backend, session: Session, specimen: Resource, code: int
    ) -> None:
        """A command that fails is an outcome, not an error."""
        outputs = await self._run(backend, session, specimen, self.exiting(code))
        assert [output.exit_code for output in outputs if output.exit_code is not None] == [code]

    async def test_a_command_reads_its_input_to_the_end(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """Input larger than any pipe's buffer arrives whole while output flows back."""
        text = b"0123456789abcde\n" * 20_000
        outputs = await self._run(backend, session, specimen, Command(argv=("cat",), stdin=text))
        assert _joined(outputs, Stream.OUT) == text

    async def test_a_command_without_input_reads_none(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """A program that asks must not wait for somebody who is not there."""
        outputs = await self._run(backend, session, specimen, Command(argv=("cat",)))
        assert _joined(outputs, Stream.OUT) == b""
        assert outputs[-1].exit_code == 0

    async def test_a_command_sees_its_environment_and_folder(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """Both are part of the command, not of a shell line."""
        command = self.reciting("QD_CONTRACT", {"QD_CONTRACT": "a 'b' $c"})
        outputs = await self._run(backend, session, specimen, command)
        assert _joined(outputs, Stream.OUT).decode() == f"a 'b' $c|{self.working_folder}"

    async def test_a_program_that_is_not_there_fails_with_words_or_a_code(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """Engines differ: some refuse, some end with 126 or 127; none may hang or call it success."""
        outputs = [Output(exit_code=127)]
        with suppress(BackendError):
            outputs = await self._run(backend, session, specimen, Command(argv=("/no/such/program",)))
        assert outputs[-1].exit_code not in (0, None)

    async def test_a_time_limit_ends_a_command(self, backend: Backend, session: Session, specimen: Resource) -> None:
        """After its time the signal ladder ends the program; the exit code says that it did not end well."""
        command = msgspec.structs.replace(self.endless(f"qd-{uuid.uuid4().hex}"), timeout=0.5)
        outputs = await self._run(backend, session, specimen, command)
        assert b"ready" in _joined(outputs, Stream.OUT)
        assert outputs[-1].exit_code not in (0, None)

    async def test_closing_a_command_early_ends_the_program(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """Nobody reads any more, so nothing may go on running."""
        if not isinstance(session, Commandable):
            self.lacks("Commandable")
        resource = await self.able(backend, session, specimen, Ability.RUN)
        marker = f"qd-{uuid.uuid4().hex}"
        async with asyncio.timeout(self.patience):
            async with aclosing(session.run(resource.id, self.endless(marker))) as outputs:
                assert b"ready" in (await anext(outputs)).data
                assert await self._runs(session, resource, marker) is not False
            await self._gone(session, resource, marker)

    async def test_a_terminal_echoes_and_runs_what_is_typed(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """The best shell that is there answers, over a terminal."""
        terminal = await self._terminal(backend, session, specimen, None)
        try:
            await terminal.write(self.shell_question)
            seen = await self._until_shown(terminal, self.shell_answer)
            assert self.shell_question.strip()[:12] in seen
        finally:
            await terminal.close()

    async def test_a_terminal_has_the_size_it_is_given(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """At first, and after it was resized."""
        terminal = await self._terminal(backend, session, specimen, Command(argv=("sh",)))
        try:
            await terminal.write(self.size_question)
            await self._until_shown(terminal, b"24 80")
            await terminal.resize(Size(columns=132, rows=50))
            await terminal.write(self.size_question)
            await self._until_shown(terminal, b"50 132")
        finally:
            await terminal.close()

    async def test_a_terminal_ends_with_its_program(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """Reading gives nothing more, the exit code is known where the engine tells it, closing twice is harmless."""
        terminal = await self._terminal(backend, session, specimen, self.parting("bye", 3))
        async with asyncio.timeout(self.patience):
            seen = b""
            while data := await terminal.read():
                seen += data
            assert b"bye" in seen
            assert await terminal.close() in (3, None)
            assert await terminal.close() in (3, None)

    async def test_closing_a_terminal_ends_its_program(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """Hanging up frees what it held, even when the program does not listen."""
        marker = f"qd-{uuid.uuid4().hex}"
        terminal = await self._terminal(backend, session, specimen, self.deaf(marker))
        resource = await self.able(backend, session, specimen, Ability.SHELL)
        await self._until_shown(terminal, b"ready")
        async with asyncio.timeout(self.patience):
            await terminal.close()
            await self._gone(session, resource, marker)

    async def test_a_terminal_is_closed_while_somebody_reads(
        self, backend: Backend, session: Session, specimen: Resource
    ) -> None:
        """The reader gets the end of the stream instead of waiting for ever."""
        terminal = await self._terminal(backend, session, specimen, Command(argv=("cat",)))
        async with asyncio.timeout(self.patience), asyncio.TaskGroup() as tasks:
            reader = tasks.create_task(_read_out(terminal))
            await asyncio.sleep(0)
            await terminal.close()
        assert reader.done()

    async def _run(self, backend: Backend, session: Session, specimen: Resource, command: Command) -> list[Output]:
        if not isinstance(session, Commandable):
            self.lacks("Commandable")
        resource = await self.able(backend, session, specimen, Ability.RUN)
        return await drained(session.run(resource.id, command), self.patience)

    async def _terminal(
        self, backend: Backend, session: Session, specimen: Resource, command: Command | None
    ) -> Terminal:
        if not isinstance(session, Shellable):
            self.lacks("Shellable")
        resource = await self.able(backend, session, specimen, Ability.SHELL)
        async with asyncio.timeout(self.patience):
            return await session.terminal(resource.id, command, Size(columns=80, rows=24))

    async def _until_shown(self, terminal: Terminal, wanted: bytes) -> bytes:
        seen = b""
        async with asyncio.timeout(self.patience):
            while wanted not in seen:
                data = await terminal.read()
                assert data, f"The program ended after {seen[-200:]!r}."
                seen += data
        return seen

    async def _gone(self, session: Session, resource: Resource, marker: str) -> None:
        while await self._runs(session, resource, marker):  # noqa: ASYNC110 - the engine has no event for it
            await asyncio.sleep(0.05)

    async def _runs(self, session: Session, resource: Resource, marker: str) -> bool | None:
        """Whether a program with that marker runs; ``None`` where the engine cannot list processes."""
        if not isinstance(session, Topped) or Ability.PROCESSES not in resource.abilities:
            return None
        table = await session.processes(resource.id)
        return any(marker in cell for row in table.rows for cell in row)


def _joined(outputs: list[Output], stream: Stream) -> bytes:
    return b"".join(output.data for output in outputs if output.stream is stream)


async def _read_out(terminal: Terminal) -> None:
    while await terminal.read():
        pass
