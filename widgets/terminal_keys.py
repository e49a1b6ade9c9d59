"""What a key, a paste or a movement of the mouse is on the wire: xterm's encodings, which everyone understands."""

from __future__ import annotations

import re
from typing import NamedTuple

from textual.keys import REPLACED_KEYS, key_to_character

from widgets.terminal_screen import Modes, Mouse

_CURSOR = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F", "kp_begin": "E"}
_EDITING = {"insert": 2, "delete": 3, "pageup": 5, "pagedown": 6}
_FUNCTION_LETTERS = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
_FUNCTION_NUMBERS = {
    f"f{number}": code
    for number, code in enumerate((15, 17, 18, 19, 20, 21, 23, 24, 25, 26, 28, 29, 31, 32, 33, 34), start=5)
}
# What the keypad's operator keys are, in number mode and in application mode. Textual gives its digits the names
# of the digits above the letters, so those stay digits in both modes.
_KEYPAD = {
    "decimal": (".", "n"),
    "divide": ("/", "o"),
    "multiply": ("*", "j"),
    "subtract": ("-", "m"),
    "add": ("+", "k"),
    "equal": ("=", "X"),
    "separator": (",", "l"),
}
_SHIFT, _ALT, _CONTROL = 1, 2, 4
_MODIFIERS = {"shift": _SHIFT, "alt": _ALT, "meta": _ALT, "ctrl": _CONTROL}
_CONTROL_CHARACTERS = {
    **{chr(code): bytes([code & 0x1F]) for code in range(ord("a"), ord("z") + 1)},
    " ": b"\0",
    "@": b"\0",
    "2": b"\0",
    "[": b"\x1b",
    "3": b"\x1b",
    "\\": b"\x1c",
    "4": b"\x1c",
    "]": b"\x1d",
    "5": b"\x1d",
    "^": b"\x1e",
    "6": b"\x1e",
    "_": b"\x1f",
    "7": b"\x1f",
    "/": b"\x1f",
    "8": b"\x7f",
    "?": b"\x7f",
}
PASTE_START, PASTE_END = b"\x1b[200~", b"\x1b[201~"
_PASTE_MARK = re.compile("(?:\x1b\\[|\x9b)20[01]~")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class _Stroke(NamedTuple):
    name: str
    modifiers: int


def _stroke(key: str) -> _Stroke | None:
    """Split ``ctrl+shift+up``; ``None`` for keys with modifiers no terminal program knows of."""
    *held, name = key.split("+")
    modifiers = 0
    for modifier in held:
        if modifier not in _MODIFIERS:
            return None
        modifiers |= _MODIFIERS[modifier]
    return _Stroke(name, modifiers)


def encode_key(key: str, character: str | None, modes: Modes) -> bytes | None:
    """The bytes a key press sends, or ``None`` when it sends nothing.

    Args:
        key: Textual's name of the key, with its modifiers.
        character: the character Textual found for it, if any.
        modes: what the program has asked for.
    """
    stroke = _stroke(key)
    if stroke is None:
        return None
    special = _special(stroke, modes)
    if special is not None:
        return special
    return _character(stroke, character)


def _special(stroke: _Stroke, modes: Modes) -> bytes | None:
    name, modifiers = stroke
    parameter = modifiers + 1
    if name in _CURSOR:
        if modifiers:
            return f"\x1b[1;{parameter}{_CURSOR[name]}".encode()
        return f"\x1b{'O' if modes.application_cursor else '['}{_CURSOR[name]}".encode()
    if name in _FUNCTION_LETTERS:
        letter = _FUNCTION_LETTERS[name]
        return (f"\x1b[1;{parameter}{letter}" if modifiers else f"\x1bO{letter}").encode()
    number = _EDITING.get(name) or _FUNCTION_NUMBERS.get(name)
    if number is not None:
        return (f"\x1b[{number};{parameter}~" if modifiers else f"\x1b[{number}~").encode()
    if name in _KEYPAD and not modifiers:
        plain, application = _KEYPAD[name]
        return f"\x1bO{application}".encode() if modes.application_keypad else plain.encode()
    return _named(stroke, modes)


def _named(stroke: _Stroke, modes: Modes) -> bytes | None:
    name, modifiers = stroke
    escape = b"\x1b" if modifiers & _ALT else b""
    if name == "enter":
        return escape + (b"\r\n" if modes.enter_adds_line_feed else b"\r")
    if name == "backspace":
        control_h = modes.backspace_is_control_h != bool(modifiers & _CONTROL)
        return escape + (b"\x08" if control_h else b"\x7f")
    if name == "tab":
        return escape + (b"\x1b[Z" if modifiers & _SHIFT else b"\t")
    if name == "escape":
        return escape + b"\x1b"
    return None


def _character(stroke: _Stroke, character: str | None) -> bytes | None:
    name, modifiers = stroke
    base = key_to_character(REPLACED_KEYS.get(name, name))
    if not modifiers & (_CONTROL | _ALT):
        text = character if character and character.isprintable() else base
        return text.encode() if text else None
    if not base:
        return None
    escape = b"\x1b" if modifiers & _ALT else b""
    if modifiers & _CONTROL:
        control = _CONTROL_CHARACTERS.get(base.lower())
        return escape + (control if control is not None else base.encode())
    return escape + (base.upper() if modifiers & _SHIFT else base).encode()


def encode_paste(text: str, modes: Modes) -> bytes:
    """The bytes of a paste: line ends as the enter key sends them, and nothing that could leave the bracket.

    The end marker is taken out whole, and again for as long as taking one out puts another together; then every other
    control character goes, because a paste is text and must not press keys.
    """
    while _PASTE_MARK.search(text):
        text = _PASTE_MARK.sub("", text)
    text = _CONTROLS.sub("", text.replace("\r\n", "\r").replace("\n", "\r"))
    data = text.encode(errors="replace")
    return PASTE_START + data + PASTE_END if modes.bracketed_paste else data


class Movement(NamedTuple):
    """A press, a release or a movement of the mouse, in cells from the top left corner."""

    x: int
    y: int
    button: int
    """0 left, 1 middle, 2 right, 3 none, 64 wheel up, 65 wheel down."""
    pressed: bool = True
    moved: bool = False
    shift: bool = False
    alt: bool = False
    control: bool = False


def wants(movement: Movement, mouse: Mouse) -> bool:
    """Whether a program that asked for these reports wants to hear of it."""
    if movement.moved:
        return mouse is Mouse.MOVES or (mouse is Mouse.DRAGS and movement.button != 3)
    if mouse is Mouse.PRESSES:
        return movement.pressed
    return mouse is not Mouse.OFF


def encode_mouse(movement: Movement, modes: Modes) -> bytes | None:
    """The report of a movement, or ``None`` when the program does not want it or it cannot be said."""
    if not wants(movement, modes.mouse):
        return None
    code = movement.button + (32 if movement.moved else 0)
    if modes.mouse is not Mouse.PRESSES:
        code += 4 * movement.shift + 8 * movement.alt + 16 * movement.control
    x, y = movement.x + 1, movement.y + 1
    if modes.mouse_sgr:
        return f"\x1b[<{code};{x};{y}{'M' if movement.pressed else 'm'}".encode()
    if x > 223 or y > 223:  # the old encoding has one byte for each
        return None
    if not movement.pressed:
        code |= 3
    return b"\x1b[M" + bytes((32 + code, 32 + x, 32 + y))
