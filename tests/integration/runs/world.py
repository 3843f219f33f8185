"""A folder in which real `hormesis` commands run, and what they may leave behind on the host."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hormesis.custodian.registry import open_runs
from hormesis.host.process import Identity
from hormesis.host.tree import mark_of, processes
from hormesis.record.ledger import open_effects, read_ledger

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[3]
SOURCES = f"{ROOT / 'src'}:{ROOT / 'apps/proving_ground/src'}"
_PATIENCE_S = 30.0
_BOOT = "from hormesis.cli.main import main; main()"


def wait_for(condition: Callable[[], T], what: str, within_s: float = _PATIENCE_S) -> T:
    """Return the condition's first true value; fail with *what* when it does not come in time."""
    until = time.monotonic() + within_s
    pause = threading.Event()
    while not (value := condition()):
        assert time.monotonic() < until, f"waited in vain: {what}"
        pause.wait(0.01)
    return value


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Return whether somebody takes connections on *port*."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
        return True
    return False


@dataclass(frozen=True)
class Answer:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What standard output holds, which must be JSON and nothing else."""
        return json.loads(self.out)


class Command:
    """One `hormesis` command at work."""

    def __init__(self, world: World, arguments: tuple[str, ...]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _BOOT, *arguments],
            cwd=world.folder,
            env=world.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def send(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """Kill it at once, and wait for its end."""
        self.process.kill()
        if self.process.stdout is not None and not self.process.stdout.closed:
            self.process.communicate()

    def answer(self, within_s: float = _PATIENCE_S) -> Answer:
        """Wait for its end."""
        try:
            out, err = self.process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        assert "Traceback" not in err, err
        return Answer(self.process.returncode, out, err)


class World:
    """A folder with its own state of open runs."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.state = folder / "state"
        self.environment = {
            **os.environ, "HORMESIS_STATE": str(self.state), "PYTHONPATH": SOURCES,
        }  # fmt: skip
        self._started: list[Command] = []

    def write(self, name: str, content: Any) -> Path:
        """Write a file, as JSON when it is not text."""
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def start(self, *arguments: str) -> Command:
        """Start a command."""
        command = Command(self, arguments)
        self._started.append(command)
        return command

    def hormesis(self, *arguments: str) -> Answer:
        """Run a command to its end."""
        return self.start(*arguments).answer()

    def close(self) -> None:
        """End whatever a failed test has left, by what it is known to have started."""
        for command in self._started:
            command.kill()
        for run in open_runs(self.state):
            if run.custodian is not None and run.custodian.alive:
                with suppress(ProcessLookupError):
                    os.kill(run.custodian.pid, signal.SIGKILL)
        if open_runs(self.state):
            self.hormesis("revert")

    def run(self) -> Run:
        """Return the newest run of this folder."""
        return Run(self, (self.folder / "hormesis-runs" / "latest").resolve())

    def active(self, effect: str) -> Run:
        """Wait until *effect* is applied in a run of this folder, and return that run."""

        def applied() -> Run | None:
            for open_run in open_runs(self.state):
                run = Run(self, open_run.ledger.parent)
                if any(one.effect == effect and one.applied for one in run.effects()):
                    return run
            return None

        return wait_for(applied, f"{effect} is applied")  # type: ignore[return-value]


class Run:
    """One run, seen from outside."""

    def __init__(self, world: World, directory: Path) -> None:
        self.world = world
        self.directory = directory

    @property
    def ledger(self) -> Path:
        return self.directory / "ledger.jsonl"

    @property
    def manifest(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads((self.directory / "manifest.json").read_text())
        return data

    def effects(self) -> list[Any]:
        """Return the effects that are open."""
        try:
            return open_effects(self.ledger)
        except FileNotFoundError:
            return []

    @property
    def custodian(self) -> Identity:
        """The run's custodian, while the run is open."""
        (known,) = [one for one in open_runs(self.world.state) if one.ledger == self.ledger]
        assert known.custodian is not None
        return known.custodian

    def remains(self) -> list[str]:
        """Return what of the run is still on this host; empty is right."""
        run_id = self.manifest["run"]
        left = [
            f"process {stat.pid} bears the mark {mark_of(stat.pid)}"
            for stat in processes()
            if mark_of(stat.pid).startswith(f"{run_id}/")
        ]
        for link in self.manifest["links"]:
            if listens(int(link["listen"].rpartition(":")[2])):
                left.append(f"the proxy listens on {link['listen']}")
        scratch = Path(tempfile.gettempdir()) / f"hormesis-{run_id}"
        if scratch.exists():
            left.append(f"{scratch} is there")
        content = read_ledger(self.ledger)
        if content.effects or not content.closed:
            left.append(f"the ledger is open: {list(content.effects)}")
        left += [f"{one.pointer} is there" for one in open_runs(self.world.state)]
        return left

    def clean(self) -> None:
        """Wait until nothing is left of it; fail with what is."""
        try:
            wait_for(lambda: not self.remains(), "nothing is left", within_s=15.0)
        except AssertionError:
            raise AssertionError("left behind: " + "; ".join(self.remains())) from None


def is_stopped(pid: int) -> bool:
    """Return whether a process is frozen."""
    who = Identity.of(pid)
    stat = who.stat() if who is not None else None
    return stat is not None and stat.stopped
