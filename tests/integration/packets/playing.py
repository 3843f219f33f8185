"""Play the parts of the custodian and of the clients: a station, and holders that hurt it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import hormesis

SOURCE = str(Path(hormesis.__file__).resolve().parents[1])
PROGRAM = str(Path(__file__).with_name("station.py"))
HOLDER = "hormesis.host.holders.packets"
PORT, OTHER = 7001, 7002
_NUMBERS = count(1)
HERE = {"host": "127.0.0.1", "port": PORT}


@dataclass
class Station:
    """A running station, see ``station.py``."""

    process: subprocess.Popen[bytes]

    @classmethod
    @contextmanager
    def started(cls, beside: Station | None = None) -> Iterator[Station]:
        """Start one in a network namespace of its own, with the users of *beside* if given."""
        command = ["unshare", "--user", "--map-root-user", "--net", sys.executable, PROGRAM]
        if beside is not None:
            user = ["nsenter", "-t", str(beside.pid), "-U", "--preserve-credentials"]
            command = [*user, "unshare", "--net", sys.executable, PROGRAM]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline() or b"{}").get("ready")
            try:
                yield cls(process)
            finally:
                process.kill()

    @property
    def pid(self) -> int:
        return self.process.pid

    def ask(self, do: str, **how: Any) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": do, **how}).encode() + b"\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def within(self) -> list[str]:
        """Return the command that runs another one inside; no privilege is needed."""
        return ["nsenter", "-t", str(self.pid), "-U", "-n", "--preserve-credentials"]

    def run(self, *command: str) -> None:
        """Run a command inside."""
        subprocess.run([*self.within(), *command], check=True)

    def queues(self) -> str:
        """Return the packet queues that the kernel has there."""
        show = [*self.within(), "cat", "/proc/net/netfilter/nfnetlink_queue"]
        return subprocess.run(show, capture_output=True, text=True, check=True).stdout


class Holder:
    """The holder ``packets``, run inside a station's namespace, or from outside of it."""

    def __init__(self, station: Station, inside: bool = True, **config: Any) -> None:
        config = {"pids": [station.pid], "ports": [PORT], "hold_s": 30.0, "seed": 7, **config}
        self.process = subprocess.Popen(
            [*(station.within() if inside else []), sys.executable, "-m", HOLDER],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": SOURCE, "HORMESIS_MARK": f"test/{next(_NUMBERS)}"},
        )  # fmt: skip
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(config).encode() + b"\n")
        self.process.stdin.flush()
        self.first = self.report()

    def report(self) -> dict[str, Any]:
        """Wait for the next report."""
        assert self.process.stdout is not None
        said: dict[str, Any] = json.loads(self.process.stdout.readline() or b"{}")
        return said

    def figures(self) -> dict[str, Any]:
        """Return the figures of now: the next report but one was begun after this call."""
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        while self.process.stdout.read():
            continue
        os.set_blocking(self.process.stdout.fileno(), True)
        self.process.stdout.readline()
        return self.report()

    def end(self) -> int:
        """Close the lifeline and return the exit status."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        status = self.process.wait(5)
        self.process.stdout.close()
        return status

    def kill(self) -> None:
        """Kill it, and close what led to it."""
        self.process.kill()
        self.process.wait(5)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()


@contextmanager
def joined() -> Iterator[tuple[Station, Station]]:
    """Start two stations with a wire between them, 10.99.0.1 and 10.99.0.2, fd00::1 and ::2."""
    with Station.started() as one, Station.started(beside=one) as other:
        peer = ["peer", "name", "wire", "netns", str(other.pid)]
        one.run("ip", "link", "add", "wire", "type", "veth", *peer)
        for number, station in enumerate((one, other), 1):
            station.run("ip", "addr", "add", f"10.99.0.{number}/24", "dev", "wire")
            station.run("ip", "addr", "add", f"fd00::{number}/64", "dev", "wire", "nodad")
            station.run("ip", "link", "set", "wire", "up")
        # The first ones wait until both ends know each other's link addresses.
        for host in ("10.99.0.2", "fd00::2"):
            one.ask("connects", host=host, port=PORT, times=2, timeout_s=5.0)
        yield one, other


@contextmanager
def hurting(station: Station, **config: Any) -> Iterator[Holder]:
    """Hold a packet fault meanwhile."""
    holder = Holder(station, **config)
    try:
        assert holder.first.get("ready"), holder.first
        yield holder
    finally:
        holder.kill()
