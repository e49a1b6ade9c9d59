"""A dockerd of the tests' own, in a temporary folder, that can be killed and started again."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

IMAGE = "quarterdeck-test:1"
BARE = "quarterdeck-bare:1"
"""An image with one program, ``/bin/sleep``, and no shell."""
LABEL = "quarterdeck.test"
READY_LIMIT = 60.0
STOP_LIMIT = 20.0


class Unavailable(Exception):
    """This machine cannot start an engine, and why."""


def obstacle() -> str | None:
    """The sentence that says why no engine can be started here, or ``None`` when one can."""
    if os.geteuid() != 0:
        return "Starting dockerd takes root."
    missing = [
        name for name in ("dockerd", "containerd", "runc", "busybox", "docker", "unshare") if shutil.which(name) is None
    ]
    if missing:
        return f"Not installed: {', '.join(missing)} (Debian: docker.io containerd runc busybox-static)."
    return None


class DockerEngine:
    """One dockerd. Start it with ``running``; everything it leaves behind is cleaned up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "docker.sock"
        self._process: subprocess.Popen[bytes] | None = None  # not asyncio's: tests have event loops of their own

    @property
    def host(self) -> str:
        """What ``DOCKER_HOST`` would say."""
        return f"unix://{self.socket}"

    @property
    def pid(self) -> int | None:
        """The process id of dockerd while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    async def start(self) -> None:
        """Start it and return when it answers.

        Raises:
            Unavailable: if it ends or does not answer in time, with the end of its log.
        """
        self.socket.unlink(missing_ok=True)
        (self.folder / "pid").unlink(missing_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command(), stdout=log, stderr=log, start_new_session=True)
        try:
            async with asyncio.timeout(READY_LIMIT):
                while not await self._answers():
                    if self._process.poll() is not None:
                        raise Unavailable(f"dockerd ended: {self._log_end()}")
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise Unavailable(f"dockerd did not answer within {READY_LIMIT:g} s: {self._log_end()}") from error

    async def kill(self) -> None:
        """Kill it like a crash would: without a word, leaving its containers' processes behind."""
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()
            await self._ended(process)
            await self._containerd_gone()

    async def stop(self) -> None:
        """Stop it by its process id, and what it left behind."""
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                await self._ended(process)
            except TimeoutError:
                await self.kill()
        await self._sweep()

    async def docker(self, *words: str, stdin: bytes | None = None) -> str:
        """Run the ``docker`` command against this engine; its output.

        Raises:
            AssertionError: if it fails, with what it said.
        """
        process = await asyncio.create_subprocess_exec(
            "docker",
            "--host",
            self.host,
            *words,
            stdin=asyncio.subprocess.PIPE if stdin is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "DOCKER_CONFIG": str(self.folder / "config")},
        )
        out, err = await process.communicate(stdin)
        assert process.returncode == 0, f"docker {' '.join(words)}: {err.decode(errors='replace')}"
        return out.decode(errors="replace").strip()

    async def run(self, *words: str, name: str, command: Sequence[str] = ("sleep", "3600")) -> str:
        """Start a labelled container in the background; its id."""
        return await self.docker("run", "--detach", "--name", name, "--label", f"{LABEL}=1", *words, IMAGE, *command)

    async def create(self, *words: str, name: str, command: Sequence[str] = ("sleep", "3600")) -> str:
        """Create a labelled container without starting it; its id."""
        return await self.docker("create", "--name", name, "--label", f"{LABEL}=1", *words, IMAGE, *command)

    async def clear(self) -> None:
        """Remove all containers, and the volumes and networks the tests made."""
        if containers := (await self.docker("ps", "--all", "--quiet")).split():
            await self.docker("rm", "--force", "--volumes", *containers)
        if volumes := (await self.docker("volume", "ls", "--quiet")).split():
            await self.docker("volume", "rm", *volumes)
        await self.docker("network", "prune", "--force")

    async def load_image(self) -> None:
        """Make an image out of the machine's own static busybox; no registry is asked."""
        await self.docker("import", "--change", 'CMD ["/bin/sh"]', "-", IMAGE, stdin=_busybox_tree())
        await self.docker("import", "-", BARE, stdin=_bare_tree())

    def _command(self) -> list[str]:
        """In a network of its own: engines that share one take each other's bridge and addresses away."""
        return [
            *("unshare", "--net", "--", "sh", "-c", 'busybox ip link set lo up; exec "$@"', "sh"),
            "dockerd",
            f"--data-root={self.folder / 'data'}",
            f"--exec-root={self.folder / 'exec'}",
            f"--pidfile={self.folder / 'pid'}",
            f"--host={self.host}",
            "--iptables=false",
            "--ip6tables=false",
        ]

    async def _ended(self, process: subprocess.Popen[bytes]) -> None:
        async with asyncio.timeout(STOP_LIMIT):
            while process.poll() is None:
                await asyncio.sleep(0.02)

    async def _containerd_gone(self) -> None:
        """Its containerd dies with it; where nobody reaps, the number in its file would look alive to the next."""
        file = self.folder / "exec/containerd/containerd.pid"
        async with asyncio.timeout(STOP_LIMIT):
            while any(name == b"containerd" for name in self._names()):
                await asyncio.sleep(0.02)
        file.unlink(missing_ok=True)

    def _names(self) -> Iterator[bytes]:
        """The names of the engine's own processes that live."""
        for pid in self._leftovers():
            with suppress(OSError):
                yield Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0].rpartition(b"/")[2]

    async def _answers(self) -> bool:
        if not self.socket.exists():
            return False
        try:
            reader, writer = await asyncio.open_unix_connection(str(self.socket))
        except OSError:
            return False
        try:
            writer.write(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in await reader.readline()
        except OSError:
            return False
        finally:
            writer.close()

    async def _sweep(self) -> None:
        """End what a killed dockerd left behind (its containerd, shims, containers) and unmount what it mounted."""
        for pid in self._leftovers():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_LIMIT):
                while list(self._leftovers()):
                    await asyncio.sleep(0.05)
        for mount in self._mounts():
            process = await asyncio.create_subprocess_exec("umount", "--lazy", mount)
            await process.wait()

    def _leftovers(self) -> Iterator[int]:
        """Processes of this engine: those with its folder in their arguments, and what runs below them."""
        parents: dict[int, int] = {}
        ours: set[int] = set()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                arguments = (folder / "cmdline").read_bytes().split(b"\0")
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            except (OSError, ValueError):
                continue
            if state == "Z":
                continue
            pid = int(folder.name)
            parents[pid] = int(parent)
            if arguments[0].rpartition(b"/")[2].startswith((b"containerd", b"dockerd")) and any(
                str(self.folder).encode() in argument for argument in arguments
            ):
                ours.add(pid)
        for pid in parents:
            above = pid
            while above and above not in ours:
                above = parents.get(above, 0)
            if above:
                yield pid

    def _mounts(self) -> list[str]:
        below = f"{self.folder}/"
        found = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        return sorted((mount for mount in found if mount.startswith(below)), reverse=True)

    def _log_end(self) -> str:
        with suppress(OSError):
            return (self.folder / "log").read_text(errors="replace")[-800:]
        return "it wrote no log."


@asynccontextmanager
async def running() -> AsyncIterator[DockerEngine]:
    """A dockerd with one image, stopped and cleaned up afterwards.

    Raises:
        Unavailable: if this machine cannot start one.
    """
    if reason := obstacle():
        raise Unavailable(reason)
    with tempfile.TemporaryDirectory(
        prefix="qd-bed-", ignore_cleanup_errors=True
    ) as folder:  # short: sockets allow 107
        engine = DockerEngine(Path(folder))
        try:
            await engine.start()
            await engine.load_image()
            yield engine
        finally:
            await engine.stop()


def _bare_tree() -> bytes:
    """A root file system with nothing but ``sleep``: busybox is what its name says."""
    busybox = shutil.which("busybox")
    assert busybox is not None
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(busybox, "bin/sleep")
    return buffer.getvalue()


def _busybox_tree() -> bytes:
    """A root file system of one static program under all its names, as a tar archive."""
    busybox = shutil.which("busybox")
    assert busybox is not None
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for folder in ("bin", "dev", "etc", "home", "proc", "root", "sys", "tmp", "var"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            archive.addfile(entry)
        archive.add(busybox, "bin/busybox")
        for applet in applets:
            if applet != "busybox":
                entry = tarfile.TarInfo(f"bin/{applet}")
                entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
                archive.addfile(entry)
        users = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/sh\n"
        entry = tarfile.TarInfo("etc/passwd")
        entry.size = len(users)
        archive.addfile(entry, io.BytesIO(users))
    return buffer.getvalue()
