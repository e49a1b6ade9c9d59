"""What can be wrong with settings, said so that it can be put right."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from typing_extensions import override

from backends.contract.errors import Invalid

SHOWN = 10


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong: where, and what would be right."""

    source: str
    """A file, or the name of an environment variable."""
    message: str
    """What is wrong with the key, as the rest of a sentence that begins with it; or a whole sentence."""
    line: int | None = None
    column: int | None = None
    key: str = ""

    @override
    def __str__(self) -> str:
        where = self.source
        if self.line is not None:
            where += f", line {self.line}"
        if self.column is not None:
            where += f", column {self.column}"
        return f"{where}: {f'{self.key} ' if self.key else ''}{self.message.rstrip('.')}."


class SettingsError(Invalid):
    """The settings cannot be used; holds everything that is wrong with them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"And {len(self.problems) - SHOWN} more.")
        super().__init__("\n".join(lines), hint="`qd config init` writes a file that explains every setting.")
