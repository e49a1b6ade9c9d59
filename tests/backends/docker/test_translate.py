"""Recorded answers of an engine into resources. The rows are what 20.10 gave, shortened."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from backends.contract.model import Ability, Health, Resource, ResourceId, State
from backends.docker import things
from backends.docker.translate import Detail, container, detail, look, troubled, unchanged, uses
from backends.docker.wording import ports

NOW = 1_795_222_100.0
ROW: dict[str, Any] = {
    "Id": "95b6d6e73d9c" + "0" * 52,
    "Names": ["/other/link", "/web"],
    "Image": "registry.example/shop/web:1.2@sha256:" + "a" * 64,
    "ImageID": "sha256:" + "6" * 64,
    "Command": "sh -c 'while :; do sleep 1; done'",
    "Created": 1795222007,
    "Ports": [
        {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
        {"IP": "::", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
        {"IP": "127.0.0.1", "PrivatePort": 443, "PublicPort": 18443, "Type": "tcp"},
        {"PrivatePort": 53, "Type": "udp"},
    ],
    "Labels": {
        "com.docker.compose.project": "shop",
        "com.docker.compose.service": "web",
        "com.docker.compose.config-hash": "0815",
        "team": "a",
    },
    "State": "running",
    "Status": "Up 4 seconds (healthy)",
    "HostConfig": {"NetworkMode": "shop_default"},
    "NetworkSettings": {"Networks": {"shop_default": {"NetworkID": "n1", "IPAddress": "172.18.0.2"}}},
    "Mounts": [
        {"Type": "volume", "Name": "b" * 64, "Destination": "/anon", "RW": True},
        {"Type": "volume", "Name": "data", "Destination": "/data", "RW": False},
        {"Type": "bind", "Source": "/srv", "Destination": "/srv", "RW": True},
    ],
}
DETAIL = Detail(0, oom=False, error="", restarts=0, started=NOW - 4, finished=None, failing=0, complaint="")


def shown(known: Detail | None = DETAIL, **changes: Any) -> Resource:
    return container("here", {**ROW, **changes}, known, NOW)


def test_a_running_container_says_what_a_row_shows() -> None:
    resource = shown()
    assert resource.name == "web"
    assert (resource.state, resource.health, resource.status) == (State.RUNNING, Health.GOOD, "running (healthy)")
    assert resource.parent == ResourceId("here", "stack", "shop")
    assert resource.facts == {
        "image": "registry.example/shop/web:1.2",
        "ports": "53/udp, 8080→80/tcp, 127.0.0.1:18443→443/tcp",
        "project": "shop",
        "service": "web",
        "restarts": 0,
        "command": "sh -c 'while :; do sleep 1; done'",
        "networks": ["shop_default"],
        "mounts": ["/srv:/srv", "bbbbbbbbbbbb:/anon", "data:/data:ro"],
        "ip": "172.18.0.2",
    }
    assert resource.since == NOW - 4
    assert Ability.SHELL in resource.abilities
    assert Ability.START not in resource.abilities


def test_compose_s_own_books_are_left_out_of_the_labels() -> None:
    assert "com.docker.compose.config-hash" not in shown().labels
    assert shown().labels["team"] == "a"


def test_an_unhealthy_container_shows_what_its_check_said() -> None:
    resource = shown(DETAIL._replace(failing=3, complaint="no route"), Status="Up 4 minutes (unhealthy)")
    assert resource.health is Health.FAULT
    assert resource.reason == "Its health check failed 3 times in a row: no route."


def test_a_container_whose_health_is_not_known_yet_is_neither_well_nor_ill() -> None:
    resource = shown(Status="Up 1 second (health: starting)")
    assert (resource.health, resource.status) == (Health.UNKNOWN, "running (health not yet known)")


def test_a_container_just_restarted_deserves_a_look_for_a_while() -> None:
    assert shown(DETAIL._replace(restarts=2)).health is Health.WARNING
    assert shown(DETAIL._replace(restarts=2, started=NOW - 900)).health is Health.GOOD


def test_an_exit_is_explained_even_before_it_was_inspected() -> None:
    resource = shown(None, State="exited", Status="Exited (127) 3 hours ago")
    assert (resource.state, resource.health) == (State.FAILED, Health.FAULT)
    assert "not found" in (resource.reason or "")
    assert resource.facts["exit_code"] == 127
    assert resource.status == "exited (127)"


def test_running_out_of_memory_is_known_after_inspecting() -> None:
    resource = shown(DETAIL._replace(exit_code=137, oom=True), State="exited", Status="Exited (137) 1 second ago")
    assert resource.health is Health.FAULT
    assert "out of memory" in (resource.reason or "")


def test_a_container_that_could_not_start_says_why() -> None:
    error = (
        "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container "
        'process: exec: "nosuch": executable file not found in $PATH: unknown'
    )
    resource = shown(DETAIL._replace(exit_code=127, error=error), State="created", Status="Created")
    assert resource.state is State.FAILED
    assert resource.reason == 'It could not be started: exec: "nosuch": executable file not found in $PATH.'


def test_a_restart_loop_is_a_fault() -> None:
    known = DETAIL._replace(exit_code=3, restarts=7)
    resource = shown(known, State="restarting", Status="Restarting (3) 2 seconds ago")
    assert (resource.state, resource.health) == (State.STARTING, Health.FAULT)
    assert "7 times" in (resource.reason or "")


def test_a_state_nobody_has_heard_of_is_unknown() -> None:
    assert shown(State="levitating", Status="Levitating").state is State.UNKNOWN


def test_a_container_without_a_name_shows_its_id() -> None:
    assert shown(Names=None).name == "95b6d6e73d9c"


def test_what_inspecting_told_is_kept_until_the_container_looks_different_or_younger() -> None:
    seen = look({"State": "running", "Status": "Up 5 minutes"})
    assert unchanged(seen, look({"State": "running", "Status": "Up 6 minutes"}))
    assert not unchanged(seen, look({"State": "running", "Status": "Up 2 seconds"}))
    assert not unchanged(seen, look({"State": "running", "Status": "Up 6 minutes (unhealthy)"}))
    assert not unchanged(seen, look({"State": "exited", "Status": "Exited (0) 5 minutes ago"}))


def test_trouble_is_inspected_first() -> None:
    assert troubled({"State": "exited", "Status": "Exited (3) 1 hour ago"})
    assert troubled({"State": "running", "Status": "Up 1 hour (unhealthy)"})
    assert not troubled({"State": "exited", "Status": "Exited (0) 1 hour ago"})
    assert not troubled({"State": "running", "Status": "Up 1 hour (healthy)"})


def test_a_detail_keeps_the_last_line_of_the_health_check() -> None:
    known = detail(
        {
            "RestartCount": 4,
            "State": {
                "ExitCode": 0,
                "StartedAt": "2026-11-21T00:46:48.369180355Z",
                "FinishedAt": "0001-01-01T00:00:00Z",
                "Health": {"FailingStreak": 2, "Log": [{"Output": "first"}, {"Output": "one\nlast line\n\n"}]},
            },
        }
    )
    assert (known.restarts, known.complaint, known.finished) == (4, "last line", None)


def test_ports_of_an_address_keep_it() -> None:
    assert ports([{"IP": "fe80::1", "PrivatePort": 1, "PublicPort": 2, "Type": "tcp"}]) == "[fe80::1]:2→1/tcp"


def test_a_stack_is_as_ill_as_its_worst_member() -> None:
    well = shown()
    ill = shown(None, Id="b" * 64, Names=["/db"], State="exited", Status="Exited (1) 2 seconds ago")
    (stack,) = things.stacks([well, ill])
    assert (stack.state, stack.health, stack.status) == (State.RUNNING, Health.FAULT, "1 of 2 running")
    assert (stack.reason or "").startswith("db: ")
    assert Ability.START | Ability.STOP in stack.abilities


def test_things_know_how_many_use_them() -> None:
    usage = things.Usage.of([uses(ROW)])
    volume = things.volume("here", {"Name": "data", "Driver": "local", "CreatedAt": "2026-11-21T00:46:47Z"}, usage)
    assert (volume.state, volume.facts["used_by"]) == (State.IN_USE, 1)
    assert Ability.REMOVE not in volume.abilities
    image = things.image("here", {"Id": "sha256:" + "7" * 64, "RepoTags": ["<none>:<none>"], "Size": 5}, usage)
    assert (image.state, image.name) == (State.PRESENT, "<none>@777777777777")
    network = things.network("here", {"Id": "n1", "Name": "bridge", "Driver": "bridge"}, usage)
    assert network.facts["used_by"] == 1
    assert Ability.REMOVE not in network.abilities


_JSON = st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=5)


@given(st.dictionaries(st.sampled_from(["Id", "State", "Status", "Image", "Command", "Created"]), _JSON))
def test_no_odd_row_breaks_the_list(row: dict[str, Any]) -> None:
    resource = container("here", row, None, NOW)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(resource), type=Resource) == resource
