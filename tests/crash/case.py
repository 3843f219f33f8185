"""One case of the crash matrix: a stage on the host, an engine that plays on it, and what is left.

The stage is outside the run: a process that was there before, a proxy, a file. After the crash
and whatever reverts it, the stage must be as it was, and nothing of the run may be left.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hormesis.custodian.failpoint import STEPS, VARIABLE
from hormesis.custodian.recover import replay
from hormesis.custodian.registry import open_runs
from hormesis.host.control import ask
from hormesis.host.process import Identity, ended
from hormesis.host.steps import drive
from hormesis.host.tree import mark_of, processes
from hormesis.record.ledger import read_ledger
from tests.crash.rows import row_of

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(__file__).resolve().parent
_PATIENCE_S = 20.0
_ROUND = ("service", "scratch", "program", "holder", "toxic", "pause", "kill")


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Return once *condition* holds; fail with *what* when it does not in time."""
    until = time.monotonic() + _PATIENCE_S
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < until, f"waited in vain: {what}"
        pause.wait(0.005)


@dataclass
class Stage:
    """What was there before the run: a process that writes down each of its starts."""

    folder: Path
    control: str
    link: str = "link"
    pids: list[int] = field(default_factory=list)

    @property
    def command(self) -> list[str]:
        """The process's command; each start appends its pid to a file."""
        return ["/bin/sh", "-c", f"echo $$ >> {self.folder}/pids; exec sleep 600"]

    def start(self) -> subprocess.Popen[bytes]:
        """Start the process that the run will adopt."""
        process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        wait_for(lambda: bool(self.live()), "the stage's process runs")
        return process

    def live(self) -> list[Identity]:
        """Return which of the process's starts run."""
        try:
            words = (self.folder / "pids").read_text().split()
        except FileNotFoundError:
            return []
        every = [Identity.of(int(word)) for word in words]
        return [who for who in every if who is not None and who.alive]

    def toxics(self) -> str:
        """Return all that the proxy says about its links."""
        return json.dumps(drive(ask(self.control, {"op": "links"})))


@dataclass
class Case:
    """One crash: what is done, at which step, to whom."""

    verb: str
    step: str
    victim: str
    stage: Stage
    lease_s: float = 0.0
    """How long the engine may be silent; 0: what suits the victim."""
    strike_after_s: float = 0.0
    """For the step ``random``: when the victim is struck, counted from the first effect."""

    @property
    def run(self) -> str:
        """The run's id, also its mark; unique on this machine."""
        folder = self.stage.folder
        return f"{folder.parent.parent.name}-{folder.parent.name}-{folder.name}"

    @property
    def ledger(self) -> Path:
        """The run's ledger."""
        return self.stage.folder / "ledger.jsonl"

    @property
    def state(self) -> Path:
        """The folder of open runs."""
        return self.stage.folder / "state"

    def effects(self) -> list[dict[str, Any]]:
        """Return the requests: a service of the run's own, then the effect under test."""
        if self.verb == "*":
            return [_do(f"{verb}-1/0", verb, row_of(verb).args(self)) for verb in _ROUND]
        server = _do("server/0", "service", row_of("service").args(self))
        first = [] if self.verb == "service" else [server]
        return [*first, _do(f"{self.verb}-1/0", self.verb, row_of(self.verb).args(self))]

    def bites(self) -> bool:
        """Whether the effect shows, which proves that its absence later means something."""
        return row_of(self.verb).bites(self)

    def mark_of(self, pid: int) -> str:
        """Return the mark that a process bears."""
        return mark_of(pid)

    def marked(self) -> list[int]:
        """Return the pids that bear the run's mark."""
        return [stat.pid for stat in processes() if mark_of(stat.pid).startswith(f"{self.run}/")]

    def remains(self) -> list[str]:
        """Return what is left of the run, and what of the stage is not as it was."""
        left = [f"process {pid} bears the mark {mark_of(pid)}" for pid in self.marked()]
        live = self.stage.live()
        if len(live) != 1:
            left.append(f"the stage's process runs {len(live)} times")
        for verb in _ROUND if self.verb == "*" else (self.verb,):
            left += row_of(verb).left(self)
        content = read_ledger(self.ledger)
        if content.effects or not content.closed:
            left.append(f"the ledger is open: {list(content.effects)}")
        left += [f"{run.pointer} is there" for run in open_runs(self.state)]
        return left

    def engine(self) -> subprocess.Popen[bytes]:
        """Start the engine, with its failpoint, and hand it the case."""
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{PROGRAMS}"}
        if self.step in STEPS:
            environment[VARIABLE] = f"{self.step}:{self.verb}:{self.victim}"
        live = self.stage.live()[0]
        adopt = {"name": "stage", "pid": live.pid, "run": self.stage.command, "grace_s": 1}
        case = {
            "run": self.run, "ledger": str(self.ledger), "state": str(self.state),
            "lease_s": self.lease_s or self._lease_s,
            "subjects": ["server", "stage", self.stage.link],
            "adopt": [adopt], "effects": self.effects(),
            "rounds": 1000 if self.step == "random" else 1,
        }  # fmt: skip
        engine = subprocess.Popen(
            [sys.executable, "-S", "-m", "crash_programs.engine"], env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert engine.stdin is not None
        engine.stdin.write(json.dumps(case).encode() + b"\n")
        engine.stdin.flush()
        return engine

    @property
    def _lease_s(self) -> float:
        """How long the row's effect may take: this engine is silent until it is done.

        Only an engine that is frozen has to wait until it is over.
        """
        suits = 2.0 if self.victim == "freeze" else 10.0
        effect = 0.0 if self.verb == "*" else getattr(row_of(self.verb), "LEASE_S", 0.0)
        return max(suits, float(effect))

    def play(self) -> list[str]:
        """Play the case to its end and return what it left behind; empty is right."""
        row = row_of("service" if self.verb == "*" else self.verb)
        stage = self.stage.start()
        getattr(row, "prepare", _nothing)(self)
        engine = self.engine()
        try:
            return self._crash(engine)
        finally:
            for process in (engine, stage):
                process.kill()
                process.communicate()
            for who in self.stage.live():
                os.kill(who.pid, signal.SIGKILL)
            getattr(row, "clean", _nothing)(self)

    def _crash(self, engine: subprocess.Popen[bytes]) -> list[str]:
        custodian = Identity.of(self._next(engine)["custodian"])
        assert custodian is not None
        if self.step == "random":
            threading.Event().wait(self.strike_after_s)
            self._strike(engine, custodian)
            held: dict[str, Any] = {}
        else:
            held = self._next_or_frozen(engine)
        if held.get("at") == "held" and self.step == "held":
            assert self.bites(), "the effect does not show while it is held"
            self._strike(engine, custodian)
        elif held.get("at") == "held":
            assert engine.stdin is not None
            engine.stdin.write(b"\n")
            engine.stdin.flush()
        self._aftermath(engine, custodian, held)
        if self.victim == "both":
            replay(self.ledger)
        # The stage's process writes its pid down a moment after it was started again.
        wait_for(lambda: bool(self.stage.live()), "the stage's process runs again")
        left = self.remains()
        if not left:
            left += [f"a second replay did {one}" for one in replay(self.ledger)]
            left += self.remains()
        return left

    def _strike(self, engine: subprocess.Popen[bytes], custodian: Identity) -> None:
        if self.victim in ("engine", "both"):
            engine.kill()
        if self.victim in ("custodian", "both"):
            os.kill(custodian.pid, signal.SIGKILL)
        if self.victim == "freeze":
            engine.send_signal(signal.SIGSTOP)

    def _aftermath(
        self, engine: subprocess.Popen[bytes], custodian: Identity, held: dict[str, Any]
    ) -> None:
        """Wait until whoever survived has put everything back."""
        if self.victim == "custodian":
            last = held if "end" in held else self._last(engine)
            assert last["end"] == "replayed", f"the failpoint was not reached: {last}"
            assert last["status"] == -signal.SIGKILL
            return
        if self.victim == "freeze":
            wait_for(lambda: read_ledger(self.ledger).closed, "the lease reverts everything")
            stat = Identity.of(engine.pid)
            assert stat is not None and (now := stat.stat()) is not None and now.stopped
            engine.kill()
        assert engine.wait(_PATIENCE_S) == -signal.SIGKILL, "the failpoint was not reached"
        assert drive(ended([custodian], time.monotonic() + _PATIENCE_S)), "the custodian stays"

    def _next(self, engine: subprocess.Popen[bytes]) -> dict[str, Any]:
        assert engine.stdout is not None
        line = engine.stdout.readline()
        said: dict[str, Any] = json.loads(line) if line else {"end": "silence"}
        assert said.get("at") != "refused", f"refused: {said}"
        return said

    def _next_or_frozen(self, engine: subprocess.Popen[bytes]) -> dict[str, Any]:
        """Return the next line, or nothing once the engine is frozen and so says none."""
        assert engine.stdout is not None
        who = Identity.of(engine.pid)
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            if select.select([engine.stdout], [], [], 0.02)[0]:
                return self._next(engine)
            stat = who.stat() if who is not None else None
            if stat is not None and stat.stopped:
                return {"at": "frozen"}
        raise AssertionError("the engine says nothing")

    def _last(self, engine: subprocess.Popen[bytes]) -> dict[str, Any]:
        while "end" not in (said := self._next(engine)):
            pass
        return said


def _nothing(case: Case) -> None:
    """Rows whose stage needs nothing more have no such function."""


def _do(effect: str, verb: str, args: dict[str, Any]) -> dict[str, Any]:
    return {"effect": effect, "verb": verb, "args": args, "hold_s": None}
