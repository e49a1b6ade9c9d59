from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backends.contract.errors import Invalid, Unsupported
from backends.contract.model import ConnectionSpec
from backends.docker import discover as module
from backends.docker.discover import discover
from backends.docker.endpoint import Endpoint


@contextmanager
def listening(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        yield


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "SYSTEM_SOCKET", str(tmp_path / "system.sock"))
    return tmp_path


def found(home: Path, **environment: str) -> dict[str, ConnectionSpec]:
    variables = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run"), **environment}
    return {spec.id: spec for spec in discover(variables).connections}


def add_context(home: Path, name: str, host: str, *, tls: bool = False) -> None:
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = home / ".docker/contexts/meta" / digest / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host}}}))
    if tls:
        (home / ".docker/contexts/tls" / digest / "docker").mkdir(parents=True)


def test_nothing_there_is_said_with_a_remedy(home: Path) -> None:
    (missing,) = discover({"HOME": str(home), "XDG_RUNTIME_DIR": str(home)}).missing
    assert "Docker" in missing.what
    assert "DOCKER_HOST" in missing.remedy


def test_the_system_s_socket_is_docker(home: Path) -> None:
    with listening(home / "system.sock"):
        assert found(home)["docker"].options == {"host": f"unix://{home / 'system.sock'}", "cli": "docker"}


def test_docker_host_is_the_default_and_the_system_s_socket_stays_known(home: Path) -> None:
    with listening(home / "system.sock"):
        specs = found(home, DOCKER_HOST="tcp://10.0.0.1:2375")
    assert specs["docker"].options["host"] == "tcp://10.0.0.1:2375"
    assert specs["docker-system"].options["host"].endswith("system.sock")


def test_contexts_are_found_by_name_with_their_certificates(home: Path) -> None:
    add_context(home, "prod", "tcp://prod.example:2376", tls=True)
    add_context(home, "far", "ssh://me@far.example")
    specs = found(home)
    assert set(specs) == {"far", "prod"}
    assert specs["prod"].options["cli"] == "docker --context prod"
    assert specs["prod"].options["tls"].endswith("/docker")


def test_one_engine_behind_two_names_is_one_connection(home: Path) -> None:
    with listening(home / "system.sock"):
        (home / "alias.sock").symlink_to(home / "system.sock")
        add_context(home, "local", f"unix://{home / 'alias.sock'}")
        assert set(found(home)) == {"docker"}


def test_rootless_and_podman_sockets_are_found(home: Path) -> None:
    with listening(home / "run/docker.sock"), listening(home / "run/podman/podman.sock"):
        assert set(found(home)) == {"docker-rootless", "podman"}


def test_a_damaged_context_is_no_context(home: Path) -> None:
    add_context(home, "good", "tcp://10.0.0.1:2375")
    bad = home / ".docker/contexts/meta/bad/meta.json"
    bad.parent.mkdir()
    bad.write_bytes(b"\xff{not json")
    (home / ".docker/config.json").write_text("[]")
    assert set(found(home)) == {"good"}


def test_an_ssh_endpoint_says_that_it_cannot_be_opened_yet() -> None:
    with pytest.raises(Unsupported, match="SSH"):
        Endpoint.of({"host": "ssh://me@far.example"})


@pytest.mark.parametrize("host", ["", "nonsense", "ftp://x", "tcp://", "tcp://host:port"])
def test_an_address_that_is_none_is_refused_with_words(host: str) -> None:
    with pytest.raises(Invalid):
        Endpoint.of({"host": host})


def test_an_endpoint_shows_the_command_a_person_would_type() -> None:
    endpoint = Endpoint.of({"host": "tcp://[::1]:2375", "cli": "docker --context 'my box'"})
    assert endpoint.call("stop", "a b") == "docker --context 'my box' stop 'a b'"
    assert endpoint.url == "http://[::1]:2375"
