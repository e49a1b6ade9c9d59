"""The terminal widget in a running app, with programs on real pseudo-terminals behind it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.pilot import Pilot
from textual.strip import Strip
from typing_extensions import override

from backends.contract.model import Size
from tests.widgets.waiting import screen_text, until
from widgets.terminal import LEADER, TerminalView


class Bench(App[None]):
    """A terminal and what it said."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("j", "app.bell", "never while the terminal has the focus")]

    def __init__(self) -> None:
        super().__init__()
        self.typed = b""
        self.leaders: list[str] = []
        self.sizes: list[Size] = []
        self.titles: list[str] = []
        self.bells = 0
        self.master: int | None = None

    @override
    def compose(self) -> ComposeResult:
        yield TerminalView()

    @property
    def terminal(self) -> TerminalView:
        return self.query_one(TerminalView)

    @on(TerminalView.Typed)
    def _typed(self, event: TerminalView.Typed) -> None:
        self.typed += event.data
        if self.master is not None:
            os.write(self.master, event.data)

    @on(TerminalView.Leader)
    def _led(self, event: TerminalView.Leader) -> None:
        self.leaders.append(event.key)

    @on(TerminalView.Resized)
    def _resized(self, event: TerminalView.Resized) -> None:
        self.sizes.append(event.size)
        if self.master is not None:
            resize(self.master, event.size)

    @on(TerminalView.TitleChanged)
    def _titled(self, event: TerminalView.TitleChanged) -> None:
        self.titles.append(event.title)

    @on(TerminalView.Bell)
    def _rang(self) -> None:
        self.bells += 1


def resize(master: int, size: Size) -> None:
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", size.rows, size.columns, 0, 0))


@asynccontextmanager
async def bench(size: tuple[int, int] = (80, 24)) -> AsyncGenerator[Pilot[None], None]:
    async with Bench().run_test(size=size) as pilot:
        await bench_of(pilot).terminal.consume(b"")
        yield pilot


def bench_of(pilot: Pilot[None]) -> Bench:
    assert isinstance(pilot.app, Bench)
    return pilot.app


@asynccontextmanager
async def program(pilot: Pilot[None], *argv: str, env: dict[str, str] | None = None) -> AsyncGenerator[Any, None]:
    """Run a program on a pseudo-terminal whose screen is the widget."""
    app, loop = bench_of(pilot), asyncio.get_running_loop()
    master, slave = pty.openpty()
    resize(master, app.terminal.size_in_cells)
    surroundings = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", "PS1": "$ ", **(env or {})}
    # Only a controlling terminal tells the program that its size has changed.
    process = subprocess.Popen(["setsid", "-c", *argv], stdin=slave, stdout=slave, stderr=slave, env=surroundings)
    os.close(slave)
    app.master = master
    queue: asyncio.Queue[bytes] = asyncio.Queue()

    def read() -> None:
        try:
            data = os.read(master, 65536)
        except OSError:  # the program has ended
            data = b""
        if not data:
            loop.remove_reader(master)
        queue.put_nowait(data)

    async def pump() -> None:
        while data := await queue.get():
            await app.terminal.consume(data)

    loop.add_reader(master, read)
    try:
        async with asyncio.TaskGroup() as group:
            pumping = group.create_task(pump())
            yield process
            process.kill()
            pumping.cancel()
    finally:
        loop.remove_reader(master)
        app.master = None
        os.close(master)
        process.wait()


def lines(pilot: Pilot[None]) -> list[str]:
    return [line.rstrip() for line in screen_text(pilot)]


async def test_what_is_fed_is_painted_with_its_wide_characters_in_place() -> None:
    async with bench((20, 5)) as pilot:
        await bench_of(pilot).terminal.consume("漢字|\r\n\x1b[31mred\x1b[0m e\u0301|👩\u200d🚀|".encode())
        await until(pilot, lambda: lines(pilot)[0] == "漢字|")
        assert lines(pilot)[1].startswith("red é|".replace("é", "e\u0301"))


async def test_keys_become_bytes_and_bindings_stay_quiet() -> None:
    async with bench() as pilot:
        await pilot.press("j", "A", "up", "ctrl+c", "tab", "shift+tab", "escape", "backspace", "enter", "f5", "alt+x")
        assert bench_of(pilot).typed == b"jA\x1b[A\x03\t\x1b[Z\x1b\x7f\r\x1b[15~\x1bx"


async def test_the_leader_speaks_to_the_owner_and_twice_to_the_program() -> None:
    async with bench() as pilot:
        await pilot.press(LEADER, "3", LEADER, "d", LEADER, "slash", LEADER, "escape", LEADER, LEADER, "x")
        assert bench_of(pilot).leaders == ["3", "d", "slash"]
        assert bench_of(pilot).typed == b"\x1dx"


async def test_questions_are_answered_once_and_never_for_a_replay() -> None:
    async with bench() as pilot:
        app = bench_of(pilot)
        await app.terminal.replay(b"old\x1b[6n\x07\x1b[c")
        await app.terminal.consume(b"\x1b[6n\x07")
        await until(pilot, lambda: app.bells == 1)
        assert app.typed == b"\x1b[1;4R"


async def test_a_paste_is_bracketed_when_the_program_asked() -> None:
    async with bench() as pilot:
        app = bench_of(pilot)
        app.terminal.post_message(events.Paste("a\nb"))
        await until(pilot, lambda: app.typed == b"a\rb")
        await app.terminal.consume(b"\x1b[?2004h")
        app.terminal.post_message(events.Paste("c\x1b[201~d"))
        await until(pilot, lambda: app.typed.endswith(b"\x1b[200~cd\x1b[201~"))


async def test_the_mouse_is_passed_on_only_when_the_program_asked() -> None:
    async with bench() as pilot:
        app = bench_of(pilot)
        await pilot.click(TerminalView, offset=(3, 2))
        assert app.typed == b""
        await app.terminal.consume(b"\x1b[?1000h\x1b[?1006h")
        await pilot.click(TerminalView, offset=(3, 2))
        assert app.typed == b"\x1b[<0;4;3M\x1b[<0;4;3m"


async def test_the_title_comes_as_news_and_the_size_too() -> None:
    async with bench() as pilot:
        app = bench_of(pilot)
        await app.terminal.consume(b"\x1b]2;db1: htop\x07")
        await pilot.resize_terminal(100, 30)
        await until(pilot, lambda: app.sizes == [Size(80, 24), Size(100, 30)])
        assert app.titles == ["db1: htop"]
        assert app.terminal.size_in_cells == Size(100, 30)


async def test_the_scrollback_keeps_its_place_while_output_goes_on() -> None:
    async with bench((20, 5)) as pilot:
        terminal = bench_of(pilot).terminal
        await terminal.consume(b"".join(b"line %d\r\n" % number for number in range(50)))
        await pilot.press("shift+pageup", "shift+pageup")
        await until(pilot, lambda: terminal.scrolled_back == 8)
        top = lines(pilot)[1]
        await terminal.consume(b"more\r\n" * 20)
        await until(pilot, lambda: terminal.scrolled_back == 28)
        assert lines(pilot)[1] == top
        assert "28 lines back" in lines(pilot)[0]
        await pilot.press("x")
        assert terminal.scrolled_back == 0
        await pilot.press(LEADER, "pageup", "escape")
        assert terminal.scrolled_back == 0
        assert bench_of(pilot).typed == b"x"


async def test_text_is_found_backwards_and_forwards() -> None:
    async with bench((30, 6)) as pilot:
        terminal = bench_of(pilot).terminal
        rows = [b"Error here" if number in (5, 40) else b"line %d" % number for number in range(60)]
        await terminal.consume(b"\r\n".join(rows))
        assert terminal.find("error")
        newest = terminal.scrolled_back
        assert terminal.find("error")
        assert terminal.scrolled_back > newest
        await until(pilot, lambda: any(line.startswith("Error") for line in lines(pilot)))
        assert not terminal.find("error")
        assert terminal.find("error", forward=True)
        assert terminal.scrolled_back == newest
        assert not terminal.find("ERROR")


async def test_a_repaint_of_the_same_rows_paints_nothing() -> None:
    async with bench((40, 10)) as pilot:
        terminal = bench_of(pilot).terminal
        frame = b"\x1b[H" + b"\r\n".join(b"row %d" % number for number in range(9))
        await terminal.consume(frame)
        await until(pilot, lambda: lines(pilot)[8] == "row 8")
        painted: list[int] = []
        original = terminal.render_line

        def noted(y: int) -> Strip:
            painted.append(y)
            return original(y)

        terminal.render_line = noted  # type: ignore[method-assign] # the one place where painting can be seen
        await terminal.consume(frame.replace(b"row 4", b"ROW 4"))
        await until(pilot, lambda: lines(pilot)[4] == "ROW 4")
        assert set(painted) == {4}


async def test_the_cursor_is_drawn_where_the_program_wants_it() -> None:
    async with bench((20, 3)) as pilot:
        terminal = bench_of(pilot).terminal
        await terminal.consume("a漢b\x1b[1;3H".encode())
        await until(pilot, lambda: lines(pilot)[0] == "a漢b")
        reverse = [part.text for part in terminal.render_line(0) if part.style is not None and part.style.reverse]
        assert reverse == ["漢"]
        await terminal.consume(b"\x1b[?25l")
        await until(pilot, lambda: not any(part.style and part.style.reverse for part in terminal.render_line(0)))


async def test_a_flood_leaves_others_their_turn_and_ends_with_the_last_line_on_screen() -> None:
    async with bench() as pilot:
        terminal = bench_of(pilot).terminal
        turns = 0
        ended = asyncio.Event()

        async def other() -> None:
            nonlocal turns
            while not ended.is_set():
                turns += 1
                await asyncio.sleep(0)

        async with asyncio.TaskGroup() as group:
            group.create_task(other())
            await terminal.consume(
                b"".join(b"%d drwxr-xr-x root root some-file\r\n" % n for n in range(10_000)) + b"end"
            )
            ended.set()
        assert turns > 20
        await until(pilot, lambda: lines(pilot)[23] == "end")
        assert terminal.dump_text(history=True).count("\n") == 10_000


async def test_the_library_is_imported_only_by_the_first_terminal() -> None:
    code = "import sys, widgets.terminal; print(any(name.startswith(('bittty', 'wcwidth')) for name in sys.modules))"
    root = Path(__file__).parents[2]
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert result.stdout.strip() == "False"


async def test_bash_edits_its_line_and_follows_the_size() -> None:
    async with bench() as pilot, program(pilot, "bash", "--norc", "-i"):
        await until(pilot, lambda: lines(pilot)[0] == "$")
        await pilot.press(*"echo abd", "left", "backspace", "right", "c", "enter")
        await until(pilot, lambda: "adc" in lines(pilot))
        await pilot.resize_terminal(100, 30)
        await pilot.press(*"stty size", "enter")
        await until(pilot, lambda: "30 100" in lines(pilot))
        await pilot.press("ctrl+d")


@pytest.mark.skipif(shutil.which("less") is None, reason="needs less")
async def test_less_takes_the_alternate_screen_and_gives_it_back(tmp_path: Path) -> None:
    file = tmp_path / "long.txt"
    file.write_text("\n".join(f"text {number}" for number in range(200)))
    async with bench() as pilot, program(pilot, "bash", "--norc", "-i"):
        await until(pilot, lambda: lines(pilot)[0] == "$")
        await pilot.press(*f"less {file}", "enter")
        await until(pilot, lambda: lines(pilot)[:2] == ["text 0", "text 1"])
        await pilot.press("pagedown", "down")
        await until(pilot, lambda: lines(pilot)[0] == "text 24")
        await pilot.press("G")
        await until(pilot, lambda: lines(pilot)[22] == "text 199")
        await pilot.press("q")
        await until(pilot, lambda: lines(pilot)[0].startswith("$ less"))


def _editors() -> Sequence[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    if shutil.which("busybox"):
        found.append(("busybox", "vi"))
    if shutil.which("vim"):
        found.append(("vim", "-u", "NONE", "-N"))
    return found


@pytest.mark.parametrize("editor", _editors())
async def test_an_editor_writes_what_was_typed(editor: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "note"
    async with bench() as pilot, program(pilot, *editor, str(file)) as process:
        await until(pilot, lambda: lines(pilot)[1] == "~")
        await pilot.press("i", *"first", "enter", *"second line", "escape", "0", "d", "w", "O", *"between", "escape")
        await until(pilot, lambda: lines(pilot)[:3] == ["first", "between", "line"])
        await pilot.press("colon", "w", "q", "enter")
        await until(pilot, lambda: process.poll() is not None)
    assert file.read_text() == "first\nbetween\nline\n"


@pytest.mark.skipif(shutil.which("top") is None, reason="needs top")
async def test_top_shows_its_table_and_follows_the_size() -> None:
    async with bench() as pilot, program(pilot, "top", "-d", "60"):
        await until(pilot, lambda: any(line.lstrip().startswith("PID") for line in lines(pilot)))
        await pilot.resize_terminal(60, 15)
        await until(pilot, lambda: len(lines(pilot)) == 15 and lines(pilot)[0].startswith("top -"))
        await pilot.press("q")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
async def test_tmux_splits_and_its_status_line_stays_at_the_bottom(tmp_path: Path) -> None:
    command = ("tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null", "new-session", "sh")
    async with bench() as pilot, program(pilot, *command, env={"SHELL": "/bin/sh"}):
        await until(pilot, lambda: lines(pilot)[23].startswith("["))
        await pilot.press("ctrl+b", "percent_sign")
        await until(pilot, lambda: "│" in lines(pilot)[10])
        await pilot.press(*"exit", "enter")
        await until(pilot, lambda: "│" not in lines(pilot)[10])
        await pilot.press(*"exit", "enter")
