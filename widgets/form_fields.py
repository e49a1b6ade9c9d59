"""The fields of a form: a parameter, the control that takes its text, and the sentence on what is wrong with it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, Static
from typing_extensions import override

from backends.contract.model import Fact
from backends.contract.operation import Parameter, ParameterType

_EXAMPLES = {
    ParameterType.BYTES: "512m, 2 GiB",
    ParameterType.SECONDS: "seconds",
    ParameterType.WORDS: "words, quoted as in a shell",
}
_SUFFIXES = ((4, "t"), (3, "g"), (2, "m"), (1, "k"))


def as_text(parameter: Parameter, value: Fact) -> str:
    """A value as a person would type it: the reverse of ``Parameter.parse``."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return shlex.join(value)
    if parameter.type is ParameterType.BYTES and isinstance(value, int):
        return _bytes_text(value)
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)


def _bytes_text(value: int) -> str:
    for power, suffix in _SUFFIXES:
        if value and value % 1024**power == 0:
            return f"{value // 1024**power}{suffix}"
    return str(value)


class Choice(Widget, can_focus=True):
    """One of a few words, on one line. Left and right go through them; a letter goes to the next that begins so."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "step(1)", "Next", show=False, id="choice.next"),
        Binding("left", "step(-1)", "Previous", show=False, id="choice.previous"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"choice--chosen", "choice--other"}
    DEFAULT_CSS = """
    Choice {
        height: 1; width: 1fr; background: $surface; color: $text;
        .choice--chosen { background: $surface; color: $text; text-style: bold; }
        .choice--other { background: $surface; color: $text-muted; }
        &:focus .choice--chosen { text-style: bold reverse; }
    }
    """

    class Chosen(Message):
        """Another one was chosen."""

        def __init__(self, choice: Choice, value: str) -> None:
            super().__init__()
            self.choice = choice
            self.value = value

        @property
        @override
        def control(self) -> Choice:
            return self.choice

    def __init__(self, words: Sequence[str], value: str) -> None:
        super().__init__()
        self._words = tuple(words) or ("",)
        self._value = value if value in self._words else self._words[0]

    @property
    def value(self) -> str:
        """The word chosen."""
        return self._value

    @value.setter
    def value(self, word: str) -> None:
        if word in self._words and word != self._value:
            self._value = word
            self.refresh()
            self.post_message(self.Chosen(self, word))

    def action_step(self, step: int) -> None:
        """Choose the next or the previous word, round and round."""
        self.value = self._words[(self._words.index(self._value) + step) % len(self._words)]

    @override
    def check_consume_key(self, key: str, character: str | None) -> bool:
        return character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        """Choose the next word that begins with the letter."""
        if event.character is None or not event.character.isprintable() or event.character == " ":
            return
        event.stop()
        at = self._words.index(self._value) + 1
        for word in (*self._words[at:], *self._words[:at]):
            if word.lower().startswith(event.character.lower()):
                self.value = word
                return

    def on_click(self, _event: events.Click) -> None:
        """Choose the next word."""
        self.action_step(1)

    @override
    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return 1

    @override
    def render_line(self, y: int) -> Strip:
        """The chosen word between angle brackets; its neighbours as far as there is room."""
        width = self.size.width
        chosen, other = (self.get_component_rich_style(f"choice--{name}") for name in ("chosen", "other"))
        first = Segment(f"<{self._value}>", chosen)
        at = self._words.index(self._value)
        rest = "  ".join((*self._words[at + 1 :], *self._words[:at]))
        return Strip([first, Segment(f"  {rest}", other)]).adjust_cell_length(width, self.rich_style)


class Field(Vertical):
    """A parameter with its label, its control and, when something is wrong, the sentence that says what."""

    DEFAULT_CSS = """
    Field {
        height: auto; layout: grid; grid-size: 2; grid-columns: 26 1fr; grid-rows: 1; grid-gutter: 0 1;
        .field--label { color: $text-muted; height: 1; }
        .field--problem { color: $text-error; height: auto; column-span: 2; display: none; padding-left: 2; }
        Input, Input:focus { border: none; padding: 0; height: 1; }
        &:focus-within .field--label { color: $text; text-style: bold; }
        &.-wrong .field--problem { display: block; }
        &.-wrong { grid-rows: 1 auto; }
    }
    """

    class Edited(Message, bubble=True):
        """The text of a field changed."""

        def __init__(self, field: Field) -> None:
            super().__init__()
            self.field = field

        @property
        @override
        def control(self) -> Field:
            return self.field

    def __init__(self, parameter: Parameter, text: str) -> None:
        super().__init__()
        self.parameter = parameter
        self.problem = ""
        self.visited = False
        """Whether it has been left once: before that nobody is told that it is empty."""
        self._control = self._made(parameter, text)

    @staticmethod
    def _made(parameter: Parameter, text: str) -> Input | Choice:
        if parameter.type is ParameterType.TOGGLE:
            return Choice(("yes", "no"), text or "no")
        if parameter.type is ParameterType.CHOICE:
            words = parameter.choices if parameter.required or text else ("", *parameter.choices)
            return Choice(words, text)
        control = Input(text, placeholder=_EXAMPLES.get(parameter.type, ""), select_on_focus=False)
        control.cursor_blink = False
        return control

    @override
    def compose(self) -> ComposeResult:
        mark = " *" if self.parameter.required else ""
        yield Static(f"{self.parameter.label}{mark}", classes="field--label", markup=False)
        yield self._control
        yield Static("", classes="field--problem", markup=False)

    @property
    def control(self) -> Input | Choice:
        """The widget that takes the keys."""
        return self._control

    @property
    def text(self) -> str:
        """What a person typed or chose."""
        return self._control.value

    @text.setter
    def text(self, text: str) -> None:
        self._control.value = text

    def parse(self) -> Fact:
        """The value.

        Raises:
            ValueError: with a sentence.
        """
        return self.parameter.parse(self.text)

    def say(self, problem: str) -> None:
        """Show what is wrong; an empty sentence takes it away."""
        if problem == self.problem:
            return
        self.problem = problem
        self.query_one(".field--problem", Static).update(problem)
        self.set_class(bool(problem), "-wrong")

    @on(Input.Changed)
    @on(Choice.Chosen)
    def _edited(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Edited(self))
