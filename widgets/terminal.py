"""The embedded terminal: shows what a program on a terminal writes, and says what is typed to it.

It does not know where the bytes come from: whoever reads them calls ``consume``, whoever sends them handles ``Typed``.
Every key goes to the program except the leader, ``ctrl+]``.
"""

from __future__ import annotations

import asyncio
import sys
from time import monotonic, perf_counter
from typing import ClassVar

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget
from typing_extensions import override

from backends.contract.model import Size
from widgets.terminal_flood import seen_of
from widgets.terminal_keys import Movement, encode_key, encode_mouse, encode_paste
from widgets.terminal_paint import Painter, with_cursor, with_label, with_mark
from widgets.terminal_screen import SCROLLBACK, Cursor, Emulator, Mouse, Row
from widgets.terminal_window import Window

LEADER = "ctrl+right_square_bracket"
SLICE = 2048
"""Bytes parsed before looking at the clock."""
TURN = 0.004
"""Seconds of parsing before others get a turn."""
FRAME, BUSY_FRAME, LONGEST_FRAME = 1 / 30, 1 / 10, 0.5
"""Seconds between paintings: as a rule, under a flood, and at most while a program composes a frame."""
FLOOD = 32 * 1024
"""Bytes between two paintings from which on output is a flood."""
_BUTTONS = {1: 0, 2: 1, 3: 2}
_EMULATOR_MODULE = "widgets.terminal_board"


def new_emulator(columns: int, rows: int) -> Emulator:
    """An emulator. The first one imports the library, which takes some 60 ms."""
    from widgets.terminal_board import BoardEmulator

    return BoardEmulator(columns, rows)


class TerminalView(Widget, can_focus=True):
    """A terminal's screen with its scrollback."""

    ALLOW_SELECT = False
    takes_every_key: ClassVar[bool] = True
    """For the app: while this has the focus, no priority binding may take a key away."""

    DEFAULT_CSS = """
    TerminalView { width: 1fr; height: 1fr; background: $background; color: $foreground; }
    """

    class _News(Message):
        def __init__(self, terminal: TerminalView) -> None:
            super().__init__()
            self.terminal = terminal

        @property
        @override
        def control(self) -> TerminalView:
            return self.terminal

    class Typed(_News):
        """Bytes for the program: keys, pastes, mouse reports, and what a terminal answers by itself."""

        def __init__(self, terminal: TerminalView, data: bytes) -> None:
            super().__init__(terminal)
            self.data = data

    class Resized(_News):
        """The screen has a new size, which the program should be told."""

        def __init__(self, terminal: TerminalView, size: Size) -> None:
            super().__init__(terminal)
            self.size = size

    class Leader(_News):
        """The leader was pressed and then this key: a digit, ``d``, ``n``, ``p``, ``v``, ``slash`` or another."""

        def __init__(self, terminal: TerminalView, key: str, character: str | None) -> None:
            super().__init__(terminal)
            self.key = key
            self.character = character

    class Leading(_News):
        """The leader waits for its key, or waits no longer: the footer may show which keys there are."""

        def __init__(self, terminal: TerminalView, *, active: bool) -> None:
            super().__init__(terminal)
            self.active = active

    class Bell(_News):
        """The program rang the bell."""

    class TitleChanged(_News):
        """The program gave its window another title; harmless text of bounded length."""

        def __init__(self, terminal: TerminalView, title: str) -> None:
            super().__init__(terminal)
            self.title = title

    def __init__(
        self,
        *,
        emulator: Emulator | None = None,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._emulator = emulator
        self._ready = asyncio.Event()
        self._turn = asyncio.Lock()
        self._early = b""
        self._leading = False
        self._title = ""
        self._window = Window(emulator) if emulator is not None else None
        self._frame: Timer | None = None
        self._painted_at = 0.0
        self._unpainted = 0
        self._composing_since = 0.0
        self._shown: dict[int, tuple[Row, bool]] = {}
        self._cursor = Cursor()
        self._look: Painter | None = None
        self._held = 3
        if emulator is not None:
            self._ready.set()

    # Bytes in

    @property
    def size_in_cells(self) -> Size:
        """The size the program should believe in."""
        if self._emulator is not None:
            return Size(self._emulator.columns, self._emulator.rows)
        size = self.content_size
        return Size(size.width or 80, size.height or 24)

    @property
    def title(self) -> str:
        """The last title the program set."""
        return self._title

    def feed(self, data: bytes) -> None:
        """Take a little output at once. For streams use ``consume``, which lets others have their turn."""
        if self._emulator is None:
            self._early += data
            return
        self._parse(data, answering=True)

    async def consume(self, data: bytes) -> None:
        """Take output in slices; returns when it has been taken, so that a reader that awaits it never runs ahead."""
        await self._take(data, answering=True)

    async def replay(self, data: bytes) -> None:
        """Take output that was seen before: its questions are not answered again and its bell stays silent."""
        await self._take(data, answering=False)

    async def _take(self, data: bytes, *, answering: bool) -> None:
        await self._ready.wait()
        async with self._turn:
            data = seen_of(data, SCROLLBACK)
            started = perf_counter()
            for at in range(0, len(data), SLICE):
                self._parse(data[at : at + SLICE], answering=answering)
                if perf_counter() - started > TURN:
                    await asyncio.sleep(0)
                    started = perf_counter()

    def _parse(self, data: bytes, *, answering: bool) -> None:
        emulator = self._emulator
        if emulator is None:
            return
        emulator.feed(data)
        answer, rang = emulator.replies(), emulator.bell()
        if answering and answer:
            self.post_message(self.Typed(self, answer))
        if answering and rang:
            self.post_message(self.Bell(self))
        if emulator.title != self._title:
            self._title = emulator.title
            self.post_message(self.TitleChanged(self, self._title))
        self._unpainted += len(data)
        self._want_frame()

    # Painting

    def _want_frame(self) -> None:
        if self._frame is not None or not self.is_mounted:
            return
        interval = BUSY_FRAME if self._unpainted > FLOOD else FRAME
        wait = self._painted_at + interval - monotonic()
        if wait <= 0:
            self._paint()
        else:
            self._frame = self.set_timer(wait, self._paint)

    def _paint(self) -> None:
        self._frame = None
        emulator = self._emulator
        if emulator is None:
            return
        if emulator.modes.composing:
            self._composing_since = self._composing_since or monotonic()
            if monotonic() - self._composing_since < LONGEST_FRAME:
                self._frame = self.set_timer(FRAME, self._paint)
                return
        self._composing_since = 0.0
        if self._unpainted > FLOOD and monotonic() - self._painted_at < BUSY_FRAME:
            self._frame = self.set_timer(BUSY_FRAME - (monotonic() - self._painted_at), self._paint)
            return
        self._painted_at, self._unpainted = monotonic(), 0
        changed, cursor = set(emulator.changed()), emulator.cursor
        if self._window is not None and not self._window.live:
            self._window.keep()
            self.refresh()
            return
        if cursor != self._cursor:
            self._shown.pop(self._cursor.y, None)
            self._shown.pop(cursor.y, None)
            changed |= {self._cursor.y, cursor.y}
            self._cursor = cursor
        inverted = emulator.modes.inverted
        lines = [y for y in changed if self._shown.get(y) != (emulator.row(y), inverted)]
        if lines:
            width = self.size.width
            self.refresh(*(Region(0, y, width, 1) for y in lines))

    @override
    def render_line(self, y: int) -> Strip:
        width, emulator, window = self.size.width, self._emulator, self._window
        if emulator is None or window is None:
            return Strip.blank(width, self.rich_style)
        painter = self._painter
        number, inverted = window.number(y), emulator.modes.inverted
        row = window.row(number)
        strip = painter.strip(row, width, inverted=inverted)
        if window.hit is not None and window.hit.number == number:
            strip = with_mark(strip, row, window.hit.start, window.hit.length)
        if window.live:
            self._shown[y] = (row, inverted)
            if y == self._cursor.y and self._cursor.visible:
                strip = with_cursor(strip, row, self._cursor, focused=self.has_focus)
        elif y == 0:
            strip = with_label(strip, f" {window.back} lines back ", painter.base)
        return strip

    @property
    def _painter(self) -> Painter:
        if self._look is None:
            self._look = Painter(self.rich_style, [self.app.ansi_theme.ansi_colors[index] for index in range(16)])
        return self._look

    @override
    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._look = None
        self._shown.clear()
        if self._emulator is not None and self.is_mounted:
            self._tell_colours(self._emulator)

    def _tell_colours(self, emulator: Emulator) -> None:
        background, foreground = self.background_colors[1], self.colors[3]
        emulator.colours(foreground.rgb, background.rgb)

    # Life

    def on_mount(self, _event: events.Mount) -> None:
        """Open the emulator."""
        if self._emulator is None:
            self.run_worker(self._open(), group="emulator", name="open the emulator")
        else:
            self._tell_colours(self._emulator)

    async def _open(self) -> None:
        """Make the emulator; its library is imported beside the event loop, for the first terminal only."""
        size = self.size_in_cells
        if _EMULATOR_MODULE in sys.modules:
            emulator = new_emulator(size.columns, size.rows)
        else:
            emulator = await asyncio.to_thread(new_emulator, size.columns, size.rows)
        self._emulator, self._window = emulator, Window(emulator)
        self._tell_colours(emulator)
        self._fit()
        # The program may have been started before anybody knew how large this would be.
        self.post_message(self.Resized(self, self.size_in_cells))
        early, self._early = self._early, b""
        if early:
            self._parse(early, answering=True)
        self._ready.set()
        self.refresh()

    def on_resize(self, _event: events.Resize) -> None:
        """Give the emulator the new size."""
        self._fit()

    def _fit(self) -> None:
        emulator, size = self._emulator, self.content_size
        if emulator is None or not size.width or not size.height:
            return
        if (size.width, size.height) == (emulator.columns, emulator.rows):
            return
        emulator.resize(size.width, size.height)
        if self._window is not None:
            self._window.to_live()
        self._moved()
        self.post_message(self.Resized(self, Size(size.width, size.height)))

    def on_focus(self, _event: events.Focus) -> None:
        """Show the cursor full, and tell the program if it asked."""
        self._report_focus(b"\x1b[I")

    def on_blur(self, _event: events.Blur) -> None:
        """Show the cursor faint, and tell the program if it asked."""
        self._lead(active=False)
        self._report_focus(b"\x1b[O")

    def _report_focus(self, report: bytes) -> None:
        if self._emulator is not None and self._emulator.modes.focus_reports:
            self.post_message(self.Typed(self, report))
        self.refresh(Region(0, self._cursor.y, self.size.width, 1))

    # Keys, paste, mouse

    @override
    def check_consume_key(self, key: str, character: str | None) -> bool:
        # What follows the leader is no typing: it may move the focus, and later keys must wait for that.
        return key != LEADER and not self._leading

    def on_key(self, event: events.Key) -> None:
        """Send the key, unless it is the leader or moves through the scrollback."""
        event.stop()
        event.prevent_default()
        if self._leading:
            self._follow(event)
        elif event.key == LEADER:
            self._lead(active=True)
        elif not self._scrolled(event.key):
            self._type(event)

    def _lead(self, *, active: bool) -> None:
        if self._leading != active:
            self._leading = active
            self.post_message(self.Leading(self, active=active))

    def _follow(self, event: events.Key) -> None:
        """The key after the leader."""
        self._lead(active=False)
        if event.key == LEADER:
            self._send(b"\x1d")
        elif event.key in ("pageup", "pagedown"):
            self.scroll_pages(-1 if event.key == "pageup" else 1)
        elif event.key != "escape":
            self.post_message(self.Leader(self, event.key, event.character))

    def _scrolled(self, key: str) -> bool:
        """Whether the key moved through the scrollback instead of being typed."""
        if self._emulator is None or self._emulator.modes.alternate_screen:
            return False
        live = self._window is None or self._window.live
        if key in ("shift+pageup", "shift+pagedown"):
            self.scroll_pages(-1 if key == "shift+pageup" else 1)
            return True
        if live:
            return False
        if key == "escape":
            self.to_live()
        elif key in ("pageup", "pagedown"):
            self.scroll_pages(-1 if key == "pageup" else 1)
        elif key in ("up", "down"):
            self.scroll_lines(-1 if key == "up" else 1)
        else:
            return False
        return True

    def _type(self, event: events.Key) -> None:
        if self._emulator is None:
            return
        data = encode_key(event.key, event.character, self._emulator.modes)
        if data:
            self._send(data)

    def _send(self, data: bytes) -> None:
        self.to_live()
        self.post_message(self.Typed(self, data))

    def on_paste(self, event: events.Paste) -> None:
        """Send the pasted text."""
        event.stop()
        event.prevent_default()
        if self._emulator is not None and event.text:
            self._send(encode_paste(event.text, self._emulator.modes))

    def _report(self, event: events.MouseEvent, button: int, *, pressed: bool = True, moved: bool = False) -> bool:
        """Tell the program of the mouse if it wants to know."""
        if self._emulator is None or self._emulator.modes.mouse is Mouse.OFF or self.scrolled_back:
            return False
        movement = Movement(
            max(0, event.x),
            max(0, event.y),
            button,
            pressed=pressed,
            moved=moved,
            shift=event.shift,
            alt=event.meta,
            control=event.ctrl,
        )
        if data := encode_mouse(movement, self._emulator.modes):
            self.post_message(self.Typed(self, data))
        event.stop()
        return True

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Report it to a program that asked."""
        self._held = _BUTTONS.get(event.button, 0)
        self._report(event, self._held)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Report it to a program that asked."""
        self._report(event, _BUTTONS.get(event.button, 0), pressed=False)
        self._held = 3

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Report it to a program that asked."""
        self._report(event, self._held, moved=True)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Report it, press arrows, or scroll back."""
        self._wheel(event, 64)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Report it, press arrows, or scroll on."""
        self._wheel(event, 65)

    def _wheel(self, event: events.MouseEvent, button: int) -> None:
        event.stop()
        event.prevent_default()
        if self._emulator is None or self._report(event, button):
            return
        if self._emulator.modes.alternate_screen:  # pagers and editors move by arrows
            arrow = encode_key("up" if button == 64 else "down", None, self._emulator.modes) or b""
            self.post_message(self.Typed(self, arrow * 3))
        else:
            self.scroll_lines(-3 if button == 64 else 3)

    # Scrollback

    @property
    def scrolled_back(self) -> int:
        """How many lines the window stands above the live screen; 0 there."""
        return self._window.back if self._window is not None else 0

    def scroll_pages(self, pages: int) -> None:
        """Move through the scrollback by pages, up with a negative number."""
        self.scroll_lines(pages * max(1, self.size.height - 1))

    def scroll_lines(self, lines: int) -> None:
        """Move through the scrollback by lines, up with a negative number."""
        if self._window is not None:
            self._window.scroll(lines)
            self._moved()

    def to_live(self) -> None:
        """Show the live screen again."""
        if self._window is not None and (self._window.hit or not self._window.live):
            self._window.to_live()
            self._moved()

    def find(self, needle: str, *, forward: bool = False) -> bool:
        """Go to the next line that holds the text: older ones, or newer ones with ``forward``.

        Capitals count only if there are some. Asking for the same text again goes on from the last hit.
        """
        found = self._window is not None and self._window.find(needle, forward=forward)
        self._moved()
        return found

    def _moved(self) -> None:
        """The window shows other rows: nothing known about what is on screen holds."""
        self._shown.clear()
        if self._emulator is not None:
            self._cursor = self._emulator.cursor
        self.refresh()

    def dump_text(self, *, history: bool = False) -> str:
        """The screen as text, without blank ends; with the scrollback above it if asked. Wrapped lines are joined."""
        return self._window.text(history=history) if self._window is not None else ""
