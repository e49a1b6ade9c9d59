"""The terminal driver: no threads, no polling, gone at once, and never a terminal left in disorder.

What it changes against Textual's own ``LinuxDriver``:

* input is read by the event loop as it arrives. Nothing wakes up while nothing happens, leaving needs no thread to be
  joined, and a lone Escape is recognised after 25 ms instead of up to 200;
* output goes through an :class:`~app.outlet.Outlet`, which neither blocks the loop nor dies with the terminal;
* SIGTERM, SIGHUP, SIGQUIT and SIGINT from outside, and the end of the input, end the app in order with 128 + n;
* the mouse is reported while a button is held, but not every movement, which would be an input packet each over SSH.

What it relies on inside Textual 8.2.8, each named by ``test_textual_still_has_…``:

* ``LinuxDriver.__init__`` makes ``_sigtstp_application`` and ``_sigcont_application`` the handlers of their signals,
  and reads ``_auto_restart``, ``_must_signal_resume``, ``_mouse``, ``attrs_before``, ``input_tty``;
* ``Driver.process_message`` passes everything on through ``send_message``;
* ``LinuxDriver._patch_lflag`` and ``_patch_iflag``, ``_request_terminal_sync_mode_support``;
* ``Parser._timeout_time`` is set exactly while the parser waits for what follows an Escape, and
  ``XTermParser._sequence_to_key_events`` names every key;
* ``App._process_messages`` calls ``start_application_mode`` once and ``stop_application_mode`` in a ``finally``, and
  ``App._shutdown`` calls ``disable_input`` and ``close`` after it.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import signal
import sys
import termios
import tty
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable
from string import digits
from typing import TYPE_CHECKING, Any, Final

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message
from typing_extensions import override

from app.outlet import Outlet
from quarterdeck import first_frame

if TYPE_CHECKING:
    from textual.app import App

log = logging.getLogger(__name__)

ESCAPE_DELAY: Final = int(os.environ.get("ESCDELAY") or 25) / 1000
"""Seconds after which an Escape that nothing follows is the key. Terminals send a whole sequence in one go."""

ENDING: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
GRACE: Final = 2.0
"""Seconds the app has to leave in order before a signal ends it without asking; a second signal does so at once."""

LAST_WORDS_WITHIN: Final = 0.3
"""Seconds a terminal that does not read is given for the sequences that restore it."""

_KITTY_KEYS: Final = (
    linux_driver.KITTY_DISAMBIGUATE_ESCAPE_CODES
    | linux_driver.KITTY_REPORT_ALL_KEYS
    | linux_driver.KITTY_REPORT_ASSOCIATED_TEXT
)
_ALTERNATE_SCREEN: Final = "\x1b[?1049h"
# Cursor hidden, focus reported, bracketed paste, no wrapping at the right edge.
_ENTER: Final = "\x1b[?25l\x1b[?1004h\x1b[?2004h\x1b[?7l"
# Buttons and drags in SGR coordinates; 1000 for terminals that do not know 1002.
_MOUSE_ON: Final = "\x1b[?1000h\x1b[?1002h\x1b[?1006h"
_MOUSE_OFF: Final = "\x1b[?1006l\x1b[?1002l\x1b[?1003l\x1b[?1000l"
# An unfinished synchronised update, colours, keyboard protocol, then the screen and the cursor.
_LEAVE: Final = "\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?7h\x1b[<u\x1b[?1004l\x1b[?1049l\x1b[?25h"


class QuarterdeckDriver(LinuxDriver):
    """Drives one terminal for one app.

    Args:
        app: The app to drive.
        debug: Textual's debug mode.
        mouse: Whether clicks are wanted.
        size: A fixed size; otherwise the terminal's own.
        source: The descriptor keys are read from; standard input if not given.
        sink: The descriptor the terminal is written to; standard output if not given.
    """

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
        source: int | None = None,
        sink: int | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        if source is not None:
            self.fileno, self.input_tty = source, os.isatty(source)
        self._sink = _standard_output() if sink is None else sink
        self._outlet: Outlet | None = None
        self._parser = KeyParser()
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._escape: asyncio.TimerHandle | None = None
        self._forced: asyncio.TimerHandle | None = None
        self._handled: list[signal.Signals] = []

    # Output

    @override
    def write(self, data: str) -> None:
        """The single way out. What is written while the terminal is not ours is dropped."""
        if self._outlet is not None:
            self._outlet.write(data)

    @override
    def flush(self) -> None:
        if self._outlet is not None:
            self._outlet.flush()

    # Taking and leaving the terminal

    @override
    def start_application_mode(self) -> None:
        if self._outlet is not None:
            return
        before = first_frame.take_over()
        self._outlet = Outlet(self._sink, self._loop, lost=self._hung_up, recovered=self._repaint)
        self.attrs_before = _attributes(self.fileno) if before is None else before
        self._make_raw()
        # Entering twice would clear a first frame that is already showing.
        self._enter(alternate=before is None)
        self._in_a_clean_context(self._watch)
        self._report_size()
        if self._must_signal_resume:
            self._must_signal_resume = False
            self._app.post_message(self.SignalResume())

    @override
    def stop_application_mode(self) -> None:
        self.disable_input()
        if self._outlet is None:
            return
        outlet, self._outlet = self._outlet, None
        outlet.finish((_MOUSE_OFF if self._mouse else "") + _LEAVE, within=LAST_WORDS_WITHIN)
        self._ignore_signals()
        if self.attrs_before is not None:
            _set_attributes(self.fileno, self.attrs_before)

    @override
    def disable_input(self) -> None:
        if self._escape is not None:
            self._escape.cancel()
            self._escape = None
        if self._loop.remove_reader(self.fileno) and self.input_tty:
            try:
                # Mouse and focus reports still under way would end up on the shell's command line.
                termios.tcflush(self.fileno, termios.TCIFLUSH)
            except termios.error:
                log.debug("the terminal is gone")

    @override
    def close(self) -> None:
        if self._forced is not None:
            self._forced.cancel()
        if self._outlet is not None:
            self._outlet.close()
            self._outlet = None

    @override
    def suspend_application_mode(self) -> None:
        super().suspend_application_mode()
        # ctrl+c in a program that has the terminal meanwhile reaches our process group too. A handler, rather than
        # SIG_IGN, is not inherited by that program.
        signal.signal(signal.SIGINT, _nothing)

    def _make_raw(self) -> None:
        attributes = _attributes(self.fileno)
        if attributes is None:
            return
        attributes[tty.LFLAG] = self._patch_lflag(attributes[tty.LFLAG])
        attributes[tty.IFLAG] = self._patch_iflag(attributes[tty.IFLAG])
        attributes[tty.CC][termios.VMIN] = 1
        _set_attributes(self.fileno, attributes)

    def _enter(self, *, alternate: bool) -> None:
        self.write((_ALTERNATE_SCREEN if alternate else "") + _ENTER)
        self._enable_mouse_support()
        if not constants.DISABLE_KITTY_KEY:
            self.write(f"\x1b[>{_KITTY_KEYS}u")
        self._request_terminal_sync_mode_support()
        self.flush()

    @override
    def _enable_mouse_support(self) -> None:
        if self._mouse:
            self.write(_MOUSE_ON)

    @override
    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write(_MOUSE_OFF)

    # Input

    def _watch(self) -> None:
        """Read keys and listen to signals. Runs in an empty context, which its callbacks inherit."""
        self._loop.add_reader(self.fileno, self._read)
        for number in ENDING:
            self._loop.add_signal_handler(number, self._end, number)
            self._handled.append(number)
        self._loop.add_signal_handler(signal.SIGWINCH, self._report_size)
        self._handled.append(signal.SIGWINCH)

    def _ignore_signals(self) -> None:
        while self._handled:
            self._loop.remove_signal_handler(self._handled.pop())

    def _in_a_clean_context(self, function: Callable[[], None]) -> None:
        # A context holds Textual's list of prevented messages, shared with the app's own task: a key that arrives
        # while the app prevents something must not be caught by that.
        contextvars.Context().run(function)

    def _read(self) -> None:
        try:
            data = os.read(self.fileno, 4096)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""  # EIO is how a terminal says that it hung up
        if data:
            self._take(self._decode(data))
        else:
            self._hung_up()

    def _take(self, text: str) -> None:
        if not text:
            return  # the first bytes of a character; and to the parser, no text means the end of all input
        if self._escape is not None:
            self._escape.cancel()
            self._escape = None
        self._deliver(self._parser.feed(text))
        if self._parser.waits:
            self._escape = self._loop.call_later(ESCAPE_DELAY, self._give_up_waiting)

    def _give_up_waiting(self) -> None:
        self._escape = None
        self._deliver(self._parser.give_up())

    def _deliver(self, messages: Iterable[Message]) -> None:
        try:
            for message in messages:
                self.process_message(message)
        except (ValueError, OverflowError, IndexError):
            # A sequence with numbers no terminal sends. The parser cannot go on after an exception; a new one can.
            log.warning("dropped terminal input that made no sense")
            self._parser = KeyParser()

    @override
    def send_message(self, message: Message) -> None:
        # Everything here runs on the event loop, so messages need no way round through another thread.
        self._app.post_message(message)

    # Signals and sizes

    def _report_size(self) -> None:
        size = Size(*self._get_terminal_size())
        self._app.post_message(events.Resize(size, size))

    @override
    def _get_terminal_size(self) -> tuple[int, int]:
        if self._size is not None and not os.isatty(self._sink):
            return self._size
        try:
            columns, lines = os.get_terminal_size(self._sink)
        except OSError:
            columns, lines = 0, 0
        return columns or 80, lines or 24

    def _repaint(self) -> None:
        self._app.refresh(layout=True)

    def _hung_up(self) -> None:
        self._loop.remove_reader(self.fileno)
        self._end(signal.SIGHUP)

    def _end(self, number: signal.Signals) -> None:
        """Leave in order; the second time, or when that takes too long, restore the terminal and go."""
        if self._forced is not None:
            if number != signal.SIGHUP:  # which comes together with the end of the input
                self._end_now(number)
            return
        self._forced = self._loop.call_later(GRACE, self._end_now, number)
        self._app.exit(return_code=128 + number)

    def _end_now(self, number: signal.Signals) -> None:
        self.stop_application_mode()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    # Job control. Python runs these handlers between any two instructions, so they only ask the loop.

    @override
    def _sigtstp_application(self, *_: object) -> None:
        if self._auto_restart and self._outlet is not None:
            self._loop.call_soon_threadsafe(self._suspend)
        else:
            os.kill(os.getpid(), signal.SIGSTOP)

    @override
    def _sigcont_application(self, *_: object) -> None:
        if self._auto_restart:
            self._loop.call_soon_threadsafe(self._resume)

    def _suspend(self) -> None:
        self.suspend_application_mode()
        self._must_signal_resume = True
        os.kill(os.getpid(), signal.SIGSTOP)

    def _resume(self) -> None:
        """Take the terminal again, once the shell has given it to us."""
        if self.input_tty and os.tcgetpgrp(self.fileno) != os.getpgrp():
            os.kill(os.getpid(), signal.SIGSTOP)  # resumed with ``bg``: wait for ``fg``
            return
        if self._outlet is None:
            self.start_application_mode()
        else:
            # Stopped without a chance to tidy up; the shell has set the terminal to its own liking since.
            self._make_raw()
            self._enter(alternate=True)
        self._repaint()


class KeyParser(XTermParser):
    """Textual's parser, told when to stop waiting for the rest of a sequence instead of asked every 100 ms."""

    @property
    def waits(self) -> bool:
        """Whether an Escape has come that may be a key of its own or the beginning of a sequence."""
        return self._timeout_time is not None

    def give_up(self) -> Iterable[Message]:
        """Take what has come so far for what it is."""
        if self._timeout_time is not None:
            self._timeout_time = 0.0
        return self.tick()

    @override
    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        """Name two keys Textual does not know from terminals that send Escape for alt: alt+enter and alt+digit."""
        if alt and sequence == "\r":
            return [events.Key("alt+enter", None)]
        if len(sequence) == 2 and sequence[0] == "\x1b" and sequence[1] in digits:
            return [events.Key(f"alt+{sequence[1]}", None)]  # elsewhere a Mac's own characters: alt+1 would be ¡
        return super()._sequence_to_key_events(sequence, alt)


def _standard_output() -> int:
    """Where the terminal is: standard output, unless that was redirected after the launcher looked."""
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None and stream.isatty():
            return stream.fileno()
    return 1


def _attributes(fd: int) -> list[Any] | None:
    try:
        return termios.tcgetattr(fd)
    except termios.error:
        return None  # a pipe or a socket


def _set_attributes(fd: int, attributes: list[Any]) -> None:
    try:
        termios.tcsetattr(fd, termios.TCSANOW, attributes)
    except termios.error:
        log.debug("the terminal is gone")


def _nothing(*_: object) -> None:
    """Take a signal and do nothing."""
