"""Log lines for tests: plain ones, and the worst that programs print."""

from __future__ import annotations

from backends.contract.model import LogLine, ResourceId, Stream

HOSTILE = (
    "\x1b[31mred \x1b[1mbold\x1b[0m and back",
    "\x1b]0;a new window title\x07after the title",
    "\x1b]52;c;cm0gLXJmIC8=\x07a clipboard write",
    "\x1b]8;;http://example.invalid/\x1b\\a link\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[H\x1b[?1049h\x1bcall of the screen cleared",
    "\x1bP+q544e\x1b\\a device control string",
    "\x9b31mC1 control and \x85 next line",
    "carriage\rreturn",
    "progress 10%\rprogress 20%\rprogress 100%",
    "back\b\b\b\bspace and bell\a",
    "tabs\tbetween\twords",
    "nul\x00inside and delete\x7f",
    "wide 漢字 emoji 👩\u200d👩\u200d👧 combining e\u0301",
    "bidi \u202eesrever\u202c isolate \u2067x\u2069",
    "undecodable \ufffd\ufffd bytes",
    "[markup] [/] [bold red]not markup[/bold red] \\[x]",
    "zero\u200bwidth\ufeff",
    "",
    " " * 300,
    "x" * 20_000,
    "\x1b[" + "1;" * 2_000 + "m a long escape",
    "an escape that never ends \x1b]0;",
)


def line(source: ResourceId, number: int, at: float, *, hostile: bool = False) -> LogLine:
    """The line of that number: always the same for the same number."""
    stream = Stream.ERR if number % 7 == 3 else Stream.OUT
    if hostile and number % 2:
        return LogLine(HOSTILE[(number // 2) % len(HOSTILE)], at, stream, source)
    level = ("INFO", "DEBUG", "INFO", "WARN", "INFO", "INFO", "ERROR")[number % 7]
    return LogLine(f"{number:08d} {level} request {number * 7919 % 10007} took {number % 97} ms", at, stream, source)
