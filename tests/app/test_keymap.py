"""The one registry of keys: complete, without clashes, and safe under every preset."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

import pytest
from textual.binding import Binding
from textual.widget import Widget

import screens
from app.docs import main as docs
from app.key_check import KeyCheck, is_key
from app.keymap import GLOBAL_COMMANDS, PRESETS, build_keymap, key_problems
from app.tui import Cockpit
from app.views import _SCREENS as SCREENS
from app.widget_keys import all_bindings, widget_keys
from backends.contract.model import Area, Kind
from backends.contract.operation import Effect, Operation
from backends.registry import Registry
from fleet.catalogue import Catalogue
from fleet.values import BackendInfo
from screens.command import GLOBAL, Command, spelled
from screens.commands import ALL
from screens.view import View
from tests.fakes.backend import FakeBackend


def catalogue() -> Catalogue:
    registry = Registry()
    backends = [*(registry.load(name) for name in registry.names), FakeBackend()]
    return Catalogue(BackendInfo(b.id, b.title, tuple(b.kinds), tuple(b.operations)) for b in backends)


def screen_classes() -> Iterator[type]:
    for package in (screens, *(import_module(f"screens.{name}") for name in ("dialogs", "resource_tabs"))):
        for info in iter_modules(package.__path__, f"{package.__name__}."):
            module = import_module(info.name)
            for thing in vars(module).values():
                if isinstance(thing, type) and thing.__module__ == info.name:
                    yield thing


@pytest.mark.parametrize("preset", PRESETS)
def test_no_preset_has_a_clash_or_lets_a_plain_letter_destroy(preset: str) -> None:
    assert key_problems(build_keymap(ALL, preset, {}), catalogue()) == []


def test_no_backend_gives_a_plain_letter_to_what_destroys() -> None:
    for backend in catalogue().backends.values():
        for operation in backend.operations:
            if operation.effect is Effect.DESTROY and len(operation.key) == 1:
                assert operation.key.isupper(), operation.id


def test_no_command_is_declared_twice() -> None:
    ids = [command.id for command in (*GLOBAL_COMMANDS, *ALL)]
    assert len(ids) == len(set(ids))


def test_every_key_is_one_a_terminal_can_send() -> None:
    for command in (*GLOBAL_COMMANDS, *ALL):
        for key in command.keys:
            assert is_key(key), command
            assert spelled(key) == key, command


def _has(owner: type, command: Command) -> bool:
    return hasattr(owner, command.handler)


@pytest.mark.parametrize("command", [*GLOBAL_COMMANDS, *ALL], ids=lambda command: command.id)
def test_every_command_is_done_by_every_screen_of_its_context(command: Command) -> None:
    if _has(Cockpit, command):
        return
    views = [getattr(import_module(module), name) for module, name in SCREENS.values()]
    ours = [cls for cls in views if command.context in cls.CONTEXTS]
    if command.context == GLOBAL:
        ours = [View]
    assert ours or any(_has(cls, command) for cls in views), f"nobody does {command.id}"
    for cls in ours:
        assert _has(cls, command), f"{cls.__name__} does not do {command.id}"


def test_every_command_says_what_it_does() -> None:
    for command in (*GLOBAL_COMMANDS, *ALL):
        assert command.title
        assert not command.help or command.help.endswith(".")


def test_every_binding_of_a_widget_can_be_given_another_key() -> None:
    assert [binding for binding in all_bindings() if not binding.id] == []
    for cls in screen_classes():
        if issubclass(cls, Widget):
            for entry in cls.__dict__.get("BINDINGS", ()):
                assert all(binding.id for binding in Binding.make_bindings([entry])), cls


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"nothing.there": ["x"]}, "There is no command “nothing.there”"),
        ({"list.filtr": ["x"]}, "did you mean list.filter?"),
        ({"app.help": ["cntrl+k"]}, "is no key"),
        ({"stop": ["ctrl+z"]}, "shells suspend jobs"),
        ({"list.copy": ["/"]}, "means both list.filter and list.copy"),
        ({"table.down": ["/"]}, "means both list.filter and table.down"),
        ({"app.help": ["l"]}, "means both list.logs and app.help"),
        ({"container.start": ["S"]}, "means both container.start and container.stop"),
        ({"container.remove": ["e"]}, "would let a plain letter destroy"),
    ],
)
def test_what_a_user_gets_wrong_is_said_in_a_sentence(chosen: dict[str, list[str]], says: str) -> None:
    found = [problem.message for problem in key_problems(build_keymap(ALL, "default", chosen), catalogue())]
    assert any(says in message for message in found), found


def test_keys_may_be_written_by_name_or_as_they_are() -> None:
    keymap = build_keymap(ALL, "default", {"app.help": ["question_mark"], "list.copy": ["full_stop", " "]})
    assert keymap.keys("app.help") == ("?",)
    assert keymap.keys("list.copy") == (".", "space")


def test_a_command_may_have_no_key_at_all() -> None:
    keymap = build_keymap(ALL, "default", {"stop": [], "app.journal": []})
    stop = Operation(kind="container", verb="stop", title="Stop", key="S")
    assert keymap.operation_keys(stop) == ()
    assert keymap.find("@", (GLOBAL,)) is None


def test_an_operation_of_one_kind_goes_before_the_verb_of_all() -> None:
    keymap = build_keymap(ALL, "default", {"stop": ["ctrl+k"], "vm.stop": ["f7", "f8"]})
    stop = Operation(kind="vm", verb="stop", title="Stop", key="S")
    assert keymap.operation_keys(stop) == ("f7", "f8")
    assert keymap.operation_for("f8", [stop]) == [stop]


def test_verbs_of_one_group_may_share_a_key_and_others_may_not() -> None:
    def told(group: str) -> list[str]:
        verbs = (
            Operation(kind="thing", verb="pause", title="Pause", key="p", group="p"),
            Operation(kind="thing", verb="resume", title="Resume", key="p", group=group),
        )
        kind = Kind(id="thing", title="thing", plural="things", area=Area.HOSTS, columns=())
        book = Catalogue([BackendInfo("made", "Made", (kind,), verbs)])
        return [p.message for p in KeyCheck(build_keymap(ALL, "default", {}), book, widget_keys()).problems()]

    assert told("p") == []
    assert told("")


def test_the_generated_pages_are_current() -> None:
    assert docs(["--check"]) == 0
