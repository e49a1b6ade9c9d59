from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.contract.model import JSON
from fleet.redaction import MASK, Redactor, is_secret_name, redact, redact_argv, redact_bytes, redact_json
from fleet.secret_shapes import TRIGGER, masked_spans

S = "s3cr3t-V4lue"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nq83vAAAA\n-----END RSA PRIVATE KEY-----"

LEAKS = [
    f"PASSWORD={S}",
    f"export DB_PASS='{S} and more'",
    f"mysql://root:{S}@db:3306/app",
    f"redis://:{S}@cache",
    f"postgres://u:{S}/x@host/db",
    f'{{"password": "{S}", "user": "bob"}}',
    f'{{"password":"quote \\" {S}"}}',
    f'"{{\\"api_key\\": \\"{S}\\"}}"',
    f"password: {S}",
    f"  - secret: {S} with blanks",
    f"Authorization: Bearer {S}",
    f"curl -H 'Authorization: Basic {S}' https://x",
    f"curl -u bob:{S} https://x",
    f"docker login --password {S} -u bob",
    f"tool --token={S}",
    f"tool --api-key '{S} {S}'",
    f"https://x/y?token={S}&page=2",
    f"Server=db;Password={S};x",
    f'Env: ["POSTGRES_PASSWORD={S}","A=b"]',
    f"<password>{S}</password>",
    f"sshpass -p {S} ssh host",
    f'client_secret => "{S}"',
    f"tokens: auth_token = {S}",
    f"awsSecretAccessKey: {S}",
    f"machine.key=x9Qk2{S}Zp81La",
    f"using bearer {S}",
    f"Cookie: a={S}; b={S}",
]


@pytest.mark.parametrize("text", LEAKS)
def test_a_secret_does_not_stay(text: str) -> None:
    masked = redact(text)
    assert S not in masked
    assert MASK in masked
    assert redact(f"before\n{text}\nafter").startswith("before\n")
    assert redact(f"before\n{text}\nafter").endswith("\nafter")


@pytest.mark.parametrize(
    "token",
    [
        "ghp_" + "a1B2" * 9,
        "github_pat_" + "a1B2_" * 9,
        "glpat-" + "a1B2" * 5,
        "sk-proj-" + "a1B2" * 8,
        "AKIAIOSFODNN7EXAMPLE",
        "xoxb-123456789012-abcdefghij",
        "AIza" + "a1B2" * 9,
        "ya29.a0AfH6SMB" + "a1B2" * 9,
        "hf_" + "a1B2" * 8,
        JWT,
    ],
)
def test_a_token_of_known_shape_is_masked_anywhere(token: str) -> None:
    assert redact(f"at {token}, then") == f"at {MASK}, then"
    assert redact(f"({token})") == f"({MASK})"


PLAIN = [
    "2024-01-01T00:00:00Z INFO served GET /tokens/5 in 12 ms",
    "max_tokens=4096 tokens: 512",
    "PASSWORD_FILE=/run/secrets/db",
    "author: Bob, authority=none",
    "basic authentication is off",
    "npm http fetch GET https://registry:4873/@scope/pkg",
    "http://localhost:8080/path",
    "docker run -u 1000:1000 --password-stdin",
    "key: value",
    "the secret is out",
    '{"token": null, "secret": ""}',
    "task-force risk-averse-and-careful-people",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "user@host:/path https://bob@example.com/",
    "compass=north bypass: yes",
]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_words_stay(text: str) -> None:
    assert redact(text) == text


def test_what_surrounds_a_secret_stays() -> None:
    assert redact(f"mysql://root:{S}@db:3306/app") == f"mysql://root:{MASK}@db:3306/app"
    assert redact(f"https://x/y?token={S}&page=2") == f"https://x/y?token={MASK}&page=2"
    assert redact(f'{{"password": "{S}", "user": "bob"}}') == f'{{"password": "{MASK}", "user": "bob"}}'
    assert redact(f"https://token:{S}@host/") == f"https://token:{MASK}@host/"


def test_a_private_key_goes_as_a_whole() -> None:
    assert redact(f"a\n{KEY}\nb") == f"a\n{MASK}\nb"
    assert redact(json.dumps({"pem": KEY})) == f'{{"pem": "{MASK}"}}'


def test_a_private_key_that_never_ends_takes_no_more_than_a_key_could() -> None:
    text = KEY.partition("-----END")[0] + "line\n" * 20_000 + "last"
    assert redact(text).endswith("line\nlast")
    assert "MIIE" not in redact(text)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("DB_PASSWORD", True),
        ("apiKey", True),
        ("--auth-token", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("X-Api-Key", True),
        ("PGPASSWORD", True),
        ("dbPass", True),
        ("secret_key_base", True),
        ("token_count", False),
        ("max_tokens", False),
        ("secretName", False),
        ("PATH", False),
        ("key", False),
        ("", False),
    ],
)
def test_names_of_secrets_are_known(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret


def test_a_command_loses_its_secrets_word_by_word() -> None:
    argv = ("run", "--password", S, "-e", f"TOKEN={S} two", "--verbose", f"sh -c 'PASSWORD={S} x'", "plain")
    masked = redact_argv(argv)
    assert S not in " ".join(masked)
    assert masked[:5] == ("run", "--password", MASK, "-e", f"TOKEN={MASK}")
    assert masked[-1] == "plain"


def test_a_flag_without_value_masks_nothing() -> None:
    assert redact_argv(["x", "--token", "--verbose", "y"]) == ("x", "--token", "--verbose", "y")


def test_a_description_is_masked_by_name_and_by_content() -> None:
    found: JSON = {
        "Config": {
            "Env": [f"POSTGRES_PASSWORD={S} {S}", "PATH=/bin", f"URL=http://u:{S}@h"],
            "Cmd": ["x", "--token", S],
        },
        "auth": {"token": {"value": S, "n": 5, "on": True}},
        "env": [{"name": "API_KEY", "value": S}, {"name": "HOME", "value": "/root"}],
        "count": 3,
        "password": None,
        "secret": "",
    }
    masked = redact_json(found)
    assert S not in json.dumps(masked)
    assert isinstance(masked, dict)
    assert masked["Config"] == {
        "Env": [f"POSTGRES_PASSWORD={MASK}", "PATH=/bin", f"URL=http://u:{MASK}@h"],
        "Cmd": ["x", "--token", MASK],
    }
    assert masked["auth"] == {"token": {"value": MASK, "n": MASK, "on": True}}
    assert masked["env"] == [{"name": "API_KEY", "value": MASK}, {"name": "HOME", "value": "/root"}]
    assert (masked["count"], masked["password"], masked["secret"]) == (3, None, "")


FRAGMENTS = st.sampled_from(
    [
        "password",
        "token",
        "--token",
        "secret",
        "=",
        ":",
        ": ",
        '"',
        "'",
        "\\",
        " ",
        "\n",
        "\r",
        "a",
        "B7",
        "://",
        "@",
        "&",
        "?",
        "[",
        "]",
        "{",
        ";",
        "é",
        "İ",
        MASK,
        "-u",
        "Bearer ",
        "ghp_" + "a1" * 12,
        "AKIAIOSFODNN7EXAMPLE",
        "<",
        ">",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "x" * 30,
        "\x85",
        "\xa0",
        "authorization",
        "key",
        "/",
    ]
)
HOSTILE = st.lists(FRAGMENTS | st.text(max_size=3), max_size=30).map("".join)


@given(HOSTILE)
def test_masking_twice_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(HOSTILE)
def test_text_and_bytes_are_masked_the_same(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    assert redact_bytes(data).decode("utf-8", "surrogatepass") == redact(text)


@given(st.binary(max_size=300))
def test_any_bytes_are_taken(data: bytes) -> None:
    redact_bytes(data)


@given(HOSTILE, st.lists(st.integers(0, 200), max_size=8), st.sampled_from([(16, 8), (40, 20), (4096, 512)]))
def test_how_output_is_cut_makes_no_difference(text: str, cuts: list[int], size: tuple[int, int]) -> None:
    data = text.encode("utf-8", "surrogatepass")
    window, margin = size
    whole = Redactor(window=window, margin=margin)
    expected = whole.feed(data) + whole.finish()
    redactor = Redactor(window=window, margin=margin)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [redactor.feed(data[start:end]) for start, end in pairwise(edges)]
    assert b"".join(pieces) + redactor.finish() == expected


@given(HOSTILE)
def test_no_rule_fires_without_its_trigger(text: str) -> None:
    for line in text.replace("\r", "\n").split("\n"):
        if masked_spans(line):
            assert TRIGGER.search(line.lower())


@pytest.mark.parametrize("cut", range(len("x PASSWORD=hunter2 y")))
def test_a_secret_cut_by_a_border_is_still_masked(cut: int) -> None:
    data = b"x PASSWORD=hunter2 y"
    redactor = Redactor()
    assert b"hunter2" not in redactor.feed(data[:cut]) + redactor.feed(data[cut:]) + redactor.finish()


@pytest.mark.parametrize("before", [15_990, 16_380, 18_400, 18_430, 40_000])
def test_a_secret_deep_in_an_endless_line_is_masked(before: int) -> None:
    line = "w " * (before // 2) + f'"password": "{S}" ' + "w " * 30_000
    masked = redact(line)
    assert S not in masked
    assert len(masked) == len(line) - len(S) + len(MASK)


def test_a_secret_longer_than_any_window_is_masked_to_its_end() -> None:
    line = "a password=" + "Zq7" * 20_000 + " after"
    masked = redact(line)
    assert "Zq7" not in masked
    assert masked.startswith("a password=")
    assert masked.endswith(" after")
