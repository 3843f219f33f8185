"""Target: the server that everybody is measured against, compiled when it is first needed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.proxy.peers import pinned
from tests.proving_ground.wait import wait_for

SOURCE = Path(__file__).with_name("target.c")


@dataclass(frozen=True, slots=True)
class Target:
    """A running target; ``base`` is its URL."""

    pid: int
    base: str

    def count(self) -> int:
        """Return how many requests it has answered so far, this one not included."""
        with urllib.request.urlopen(f"{self.base}/count", timeout=5) as answer:
            return int(answer.read().split()[0])


@contextmanager
def target(core: int) -> Iterator[Target]:
    """Run the target on one core."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise RuntimeError("a C compiler is needed for the target: apt-get install gcc libc6-dev")
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/target"
        subprocess.run([compiler, "-O2", "-o", program, str(SOURCE)], check=True)
        with socket.create_server(("127.0.0.1", 0)) as bound:
            port: int = bound.getsockname()[1]
        with pinned(core):
            process = subprocess.Popen([program, str(port)], stdin=subprocess.DEVNULL)
        try:
            one = Target(process.pid, f"http://127.0.0.1:{port}")
            wait_for(lambda: _answers(port), within_s=5, what="the target listens")
            yield one
        finally:
            process.kill()
            process.wait(10)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def cpu_s(pid: int) -> float:
    """Return the CPU seconds that *pid* and its living children have used, user and system."""
    total = 0
    for one in _tree(pid):
        try:
            cells = Path(f"/proc/{one}/stat").read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        total += int(cells[11]) + int(cells[12])
    return total / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int) -> float:
    """Return the resident megabytes of *pid* and its living children."""
    pages = 0
    for one in _tree(pid):
        try:
            pages += int(Path(f"/proc/{one}/statm").read_text().split()[1])
        except OSError:
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _tree(int(child))
