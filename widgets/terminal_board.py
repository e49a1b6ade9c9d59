"""The emulator: a bittty board, made safe for output nobody vouches for.

Importing this costs some 60 ms (bittty, wcwidth, importlib.metadata), so only the first terminal does it.

bittty parses well and fast, but is written for a trusted child process. Here it gets: an allow-list of what output may
do (no clipboard, no reports of text the output itself has set, no key definitions, no printing, no resizing of the
window), limits on counts and on unfinished sequences, recovery from sequences its handlers stumble over, characters
without width that join the one before, scrollback, and wrapping lines again when the size changes.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any

from bittty import XTERM, Board
from bittty import mode_profiles as profile
from bittty.devices.modes import MouseEncoding, MouseProtocol
from bittty.operations import Operation
from bittty.parser.core import GROUND_RE
from bittty.style import Color, Style
from bittty.video import CONTINUATION, WideHead
from typing_extensions import override
from wcwidth import wcwidth

from widgets.terminal_screen import EMPTY, Colour, Cursor, History, Modes, Mouse, Pen, Row, Shape

_MODEL = replace(
    XTERM,
    mode_capabilities=XTERM.mode_capabilities
    - {
        # The size is the window's, and widths must be those of the terminal we are drawn on.
        profile.DEC_COLUMN_MODE,
        profile.XTERM_ALLOW_COLUMN,
        profile.UNICODE_AMBIGUOUS_WIDTH,
        profile.UNICODE_GRAPHEME_CLUSTERING,
    },
)
_ALLOWED = frozenset(
    """
    PRINT SGR ED EL DECSED DECSEL DECSCA SPA EPA IL DL ICH DCH ECH SU SD SL SR DECIC DECDC REP DECSTBM DECSLRM
    RIS DECSTR DECALN CUP HVP CUU CUD CUF CUB CHA HPA HPR VPA VPR CNL CPL HPB VPB CHT CBT TBC CTC DECST8C
    DECSCUSR DECBI DECFI SAVE RESTORE C0_BEL C0_BS C0_HT C0_LF C0_VT C0_FF C0_CR C0_CRLF C0_SO C0_SI C0_DEL
    IND RI ST NEL HTS SCS_G0 SCS_G1 SCS_G2 SCS_G3 SS2 SS3 LS2 LS3 LS1R LS2R LS3R SM RM DECSET DECRST XTSAVE
    XTRESTORE DECKPAM DECKPNM CPR DSR DA1 DA2 DA3 DECRQM OSC_FOREGROUND OSC_BACKGROUND
    SET_ICON_AND_WINDOW_TITLE SET_WINDOW_TITLE
    """.split()  # noqa: SIM905 - as a list this would be a page long
)
_COUNTED = ("REP", "CHT", "CBT", "CUB", "HPB", "SU", "SD", "IL", "DL", "ECH", "ICH", "DCH", "SL", "SR")
_STUMBLES = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError)
"""What bittty's handlers raise for malformed parameters (``CSI 38;5;m``, ``CSI 1<H``)."""
_UNFINISHED = 64 * 1024
_BROKEN_OFF = re.compile("\x1b[^\\\\]")
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_TITLE_LENGTH = 200
_MICE = {
    MouseProtocol.X10: Mouse.PRESSES,
    MouseProtocol.NORMAL: Mouse.CLICKS,
    MouseProtocol.BUTTON: Mouse.DRAGS,
    MouseProtocol.ANY: Mouse.MOVES,
}
_SHAPES = {"underline": Shape.UNDERLINE, "bar": Shape.BAR}
_FLAGS = ("bold", "dim", "italic", "underline", "reverse", "conceal", "strike")

_style_of = itemgetter(0)
_character_of = itemgetter(1)

Cells = list[tuple[Any, str]]


class _Wire:
    """Collects what the board answers; what could press a key at the other side never gets through."""

    def __init__(self) -> None:
        self.pending = b""

    def write(self, data: str) -> None:
        answer = data.encode()
        if all(byte >= 32 or byte in b"\x1b\x07" for byte in answer):
            self.pending += answer


class _SafeBoard(Board):  # type: ignore[misc] # bittty has no types
    """A board that prints only what can be seen."""

    @override
    def print_text(self, text: str) -> None:
        if text.isascii() and text.isprintable():
            super().print_text(text)
            return
        text = _INVISIBLE.sub("", text)
        if text.isascii() or all(wcwidth(character) > 0 for character in set(text)):
            super().print_text(text)
            return
        for joins, characters in groupby(text, lambda character: wcwidth(character) <= 0):
            piece = "".join(characters)
            if joins:
                self._join(piece)
            else:
                super().print_text(piece)

    def _join(self, marks: str) -> None:
        """Add characters without width of their own to the cell before the cursor."""
        page, cursor = self.blitter.current_buffer, self.cursor
        x = page.owner_x(min(cursor.x, page.width) - 1, cursor.y)
        if x < 0:
            return
        style, character = page.grid[cursor.y][x]
        if len(character) < 16:  # nobody stacks that many accents on one letter except to do harm
            page.grid[cursor.y][x] = (style, type(character)(character + marks[:8]))
            page._touch_row(cursor.y)  # noqa: SLF001 - bittty has no public call that changes a cell's text alone


class BoardEmulator:
    """Keeps :class:`widgets.terminal_screen.Emulator` with bittty."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.history = History()
        self.title = ""
        self._decoder = getincrementaldecoder("utf-8")(errors="replace")
        self._wire = _Wire()
        self._bell = False
        self._board: Any = _SafeBoard(width=columns, height=rows, model=_MODEL)
        self._seen: tuple[Any, int] = (None, -1)
        self._pens: dict[Any, Pen] = {}
        self._styles: dict[Pen, Any] = {}
        self._saved: dict[bool, tuple[Any, ...]] = {}
        self._colours = ((229, 229, 229), (0, 0, 0))
        # Untouched cells are all this one, which makes finding the end of a row quick.
        self._blank = self._board.blitter.primary_buffer._empty_cell  # noqa: SLF001
        self._wire_up()

    def _wire_up(self) -> None:
        board, registry = self._board, self._board.registry
        board.host.attach(self._wire)
        for name in set(registry) - _ALLOWED:
            del registry[name]
        for name in _COUNTED:
            registry[name] = self._bounded(registry[name])
        erase = registry["ED"]
        registry["ED"] = lambda op: self.history.clear() if op.args[0] == 3 else erase(op)
        registry["SAVE"], registry["RESTORE"] = self._save, self._restore
        registry["OSC_FOREGROUND"] = lambda op: self._report_colour(op, 10, 0)
        registry["OSC_BACKGROUND"] = lambda op: self._report_colour(op, 11, 1)
        registry["SET_ICON_AND_WINDOW_TITLE"] = registry["SET_WINDOW_TITLE"] = self._retitle
        registry["C0_BEL"] = self._ring
        self._scroll_board, board.blitter.scroll = board.blitter.scroll, self._scroll
        self._switch_board, board.blitter.switch_screen = board.blitter.switch_screen, self._switch

    # What the widget asks

    @property
    def columns(self) -> int:
        """Cells in a row."""
        return int(self._board.width)

    @property
    def rows(self) -> int:
        """Rows on the screen."""
        return int(self._board.height)

    @property
    def cursor(self) -> Cursor:
        """The cursor now."""
        cursor = self._board.cursor
        shape = _SHAPES.get(cursor.shape, Shape.BLOCK)
        return Cursor(cursor.display_x, cursor.y, self._board.modes.cursor_visible, shape)

    @property
    def modes(self) -> Modes:
        """What the program has asked for."""
        modes = self._board.modes
        return Modes(
            application_cursor=modes.cursor_application_mode,
            application_keypad=modes.application_keypad,
            backspace_is_control_h=modes.backarrow_key_sends_bs,
            enter_adds_line_feed=modes.linefeed_newline_mode,
            bracketed_paste=modes.bracketed_paste,
            focus_reports=modes.focus_reporting,
            mouse=_MICE.get(modes.mouse_protocol, Mouse.OFF),
            mouse_sgr=modes.mouse_encoding is MouseEncoding.SGR,
            alternate_screen=self._board.blitter.in_alt_screen,
            composing=modes.synchronized_output,
            inverted=modes.reverse_screen,
        )

    def replies(self) -> bytes:
        """What the terminal has to answer since this was last called."""
        pending, self._wire.pending = self._wire.pending, b""
        return pending

    def bell(self) -> bool:
        """Whether the bell rang since this was last called."""
        rang, self._bell = self._bell, False
        return rang

    def changed(self) -> Sequence[int]:
        """The rows that may differ since this was last called."""
        page = self._board.blitter.current_buffer
        seen_page, seen = self._seen
        rows = page.dirty_rows(seen) if page is seen_page else range(page.height)
        self._seen = (page, page.observe())
        return list(rows)

    def row(self, y: int) -> Row:
        """A row of the screen."""
        page = self._board.blitter.current_buffer
        return self._compress(page.grid[y], wrapped=page.wrapped_lines[y]) if 0 <= y < page.height else Row()

    def colours(self, foreground: tuple[int, int, int], background: tuple[int, int, int]) -> None:
        """Tell what the theme's own colours are."""
        self._colours = (foreground, background)

    # Output of the program

    def feed(self, data: bytes) -> None:
        """Take output of the program."""
        parser = self._board.parser
        text = self._decoder.decode(data)
        while True:
            try:
                parser.feed(text)
            except _STUMBLES:
                self._step_over()
            else:
                if not self._break_off():
                    return
            text = ""

    def _step_over(self) -> None:
        """Leave out the sequence the board stumbled over."""
        parser = self._board.parser
        if parser.mode is not None:
            end = parser._scan_from  # noqa: SLF001 - bittty offers no way to give up a sequence
        else:
            match = GROUND_RE.match(parser.buffer, parser.pos)
            end = match.end() if match else parser.pos + 1
        rest = parser.buffer[max(end, parser.pos + 1) :]
        parser.reset()
        parser.buffer = rest

    def _break_off(self) -> bool:
        """End a string sequence that will not end by itself; says whether there is something left to parse."""
        parser = self._board.parser
        if parser.mode is None:
            return False
        start = parser._scan_from  # noqa: SLF001
        if parser.mode != "csi" and (escape := _BROKEN_OFF.search(parser.buffer, start)):
            rest = parser.buffer[escape.start() :]
            parser.reset()
            parser.buffer = rest
            return True
        if len(parser.buffer) > _UNFINISHED:  # goes on being swallowed, but is not kept
            parser.buffer = parser.buffer[:start] + parser.buffer[-1:]
        return False

    def _bounded(self, handler: Callable[[Any], None]) -> Callable[[Any], None]:
        """A handler whose counts cannot exceed the screen: a number with nine digits must not take nine minutes."""

        def run(operation: Any) -> None:
            most = self.columns * self.rows
            counts = operation.args
            if counts and isinstance(counts[0], int) and counts[0] > most:
                operation = Operation(operation.name, (most, *counts[1:]), operation.raw)
            handler(operation)

        return run

    def _save(self, _operation: Any) -> None:
        """DECSC. Each screen has its own: a program that saves in the alternate one must not move the shell's."""
        board = self._board
        charset = board.charset
        state = (tuple(charset.charset_array), charset.current_charset, board.modes.origin_mode)
        saved = (board.cursor.display_x, board.cursor.y, board.style.current, *state)
        self._saved[board.blitter.in_alt_screen] = saved

    def _restore(self, _operation: Any) -> None:
        board = self._board
        saved = self._saved.get(board.blitter.in_alt_screen)
        if saved is None:
            board.cursor.set_position(0, 0)
            return
        x, y, board.style.current, charsets, invoked, board.modes.origin_mode = saved
        setters = (board.charset.set_g0_charset, board.charset.set_g1_charset)
        for setter, designator in zip(setters, charsets, strict=False):
            setter(designator)
        board.charset.current_charset = invoked
        board.cursor.set_position(x, y)

    def _report_colour(self, operation: Any, code: int, which: int) -> None:
        """Answer what the theme's colour is; setting it is not for the program to do."""
        if operation.args[0] == "?":
            red, green, blue = (part * 257 for part in self._colours[which])
            self._wire.write(f"\x1b]{code};rgb:{red:04x}/{green:04x}/{blue:04x}\x1b\\")

    def _retitle(self, operation: Any) -> None:
        self.title = _INVISIBLE.sub("", operation.args[0])[:_TITLE_LENGTH]

    def _ring(self, _operation: Any) -> None:
        self._bell = True

    # Scrollback and size

    def _scroll(self, lines: int) -> None:
        blitter = self._board.blitter
        whole = blitter.left_margin == 0 and blitter.right_margin == self._board.width - 1
        if lines > 0 and blitter.scroll_top == 0 and whole and not blitter.in_alt_screen:
            page = blitter.primary_buffer
            for y in range(min(lines, blitter.scroll_bottom + 1)):
                self.history.push(self._compress(page.grid[y], wrapped=page.wrapped_lines[y]))
        self._scroll_board(lines)

    def _switch(self, alternate: bool) -> None:  # noqa: FBT001 - bittty's own signature
        blitter = self._board.blitter
        if alternate and not blitter.in_alt_screen:
            for y in range(self._board.height):
                blitter.alt_buffer.clear_line(y, 2, 0, "")
        self._switch_board(alternate)

    def resize(self, columns: int, rows: int) -> None:
        """Change size; lines that were wrapped are wrapped again."""
        columns, rows = max(2, columns), max(1, rows)
        board, blitter = self._board, self._board.blitter
        if (columns, rows) == (board.width, board.height):
            return
        grid, wraps, x, y = self._laid_out(columns, rows)
        old = board.width
        blitter.resize(columns, rows)
        blitter.set_scroll_region(0, rows - 1)
        page = blitter.primary_buffer
        page.grid, page.wrapped_lines = grid, wraps
        board.cursor.tab_stops |= set(range(old + -old % 8, columns, 8))
        if blitter.in_alt_screen:
            board.cursor.saved_x, board.cursor.saved_y = x, y
        else:
            board.cursor.set_position(x, y)
            board.cursor.saved_x = min(board.cursor.saved_x, columns - 1)
            board.cursor.saved_y = min(board.cursor.saved_y, rows - 1)

    def _laid_out(self, columns: int, rows: int) -> tuple[list[Cells], list[bool], int, int]:
        """The primary screen at a new size, with where its cursor goes; moves rows to and from the history."""
        lines, line, offset = self._lines()
        out: list[tuple[Cells, bool]] = []
        x = y = 0
        for index, cells in enumerate(lines):
            if index == line:
                before = _cut(cells[:offset], columns)
                y, x = len(out) + len(before) - 1, len(before[-1])
                if x >= columns:
                    y, x = (y + 1, 0) if offset < len(cells) else (y, columns - 1)
            pieces = _cut(cells, columns)
            out += [(piece, number < len(pieces) - 1) for number, piece in enumerate(pieces)]
        while len(out) < rows and (taken := self.history.take_line()):
            pieces = _cut([cell for row in taken for cell in self._cells(row)], columns)
            out[:0] = [(piece, number < len(pieces) - 1) for number, piece in enumerate(pieces)]
            y += len(pieces)
        top = min(max(0, len(out) - rows), y)
        for cells, wrapped in out[:top]:
            self.history.push(self._compress(cells, wrapped=wrapped))
        kept = out[top : top + rows]
        kept += [([], False)] * (rows - len(kept))
        grid = [cells + [self._blank] * (columns - len(cells)) for cells, _wrapped in kept]
        return grid, [wrapped for _cells, wrapped in kept], min(x, columns - 1), y - top

    def _lines(self) -> tuple[list[Cells], int, int]:
        """The primary screen as lines of any length, with the line and the offset the cursor is at.

        A line that began in the history is taken out of it, so that it can be wrapped as a whole.
        """
        board = self._board
        page = board.blitter.primary_buffer
        cursor = board.cursor
        at = (cursor.saved_x, cursor.saved_y) if board.blitter.in_alt_screen else (cursor.x, cursor.y)
        at = (at[0], min(at[1], page.height - 1))
        last = max((y for y in range(page.height) if self._width_used(page.grid[y])), default=0)
        lines: list[Cells] = [[]]
        if len(self.history) and self.history.row(self.history.end - 1).wrapped:
            lines[0] = [cell for row in self.history.take_line() for cell in self._cells(row)]
        place = (0, 0)
        for y in range(max(last, at[1]) + 1):
            row = page.grid[y]
            # The mark of a wrapped row outlives what was erased, so a row also has to be full to count.
            goes_on = page.wrapped_lines[y] and self._width_used(row) == len(row)
            used = self._width_used(row)
            if y == at[1]:
                used = max(used, min(at[0], len(row)))
                place = (len(lines) - 1, len(lines[-1]) + min(at[0], len(row)))
            lines[-1] += row if goes_on else row[:used]
            if not goes_on:
                lines.append([])
        if not lines[-1] and len(lines) > 1:
            lines.pop()
        return lines, *place

    # Cells and runs

    @staticmethod
    def _width_used(row: Cells) -> int:
        """Cells up to the last one that was written to."""
        for x in range(len(row) - 1, -1, -1):
            style, character = row[x]
            if character != " " or style.bg is not None or style.reverse or style.underline or style.strike:
                return x + 1
        return 0

    def _compress(self, row: Cells, *, wrapped: bool) -> Row:
        """The runs of a row, without untouched cells at its end. Every line of output passes here: it is kept fast."""
        text = "".join(map(_character_of, row))
        end = len(row)
        if len(text) == end:  # one character per cell
            end = len(text.rstrip(" "))
            tail = row[end:]
            if tail.count(self._blank) != len(tail):
                end = self._width_used(row)
            text = text[:end]
        else:
            end = self._width_used(row)
            text = text.rstrip(" ")
        if not end:
            return EMPTY
        styles = list(map(_style_of, row[:end]))
        if styles.count(styles[0]) == end:
            return Row(((text, self._pen(styles[0])),), end, wrapped and end == len(row))
        runs = [
            ("".join(map(_character_of, cells)), self._pen(style)) for style, cells in groupby(row[:end], _style_of)
        ]
        return Row(tuple(runs), end, wrapped and end == len(row))

    def _cells(self, row: Row) -> Cells:
        cells: Cells = []
        for text, pen in row.runs:
            style = self._styles.get(pen) or Style()
            for character in text:
                width = 1 if character.isascii() else wcwidth(character)
                if width <= 0 and cells:
                    head = -2 if cells[-1][1] == CONTINUATION and len(cells) > 1 else -1
                    joined = cells[head][1]
                    cells[head] = (style, type(joined)(joined + character))
                elif width == 2:
                    cells += [(style, WideHead(character)), (style, CONTINUATION)]
                else:
                    cells.append((style, character))
        return cells

    def _pen(self, style: Any) -> Pen:
        pen = self._pens.get(style)
        if pen is None:
            flags = (bool(getattr(style, flag)) for flag in _FLAGS)
            pen = Pen(_colour(style.fg), _colour(style.bg), *flags)
            if len(self._pens) > 4096:
                self._pens.clear()
            self._pens[style] = pen
            if len(self._styles) < 65_536:
                self._styles.setdefault(pen, style)
        return pen


def _colour(colour: Color | None) -> Colour:
    if colour is None or colour.mode == "default":
        return None
    if colour.mode == "indexed":
        return int(colour.value) if 0 <= colour.value < 256 else None
    red, green, blue = (max(0, min(255, part)) for part in colour.value)
    return red, green, blue


def _cut(cells: Cells, columns: int) -> list[Cells]:
    """Cut a line's cells into rows; a wide character moves to the next row whole."""
    pieces: list[Cells] = []
    start = 0
    while len(cells) - start > columns:
        end = start + columns
        if cells[end][1] == CONTINUATION and end - start > 1:
            end -= 1
        pieces.append(cells[start:end])
        start = end
    pieces.append(cells[start:])
    return pieces
