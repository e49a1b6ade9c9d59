"""Keys take effect in the order they were typed, however many arrive at once.

Textual hands each key to whatever has the focus when the key is *read*. What a key does, such as moving the focus or
opening a dialog, happens several message queues later. So of ``/web`` arriving in one packet, as type-ahead and slow
links deliver it, the letters go where the focus was before ``/`` did anything, and are lost or taken for commands.

:class:`OrderedKeys` hands out a key only when the one before has settled: the message queues are drained, new screens
are up, focus has moved. When keys come one by one, as from a person typing, nothing waits and the check costs
microseconds.

What it relies on inside Textual 8.2.8 and asyncio, each named by ``test_textual_still_has_…`` in the tests:

* ``App.on_event`` is where raw input comes in; input already handed to a widget has ``is_forwarded``;
* ``MessagePump._message_queue`` with ``values`` and ``ready_event``, ``_pending_message``, ``_next_callbacks``, and
  ``asyncio.Event._waiters``: a pump rests exactly while it waits for that event with nothing queued;
* ``App._registry`` holds every mounted widget, ``Screen._callbacks`` what waits for the next repaint.
"""

from __future__ import annotations

import contextvars
import functools
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import cached_property
from itertools import islice
from types import TracebackType
from typing import Any, ClassVar, Final, Self
from weakref import WeakSet

from textual import events
from textual._queue import Queue
from textual.app import App
from textual.driver import Driver
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import Worker
from typing_extensions import override

LONGEST_WAIT: Final = 1.0
"""Seconds after which the next key goes out whatever the last one is still doing: nothing may freeze the keyboard."""

LONGEST_WAIT_ELSEWHERE: Final = 0.1
"""The same for workers the key started, and for widgets that neither had the focus nor contain what has it."""

QUIET_AFTER_PASTE: Final = 0.15
"""Seconds after a paste in which verbs are not obeyed."""

BURST: Final = 12
BURST_WITHIN: Final = 0.05
BURST_VARIETY: Final = 4
"""This many letters in this many seconds, of so many different ones, were pasted: nobody types like that, and a held
key has no variety."""

_SPANS_KEPT: Final = 64
OBEYED_OF_A_PASTE: Final = 32
"""Pasted letters obeyed as keys, one after the other, before the rest is dropped."""

_SPINS: Final = 24
_BREATH: Final = 0.002

_FOCUS_MOVERS: Final = frozenset(
    {"focus", "set_focus", "focus_next", "focus_previous", "push_screen", "switch_screen", "pop_screen", "dismiss"}
)


class KeyHold:
    """Keeps keys back until something that will open asynchronously has opened. A context manager, or ``release``."""

    def __init__(self, released: Callable[[KeyHold], None]) -> None:
        self._released = released

    def release(self) -> None:
        """Let keys go on. Releasing twice changes nothing."""
        self._released(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class OrderedKeys(App[Any]):
    """An app whose keys take effect one after the other. Put it before ``App`` among the bases."""

    KEYS_AT_ONCE: ClassVar[frozenset[str]] = frozenset({"ctrl+q", "ctrl+c"})
    """Keys that never wait for others: the ways out."""

    def hold_keys(self, at_most: float = LONGEST_WAIT) -> KeyHold:
        """Keep further keys back while a dialog is being prepared, for at most so many seconds.

        An action that opens something at once needs no hold. One that asks a connection first does.
        """
        return self._key_order.hold(at_most)

    def keys_are_quiet(self) -> bool:
        """Whether the key being obeyed came with, or right after, pasted text, and so should do nothing irrevocable."""
        return self._pastes.cover(self._key_order.current)

    def quieten_keys(self) -> None:
        """Do as after a paste: for the moment after something else had the terminal."""
        self._pastes.note(time.monotonic())

    @override
    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, Driver.SignalResume):
            self.quieten_keys()
        if not isinstance(event, events.InputEvent | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        self._pastes.arrived(event, queued(self))
        if not self._key_order.keeps(event):
            await self._dispatch_input(event)

    async def _dispatch_input(self, event: events.Event) -> None:
        self._key_order.dispatching(event)
        await super().on_event(event)

    async def _dispatch_kept(self) -> None:
        while (event := self._key_order.next()) is not None:
            if self._pastes.enough(event, taken_as_text=_consumes(_receiver(self), event)):
                continue
            await self._dispatch_input(event)
            self._key_order.look_again()
            return

    @cached_property
    def _key_order(self) -> KeyOrder:
        return KeyOrder(self, self._dispatch_kept, self.KEYS_AT_ONCE)

    @cached_property
    def _pastes(self) -> PasteGuard:
        return PasteGuard()


class KeyOrder:
    """Input that waits, and when the next piece of it may go."""

    def __init__(self, app: App[Any], dispatch: Callable[[], Any], at_once: frozenset[str]) -> None:
        self._app = app
        self._dispatch = dispatch
        self._at_once = at_once
        self._kept: deque[events.Event] = deque()
        self._holds: dict[KeyHold, float] = {}
        self._stuck: WeakSet[MessagePump] = WeakSet()
        self._target: Widget | Screen[Any] | None = None
        self._workers: frozenset[Worker[Any]] = frozenset()
        self._typed = False
        self._sent = 0.0
        self._looking = False
        self._spins = 0
        self.current: events.Event | None = None
        """The input handed out last."""

    def hold(self, at_most: float) -> KeyHold:
        """Keep everything back until the hold is released or its time is over."""
        hold = KeyHold(self._release)
        self._holds[hold] = time.monotonic() + at_most
        return hold

    def _release(self, hold: KeyHold) -> None:
        if self._holds.pop(hold, None) is not None:
            self.look_again()

    def keeps(self, event: events.Event) -> bool:
        """Keep input back if what came before has not settled. Takes input over when true."""
        if isinstance(event, events.Key) and event.key in self._at_once:
            return False
        gated = isinstance(event, events.Key | events.Paste)
        if not self._kept and (not gated or self._is_more_typing(event) or self._settled(inside=True)):
            return False
        self._kept.append(event)
        self.look_again()
        return True

    def dispatching(self, event: events.Event) -> None:
        """Note what goes out now, and where to."""
        self.current = event
        if isinstance(event, events.Key | events.Paste):
            self._sent = time.monotonic()
            self._target = _receiver(self._app)
            self._typed = _consumes(self._target, event)
            self._workers = frozenset(self._app.workers)

    def next(self) -> events.Event | None:
        """What may go now."""
        self._looking = False
        return self._kept.popleft() if self._kept else None

    def look_again(self) -> None:
        """Watch for the moment the next key may go, if one waits."""
        if self._kept and not self._looking:
            self._looking = True
            self._spins = 0
            self._later()

    def _look(self) -> None:
        if self._kept and (self._is_more_typing(self._kept[0]) or self._settled(inside=False)):
            # Handed out by the app's own task, like any other input.
            if not self._app.call_later(self._dispatch):
                self._looking = False  # the app is closing
        else:
            self._later()

    def _later(self) -> None:
        # Usually a few rounds of the event loop are enough; what takes longer need not be watched so closely.
        loop = self._app._loop  # noqa: SLF001 - the running loop, without a look-up per round
        if loop is None:
            self._looking = False
            return
        self._spins += 1
        clean = contextvars.Context()  # ours holds the messages that happen to be prevented right now
        if self._spins <= _SPINS:
            loop.call_soon(self._look, context=clean)
        else:
            loop.call_later(_BREATH, self._look, context=clean)

    def _is_more_typing(self, event: events.Event) -> bool:
        """Whether the same widget takes this key as text like the one before, so that its queue keeps the order."""
        return (
            self._typed and not self._holds and self._target is _receiver(self._app) and _consumes(self._target, event)
        )

    def _settled(self, *, inside: bool) -> bool:
        """Whether everything that the last key caused has come to rest.

        Args:
            inside: Asked from within the app's own task, which then is no sign of anything going on.
        """
        now = time.monotonic()
        if self._is_held(now):
            return False
        waited = now - self._sent
        if self._target is None or (waited > LONGEST_WAIT and not self._kept):
            return True
        busy = self._busy(inside=inside, soon=waited <= LONGEST_WAIT_ELSEWHERE)
        if busy and waited > LONGEST_WAIT:
            self._stuck.update(busy)
            return True
        return not busy

    def _is_held(self, now: float) -> bool:
        if self._holds:
            self._holds = {hold: until for hold, until in self._holds.items() if until > now}
        return bool(self._holds)

    def _busy(self, *, inside: bool, soon: bool) -> list[MessagePump]:
        """What is still at work: near the focus first, everywhere else only while the key went out a moment ago."""
        self._stuck = WeakSet(pump for pump in self._stuck if not rests(pump))
        receiver = _receiver(self._app)
        if self._app_is_busy(inside=inside) or receiver is None:
            return [self._app]
        if near := self._at_work([*_line(self._target), *_line(receiver)]):
            return near
        if any(_moves_focus(callback) for callback, _ in receiver.screen._callbacks):  # noqa: SLF001 - not public
            return [receiver.screen]
        if soon and receiver is self._target and self._started_work():
            return [self._app]
        elsewhere = self._at_work(self._app._registry)  # noqa: SLF001 - every mounted widget, of all screens
        if soon:
            return elsewhere
        self._stuck.update(elsewhere)
        return []

    def _app_is_busy(self, *, inside: bool) -> bool:
        app = self._app
        return any(not _is_raw_input(message) for message in queued(app)) if inside else not rests(app)

    def _started_work(self) -> bool:
        """Whether a worker that the last key started may yet open something."""
        return any(worker not in self._workers and not worker.is_finished for worker in self._app.workers)

    def _at_work(self, pumps: Iterable[MessagePump]) -> list[MessagePump]:
        return [pump for pump in pumps if not rests(pump) and pump is not self._app and pump not in self._stuck]


class PasteGuard:
    """Knows which keys were pasted rather than typed."""

    def __init__(self) -> None:
        self._spans: deque[tuple[float, float]] = deque([(-1.0, -1.0)], maxlen=_SPANS_KEPT)
        """When text was pasted. Several are remembered: what came with an earlier one may still wait to be obeyed."""
        self._recent: deque[tuple[float, str]] = deque(maxlen=BURST)
        self._obeyed = 0
        """Pasted keys in a row that nothing took as text."""

    def note(self, begin: float, end: float | None = None) -> None:
        """Text was pasted between these moments."""
        until = (begin if end is None else end) + QUIET_AFTER_PASTE
        first, last = self._spans[-1]
        if begin > last:
            self._spans.append((begin, until))
        else:
            self._spans[-1] = (first, max(last, until))

    def arrived(self, event: events.Event, behind: Iterable[object]) -> None:
        """Look at input as it comes in, together with what already waits behind it."""
        if isinstance(event, events.Paste):
            self.note(event.time)
            return
        if not isinstance(event, events.Key):
            return
        self._see(event)
        if event.time > self._spans[-1][1]:
            # What came in the same packet is queued already, so the first letter of a paste is known as one too.
            ahead = PasteGuard()
            for other in (event, *islice(behind, 4 * BURST)):
                if isinstance(other, events.Key) and not other.is_forwarded:
                    ahead._see(other)
            if ahead.cover(event):
                begin, until = ahead._spans[-1]
                self.note(begin, until - QUIET_AFTER_PASTE)

    def cover(self, event: events.Event | None) -> bool:
        """Whether input came within a paste or right after it."""
        return event is not None and any(begin <= event.time <= until for begin, until in self._spans)

    def enough(self, event: events.Event, *, taken_as_text: bool) -> bool:
        """Whether pasted letters nobody takes as text have been obeyed often enough: the rest means no commands.

        A page of text pasted on a list would otherwise keep the keyboard waiting until each of its letters was obeyed.
        """
        if not self.cover(event) or taken_as_text or not isinstance(event, events.Key):
            self._obeyed = 0
            return False
        self._obeyed += 1
        return self._obeyed > OBEYED_OF_A_PASTE

    def _see(self, event: events.Key) -> None:
        if event.character is None or not event.character.isprintable():
            return
        self._recent.append((event.time, event.character))
        first, _ = self._recent[0]
        variety = len({character for _, character in self._recent})
        if len(self._recent) == BURST and event.time - first <= BURST_WITHIN and variety >= BURST_VARIETY:
            self.note(first, event.time)


def rests(pump: MessagePump) -> bool:
    """Whether a widget, screen or app waits for its next message and has none."""
    if pump._closed:  # noqa: SLF001 - Textual has no public way to ask whether a pump has anything to do
        return True
    if queued(pump) or pump._pending_message is not None or pump._next_callbacks:  # noqa: SLF001 - as above
        return False
    ready: Any = pump._message_queue.ready_event  # noqa: SLF001 - as above
    return bool(ready._waiters)  # noqa: SLF001 - nobody waits for the next message: the pump is at work on one


def queued(pump: MessagePump) -> deque[Message | None]:
    """The messages a widget, screen or app has not looked at yet."""
    queue: Queue[Message | None] = pump._message_queue  # noqa: SLF001 - as above
    return queue.values


def _receiver(app: App[Any]) -> Widget | Screen[Any] | None:
    """What the next key goes to."""
    if not app.screen_stack:
        return None
    return app.focused or app.screen


def _line(widget: Widget | Screen[Any] | None) -> list[MessagePump]:
    """A widget and all that contains it, up to the screen."""
    return [] if widget is None else [node for node in widget.ancestors_with_self if not isinstance(node, App)]


def _consumes(widget: Widget | Screen[Any] | None, event: events.Event) -> bool:
    return widget is not None and isinstance(event, events.Key) and widget.check_consume_key(event.key, event.character)


def _is_raw_input(message: object) -> bool:
    return isinstance(message, events.InputEvent | events.Paste) and not message.is_forwarded


def _moves_focus(callback: Any) -> bool:
    """Whether something put off until after the repaint may decide where keys go. Textual's own scrolling does not."""
    while isinstance(callback, functools.partial):
        callback = callback.func
    module = getattr(callback, "__module__", None) or ""
    return not module.startswith("textual.") or getattr(callback, "__name__", "") in _FOCUS_MOVERS
