"""What secrets look like within a line: keys that name them, tokens of known shape, passwords in addresses."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

MASK = "••••"

Span = tuple[int, int, int]
"""Where the evidence begins, where the secret begins, where it ends."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ALONE = _set(
    "password passwords passwd passphrase passwort pwd secret token apikey accesskey secretkey privatekey credential "
    "credentials authorization bearer cookie connectionstring jwt pw requirepass masterauth"
)
_ENDINGS = ("password", "passwd", "passphrase", "secret", "token", "apikey", "secretkey", "privatekey")
_KEY_OWNERS = _set(
    "api access private secret account encryption signing master storage shared license deploy service auth client "
    "project app application admin publishable restricted"
)
_HARMLESS_ENDS = _set(
    "count name names length len type types url uri file files path paths dir folder id ids ttl expiry expires expired "
    "limit usage policy policies stdin max min size prompt endpoint required enabled version age format kind command "
    "helper store timeout"
)
_SUSPICIOUS = _set("key auth signature salt nonce session pass")
_WHOLE_LINE = _set("authorization cookie passphrase")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_SHAPES = re.compile(
    r"""(?<![A-Za-z0-9])(?:
      gh[opusr]_[A-Za-z0-9]{20,}
    | github_pat_\w{20,}
    | glpat-[\w-]{16,}
    | sk-[A-Za-z0-9_-]{16,}
    | [srp]k_(?:live|test)_\w{16,}
    | (?:AKIA|ASIA)[A-Z0-9]{16,}
    | xox[a-z]-[A-Za-z0-9-]{10,}
    | AIza[\w-]{30,}
    | GOCSPX-[\w-]{16,}
    | ya29\.[\w.-]{16,}
    | 1//0[\w-]{20,}
    | eyJ[\w-]{8,500}\.[\w-]{4,}(?:\.[\w-]*)*
    | npm_[A-Za-z0-9]{30,}
    | hf_[A-Za-z0-9]{20,}
    | gsk_[A-Za-z0-9]{20,}
    | dop_v1_[a-f0-9]{40,}
    | dckr_pat_[\w-]{16,}
    | pypi-[\w-]{40,}
    | SG\.[\w-]{16,}\.[\w-]{16,}
    | tskey-[\w-]{16,}
    | AGE-SECRET-KEY-1[A-Z0-9]{40,}
    )""",
    re.ASCII | re.VERBOSE,
)
TRIGGER = re.compile(
    "|".join(
        re.escape(stem)
        for stem in (
            "pass", "pwd", "pw", "secret", "token", "key", "cred", "auth", "bearer", "basic", "cookie", "jwt",
            "connection", "signature", "salt", "nonce", "session", "://", "-u", "--user",
            "gho_", "ghp_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "sk-", "sk_", "rk_", "pk_", "akia", "asia",
            "xox", "aiza", "gocspx-", "ya29.", "1//0", "eyj", "npm_", "hf_", "gsk_", "dop_v1_", "dckr_pat_", "pypi-",
            "sg.", "tskey-",
        )
    )
)  # fmt: skip
"""What a lowered line must hold to be worth a look. Every rule below needs one of these."""

_ADDRESS = re.compile(r"[^\s\"'<>]*", re.ASCII)
_PORT = re.compile(r"\d{1,5}/")
_SCHEME = re.compile(r"\b(?:bearer|basic|token)[ \t]+(?P<value>[A-Za-z0-9._~+/=-]{8,})", re.ASCII | re.IGNORECASE)
_XML = re.compile(r"<([\w.:-]++)[^<>]{0,200}>(?P<value>[^<>]+)</", re.ASCII)
_FLAG = re.compile(r"(?<!\S)(?P<name>--[A-Za-z][\w-]*+|-u)[ \t]+(?!--)(?P<value>(?=\S))", re.ASCII)
_SSHPASS = re.compile(r"\bsshpass[ \t]+-p[ \t]*(?P<value>(?=\S))", re.ASCII)
_ASSIGN = re.compile(
    r"(?P<open>\\*[\"'])?(?<![A-Za-z0-9_.-])(?P<key>[A-Za-z0-9_.-]++)(?P<close>\\*[\"'])?[ \t]*(?:=>|:=|=|:)[ \t]*",
    re.ASCII,
)
_SHELL_WORD = re.compile(r"(?:\\.|\"(?:[^\"\\]|\\.)*+\"?|'[^']*+'?|[^\s\"'\\]|\\)++", re.ASCII)
_QUERY_WORD = re.compile(r"[^\s&#\"'<>]*", re.ASCII)
_RANDOM_WORD = re.compile(r"[\"']?(?P<value>[^\s\"'&,;=]{16,}+=*)", re.ASCII)
_QUOTE = re.compile(r"\\*[\"']")
_EMPTY = frozenset(("", "null", "none", "nil", "true", "false", "~", "undefined", "<none>", "(none)"))


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a key, variable or flag of that name holds a secret: ``DB_PASSWORD``, ``apiKey``, ``--auth-token``."""
    words = _words(name)
    if not words or words[-1] in _HARMLESS_ENDS:
        return False
    if any(word in _ALONE or word.endswith(_ENDINGS) for word in words):
        return True
    if len(words) > 1 and words[-1] == "pass":
        return True
    return any(first in _KEY_OWNERS and second == "key" for first, second in pairwise(words))


def masked_spans(line: str) -> list[Span]:
    """Every secret of a line. Spans may overlap and come in no order."""
    spans: list[Span] = [(match.start(), match.start(), match.end()) for match in _SHAPES.finditer(line)]
    spans += _addresses(line)
    spans += _schemes(line)
    spans += _flags(line)
    spans += _assignments(line)
    for match in _XML.finditer(line):
        if is_secret_name(match.group(1)):
            spans.append((match.start(), match.start("value"), match.end("value")))
    return spans


def _addresses(line: str) -> Iterator[Span]:
    """Passwords in ``scheme://user:password@host``, those with an ``@`` or a slash of their own too."""
    begin = line.find("://")
    while begin >= 0:
        following = line.find("://", begin + 3)
        run = _ADDRESS.match(line, begin + 3, len(line) if following < 0 else following)
        if run is not None:
            yield from _credentials(run.group(), begin)
        begin = following


def _credentials(address: str, begin: int) -> Iterator[Span]:
    offset = begin + 3
    slash = address.find("/")
    end = address.rfind("@", 0, len(address) if slash < 0 else slash)
    user, colon, rest = address.partition(":")
    if end < 0 and colon and "/" not in user and not _PORT.match(rest):
        end = address.find("@")
    if end < 0:
        return
    if colon and len(user) < end:
        if len(user) + 1 < end:
            yield begin, offset + len(user) + 1, offset + end
    elif _looks_random(address[:end]):
        yield begin, offset, offset + end


def _schemes(line: str) -> Iterator[Span]:
    for match in _SCHEME.finditer(line):
        value = match.group("value")
        # “basic authentication” is prose; credentials have digits, or capitals within.
        if any(letter.isdigit() for letter in value) or value[1:].lower() != value[1:] != value[1:].upper():
            yield match.start(), match.start("value"), match.end("value")


def _flags(line: str) -> Iterator[Span]:
    for match in _FLAG.finditer(line):
        word = _SHELL_WORD.match(line, match.start("value"))
        if word is None:
            continue
        if match.group("name") in {"-u", "--user"}:
            user, colon, password = word.group().partition(":")
            if (
                colon and password and not (password.isascii() and password.isdigit())
            ):  # docker -u 1000:1000 names no password
                yield match.start(), word.start() + len(user) + 1, word.end()
        elif is_secret_name(match.group("name")):
            yield match.start(), word.start(), word.end()
    for match in _SSHPASS.finditer(line):
        word = _SHELL_WORD.match(line, match.start("value"))
        if word is not None:
            yield match.start(), word.start(), word.end()


def _assignments(line: str) -> Iterator[Span]:
    at = 0
    while match := _ASSIGN.search(line, at):
        at = match.end()
        key = match.group("key")[-200:]
        if line.startswith("//", max(match.start("key") - 2, 0)):
            continue  # the user of an address
        if is_secret_name(key):
            start, end = _value(line, match, key)
            if line[start:end].rstrip(",;)}]").lower() not in _EMPTY:
                yield match.start(), start, end
                at = max(at, end)
        elif _is_suspicious(key) and (word := _RANDOM_WORD.match(line, at)) and _looks_random(word.group("value")):
            yield match.start(), word.start("value"), word.end("value")


def _value(line: str, match: re.Match[str], key: str) -> tuple[int, int]:
    """Where the value of an assignment lies, which depends on how it is written."""
    start = match.end()
    opened = match.group("open")
    if opened and not match.group("close"):
        return start, _closing(line, start, opened)  # "NAME=value", 'Header: value'
    quote = _QUOTE.match(line, start)
    if quote is not None:
        end = _closing(line, quote.end(), quote.group())
        after = end + len(quote.group())
        if after >= len(line) or line[after] in " \t,;)}]&|:>":
            return quote.end(), end
        word = _SHELL_WORD.match(line, start)
        return start, word.end() if word else len(line)
    return start, _bare_end(line, match, key)


def _bare_end(line: str, match: re.Match[str], key: str) -> int:
    """Where a value without quotes ends."""
    start = match.end()
    if line.startswith("{", start):
        return start  # its own keys will be looked at
    if line.startswith("[", start):
        return line.find("]", start) + 1 or len(line)
    if _takes_the_line(line, match, key):
        return len(line.rstrip())
    in_query = line[match.start("key") - 1 : match.start("key")] in {"?", "&"}
    word = (_QUERY_WORD if in_query else _SHELL_WORD).match(line, start)
    return word.end() if word else start


def _takes_the_line(line: str, match: re.Match[str], key: str) -> bool:
    """Headers and YAML scalars hold blanks: there the secret reaches to the end."""
    if ":" not in line[match.end("key") : match.end()] or line[match.end() - 1] not in ": \t":
        return False
    if not _WHOLE_LINE.isdisjoint(_words(key)):
        return True
    return line[match.end() - 1] in " \t" and not line[: match.start()].strip(" \t-")


def _closing(line: str, start: int, quote: str) -> int:
    """Where a quoted text ends: at the next quote that is escaped no more than the first one was."""
    depth = len(quote) - 1
    at = start
    while (found := line.find(quote[-1], at)) >= 0:
        escapes = found
        while escapes > at and line[escapes - 1] == "\\":
            escapes -= 1
        count = found - escapes
        if depth and count <= depth:
            return escapes
        if not depth and count % 2 == 0:
            return found
        at = found + 1
    return len(line)


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORDS.findall(name))


def _is_suspicious(name: str) -> bool:
    words = _words(name)
    return bool(words) and words[-1] in _SUSPICIOUS


def _looks_random(text: str) -> bool:
    text = "".join(letter for letter in text[:512] if letter.isascii())  # the same for text and for its bytes
    if len(text) < 16 or " " in text or not any(letter.isdigit() for letter in text):
        return False
    counts = Counter(text)
    length = sum(counts.values())
    return -sum(count / length * math.log2(count / length) for count in counts.values()) >= 3.5
