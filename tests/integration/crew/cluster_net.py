"""A small network of machines on this one: a hub and nodes, each in a network namespace.

Everything is held by processes that the kernel kills when their starter dies; with them go the
namespaces, the bridge and the wires. The machine's own network is not touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import psutil

import hormesis
from tests.proving_ground.wait import wait_for

NEEDED = ("unshare", "nsenter", "setpriv", "ip")
HUB = "10.77.0.1"
_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(hormesis.__file__).parents[1])}
_ENDS_WITH_US = ["setpriv", "--pdeathsig", "KILL"]


def lacking() -> str:
    """Return what this machine lacks for it, or nothing."""
    if os.geteuid() != 0:
        return "needs root, for network namespaces"
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        return f"needs {', '.join(missing)}"
    # Root in a container may have neither the right nor the kernel for it.
    tried = subprocess.run(
        ["unshare", "--net", "--time", "true"], capture_output=True, text=True, check=False
    )
    return f"needs network and time namespaces: {tried.stderr.strip()}" if tried.returncode else ""


class Net:
    """The hub has a bridge with the address ``HUB``; node *n* is ``10.77.0.n``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._hub = 0
        self._nodes: dict[str, int] = {}

    def __enter__(self) -> Net:
        self._hub = self._machine([])
        self._on(self._hub, "ip", "link", "set", "lo", "up")
        self._on(self._hub, "ip", "link", "add", "bridge0", "type", "bridge")
        self._on(self._hub, "ip", "addr", "add", f"{HUB}/24", "dev", "bridge0")
        self._on(self._hub, "ip", "link", "set", "bridge0", "up")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def node(self, number: int, ahead_s: int = 0) -> str:
        """Add a machine whose monotonic clock is *ahead_s* ahead; return its address."""
        ahead = str(ahead_s)
        clock = ["--time", "--monotonic", ahead, "--boottime", ahead] if ahead_s else []
        pid = self._machine(clock)
        address, wire = f"10.77.0.{number}", f"wire{number}"
        self._on(
            self._hub, "ip", "link", "add", wire, "type", "veth",
            "peer", "name", "wire", "netns", str(pid),
        )  # fmt: skip
        self._on(self._hub, "ip", "link", "set", wire, "master", "bridge0", "up")
        self._on(pid, "ip", "link", "set", "lo", "up")
        self._on(pid, "ip", "addr", "add", f"{address}/24", "dev", "wire")
        self._on(pid, "ip", "link", "set", "wire", "up")
        self._nodes[address] = pid
        return address

    def start(self, address: str, log: str, command: Sequence[str]) -> psutil.Process:
        """Start *command* on the machine with *address*; its output goes to the file *log*."""
        pid = self._hub if address == HUB else self._nodes[address]
        with open(self._folder / log, "wb") as output:
            process = subprocess.Popen(
                [*_ENDS_WITH_US, *self._inside(pid), *command],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                cwd=self._folder, env=_ENVIRONMENT,
            )  # fmt: skip
        self._stack.callback(self._end, process)
        return psutil.Process(process.pid)

    def output(self, address: str, command: Sequence[str]) -> str:
        """Return what *command* prints on the machine with *address*."""
        pid = self._hub if address == HUB else self._nodes[address]
        return self._on(pid, *command)

    def cut(self, address: str) -> None:
        """Pull the wire of the machine with *address*."""
        wire = f"wire{address.rpartition('.')[2]}"
        self._on(self._hub, "ip", "link", "set", wire, "down")

    def _machine(self, clock: list[str]) -> int:
        """Start what holds the namespaces of a machine; return a process that is in them."""
        holder = subprocess.Popen(
            [*_ENDS_WITH_US, "unshare", "--net", *clock, "--fork", "--kill-child", "cat"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self._stack.callback(self._end, holder)

        def inside() -> int:
            children = psutil.Process(holder.pid).children()
            return next((one.pid for one in children if one.name() == "cat"), 0)

        return wait_for(inside, within_s=5.0, what="the machine's namespaces")

    @staticmethod
    def _inside(pid: int) -> list[str]:
        return ["nsenter", "--target", str(pid), "--net", "--time"]

    def _on(self, pid: int, *command: str) -> str:
        return subprocess.run(
            [*self._inside(pid), *command], check=True, capture_output=True, text=True, timeout=30
        ).stdout

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()
