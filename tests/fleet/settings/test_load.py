from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from backends.contract.errors import Conflict, Invalid
from backends.contract.model import Presence
from fleet.paths import Paths
from fleet.settings import Problem, Settings, SettingsError, default_text, load, parse, write_default
from fleet.settings.check import description, visible_fields
from fleet.settings.default import sections
from fleet.values import Verdict


def problems(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse(text)
    assert isinstance(caught.value, Invalid)
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    found = Paths.under(tmp_path)
    found.profiles.mkdir(parents=True)
    return found


def test_without_any_file_the_defaults_hold(paths: Paths) -> None:
    assert load(paths, {}) == Settings()


def test_the_default_file_says_the_defaults() -> None:
    assert parse(default_text()) == Settings()
    uncommented = re.sub(r"^# (\w+ = )", r"\1", default_text(), flags=re.MULTILINE)
    assert uncommented != default_text()
    assert parse(uncommented) == Settings()


def test_the_default_file_explains_every_setting() -> None:
    text = default_text()
    for _name, struct in sections():
        for key, field in visible_fields(struct).items():
            assert description(field).endswith("."), key
            assert f"# {key} = " in text


def test_the_examples_in_the_default_file_are_right() -> None:
    examples = "\n".join(
        re.findall(r"^#   ((?:\[\[|\w+ = |\").*)$", default_text().partition("[keys]\n")[0], re.MULTILINE)
    )
    settings = parse(examples.replace('"container.stop"', '[keys]\n"container.stop"'))
    assert settings.connection[0].labels == {"site": "berlin"}
    assert settings.policy[0].decision is Verdict.DENY
    assert settings.chosen_keys["app.palette"] == ("ctrl+p", "f1")


def test_the_default_file_is_written_once_and_never_over_another(paths: Paths) -> None:
    write_default(paths.settings)
    assert load(paths, {}) == Settings()
    paths.settings.write_text("[general]\nread_only = true\n")
    with pytest.raises(Conflict, match="exists already"):
        write_default(paths.settings)
    assert load(paths, {}).general.read_only


def test_everything_can_be_set() -> None:
    settings = parse(
        """
        [interface]
        theme = "night"
        [[connection]]
        id = "prod"
        backend = "docker"
        options = { host = "tcp://x", password = "keyring:docker/me" }
        protected = true
        [[connection]]
        id = "old"
        backend = "docker"
        disabled = true
        [[policy]]
        decision = "deny"
        effect = "destroy"
        actor = "agent"
        command = "rm.*"
        [keys]
        "container.stop" = ["s", "ctrl+s"]
        """
    )
    assert settings.interface.theme == "night"
    spec = settings.connection[0].spec()
    assert (spec.id, spec.protected, spec.presence) == ("prod", True, Presence.CONFIGURED)
    assert settings.disabled == {"old"}
    assert settings.policy[0].origin == "settings.toml, line 13"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[general]\nread_olny = true",
            "settings.toml, line 2: general.read_olny is not a setting; did you mean read_only.",
        ),
        ("[monitr]\nx = 1", "settings.toml, line 1: monitr is not a setting; did you mean monitor."),
        ("interface.theme = 3", "settings.toml, line 1: interface.theme must be text in quotes; it is 3."),
        ("[general]\nread_only = 1", "settings.toml, line 2: general.read_only must be true or false; it is 1."),
        ("[monitor]\n\nlist_every = 0", "settings.toml, line 3: monitor.list_every must be a number above 0; it is 0."),
        ("general = 3", "settings.toml, line 1: general must be a table; it is 3."),
        (
            "[interface]\nkeys = 'vim'",
            "settings.toml, line 2: interface.keys must be one of default, k9s, lazydocker; it is 'vim'.",
        ),
        ('[keys]\n"a.b" = 5', 'settings.toml, line 2: keys."a.b" must be text in quotes or a list; it is 5.'),
        ("[[connection]]\nid = 'x'", "settings.toml, line 1: connection[1] needs a backend."),
        (
            "[connection]\nid = 'x'",
            "settings.toml, line 1: connection must be written as [[connection]], once for each.",
        ),
        (
            "[[connection]]\nid='a'\nbackend='b'\n[[connection]]\nid = 'c'\nbackend='b'\n[connection.options]\nn = 1",
            "settings.toml, line 8: connection[2].options.n must be text in quotes; it is 1.",
        ),
        (
            "[[policy]]\ndecision = 'deny'\ncommand = '('",
            "settings.toml, line 3: policy[1].command is not a regular expression: missing ), unterminated",
        ),
        (
            "[[policy]]\ndecision = 'perhaps'",
            "settings.toml, line 2: policy[1].decision must be one of allow, ask, typed, deny; it is 'perhaps'.",
        ),
        ("[[policy]]\ndecision='ask'\norigin='x'", "settings.toml, line 3: policy[1].origin is not a setting"),
        ("[[policy]]\ndecision='ask'\neffect='red'", "settings.toml, line 3: policy[1].effect must be one of"),
        ("[a\nb = 1", "settings.toml, line 1, column 3: This is not TOML:"),
        ('[general]\nprofile = "', "settings.toml, line 2, column 12: This is not TOML:"),
        ("[general]\n[general]", "settings.toml, line 2, column "),
    ],
)
def test_what_is_wrong_is_told_with_line_and_key(text: str, expected: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith(expected)


def test_everything_wrong_is_told_at_once() -> None:
    found = problems("[general]\nfoo = 1\nread_only = 2\n[monitor]\nsample_every = 'x'\n")
    assert [problem.partition(":")[0] for problem in found] == [f"settings.toml, line {line}" for line in (2, 3, 5)]


def test_a_plain_secret_is_refused_and_not_repeated() -> None:
    (problem,) = problems("[[connection]]\nid = 'x'\nbackend = 'y'\noptions = { api_token = 'hunter2' }")
    assert "plain text" in problem
    assert "hunter2" not in problem


def test_two_connections_need_two_ids() -> None:
    assert "used twice" in problems("[[connection]]\nid='x'\nbackend='y'\n" * 2)[0]
    assert "slash" in problems("[[connection]]\nid='x/y'\nbackend='y'\n")[0]


def test_a_profile_lies_over_the_main_file(paths: Paths) -> None:
    paths.settings.write_text(
        "[general]\nprofile = 'work'\n[interface]\ntheme = 'day'\nascii = true\n"
        "[[connection]]\nid = 'a'\nbackend = 'docker'\n[[connection]]\nid = 'b'\nbackend = 'docker'\n"
        "[[policy]]\ndecision = 'ask'\n[keys]\nx = 'a'\ny = 'b'\n"
    )
    (paths.profiles / "work.toml").write_text(
        "[interface]\ntheme = 'night'\n[[connection]]\nid = 'b'\nbackend = 'docker'\nprotected = true\n"
        "[[policy]]\ndecision = 'deny'\n[keys]\ny = 'c'\n"
    )
    (paths.profiles / "home.toml").write_text("[interface]\ntheme = 'home'\n")
    settings = load(paths, {})
    assert (settings.interface.theme, settings.interface.ascii) == ("night", True)
    assert [(one.id, one.protected) for one in settings.connection] == [("a", False), ("b", True)]
    assert [rule.decision for rule in settings.policy] == [Verdict.DENY, Verdict.ASK]
    assert settings.policy[0].origin.endswith("work.toml, line 7")
    assert settings.keys == {"x": "a", "y": "c"}
    assert load(paths, {"QUARTERDECK_PROFILE": "home"}).interface.theme == "home"
    assert load(paths, {"QUARTERDECK_PROFILE": "home"}, "work").interface.theme == "night"


def test_a_profile_that_is_not_there_is_told_with_those_that_are(paths: Paths) -> None:
    (paths.profiles / "home.toml").write_text("")
    with pytest.raises(SettingsError, match="known are: home"):
        load(paths, {}, "work")
    with pytest.raises(SettingsError, match="Its name"):
        load(paths, {}, "../../etc/passwd")


def test_a_problem_names_the_profile_it_is_in(paths: Paths) -> None:
    (paths.profiles / "home.toml").write_text("\nfoo = 1")
    with pytest.raises(SettingsError, match=r"home\.toml, line 2: foo is not a setting"):
        load(paths, {}, "home")


def test_sources_may_be_wrong_only_together(paths: Paths) -> None:
    paths.settings.write_text("[monitor]\nfirst_retry = 100\n")
    (paths.profiles / "home.toml").write_text("[monitor]\nlast_retry = 50\nfirst_retry = 1\n")
    assert load(paths, {}, "home").monitor.last_retry == 50
    with pytest.raises(SettingsError, match="longer than the longest"):
        load(paths, {"QUARTERDECK_MONITOR__LAST_RETRY": "50"})


def test_the_environment_lies_over_all(paths: Paths) -> None:
    paths.settings.write_text("[monitor]\nlist_every = 10\n")
    settings = load(
        paths,
        {
            "QUARTERDECK_MONITOR__LIST_EVERY": "60",
            "QUARTERDECK_GENERAL__READ_ONLY": "yes",
            "QUARTERDECK_INTERFACE__SCROLLBACK": "500",
            "QUARTERDECK_INTERFACE__THEME": "5",
            "QUARTERDECK_HOME": "/x",
            "OTHER__THING": "1",
        },
    )
    assert settings.monitor.list_every == 60.0
    assert settings.general.read_only
    assert (settings.interface.scrollback, settings.interface.theme) == (500, "5")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("QUARTERDECK_MONITOR__LIST_EVERY", "often", "must be a number; it is 'often'"),
        ("QUARTERDECK_MONITOR__LIST_EVERY", "-1", "must be a number above 0; it is -1"),
        ("QUARTERDECK_GENERAL__READ_ONLY", "perhaps", "must be true or false"),
        ("QUARTERDECK_NONE__SUCH", "1", "is not a setting"),
        ("QUARTERDECK_MONITOR__SUCH", "1", "is not a setting"),
        ("QUARTERDECK_POLICY__X", "1", "once for each"),
    ],
)
def test_a_wrong_variable_is_told_by_name(paths: Paths, name: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: .*{re.escape(message)}"):
        load(paths, {name: value})


def test_a_file_that_is_no_text_names_the_line(paths: Paths) -> None:
    paths.settings.write_bytes(b"[general]\nprofile = '\xff'\n")
    with pytest.raises(SettingsError, match=r"line 2: This line is not UTF-8"):
        load(paths, {})


def test_a_folder_in_the_place_of_the_file_is_told(paths: Paths) -> None:
    paths.settings.mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        load(paths, {})


def test_windows_line_ends_are_taken(paths: Paths) -> None:
    paths.settings.write_bytes(b"[general]\r\nread_only = true\r\n")
    assert load(paths, {}).general.read_only


JUNK = st.recursive(
    st.none().map(lambda _none: "x") | st.integers() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "theme", "command"]), inner, max_size=2)
    ),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["general", "interface", "monitor", "connection", "policy", "keys", "theme", "first_retry", "junk"]
)


@given(
    st.dictionaries(
        NAMES, JUNK | st.dictionaries(NAMES, JUNK, max_size=3) | st.lists(st.dictionaries(NAMES, JUNK), max_size=2)
    )
)
def test_any_valid_toml_is_taken_or_answered_with_sentences(data: dict[str, object]) -> None:
    found = answered(tomlkit.dumps(data))
    assert all(str(problem).endswith(".") and problem.line for problem in found)


def answered(text: str) -> Sequence[Problem]:
    try:
        parse(text)
    except SettingsError as error:
        return error.problems
    return ()
