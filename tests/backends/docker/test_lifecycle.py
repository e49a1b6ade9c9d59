"""Verbs on a real engine: what they plan, what they do, how they are taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from backends.contract.errors import BackendError, Conflict, Invalid, Refused
from backends.contract.model import Ability, Health, Resource, State
from backends.contract.operation import Outcome, Step, Undo, verbs_by_id
from backends.docker import BACKEND
from backends.docker.session import DockerSession
from quarterdeck.testing import Heard
from tests.backends.docker.conftest import Find
from tests.bed.docker import BARE, IMAGE, DockerEngine

pytestmark = pytest.mark.engine
VERBS = verbs_by_id(BACKEND.verbs())
STUBBORN = ("sh", "-c", "trap '' TERM; while :; do sleep 1; done")
POLITE = ("sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done")


async def plan(session: DockerSession, resource: Resource, verb: str, **arguments: Any) -> Step:
    return await VERBS[f"{resource.id.kind}.{verb}"].plan(session, resource, arguments)


async def do(session: DockerSession, resource: Resource, verb: str, **arguments: Any) -> Outcome:
    return await VERBS[f"{resource.id.kind}.{verb}"].run(session, resource, arguments, Heard())


async def undo(session: DockerSession, resource: Resource, back: Undo | None) -> Outcome:
    assert back is not None
    return await do(session, resource, back.verb, **dict(back.arguments))


async def test_a_container_stops_starts_and_restarts(session: DockerSession, engine: DockerEngine, find: Find) -> None:
    await engine.run(name="web", command=POLITE)
    web = await find("web")
    step = await plan(session, web, "stop", timeout=5.0)
    assert step.call == "docker stop --time 5 web"
    stopped = await do(session, web, "stop", timeout=5.0)
    assert (await find("web")).state is State.STOPPED
    await do(session, web, "stop", timeout=5.0)  # twice is harmless
    await undo(session, web, stopped.undo)
    assert (await find("web")).state is State.RUNNING
    await do(session, web, "restart", timeout=5.0)
    assert (await find("web")).state is State.RUNNING


async def test_a_container_that_does_not_listen_is_killed_and_that_is_no_fault(
    session: DockerSession, engine: DockerEngine, find: Find
) -> None:
    await engine.run(name="web", command=STUBBORN)
    await do(session, await find("web"), "stop", timeout=0.0)
    web = await find("web")
    assert (web.state, web.health) == (State.STOPPED, Health.WARNING)
    assert "SIGKILL" in (web.reason or "")


async def test_a_paused_container_goes_on(session: DockerSession, engine: DockerEngine, find: Find) -> None:
    await engine.run(name="web")
    web = await find("web")
    paused = await do(session, web, "pause")
    await do(session, web, "pause")
    web = await find("web")
    assert web.state is State.PAUSED
    assert Ability.RESUME in web.abilities
    await undo(session, web, paused.undo)
    await do(session, web, "resume")
    assert (await find("web")).state is State.RUNNING


async def test_a_signal_reaches_it(session: DockerSession, engine: DockerEngine, find: Find) -> None:
    await engine.run(name="web", command=("sh", "-c", "trap 'exit 7' USR1; while :; do sleep 0.1; done"))
    web = await find("web")
    assert (await plan(session, web, "kill", signal="USR1")).call == "docker kill --signal USR1 web"
    await do(session, web, "kill", signal="USR1")
    await engine.docker("wait", "web")
    web = await find("web")
    assert (web.state, web.health, web.reason) == (State.FAILED, Health.FAULT, "It failed with exit code 7.")


async def test_a_new_name_can_be_taken_back(session: DockerSession, engine: DockerEngine, find: Find) -> None:
    await engine.create(name="web")
    web = await find("web")
    renamed = await do(session, web, "rename", name="shop")
    assert (await find("shop")).id == web.id
    await undo(session, web, renamed.undo)
    assert (await find("web")).id == web.id


async def test_a_taken_name_is_refused_with_the_engine_s_words(
    session: DockerSession, engine: DockerEngine, find: Find
) -> None:
    await engine.create(name="web")
    await engine.create(name="shop")
    with pytest.raises(Conflict, match="in use"):
        await do(session, await find("web"), "rename", name="shop")


async def test_limits_change_and_come_back(session: DockerSession, engine: DockerEngine, find: Find) -> None:
    await engine.run("--memory", "64m", "--cpus", "1", name="web")
    web = await find("web")
    wanted: Mapping[str, Any] = {"memory": 128 << 20, "cpus": 0.5, "pids": 50, "restart": "on-failure"}
    step = await plan(session, web, "update", **wanted)
    assert "memory 64 MiB → 128 MiB" in step.does
    assert step.undo
    changed = await do(session, web, "update", **wanted)
    host = (await session.describe(web.id.native))["HostConfig"]
    assert (host["Memory"], host["NanoCpus"], host["PidsLimit"]) == (128 << 20, 500_000_000, 50)
    assert host["RestartPolicy"]["Name"] == "on-failure"
    await undo(session, web, changed.undo)
    host = (await session.describe(web.id.native))["HostConfig"]
    assert (host["Memory"], host["NanoCpus"], host["RestartPolicy"]["Name"]) == (64 << 20, 1_000_000_000, "no")
    assert host["PidsLimit"] in (None, 0, -1)


async def test_a_limit_that_cannot_be_lifted_again_is_said_to_be_so(
    session: DockerSession, engine: DockerEngine, find: Find
) -> None:
    await engine.run(name="web")
    assert (await plan(session, await find("web"), "update", memory=64 << 20)).undo == ""
    with pytest.raises(Invalid):
        await plan(session, await find("web"), "update")


async def test_a_removed_container_comes_back_with_its_settings_networks_and_volumes(
    session: DockerSession, engine: DockerEngine, find: Find
) -> None:
    await engine.docker("network", "create", "inner")
    await engine.docker("network", "create", "outer")
    await engine.run(
        *("--env", "TOKEN=s3cret", "--volume", "kept:/data", "--volume", "/anonymous", "--memory", "64m"),
        *("--network", "inner", "--network-alias", "db", "--restart", "on-failure:3"),
        name="web",
    )
    await engine.docker("network", "connect", "outer", "web")
    await engine.docker("exec", "web", "sh", "-c", "echo here > /anonymous/file")
    web = await find("web")
    before = await session.describe(web.id.native)

    step = await plan(session, web, "remove", force=True)
    assert step.call == "docker rm --force web"
    assert any("kept" in dependant and "stays" in dependant for dependant in step.dependants)
    assert step.frees is not None
    removed = await do(session, web, "remove", force=True)
    assert not await session.resources(frozenset({"container"}))
    assert removed.undo is not None
    assert "s3cret" not in str(removed)
    assert (await do(session, web, "remove", force=True)).undo is None  # twice is harmless

    back = await VERBS["container.recreate"].plan(session, web, dict(removed.undo.arguments))
    assert back.name == "web"
    await undo(session, web, removed.undo)
    again = await find("web")
    after = await session.describe(again.id.native)
    assert again.state is State.RUNNING
    assert after["Config"]["Env"] == before["Config"]["Env"]
    assert after["HostConfig"]["Memory"] == 64 << 20
    assert after["HostConfig"]["RestartPolicy"] == before["HostConfig"]["RestartPolicy"]
    assert set(after["NetworkSettings"]["Networks"]) == {"inner", "outer"}
    assert "db" in after["NetworkSettings"]["Networks"]["inner"]["Aliases"]
    assert await engine.docker("exec", "web", "cat", "/anonymous/file") == "here"


async def test_what_is_saved_of_a_removed_container_is_private(
    session: DockerSession, engine: DockerEngine, find: Find, tmp_path: Any
) -> None:
    await engine.create("--env", "TOKEN=s3cret", name="web")
    await do(session, await find("web"), "remove")
    (saved,) = (tmp_path / "removed").glob("*.json")
    assert saved.stat().st_mode & 0o077 == 0
    assert saved.parent.stat().st_mode & 0o077 == 0


async def test_a_running_container_is_not_removed_without_force(
    session: DockerSession, engine: DockerEngine, find: Find
) -> None:
    await engine.run(name="web")
    web = await find("web")
    assert "force" in (await plan(session, web, "remove", force=False)).does
    with pytest.raises(Conflict, match="running"):
        await do(session, web, "remove", force=False)


async def test_anonymous_volumes_go_only_when_asked_for(
    session: DockerSession, engine: DockerEngine, find: Find
) -> None:
    await engine.create("--volume", "/anonymous", "--volume", "kept:/data", name="web")
    step = await plan(session, await find("web"), "remove", volumes=True)
    assert sum("is removed" in dependant for dependant in step.dependants) == 1
    await do(session, await find("web"), "remove", volumes=True)
    assert {volume.name for volume in await session.resources(frozenset({"volume"}))} == {"kept"}


async def test_who_shares_a_network_is_named_before_it_is_lost(
    session: DockerSession, engine: DockerEngine, find: Find
) -> None:
    await engine.run(name="web")
    await engine.run("--network", "container:web", name="sidecar")
    step = await plan(session, await find("web"), "stop")
    assert step.dependants == ("sidecar shares its network and loses it",)


async def test_volumes_and_networks_in_use_say_by_whom(
    session: DockerSession, engine: DockerEngine, find: Find
) -> None:
    await engine.docker("network", "create", "inner")
    await engine.run("--volume", "kept:/data", "--network", "inner", name="web")
    things = {r.name: r for r in await session.resources(frozenset({"volume", "network", "image"}))}
    assert things["kept"].state is State.IN_USE
    assert (await plan(session, things["inner"], "remove")).dependants == ("container web is in it",)
    assert (await plan(session, things["kept"], "remove")).dependants == ("container web uses it",)
    assert (await plan(session, things[IMAGE], "remove")).dependants == ("container web uses it",)
    with pytest.raises(BackendError):
        await do(session, things["kept"], "remove")
    with pytest.raises(BackendError):
        await do(session, things["inner"], "remove")
    await do(session, await find("web"), "remove", force=True)
    for name in ("kept", "inner"):
        await do(session, things[name], "remove")
        await do(session, things[name], "remove")  # twice is harmless
    left = {r.name for r in await session.resources(frozenset({"volume", "network"}))}
    assert not left & {"kept", "inner"}


async def test_an_image_goes_with_all_its_names(session: DockerSession, engine: DockerEngine) -> None:
    await engine.docker("import", "-", "throwaway:1", stdin=bytes(10240))
    await engine.docker("tag", "throwaway:1", "throwaway:2")
    images = {r.name: r for r in await session.resources(frozenset({"image"}))}
    assert images["throwaway:1"].facts["tags"] == ["throwaway:1", "throwaway:2"]
    await do(session, images["throwaway:1"], "remove")
    assert {r.name for r in await session.resources(frozenset({"image"}))} == {IMAGE, BARE}


async def test_a_stack_is_switched_as_one(session: DockerSession, engine: DockerEngine) -> None:
    project = ("--label", "com.docker.compose.project=shop")
    await engine.run(*project, "--label", "com.docker.compose.service=db", name="db", command=POLITE)
    needs = ("--label", "com.docker.compose.depends_on=db:service_started:false")
    await engine.run(*project, *needs, "--label", "com.docker.compose.service=web", name="web", command=POLITE)

    async def stack() -> Resource:
        (found,) = await session.resources(frozenset({"stack"}))
        return found

    step = await plan(session, await stack(), "stop", timeout=5.0)
    assert step.call == "docker stop --time 5 web db"
    stopped = await do(session, await stack(), "stop", timeout=5.0)
    assert ((await stack()).state, (await stack()).status) == (State.STOPPED, "0 of 2 running")
    await undo(session, await stack(), stopped.undo)
    assert (await stack()).status == "2 of 2 running"
    await do(session, await stack(), "restart", timeout=5.0)
    assert (await stack()).status == "2 of 2 running"


async def test_a_stack_says_for_whom_it_failed(session: DockerSession, engine: DockerEngine) -> None:
    project = ("--label", "com.docker.compose.project=shop")
    await engine.create(*project, name="good")
    await engine.create(*project, name="bad", command=("nosuch",))
    (stack,) = await session.resources(frozenset({"stack"}))
    with pytest.raises(Refused, match="bad"):
        await do(session, stack, "start")
    assert "not found" in ((await session.resources(frozenset({"stack"})))[0].reason or "")


async def test_a_command_s_plan_shows_no_values_and_its_run_reports(
    session: DockerSession, engine: DockerEngine, find: Find
) -> None:
    await engine.run(name="web")
    arguments = {"command": ["sh", "-c", "echo $TOKEN; echo err >&2; exit 3"], "env": ["TOKEN=s3cret"], "user": "0"}
    verb, web, heard = VERBS["container.exec"], await find("web"), Heard()
    step = await verb.plan(session, web, arguments)
    assert step.call.startswith("docker exec --user 0 --env TOKEN web sh -c ")
    outcome = await verb.run(session, web, arguments, heard)
    assert (outcome.exit_code, heard.out, heard.err) == (3, b"s3cret\n", b"err\n")
