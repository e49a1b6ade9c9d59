from __future__ import annotations

import copy
import json
import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import msgspec
import pytest
from typing_extensions import override

from backends.contract.errors import Invalid, NeedsAuth, TimedOut
from fleet.settings import secrets
from fleet.settings.secrets import Secret, resolve


class MemoryRing(keyring.backend.KeyringBackend):
    """A keyring of the test's own, through the library's own door."""

    priority = 1.0
    locked = False

    @override
    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise keyring.errors.KeyringLocked("it is locked")
        return "s3cret" if (service, username) == ("a/b", "me") else None

    @override
    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.PasswordSetError("it only reads")


@pytest.fixture
def ring() -> Iterator[MemoryRing]:
    before = keyring.get_keyring()
    ours = MemoryRing()  # type: ignore[no-untyped-call]  # keyring declares no types for it
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(before)


def test_a_secret_shows_stars_everywhere() -> None:
    secret = Secret("hunter2")
    for shown in (str(secret), repr(secret), f"{secret}", f"{secret:>20}", f"{secret!r}", str([secret])):
        assert "hunter2" not in shown
    assert secret.reveal() == "hunter2"
    assert secret == Secret("hunter2")
    assert secret != "hunter2"


def test_a_secret_is_written_nowhere() -> None:
    secret = Secret("hunter2")
    for write in (
        msgspec.json.encode,
        msgspec.msgpack.encode,
        json.dumps,
        pickle.dumps,
        copy.deepcopy,
        msgspec.to_builtins,
    ):
        with pytest.raises(TypeError):
            write(secret)


async def test_from_the_environment() -> None:
    assert (await resolve("env:TOKEN", {"TOKEN": "x"})).reveal() == "x"
    with pytest.raises(NeedsAuth, match="TOKEN"):
        await resolve("env:TOKEN", {})


async def test_from_a_private_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("s3cret\n")
    file.chmod(0o600)
    assert (await resolve(f"file:{file}", {})).reveal() == "s3cret"
    assert (await resolve("file:~/token", {"HOME": str(tmp_path)})).reveal() == "s3cret"


async def test_a_file_open_to_others_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("s3cret")
    file.chmod(0o640)
    with pytest.raises(NeedsAuth, match="open to others") as caught:
        await resolve(f"file:{file}", {})
    assert "chmod 600" in str(caught.value.hint)


async def test_files_that_cannot_hold_a_secret(tmp_path: Path) -> None:
    with pytest.raises(NeedsAuth, match="cannot be read"):
        await resolve(f"file:{tmp_path / 'none'}", {})
    with pytest.raises(Invalid, match="from the root"):
        await resolve("file:token", {})
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(Invalid, match="not a file"):
        await resolve(f"file:{tmp_path / 'pipe'}", {})
    empty = tmp_path / "empty"
    empty.touch(0o600)
    with pytest.raises(NeedsAuth, match="gives nothing"):
        await resolve(f"file:{empty}", {})


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
async def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.touch(0o600)
    os.chown(file, 4242, -1)
    with pytest.raises(NeedsAuth, match="another user"):
        await resolve(f"file:{file}", {})


async def test_from_a_command_without_a_shell() -> None:
    environment = {"PATH": os.environ["PATH"], "NAME": "value"}
    program = f"command:{sys.executable} -c \"import os; print(os.environ['NAME'] + '; echo $X')\""
    assert (await resolve(program, environment)).reveal() == "value; echo $X"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("command:/no/such/program", "cannot be started"),
        ("command:false", "exit code 1"),
        ("command:true", "gives nothing"),
    ],
)
async def test_a_command_that_fails_is_told(line: str, message: str) -> None:
    with pytest.raises(NeedsAuth, match=message):
        await resolve(line, {"PATH": os.environ["PATH"]})


async def test_commands_that_make_no_sense() -> None:
    environment = {"PATH": os.environ["PATH"]}
    with pytest.raises(Invalid, match="cannot be read"):
        await resolve("command:echo 'x", environment)
    with pytest.raises(Invalid, match="more than"):
        await resolve("command:yes", environment)


async def test_a_command_that_does_not_answer_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "COMMAND_LIMIT", 0.2)
    with pytest.raises(TimedOut, match="did not answer"):
        await resolve("command:sleep 600", {"PATH": os.environ["PATH"]})


async def test_from_the_keyring(ring: MemoryRing) -> None:
    assert (await resolve("keyring:a/b/me", {})).reveal() == "s3cret"
    with pytest.raises(NeedsAuth, match="nothing for you at a/b"):
        await resolve("keyring:a/b/you", {})
    with pytest.raises(Invalid, match="SERVICE/USER"):
        await resolve("keyring:me", {})
    ring.locked = True
    with pytest.raises(NeedsAuth, match="does not open"):
        await resolve("keyring:a/b/me", {})


@pytest.mark.parametrize("text", ["hunter2", "pass:word", "", "http://x"])
async def test_a_plain_secret_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        await resolve(text, {})
    assert not text or text not in str(caught.value)


async def test_a_reference_to_nothing_is_refused() -> None:
    with pytest.raises(Invalid, match="names nothing"):
        await resolve("env:", {})
