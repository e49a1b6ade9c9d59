"""Where each key of a TOML text stands, so that a problem can name its line."""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections.abc import Mapping

Place = tuple[str | int, ...]
"""A key's way from the top: names, and numbers within arrays."""


def positions(text: str) -> Mapping[Place, int]:
    """The line, from 1, of each table, key and array item. The text must be valid TOML."""
    return _Scanner(text).scan()


class _Scanner:
    """Walks a text that a real parser has accepted already, so it need not doubt what it meets."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._breaks = [index for index, letter in enumerate(text) if letter == "\n"]
        self._lines: dict[Place, int] = {}
        self._arrays: dict[Place, int] = {}
        self._table: Place = ()

    def scan(self) -> Mapping[Place, int]:
        while self._skip():
            if self._text.startswith("[", self._at):
                self._header()
            else:
                self._assignment(self._table)
        return self._lines

    def _header(self) -> None:
        many = self._text.startswith("[[", self._at)
        self._at += 2 if many else 1
        self._skip()
        line = self._line()
        names = self._names()
        self._at += 2 if many else 1
        place = self._resolve(names[:-1] if many else names, line)
        if many:
            array = (*place, names[-1])
            self._arrays[array] = self._arrays.get(array, -1) + 1
            self._lines.setdefault(array, line)
            place = (*array, self._arrays[array])
        self._lines[place] = line
        self._table = place

    def _resolve(self, names: list[str], line: int) -> Place:
        place: Place = ()
        for name in names:
            place = (*place, name)
            self._lines.setdefault(place, line)
            if place in self._arrays:  # a name inside an array of tables means its latest item
                place = (*place, self._arrays[place])
        return place

    def _assignment(self, table: Place) -> None:
        line = self._line()
        place = table
        for name in self._names():
            place = (*place, name)
            self._lines.setdefault(place, line)
        self._skip()
        self._at += 1  # the equals sign
        self._skip()
        self._value(place)

    def _value(self, place: Place) -> None:
        letter = self._text[self._at]
        if letter in "\"'":
            self._string()
        elif letter == "[":
            self._array(place)
        elif letter == "{":
            self._inline(place)
        else:
            while self._at < len(self._text) and self._text[self._at] not in ",]}#\n":
                self._at += 1

    def _array(self, place: Place) -> None:
        self._at += 1
        index = 0
        while self._skip() != "]":
            item = (*place, index)
            self._lines[item] = self._line()
            self._value(item)
            if self._skip() == ",":
                self._at += 1
            index += 1
        self._at += 1

    def _inline(self, place: Place) -> None:
        self._at += 1
        while self._skip() != "}":
            self._assignment(place)
            if self._skip() == ",":
                self._at += 1
        self._at += 1

    def _names(self) -> list[str]:
        names: list[str] = []
        while True:
            letter = self._skip()
            start = self._at
            if letter in "\"'":
                self._string()
                names.append(tomllib.loads(f"name = {self._text[start : self._at]}")["name"])
            else:
                while self._text[self._at].isalnum() or self._text[self._at] in "_-":
                    self._at += 1
                names.append(self._text[start : self._at])
            if self._skip() != ".":
                return names
            self._at += 1

    def _string(self) -> None:
        quote = self._text[self._at]
        long = self._text.startswith(quote * 3, self._at)
        close = quote * 3 if long else quote
        self._at += len(close)
        while not self._text.startswith(close, self._at):
            self._at += 2 if quote == '"' and self._text[self._at] == "\\" else 1
        self._at += len(close)
        while long and self._text.startswith(quote, self._at):  # up to two quotes may end the text itself
            self._at += 1

    def _skip(self) -> str:
        """Pass blanks, line ends and comments; returns what comes then, or nothing at the end."""
        while self._at < len(self._text):
            letter = self._text[self._at]
            if letter == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            elif letter in " \t\r\n":
                self._at += 1
            else:
                return letter
        return ""

    def _line(self) -> int:
        return bisect_right(self._breaks, self._at - 1) + 1
