"""Writes the pages of the documentation that code knows better than people: keys, errors, the command line.

``python -m app.docs`` writes them, ``python -m app.docs --check`` fails when one is not what it would write.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from app.cli.codes import BY_ERROR, MEANINGS
from app.cli.docs import text as cli_page
from app.keymap import GLOBAL_COMMANDS, PRESETS, build_keymap
from app.widget_keys import widget_bindings, widget_keys
from backends.contract.errors import ERRORS, BackendError
from backends.registry import Registry
from screens.command import GLOBAL, LIST, RESOURCES, UNSAFE, Command, Keymap
from screens.commands import ALL

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs"
HEAD: Final = "<!-- Written by `python -m app.docs`; edits are lost. -->\n"

TITLES: Final[Mapping[str, str]] = {GLOBAL: "Everywhere", LIST: "In every list", RESOURCES: "In lists of resources"}
WIDGETS: Final[Mapping[str, str]] = {
    "table": "Tables",
    "log": "Log lines",
    "json": "Trees of JSON",
    "line": "Lines to type in",
    "form": "Forms",
    "choice": "Choices in a form",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or check them; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m app.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, and fail when a page is not current")
    check = parser.parse_args(arguments).check
    stale = [name for name, page in PAGES.items() if not _current(name, page())]
    for name in stale:
        if check:
            sys.stderr.write(f"docs/{name} is not current; run: python -m app.docs\n")
        else:
            (FOLDER / name).write_text(PAGES[name](), encoding="utf-8")
    return 1 if check and stale else 0


def _current(name: str, page: str) -> bool:
    path = FOLDER / name
    return path.is_file() and path.read_text(encoding="utf-8") == page


def keys_page() -> str:
    """Every key, from the one registry that dispatches them."""
    return "\n".join([HEAD, *_keys_lines()]) + "\n"


def _keys_lines() -> Iterator[str]:
    keymap = build_keymap(ALL, "default", {})
    yield from (
        "# Keys",
        "",
        "A plain letter never destroys. `?` shows the keys of the screen one is on, searchable; Enter there does it.",
        "An inner context goes before an outer one: a screen, then verbs, then what is everywhere.",
        "Every id below can be given another key in the settings file:",
        "",
        "```toml",
        "[keys]",
        '"container.stop" = "ctrl+k"    # one operation',
        '"remove" = ["D", "delete"]     # a verb, for every kind',
        '"table.down" = ["j", "down"]   # movement',
        "```",
        "",
        "`:settings` says what is wrong with them. Some keys cannot be given: "
        + "; ".join(f"`{key}` ({why})" for key, why in UNSAFE.items())
        + ".",
    )
    for context in dict.fromkeys(command.context for command in (*GLOBAL_COMMANDS, *ALL)):
        yield from _table(TITLES.get(context, f"Context: {context}"), map(_row, keymap.of_context(context)))
    yield from _verb_tables(keymap)
    yield from _widget_tables()
    yield from ("", "## Presets", "", "`interface.keys` chooses one to start from.")
    for preset, keys in PRESETS.items():
        if keys:
            rows = [(" ".join(map(_key, given)), name, "", "") for name, given in keys.items()]
            yield from _table(preset, rows, level="###")


def _row(command: Command) -> tuple[str, str, str, str]:
    return " ".join(map(_key, command.keys)), command.title, command.help, f"`{command.id}`"


def _verb_tables(keymap: Keymap) -> Iterator[str]:
    registry = Registry()
    yield from ("", "## Verbs", "", "On the selection, or on what is marked. An ellipsis means that it asks first.")
    for name in registry.names:
        backend = registry.load(name)
        shown = [operation for operation in backend.operations if not operation.hidden]
        for kind in dict.fromkeys(operation.kind for operation in shown):
            rows = [
                (
                    " ".join(map(_key, keymap.operation_keys(op))),
                    op.title + ("…" if op.confirm.value != "none" or op.effect.value == "destroy" else ""),
                    op.help,
                    f"`{op.id}`",
                )
                for op in shown
                if op.kind == kind
            ]
            yield from _table(f"{backend.title}: {kind}", rows, level="###")


def _widget_tables() -> Iterator[str]:
    bindings, keys = widget_bindings(), widget_keys()
    for prefix, title in WIDGETS.items():
        rows = [
            (" ".join(map(_key, keys[name])), binding.description, "", f"`{name}`")
            for name, binding in bindings.items()
            if name.startswith(f"{prefix}.")
        ]
        yield from _table(title, rows)


def _table(title: str, rows: Iterator[tuple[str, ...]] | Sequence[tuple[str, ...]], level: str = "##") -> Iterator[str]:
    found = list(rows)
    if not found:
        return
    yield from ("", f"{level} {title}", "", "| Key | Does | | Id |", "|---|---|---|---|")
    for row in found:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def _key(key: str) -> str:
    return f"`` {key} ``" if "`" in key else f"`{key}`"


def errors_page() -> str:
    """The error tree: what each means, and the exit code a command ends with."""
    lines = [
        HEAD,
        "# Errors",
        "",
        "Whatever goes wrong at an engine is told as one of these. With `--json` an error is an object with",
        "`kind`, `message` and `hint`; `kind` is the name below.",
        "",
        "| Kind | Means | `qd` ends with |",
        "|---|---|---|",
    ]
    for name, error in ERRORS.items():
        lines.append(f"| `{name}` | {_meaning(error)} | {BY_ERROR[name]} |")
    lines += ["", "## Exit codes", "", "| Code | Means |", "|---|---|"]
    lines += [f"| {code} | {meaning} |" for code, meaning in MEANINGS.items()]
    return "\n".join(lines) + "\n"


def _meaning(error: type[BackendError]) -> str:
    return " ".join((error.__doc__ or "").split())


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "keys.md": keys_page,
    "errors.md": errors_page,
    "cli.md": cli_page,
}


if __name__ == "__main__":
    sys.exit(main())
