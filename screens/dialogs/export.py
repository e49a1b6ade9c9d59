"""Asks where lines are to be written. Nothing that exists is replaced before that was said and enter pressed again."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static
from typing_extensions import override

from widgets.cells import neutral
from widgets.line_input import LineInput
from widgets.log_export import Taken


class Write(Protocol):
    """Writes the lines; raises ``ValueError`` with a sentence when it cannot."""

    async def __call__(self, path: str | Path, *, everything: bool = False, overwrite: bool = False) -> Path:
        """Write what is shown, or everything; returns the file's full path."""


class ExportDialog(ModalScreen[Path | None]):
    """A path to write to. Returns the file that was written."""

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    ExportDialog { align: center middle; background: $background 60%; }
    ExportDialog > Vertical {
        width: 90%; max-width: 100; height: auto;
        border: round $primary; background: $surface; padding: 0 1;
    }
    ExportDialog LineInput { height: 1; }
    ExportDialog Static { height: auto; color: $text-muted; }
    """

    def __init__(self, path: str, write: Write, *, lines: int, shown: int) -> None:
        super().__init__()
        self._path = path
        self._write = write
        self._lines = lines
        self._shown = shown
        self._everything = False
        self._refused = ""
        """The path that was found to exist; enter on the same path again replaces it."""

    @override
    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Export"
            yield LineInput(self._path)
            yield Static(id="hint", markup=False)

    def on_mount(self) -> None:
        """Wait for a path."""
        self._say()
        self.query_one(LineInput).focus()

    def _say(self, problem: str = "") -> None:
        subtitle = "enter write · esc leave"
        if self._shown != self._lines:
            subtitle = f"enter write · tab {'only what is shown' if self._everything else 'everything'} · esc leave"
        self.query_one(Vertical).border_subtitle = subtitle
        count = self._lines if self._everything else self._shown
        what = "everything held" if self._everything or self._shown == self._lines else "what the filter shows"
        self.query_one("#hint", Static).update(problem or f"{count:,} lines, {what}.")

    def on_key(self, event: Key) -> None:
        """Tab turns between what is shown and everything."""
        if event.key == "tab" and self._shown != self._lines:
            self._everything = not self._everything
            self._say()
        elif event.key != "tab":
            return
        event.stop()
        event.prevent_default()

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self._try(event.value.strip())

    @on(LineInput.Cancelled)
    def _cancelled(self) -> None:
        self.dismiss(None)

    @work(exclusive=True, group="export")
    async def _try(self, path: str) -> None:
        try:
            written = await self._write(path, everything=self._everything, overwrite=path == self._refused)
        except Taken as error:
            self._refused = path
            self._say(neutral(f"{error} Or press enter again to replace it."))
            return
        except ValueError as error:
            self._refused = ""
            self._say(neutral(str(error)))
            return
        self.dismiss(written)
