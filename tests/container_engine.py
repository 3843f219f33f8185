"""A container engine of the tests' own: private in all that it has, gone when its starter is.

It has its own mount and network namespaces, socket, data, control groups and containerd, so that
an engine of the machine is neither used nor disturbed. Its containers serve HTTP on a bridge of
its own network namespace; this program hands connections on to them from ports of 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BOXES = {"web-1": "172.31.99.11", "web-2": "172.31.99.12"}
"""The containers that stand from the beginning, and their addresses on the bridge."""
_FAULTS = (
    "container-kill", "container-stop", "container-restart", "container-pause",
    "container-disconnect", "container-cpu-limit", "container-memory-limit", "latency", "loss",
    "partition",
)  # fmt: skip
ROW_BOXES = {f"row-{name}": f"172.31.99.{20 + at}" for at, name in enumerate(_FAULTS)}
"""A container for each row of the proof table, since several are played at once."""
NETWORK = "hormesis-net"
_PORT = 8080
_SUBNET = "172.31.98.0/23"
_GIVEN = "172.31.99.128/25"
"""Where the addresses are from that the engine gives by itself; the others may be chosen."""
_READY_S = 30.0
_LEAVE_S = 20.0
_NEEDED = ("dockerd", "docker", "unshare", "ip", "tar")
_APPLETS = ("sh", "httpd", "sleep", "cat", "dd", "rm", "seq", "nc", "wget", "timeout")
_SCRIPTS = {
    "burn": "i=0; while [ $i -lt 40000 ]; do i=$((i+1)); done; echo done",
    "eat": "dd if=/dev/zero of=/dev/null bs=40M count=1 2>&1",
}
"""What the boxes do when they are asked: about 0.1 s of CPU time; 40 MiB of memory."""


def missing() -> str:
    """Return why no engine can be started here; empty when one can."""
    if os.geteuid() != 0:
        return "no container engine: only root can start one"
    lacking = [name for name in _NEEDED if shutil.which(name) is None]
    if lacking:
        return f"no container engine: {', '.join(lacking)} not installed (docker.io)"
    if shutil.which("busybox") is None:
        return "no container image: busybox is not installed (busybox-static)"
    return ""


@dataclass
class ContainerEngine:
    """A running engine; ``ports`` are the local ports of its boxes."""

    folder: Path
    ports: dict[str, int]
    pid: int
    rows_stand: bool = False

    @property
    def socket(self) -> str:
        """The engine's socket."""
        return str(self.folder / "docker.sock")

    def docker(self, *words: str) -> str:
        """Run the client with *words* and return what it prints; fails loudly."""
        done = subprocess.run(
            ["docker", *words], env=self._client_environment(), capture_output=True, text=True,
            timeout=60, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, f"docker {' '.join(words)}: {done.stderr}"
        return done.stdout.strip()

    def account(self, name: str) -> dict[str, Any]:
        """Return all that the engine says of a container."""
        said: dict[str, Any] = json.loads(self.docker("inspect", name))[0]
        return said

    def remove(self, name: str) -> None:
        """Remove a container, running or not."""
        self.docker("rm", "--force", name)

    def run(self, name: str, *words: str) -> None:
        """Start one more container, which does nothing but sleep."""
        self.docker(
            "run", "-d", "--name", name, "--stop-timeout", "0", *words, "hormesis-box",
            "/bin/sleep", "600",
        )  # fmt: skip

    def environment(self) -> dict[str, str]:
        """Return what the rows of the proof table need to know of it, as environment variables.

        The rows' containers are started when this is first called.
        """
        if not self.rows_stand:
            self.rows_stand = True
            with ThreadPoolExecutor(3) as pool:
                list(pool.map(self._serve, ROW_BOXES, ROW_BOXES.values()))
        boxes = {
            f"BOX_{name.removeprefix('row-').upper().replace('-', '_')}": f"127.0.0.1:{port}"
            for name, port in self.ports.items() if name in ROW_BOXES
        }  # fmt: skip
        return {"CONTAINER_ENGINE": self.socket, **boxes}

    def _client_environment(self) -> dict[str, str]:
        # A client that is newer than the engine asks it for its version only when not told one.
        known = {"DOCKER_HOST": f"unix://{self.socket}", "DOCKER_CONFIG": str(self.folder)}
        return {**os.environ, **known}

    def furnish(self) -> None:
        """Make the image, the network and the boxes."""
        tree = self.folder / "tree"
        for name in ("bin", "tmp", "srv/cgi-bin"):
            (tree / name).mkdir(parents=True)
        shutil.copy(shutil.which("busybox") or "busybox", tree / "bin/busybox")
        for name in _APPLETS:
            (tree / "bin" / name).hardlink_to(tree / "bin/busybox")
        (tree / "srv/index.html").write_text("here\n")
        for name, script in _SCRIPTS.items():
            file = tree / "srv/cgi-bin" / name
            file.write_text(f"#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\n{script}\n")
            file.chmod(0o755)
        image = self.folder / "image.tar"
        subprocess.run(["tar", "-C", str(tree), "-cf", str(image), "."], check=True, timeout=30)
        self.docker("import", str(image), "hormesis-box")
        self.docker("network", "create", "--subnet", _SUBNET, "--ip-range", _GIVEN, NETWORK)
        for name, address in BOXES.items():
            self._serve(
                name, address, "--network-alias", "web", "--label", f"tier={name[-1]}",
                "--label", "com.docker.compose.service=web",
                "--label", "com.docker.compose.project=shop",
            )  # fmt: skip

    def _serve(self, name: str, address: str, *words: str) -> None:
        self.docker(
            "run", "-d", "--name", name, "--network", NETWORK, "--ip", address,
            "--stop-timeout", "0", *words, "hormesis-box",
            "/bin/httpd", "-f", "-p", str(_PORT), "-h", "/srv",
        )  # fmt: skip


def shared_engine() -> ContainerEngine:
    """Return the one engine that all tests of a run share; started when first asked for."""
    with _LOCK:
        if not _SHARED:
            stack = ExitStack()
            _SHARED.append(stack.enter_context(started_engine()))
            atexit.register(stack.close)
        return _SHARED[0]


_ALL = BOXES | ROW_BOXES
_LOCK = threading.Lock()
_SHARED: list[ContainerEngine] = []


@contextmanager
def started_engine(*, bare: bool = False) -> Iterator[ContainerEngine]:
    """Start an engine with its boxes; nothing of it is left at the end.

    A *bare* one has no boxes, and publishes ports on 127.0.0.1 of its own network namespace.
    """
    folder = Path(tempfile.mkdtemp(prefix="hormesis-engine-"))
    names = [] if bare else list(_ALL)
    listeners = {name: socket.create_server(("127.0.0.1", 0)) for name in names}
    handed = {name: one.fileno() for name, one in listeners.items()}
    process = subprocess.Popen(
        ["unshare", "--mount", "--net", "--propagation", "private", sys.executable,
         str(Path(__file__).resolve()), str(folder), json.dumps(handed)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=list(handed.values()),
        start_new_session=True,
    )  # fmt: skip
    engine = ContainerEngine(
        folder, {name: one.getsockname()[1] for name, one in listeners.items()}, process.pid
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.strip() == b"ready", f"the engine did not start: {folder / 'log'}"
        if not bare:
            engine.furnish()
        yield engine
    finally:
        for one in listeners.values():
            one.close()
        # Its standard input is its lifeline.
        process.communicate(timeout=2 * _LEAVE_S)


def main(folder: Path, handed: dict[str, int]) -> None:
    """Run an engine below *folder* until standard input ends."""
    group = f"/{folder.name}"
    # Hides the sockets and locks of other engines, and takes ours away with this namespace.
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    log = (folder / "log").open("w")
    engine = subprocess.Popen(
        ["dockerd", "--host", f"unix://{folder}/docker.sock", "--data-root", f"{folder}/data",
         "--exec-root", "/run/docker", "--pidfile", "/run/docker.pid", "--bridge", "none",
         "--iptables=false", "--ip6tables=false", "--ip-masq=false",
         f"--userland-proxy={str(not handed).lower()}",
         "--cgroup-parent", group, "--shutdown-timeout", "2", "--log-level", "warn"],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        asyncio.run(_serve(engine, folder, handed))
    finally:
        engine.terminate()
        try:
            engine.wait(_LEAVE_S)
        except subprocess.TimeoutExpired:
            engine.kill()
            engine.wait()
        _end_what_is_in(group)
        shutil.rmtree(folder, ignore_errors=True)


async def _serve(engine: subprocess.Popen[bytes], folder: Path, handed: dict[str, int]) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    threading.Thread(
        target=lambda: (sys.stdin.buffer.read(), loop.call_soon_threadsafe(over.set)), daemon=True
    ).start()
    for name, fd in handed.items():
        listener = socket.socket(fileno=fd)
        await asyncio.start_server(_towards(_ALL[name]), sock=listener)
    async with asyncio.timeout(_READY_S):
        while not await _answers(folder / "docker.sock"):
            if engine.poll() is not None or over.is_set():
                return
            await asyncio.sleep(0.05)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await over.wait()


async def _answers(path: Path) -> bool:
    try:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"GET /_ping HTTP/1.0\r\n\r\n")
        answer = await reader.read(16)
        writer.close()
    except OSError:
        return False
    return b"200" in answer


def _towards(address: str):  # type: ignore[no-untyped-def]
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(3):
                up_reader, up_writer = await asyncio.open_connection(address, _PORT)
        except OSError:
            writer.transport.abort()
            return
        await asyncio.gather(_copy(reader, up_writer), _copy(up_reader, writer))

    return handle


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.close()
        await writer.wait_closed()


def _end_what_is_in(group: str) -> None:
    """Kill what an engine that was killed left in its control groups, and remove the groups."""
    for folder in Path("/sys/fs/cgroup").glob(f"*{group}"):
        for inner in sorted((folder, *folder.rglob("*/")), reverse=True):
            with suppress(OSError):
                for word in (inner / "cgroup.procs").read_text().split():
                    os.kill(int(word), signal.SIGKILL)
            for _ in range(50):
                try:
                    inner.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    threading.Event().wait(0.02)


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
