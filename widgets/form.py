"""A form made of an operation's parameters, for the keyboard first.

Values are kept as the text a person typed; ``Parameter.parse`` says what it means or what is wrong with it, and that
sentence stands at the field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static
from typing_extensions import override

from backends.contract.model import Fact
from backends.contract.operation import Parameter
from widgets.form_fields import Field, as_text

__all__ = ["Check", "Form", "as_text"]

Check = Callable[[Mapping[str, Fact]], Mapping[str, str]]
"""Looks at all values together and says what is wrong, by parameter id; for what one field cannot know."""

_HELP_LINES = 3


class _Fields(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Scrolls to the field one goes to, and leaves the arrow keys to the form."""


class Form(Vertical):
    """Fields one below the other, with the help of the focused one at the bottom."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,tab", "move(1)", "Next field", show=False, id="form.next"),
        Binding("up,shift+tab", "move(-1)", "Previous field", show=False, id="form.previous"),
        Binding("enter", "enter", "Next field or submit", show=False, id="form.enter"),
        # A terminal without a modern key protocol sends ctrl+enter as ctrl+j.
        Binding("alt+enter,ctrl+enter,ctrl+j", "submit", "Submit", show=False, id="form.submit"),
        Binding("escape", "cancel", "Cancel", show=False, id="form.cancel"),
    ]
    DEFAULT_CSS = """
    Form {
        height: auto; max-height: 100%;
        #fields { height: auto; }
        #help { height: 2; color: $text-muted; margin-top: 1; }
    }
    """

    class _News(Message):
        def __init__(self, form: Form) -> None:
            super().__init__()
            self.form = form

        @property
        @override
        def control(self) -> Form:
            return self.form

    class Submitted(_News):
        """All fields can be read; here are their values."""

        def __init__(self, form: Form, values: dict[str, Fact]) -> None:
            super().__init__(form)
            self.values = values

    class Cancelled(_News):
        """Escape was pressed. ``changed`` says whether anything would be lost."""

        def __init__(self, form: Form, *, changed: bool) -> None:
            super().__init__(form)
            self.changed = changed

    class Changed(_News):
        """A field's text changed."""

        def __init__(self, form: Form, parameter: str) -> None:
            super().__init__(form)
            self.parameter = parameter

    def __init__(
        self,
        parameters: Iterable[Parameter],
        *,
        values: Mapping[str, Fact] | None = None,
        check: Check | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        given = values or {}
        self._fields = {
            parameter.id: Field(parameter, as_text(parameter, given.get(parameter.id, parameter.default)))
            for parameter in parameters
        }
        self._check = check
        self._first = self.texts()

    @override
    def compose(self) -> ComposeResult:
        with _Fields(id="fields"):
            yield from self._fields.values()
        yield Static("", id="help", markup=False)

    def on_mount(self) -> None:
        """Line the controls up behind the longest label."""
        labels = [cell_len(field.parameter.label) + 2 for field in self._fields.values()]
        width = min(max(labels, default=10), 32)
        for field in self._fields.values():
            field.styles.grid_columns = f"{width} 1fr"

    def on_resize(self, event: events.Resize) -> None:
        """Leave room for the help: the fields scroll where there are more than fit."""
        around = self.parent
        room = event.container_size.height
        if isinstance(around, Widget) and around.styles.is_auto_height:
            # It grows with us, so what it has now says nothing: a sentence at a field would find no room.
            room = max(room, self.screen.size.height * 9 // 10 - around.gutter.height)
        self.query_one("#fields").styles.max_height = max(1, room - _HELP_LINES)

    # What is in it

    def texts(self) -> dict[str, str]:
        """What was typed, by parameter id."""
        return {name: field.text for name, field in self._fields.items()}

    @property
    def changed(self) -> bool:
        """Whether anything differs from what it began with."""
        return self.texts() != self._first

    def problems(self) -> dict[str, str]:
        """What is wrong, by parameter id: what the fields say, and, when they say nothing, what the check says."""
        return self._read()[1]

    def values(self) -> dict[str, Fact]:
        """The values by parameter id.

        Raises:
            ValueError: with the first problem's sentence.
        """
        values, problems = self._read()
        for problem in problems.values():
            raise ValueError(problem)
        return values

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Show sentences at their fields and go to the first: for what only the other side could know."""
        for name, field in self._fields.items():
            field.say(problems.get(name, ""))
        for name in self._fields:
            if name in problems:
                self.focus_field(name)
                return

    def fill(self, values: Mapping[str, Fact]) -> None:
        """Put other values into the fields named."""
        for name, value in values.items():
            field = self._fields[name]
            field.text = as_text(field.parameter, value)

    def focus_field(self, name: str) -> None:
        """Go to a field."""
        self._fields[name].control.focus()

    @override
    def focus(self, scroll_visible: bool = True) -> Form:
        """Go to the first field."""
        for field in self._fields.values():
            field.control.focus(scroll_visible)
            break
        return self

    def _read(self) -> tuple[dict[str, Fact], dict[str, str]]:
        values: dict[str, Fact] = {}
        problems: dict[str, str] = {}
        for name, field in self._fields.items():
            try:
                values[name] = field.parse()
            except ValueError as error:
                problems[name] = str(error)
        if not problems and self._check is not None:
            problems = {name: text for name, text in self._check(values).items() if text}
        return values, problems

    # Moving and ending

    @property
    def current(self) -> Field | None:
        """The field that has the focus."""
        focused = self.screen.focused if self.is_mounted else None
        return next((field for field in self._fields.values() if field.control is focused), None)

    def action_move(self, step: int) -> None:
        """Go to the next or the previous field; from the last to the first."""
        fields = list(self._fields.values())
        if fields:
            current = self.current
            at = fields.index(current) + step if current is not None else 0
            fields[at % len(fields)].control.focus()

    def action_enter(self) -> None:
        """Submit on the last field, else go to the next."""
        if self.current in (None, [None, *self._fields.values()][-1]):
            self.action_submit()
        else:
            self.action_move(1)

    def action_submit(self) -> None:
        """Hand on the values, or show what is wrong with them."""
        values, problems = self._read()
        for field in self._fields.values():
            field.visited = True
        self.show_problems(problems)
        if not problems:
            self.post_message(self.Submitted(self, values))

    def action_cancel(self) -> None:
        """Ask to be taken away."""
        self.post_message(self.Cancelled(self, changed=self.changed))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_enter()

    @on(Field.Edited)
    def _edited(self, event: Field.Edited) -> None:
        event.stop()
        field = event.field
        if field.problem or field.visited:
            self._revise(field)
        self.post_message(self.Changed(self, field.parameter.id))

    def _revise(self, field: Field) -> None:
        try:
            field.parse()
        except ValueError as error:
            field.say(str(error))
        else:
            field.say("")

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """Show the help of the field."""
        current = self.current
        if current is not None:
            self.query_one("#help", Static).update(current.parameter.help)

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Say what is wrong with a field once it has been left."""
        for field in self._fields.values():
            if field.control is event.widget and field.text != self._first[field.parameter.id]:
                field.visited = True
                self._revise(field)
