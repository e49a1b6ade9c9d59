"""Takes secrets out of text before it is stored, shown or sent on. What is masked leaves nothing behind.

A line is looked at closely only when it holds a word or shape that secrets come with, so plain logs pass at the speed
of one search. Nothing but a private key block reaches over a line's end; that is why output may come in pieces of any
size and is masked the same (`Redactor`). It errs on the side of masking: a word too much is a nuisance, a password
too few is a leak.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from backends.contract.model import JSON
from fleet.secret_shapes import MASK, TRIGGER, is_secret_name, masked_spans

__all__ = ["MASK", "Redactor", "is_secret_name", "redact", "redact_argv", "redact_bytes", "redact_json"]

WINDOW = 16 * 1024
"""A longer line is masked piece by piece; where it is cut depends on the text alone, not on how it arrives."""
MARGIN = 2 * 1024
"""How far beyond a cut is looked, so that a secret lying across it is seen whole."""
KEY_BLOCK = 32 * 1024
"""A private key block that has not ended after so many characters is none."""
ROUNDS = 8

_KEY_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
_KEY_END = re.compile(r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
_BREAK = re.compile(r"[\r\n]")
_WORD_END = re.compile(r"[\s\"']", re.ASCII)
_ASSIGNMENT = re.compile(r"-{0,2}([A-Za-z_][\w.-]*)=", re.ASCII)
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def redact(text: str) -> str:
    """The text with every secret that can be recognised masked."""
    masker = _Masker(MASK)
    return masker.feed(text) + masker.finish()


def redact_bytes(data: bytes) -> bytes:
    """The bytes with every secret masked; what is not UTF-8 stays as it is."""
    redactor = Redactor()
    return redactor.feed(data) + redactor.finish()


class Redactor:
    """Masks output that comes in pieces. However it is cut, the result is that of `redact_bytes` on the whole.

    The last unfinished line is held back, at most some kilobytes of it; `finish` gives it out.
    """

    def __init__(self, *, window: int = WINDOW, margin: int = MARGIN) -> None:
        # One character per byte: pieces may end inside a character, and all rules are about ASCII.
        self._masker = _Masker(MASK.encode().decode("latin-1"), window=window, margin=margin)

    def feed(self, data: bytes) -> bytes:
        """Take a piece; return what is certain by now."""
        return self._masker.feed(data.decode("latin-1")).encode("latin-1")

    def finish(self) -> bytes:
        """Return what was held back, masked."""
        return self._masker.finish().encode("latin-1")


class _Masker:
    """The work itself, on text; ``mask`` differs between characters and bytes."""

    def __init__(self, mask: str, *, window: int = WINDOW, margin: int = MARGIN) -> None:
        self._mask = mask
        self._window = window
        self._limit = window + margin
        self._pending = ""
        self._key_left = 0
        """Characters a private key block may still go on for; 0 outside of one."""
        self._key_crosses = False
        """Whether the block goes over a line's end."""
        self._swallowing = False
        """Inside a secret longer than a window, until its word ends."""

    def feed(self, text: str) -> str:
        pending = self._pending + text
        end = max(pending.rfind("\n"), pending.rfind("\r")) + 1
        out = [self._lines(pending[:end])] if end else []
        rest, self._pending = self._windows(pending[end:])
        out.append(rest)
        return "".join(out)

    def finish(self) -> str:
        rest, self._pending = self._pending, ""
        out = self._piece(rest)
        self._key_left, self._swallowing = 0, False
        return out

    def _lines(self, block: str) -> str:
        lowered = _lower(block)
        out: list[str] = []
        done = 0
        while done < len(block):
            start = done
            if not self._key_left and not self._swallowing:
                hit = TRIGGER.search(lowered, done)
                if hit is None:
                    break
                start = max(block.rfind("\n", done, hit.start()), block.rfind("\r", done, hit.start())) + 1 or done
            out.append(block[done:start])
            line_end = _BREAK.search(block, start)
            end = line_end.start() if line_end else len(block)
            out.append(self._line(block[start:end]))
            done = end
            if line_end:
                done += 1
                out.append(self._line_end(block[end:done]))
        out.append(block[done:])
        return "".join(out)

    def _line(self, line: str) -> str:
        out, rest = self._windows(line)
        return out + self._piece(rest)

    def _line_end(self, end: str) -> str:
        if self._key_left:
            self._key_left = max(self._key_left - 1, 0)
            self._key_crosses = True
            return ""
        self._swallowing = False
        return end

    def _windows(self, line: str) -> tuple[str, str]:
        """Mask as many whole windows as the line begins with; return that and the rest, still raw."""
        out: list[str] = []
        while len(line) >= self._limit:
            if self._key_left or self._swallowing:
                out.append(self._piece(line[: self._window]))
                line = line[self._window :]
                continue
            cut = self._cut(line[: self._limit])
            if cut == 0:
                cut = self._limit
                out.append(self._piece(line[:cut]))
                self._swallowing = not self._key_left
            else:
                out.append(self._piece(line[:cut]))
            line = line[cut:]
        return "".join(out), line

    def _cut(self, window: str) -> int:
        cut = self._window
        spans = masked_spans(window) if TRIGGER.search(_lower(window)) else []
        for whole, _start, end in sorted(spans, reverse=True):
            if whole < cut < end:
                cut = whole
        return cut

    def _piece(self, text: str) -> str:
        """Mask a line or a part of one, in the state left by what came before."""
        if self._key_left:
            return self._inside_key(text)
        if self._swallowing:
            end = _WORD_END.search(text)
            if end is None:
                return ""
            self._swallowing = False
            text = text[end.start() :]
        if not TRIGGER.search(_lower(text)):
            return text
        begin = _KEY_BEGIN.search(text)
        if begin is None:
            return self._masked(text)
        self._key_left = KEY_BLOCK
        self._key_crosses = False
        head = self._masked(text[: begin.start()])
        return self._masked(head + self._mask + self._inside_key(text[begin.end() :]))

    def _inside_key(self, text: str) -> str:
        end = _KEY_END.search(text)
        if end is not None:
            self._key_left = 0
            rest = text[end.end() :]
            # What follows the block on its last line does not move up to what stood before its first.
            return ("\n" if rest and self._key_crosses else "") + self._piece(rest)
        self._key_left = max(self._key_left - len(text), 0)
        return ""

    def _masked(self, text: str) -> str:
        # Masking one secret may bring the next word into reach of its key, so it is repeated until nothing changes.
        for _ in range(ROUNDS):
            masked = self._once(text)
            if masked == text:
                break
            text = masked
        return text

    def _once(self, text: str) -> str:
        out: list[str] = []
        done = 0
        for start, end in sorted((start, end) for _whole, start, end in masked_spans(text)):
            if start >= done:
                out += (text[done:start], self._mask)
            done = max(done, end)
        out.append(text[done:])
        return "".join(out)


def redact_argv(argv: Sequence[str]) -> tuple[str, ...]:
    """A command's words with secrets masked: values of flags and variables named like one, and what is in the text."""
    out: list[str] = []
    masking = False
    for word in argv:
        if masking and not word.startswith("--"):
            out.append(MASK)
            masking = False
            continue
        masking = word.startswith("--") and "=" not in word and is_secret_name(word)
        out.append(_redact_word(word))
    return tuple(out)


def _redact_word(word: str) -> str:
    named = _ASSIGNMENT.match(word)
    if named is None:
        return redact(word)
    if is_secret_name(named.group(1)):
        return named.group(0) + MASK
    return named.group(0) + redact(word[named.end() :])


def redact_json(value: JSON) -> JSON:
    """A description with the values of secretly named keys masked, and secrets within its texts."""
    return _redact_json(value, secret=False)


def _redact_json(value: JSON, *, secret: bool) -> JSON:
    match value:
        case None | bool():
            return value
        case str():
            return _redact_scalar(value, secret=secret)
        case int() | float():
            return MASK if secret else value
        case list():
            if not secret and all(isinstance(item, str) for item in value):
                return list(redact_argv([item for item in value if isinstance(item, str)]))
            return [_redact_json(item, secret=secret) for item in value]
        case dict():
            return _redact_table(value, secret=secret)


def _redact_scalar(text: str, *, secret: bool) -> str:
    if not secret:
        return _redact_word(text)
    return MASK if text else text


def _redact_table(table: dict[str, JSON], *, secret: bool) -> dict[str, JSON]:
    name = table.get("name", table.get("Name", table.get("key", table.get("Key"))))
    named = isinstance(name, str) and is_secret_name(name)
    return {
        key: _redact_json(value, secret=secret or is_secret_name(key) or (named and key in {"value", "Value"}))
        for key, value in table.items()
    }


def _lower(text: str) -> str:
    lowered = text.lower()
    # A few characters grow when lowered (İ); positions must stay those of the text.
    return lowered if len(lowered) == len(text) else text.translate(_ASCII_LOWER)
