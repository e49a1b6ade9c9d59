"""The command line on this machine and on a real Docker engine, inline and without a daemon."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backends.docker import BACKEND as DOCKER
from backends.local import BACKEND as LOCAL
from tests.app.cli.conftest import Desk
from tests.bed.docker import LABEL, DockerEngine

pytestmark = pytest.mark.engine


@pytest.fixture
async def engine(docker_engine: DockerEngine) -> DockerEngine:
    await docker_engine.clear()
    await docker_engine.run(
        "--network", "none", name="one", command=("sh", "-c", "echo hello; echo oops >&2; sleep 3600")
    )
    await docker_engine.run("--network", "none", name="two")
    return docker_engine


@pytest.fixture
def qd(engine: DockerEngine, desks: Callable[..., Desk]) -> Desk:
    made = desks(docker=DOCKER, local=LOCAL)
    made.environment["DOCKER_HOST"] = engine.host
    return made


def test_a_real_engine_from_list_to_undo(qd: Desk, home: Path) -> None:
    said = qd("ls", "containers", f"label:{LABEL}=1", "--json")
    assert (said.code, said.err) == (0, "")
    assert {item["name"]: item["state"] for item in said.json["items"]} == {"one": "running", "two": "running"}
    assert qd("ls", "hosts", "--json").json["items"][0]["connection"] == "local"

    assert sorted(qd("logs", "one").out.splitlines()) == ["hello", "oops"]
    assert qd("exec", "one", "--", "sh", "-c", "echo out; echo err >&2; exit 7") == (7, "out\n", "err\n")
    assert qd("exec", "one", "--timeout", "0.5", "--", "sleep", "60").code == 124

    assert qd("stop", "one").code == 4
    said = qd("stop", "one", "--timeout", "0", "--yes", "--json")
    assert (said.code, said.json["items"][0]["state"]) == (0, "done")
    entry = str(said.json["items"][0]["entry"])
    assert qd("ls", "containers", "name:=one", "--columns", "state", "--no-header").out.split() != ["running"]
    assert qd("journal", "undo", entry).code == 0
    assert qd("get", "one", "--json").json["items"][0]["state"] == "running"
    assert qd("remove", "two", "--force", "--yes").code == 0
    assert qd("get", "two").code == 3
    assert qd("journal", "verify").code == 0
    assert not list(home.rglob("*.sock"))


def test_an_engine_that_is_gone_is_said_and_the_rest_is_listed(qd: Desk) -> None:
    qd.environment["DOCKER_HOST"] = "unix:///nonexistent/docker.sock"
    said = qd("ls")
    assert said.code == 6
    assert "does not answer" in said.err
    assert "host" in said.out
    assert qd("ls", "containers").code == 5
