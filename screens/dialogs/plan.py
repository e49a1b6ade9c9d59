"""The plan dialog: what would happen, to what, by which call, and whether it can be undone; then yes or no."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static
from typing_extensions import override

from backends.contract.errors import BackendError
from backends.contract.operation import Effect, Operation, Plan
from fleet.values import Approval, Prepared, Request, Verdict
from screens.command import key_name
from screens.desk import Desk
from screens.dialogs.arguments import ArgumentsDialog
from widgets.cells import neutral, size
from widgets.line_input import LineInput

STEPS_SHOWN = 200
"""Steps written out; a plan with more says how many there are."""


class Approved(NamedTuple):
    """A request and the person's yes to its plan."""

    request: Request
    approval: Approval


class PlanDialog(ModalScreen[Approved | None]):
    """Shows a plan and asks. Nothing can be approved before it is on the screen."""

    AUTO_FOCUS = ""
    """Keys are the dialog's own, unless a word has to be typed."""
    DEFAULT_CSS = """
    PlanDialog { align: center middle; background: $background 60%; }
    PlanDialog > Vertical {
        width: 90%; max-width: 100; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    PlanDialog.-destroy > Vertical { border: heavy $error; }
    PlanDialog VerticalScroll { height: auto; max-height: 1fr; }
    PlanDialog Static { height: auto; }
    PlanDialog LineInput { height: 1; display: none; }
    PlanDialog.-typed LineInput { display: block; }
    """

    def __init__(self, desk: Desk, operation: Operation, request: Request, prepared: Prepared | None = None) -> None:
        super().__init__()
        self._desk = desk
        self._operation = operation
        self._request = request
        self._prepared = prepared
        self._failed = False

    @override
    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self._operation.title
            with VerticalScroll(can_focus=False):
                yield Static(id="plan")
            yield Static(id="question")
            yield LineInput()

    def on_mount(self) -> None:
        """Show the plan, or ask for it."""
        self.set_class(self._operation.effect is Effect.DESTROY, "-destroy")
        if self._prepared is not None:
            self._show(self._prepared)
            return
        self.query_one("#plan", Static).update(Text("Looking at what would happen…", style="dim"))
        self._prepare()

    @work(exclusive=True, group="plan")
    async def _prepare(self) -> None:
        try:
            prepared = await self._desk.fleet.prepare(self._request)
        except BackendError as error:
            self._failed = True
            self._prepared = None
            self.query_one("#plan", Static).update(_problem(error))
            self.query_one("#question", Static).update(Text("esc  close"))
            return
        self._show(prepared)

    def _show(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self.query_one("#plan", Static).update(plan_text(prepared.plan, self._operation))
        self.query_one("#question", Static).update(self._question(prepared))
        typed = prepared.decision.verdict is Verdict.TYPED
        self.set_class(typed, "-typed")
        if typed:
            self.query_one(LineInput).focus()

    def _question(self, prepared: Prepared) -> Text:
        decision = prepared.decision
        text = Text()
        if decision.reason:
            text.append(f"\n{neutral(decision.reason)}\n", style="italic")
        if decision.verdict is Verdict.DENY:
            return text.append("esc  close", style="bold")
        if decision.verdict is Verdict.TYPED:
            return text.append(f"Type {neutral(decision.word)} and press enter, or esc to leave it.", style="bold")
        text.append(f"y  {self._operation.title}", style="bold")
        text.append("    n  leave it")
        if self._operation.parameters:
            text.append("    e  change arguments")
        return text.append("    c  copy the call")

    def on_key(self, event: Key) -> None:
        """Yes, no, change, copy, scroll."""
        key = key_name(event)
        if key in ("escape", "n") and not (key == "n" and self.has_class("-typed")):
            self.dismiss(None)
        elif self.has_class("-typed"):
            return
        elif key == "y" or (key == "enter" and self._operation.effect is not Effect.DESTROY):
            if not self._desk.keys_are_quiet():
                self._approve("")
        elif key == "e" and self._operation.parameters and not self._failed:
            self._change()
        elif key == "c" and self._prepared is not None:
            self._desk.copy("\n".join(step.call for step in self._prepared.plan.steps), "the call")
        elif key in ("down", "j", "up", "k"):
            self.query_one(VerticalScroll).scroll_relative(y=1 if key in ("down", "j") else -1, animate=False)
        else:
            return
        event.stop()

    @on(LineInput.Submitted)
    def _typed(self, event: LineInput.Submitted) -> None:
        event.stop()
        prepared = self._prepared
        if self._desk.keys_are_quiet():
            return
        if prepared is not None and event.value == prepared.decision.word:
            self._approve(event.value)
        elif prepared is not None:
            self.notify(f"That is not “{neutral(prepared.decision.word)}”; nothing was done.", severity="warning")

    @on(LineInput.Cancelled)
    def _cancelled(self) -> None:
        self.dismiss(None)

    def _approve(self, typed: str) -> None:
        prepared = self._prepared
        if prepared is None or prepared.decision.verdict is Verdict.DENY:
            return
        self.dismiss(Approved(self._request, Approval(prepared.token, typed)))

    @work(exclusive=True, group="plan")
    async def _change(self) -> None:
        values = await self.app.push_screen_wait(ArgumentsDialog(self._operation, self._request.arguments))
        if values is None:
            return
        self._request = msgspec.structs.replace(self._request, arguments=values)
        self._prepare()


def plan_text(plan: Plan, operation: Operation) -> Text:
    """A plan in words: every step with its call, what depends on it, what it frees, and the way back."""
    text = Text()
    for step in plan.steps[:STEPS_SHOWN]:
        text.append(neutral(step.name), style="bold")
        text.append(f"  {neutral(step.does)}\n")
        text.append(f"  $ {neutral(step.call)}\n", style="dim")
        for dependant in step.dependants:
            text.append(f"  also: {neutral(dependant)}\n", style="bold")
        if step.frees is not None:
            text.append(f"  frees {size(step.frees)}\n")
        if step.undo:
            text.append(f"  to undo: {neutral(step.undo)}\n", style="dim")
        elif operation.effect is not Effect.READ:
            text.append("  cannot be undone\n", style="bold" if operation.effect is Effect.DESTROY else "dim")
    if len(plan.steps) > STEPS_SHOWN:
        text.append(f"… and {len(plan.steps) - STEPS_SHOWN} more\n")
    named = {parameter.id: parameter.label for parameter in operation.parameters}
    given = [f"{named[name]}: {_value(value)}" for name, value in plan.arguments.items() if name in named and value]
    if given:
        text.append("\n" + "   ".join(given) + "\n")
    for warning in plan.warnings:
        text.append(f"! {neutral(warning)}\n", style="bold")
    return text


def _value(value: object) -> str:
    return neutral(" ".join(value) if isinstance(value, list) else str(value))


def _problem(error: BackendError) -> Text:
    text = Text(neutral(error.message), style="bold")
    if error.hint:
        text.append(f"\n{neutral(error.hint)}", style="not bold")
    return text
