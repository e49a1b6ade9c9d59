"""Completion: a small script per shell, which asks ``qd __complete`` what may stand at the cursor.

Names come from the inventory cached in the journal; no fleet is asked and no daemon started, so that tab answers at
once, also where a connection does not.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from app.cli import spec
from app.cli.codes import OK
from app.cli.commands import BY_NAME, COMMANDS, COMPLETE
from app.cli.spec import GLOBAL, Argument, Command, Option

if TYPE_CHECKING:
    from app.cli.context import Cli
    from app.cli.parsing import Namespace
    from backends.contract.model import Resource
    from backends.registry import Registry
    from fleet.catalogue import Catalogue

Offer = tuple[str, str]
"""A word, and what it is."""
MOST: Final = 500
_BASH: Final = """\
# Completion of qd and quarterdeck for bash.
_quarterdeck() {
    local IFS=$'\\n'
    COMPREPLY=($(command "${COMP_WORDS[0]}" %s bash "$COMP_LINE" "$COMP_POINT" "$COMP_WORDBREAKS" 2>/dev/null))
}
complete -o nosort -F _quarterdeck qd quarterdeck 2>/dev/null || complete -F _quarterdeck qd quarterdeck
"""
_ZSH: Final = """\
#compdef qd quarterdeck
# Completion of qd and quarterdeck for zsh.
_quarterdeck() {
    local -a lines offers shown
    local line
    lines=("${(@f)$(command ${words[1]} %s zsh "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    for line in $lines; do
        offers+=("${line%%%%$'\\t'*}")
        shown+=("${line%%%%$'\\t'*}  -- ${line#*$'\\t'}")
    done
    (( $#offers )) && compadd -l -d shown -a offers
}
if [ "$funcstack[1]" = "_quarterdeck" ]; then _quarterdeck "$@"; else compdef _quarterdeck qd quarterdeck; fi
"""
_FISH: Final = """\
# Completion of qd and quarterdeck for fish.
function __quarterdeck
    set -l words (commandline -opc)
    command $words[1] %s fish $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c qd -f -a '(__quarterdeck)'
complete -c quarterdeck -f -a '(__quarterdeck)'
"""
_SCRIPTS: Final = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def script(cli: Cli, given: Namespace) -> int:
    """``qd completion``."""
    cli.console.print((_SCRIPTS[given.shell] % COMPLETE).rstrip())
    return OK


def complete(words: Sequence[str], environment: Mapping[str, str] | None, registry: Registry | None) -> int:
    """``qd __complete SHELL …``: one offer a line; whatever goes wrong, no offers."""
    shell, rest = (words[0], words[1:]) if words else ("", ())
    known = Known(os.environ if environment is None else environment, registry)
    cut = 0
    if shell == "bash":
        rest, cut = _of_bash(rest)
    for word, what in list(offers(known, rest))[:MOST]:
        if word.isprintable() and what.isprintable():
            sys.stdout.write(f"{_escaped(word)[cut:]}\n" if shell == "bash" else f"{word}\t{what}\n")
    return OK


def _of_bash(rest: Sequence[str]) -> tuple[Sequence[str], int]:
    """The words before and at bash's cursor, and how many letters of the last bash takes for words before it."""
    line, point, breaks = (*rest, "", "", "")[:3]
    text = line[: int(point)] if point.isdigit() else line
    words = _split(text)[1:]
    last = words[-1] if words else ""
    cut = max((last.rfind(letter) + 1 for letter in ":=@" if letter in breaks), default=0)
    return words or [""], cut


def _split(text: str) -> list[str]:
    """The words of a line that is not finished; the last one is what the cursor is at."""
    for close in ("", "'", '"'):
        try:
            words = shlex.split(text + close)
        except ValueError:
            continue
        return [*words, ""] if not text or (text[-1].isspace() and not close) else words
    return text.split()


def _escaped(word: str) -> str:
    return re.sub(r"([^\w@%+=:,./-])", r"\\\1", word)


class Known:
    """What was known when the fleet last wrote it down."""

    def __init__(self, environment: Mapping[str, str], registry: Registry | None = None) -> None:
        from fleet.catalogue import Catalogue
        from fleet.journal import read_cached_inventory
        from fleet.paths import Paths

        cached = read_cached_inventory(Paths.for_environment(environment).inventory_cache)
        self.connections = [connection.spec.id for connection in cached.connections]
        self.resources = cached.resources
        self.catalogue: Catalogue = Catalogue(cached.backends) if cached.backends else _installed(registry)

    def verbs(self) -> Mapping[str, str]:
        """Every verb and what it does."""
        return {
            operation.verb: f"{operation.title}."
            for backend in self.catalogue.backends.values()
            for operation in backend.operations
            if not operation.hidden
        }


def _installed(registry: Registry | None) -> Catalogue:
    from backends.registry import Registry
    from fleet.catalogue import Catalogue
    from fleet.installed import describe

    return Catalogue(describe(registry or Registry()))


def offers(known: Known, words: Sequence[str]) -> Iterator[Offer]:
    """What the last of the words may become."""
    *before, last = words or [""]
    before = _without_global(before)
    needle = last.lower()
    for word, what in _offers(known, before, last):
        if word.lower().startswith(needle) and word != last:
            yield word, what


def _offers(known: Known, before: Sequence[str], last: str) -> Iterable[Offer]:
    if not before:
        return [(option.name, option.help) for option in GLOBAL] if last.startswith("-") else _first(known)
    command, rest = _meant(known, before)
    if command is None or (command.tail and "--" in rest):
        return ()
    if command.parts:
        return [(part.name, part.summary) for part in command.parts]
    options = {name: option for option in (*command.options, *GLOBAL) for name in (option.name, option.short) if name}
    previous = options.get(rest[-1]) if rest else None
    if previous is not None and previous.value:
        return _values(known, previous)
    if last.startswith("-"):
        return _options(known, options, rest, last)
    argument = _argument(command, rest, options)
    return _named(known, argument.names, argument.choices, command) if argument else ()


def _options(known: Known, options: Mapping[str, Option], rest: Sequence[str], last: str) -> Iterable[Offer]:
    """Options that may still be given; after ``--option=`` its values."""
    name, equals, _ = last.partition("=")
    if equals and name in options:
        return [(f"{name}={value}", what) for value, what in _values(known, options[name])]
    given = {word.partition("=")[0] for word in rest}
    distinct = dict.fromkeys(options.values())
    return [(each.name, each.help) for each in distinct if each.repeat or not {each.name, each.short} & given]


def _first(known: Known) -> Iterable[Offer]:
    commands = [(command.name, command.summary) for command in COMMANDS]
    return sorted([*commands, *((verb, what) for verb, what in known.verbs().items() if verb not in BY_NAME)])


def _meant(known: Known, before: Sequence[str]) -> tuple[Command | None, Sequence[str]]:
    """The command that is being typed, and the words after its name."""
    first, rest = before[0], before[1:]
    command = BY_NAME.get(first)
    if command is not None and command.parts and rest and (part := command.part(rest[0])):
        return part, rest[1:]
    if command is None and first in known.verbs():
        from app.cli.operations import verb_command

        command = verb_command(first, known.catalogue)
    return command, rest


def _argument(command: Command, rest: Sequence[str], options: Mapping[str, Option]) -> Argument | None:
    """The argument the cursor is at: words that are no options and no values of any, counted."""
    count, skip = 0, False
    for word in rest:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = "=" not in word and word in options and bool(options[word].value)
        else:
            count += 1
    if count < len(command.arguments):
        return command.arguments[count]
    last = command.arguments[-1] if command.arguments else None
    return last if last is not None and last.times in "*+" else None


def _values(known: Known, option: Option) -> Iterable[Offer]:
    choices = option.choices or (tuple(option.value.split("|")) if "|" in option.value else ())
    return _named(known, option.names, choices, None)


def _named(known: Known, names: str, choices: Sequence[str], command: Command | None) -> Iterable[Offer]:
    if choices:
        return [(choice, "") for choice in choices]
    offering: Mapping[str, Callable[[], Iterable[Offer]]] = {
        spec.CONNECTION: lambda: [(name, "connection") for name in known.connections],
        spec.KIND: lambda: [(kind.plural.lower(), kind.title) for kind in known.catalogue.kinds.values()],
        spec.RESOURCE: lambda: _resources(known, command.name if command else ""),
        spec.SETTING: _setting_names,
        spec.COMMAND: lambda: [*_first(known), ("verbs", "All verbs.")],
    }
    return offering[names]() if names in offering else ()


def _resources(known: Known, verb: str) -> Iterable[Offer]:
    """Names that mean something for a verb: short where that is clear, else in full."""
    from fleet.naming import full_name

    kinds = known.catalogue.kinds
    able = {kind for kind in kinds if any(each.verb == verb for each in known.catalogue.kind_operations(kind))}
    found: list[Resource] = [each for each in known.resources if not able or each.id.kind in able]
    seen: dict[str, int] = {}
    for resource in found:
        seen[resource.name] = seen.get(resource.name, 0) + 1
    for resource in sorted(found, key=lambda each: each.name):
        if seen[resource.name] == 1:
            yield resource.name, f"{resource.id.kind} at {resource.id.connection}"
    for resource in sorted(found, key=lambda each: each.id):
        yield full_name(resource), resource.state.value


def _setting_names() -> Iterable[Offer]:
    from fleet.settings.check import description, visible_fields
    from fleet.settings.default import sections

    for section, struct in sections():
        for name, field in visible_fields(struct).items():
            yield f"{section}.{name}", description(field)


def _without_global(words: Sequence[str]) -> list[str]:
    """The words without the global options before the command."""
    valued = {option.name for option in GLOBAL if option.value}
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in valued else 1
    return list(words[at:])
