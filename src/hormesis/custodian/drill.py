"""Drill: runs an experiment and kills its engine, its custodian, or both, while a fault bites.

It proves on the user's own system what the toolkit promises: whatever dies, everything goes back.
Each round is a run of its own, in a folder and with a state of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from hormesis.custodian.registry import OpenRun, open_runs
from hormesis.host.fingerprint import Fingerprint, fingerprint
from hormesis.host.leftovers import leftovers
from hormesis.host.listeners import listener_of
from hormesis.host.own_code import own_command
from hormesis.host.process import ended, send
from hormesis.host.steps import Steps, Wait, drive
from hormesis.record.ledger import read_ledger

VICTIMS = ("engine", "custodian", "both")
_LOOK_S = 0.005
_SETTLE_S = 20.0
_BITE_S = 60.0
_SLOWER = 2.0
"""How many times as long as the clean round a fault is waited for; the machine may be busier."""
_DRAWS = 20
"""How often a moment is drawn again at which there was nothing to kill."""


@dataclass(slots=True)
class Round:
    """One run of the drill; times in seconds. ``left`` and ``trouble`` are empty when all is well.

    ``faults`` are the fault records of the run as far as it came. ``before`` is how the attached
    processes and the host stood.
    """

    victim: str
    folder: Path
    run_id: str = ""
    struck: list[str] = field(default_factory=list)
    undone_s: float | None = None
    left: list[str] = field(default_factory=list)
    trouble: str = ""
    skipped: str = ""
    missed: bool = False
    faults: list[dict[str, Any]] = field(default_factory=list)
    before: Fingerprint = field(default_factory=Fingerprint)

    @property
    def held(self) -> bool:
        """Whether the round kept the promise."""
        return not (self.left or self.trouble or self.skipped)


@dataclass(frozen=True, slots=True)
class Attached:
    """A process that was there before the run: its ``pid``, or the ``port`` it listens on."""

    pid: int = 0
    port: int = 0

    @property
    def now(self) -> int:
        """Its present pid; 0 when it is away."""
        return self.pid or listener_of(self.port) or 0


def drill(
    file: Path, options: Sequence[str], *, kills: int, rng: Random,
    tell: Callable[[Round], None], attached: Sequence[Attached] = (),
) -> list[Round]:
    """Play a clean round, one for each victim, and *kills* more at drawn moments.

    *options* are passed on to ``hormesis run``. A clean round that does not pass ends the drill:
    what kills would show then would prove nothing. A drawn moment at which nothing of the run was
    open any more is drawn again, a few times. The *attached* processes and the host are compared
    with how they stood before each round.
    """
    rounds: list[Round] = []
    plan: list[tuple[str, float | None]] = [("", None), *((victim, None) for victim in VICTIMS)]
    plan += [(rng.choice(VICTIMS), rng.random()) for _ in range(kills)]
    lasted_s = 0.0
    for victim, moment in plan:
        began = time.monotonic()
        one = _round(victim, file, options, attached, lasted_s, moment)
        lasted_s = time.monotonic() - began if not victim else lasted_s
        for _ in range(_DRAWS):
            if not one.missed or not one.held:
                break
            shutil.rmtree(one.folder, ignore_errors=True)
            one = _round(victim, file, options, attached, lasted_s, rng.random())
        if one.missed and one.held:
            one.trouble = f"none of {1 + _DRAWS} drawn kills met the run before it was over"
        rounds.append(one)
        tell(one)
        if not victim and not one.held:
            break
    return rounds


def _round(
    victim: str, file: Path, options: Sequence[str], attached: Sequence[Attached],
    lasted_s: float, moment: float | None,
) -> Round:
    """Play one round; *moment* is the share of *lasted_s*, the clean round, after which to kill."""
    one = Round(victim, Path(tempfile.mkdtemp(prefix="hormesis-drill-")))
    one.before = fingerprint(pid for each in attached if (pid := each.now))
    _play(one, file, options, lasted_s, moment)
    return one


def _play(
    one: Round, file: Path, options: Sequence[str], lasted_s: float, moment: float | None
) -> None:
    state = one.folder / "state"
    environment = {**os.environ, "HORMESIS_STATE": str(state)}
    command = own_command(
        "run", str(file.resolve()), "--out", str(one.folder), "--yes", "--json", *options
    )
    with open(one.folder / "drill.log", "wb") as log:
        engine = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        if not one.victim:
            _see_through(one, engine)
        elif (run := _struck(one, engine, state, lasted_s, moment)) is not None:
            _see_reverted(one, engine, run, environment)
    finally:
        if engine.poll() is None:
            engine.kill()
        engine.wait()
    one.faults = list(_faults(one.folder))
    _until(lambda: not (_left(one, state) or _changed(one)), _SETTLE_S)
    one.left = _left(one, state) + _changed(one)


def _left(one: Round, state: Path) -> list[str]:
    known = [f"{run.pointer} is there" for run in open_runs(state)]
    return known + (leftovers(one.run_id) if one.run_id else [])


def _changed(one: Round) -> list[str]:
    return one.before.changes(fingerprint(who.pid for who in one.before.members))


def _see_through(one: Round, engine: subprocess.Popen[bytes]) -> None:
    status = engine.wait()
    one.run_id = _run_id(one.folder)
    told = _told(one.folder)
    if status == 69:
        one.skipped = told
    elif status != 0:
        one.trouble = f"the run ended with exit code {status}: {told}"


def _struck(
    one: Round, engine: subprocess.Popen[bytes], state: Path, lasted_s: float,
    moment: float | None,
) -> OpenRun | None:
    """Strike the victim once a fault bites, or at a moment of the run; return the run."""
    patience_s = _BITE_S + _SLOWER * lasted_s if moment is None else moment * lasted_s
    bites = False

    def is_time() -> bool:
        nonlocal bites
        bites = moment is None and _bites(one.folder)
        return bites or engine.poll() is not None

    in_time = _until(is_time, patience_s)
    known = open_runs(state)
    if known:
        one.run_id = known[0].run_id
    if moment is None and not (bites and known):
        # To kill while no fault bites would prove nothing, and look as if it did.
        late = f"no fault bit within {patience_s:.0f} s"
        one.trouble = "the run was over before a fault bit" if in_time else late
        return None
    if not known:
        one.missed = True
        return None
    run = known[0]
    one.struck = [effect.effect for effect in run.effects]
    if one.victim in ("custodian", "both") and run.custodian is not None:
        # Held first, so that it cannot revert in the instant between the two deaths.
        send(run.custodian, signal.SIGSTOP)
    if one.victim in ("engine", "both"):
        engine.kill()
    if one.victim in ("custodian", "both") and run.custodian is not None:
        send(run.custodian, signal.SIGKILL)
    return run


def _see_reverted(
    one: Round, engine: subprocess.Popen[bytes], run: OpenRun, environment: Mapping[str, str]
) -> None:
    struck = time.monotonic()
    if one.victim == "both":
        if run.custodian is not None:
            drive(ended([run.custodian], struck + _SETTLE_S))
        struck = time.monotonic()
        done = subprocess.run(
            own_command("revert"), env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            one.trouble = f"revert ended with {done.returncode}: {done.stdout}{done.stderr}".strip()
    if not _until(lambda: _is_closed(run.ledger), _SETTLE_S):
        one.trouble = one.trouble or "the ledger was not closed"
        return
    one.undone_s = time.monotonic() - struck
    if one.victim == "custodian":
        engine.wait()


def _is_closed(ledger: Path) -> bool:
    try:
        content = read_ledger(ledger)
    except OSError:
        return False
    return content.closed or not content.header


def _until(condition: Callable[[], bool], within_s: float) -> bool:
    """Wait until *condition* holds, at most *within_s* seconds; return whether it does."""

    def steps() -> Steps[bool]:
        until = time.monotonic() + within_s
        while not condition():
            if time.monotonic() >= until:
                return False
            yield Wait(time.monotonic() + _LOOK_S)
        return True

    return drive(steps())


def _bites(folder: Path) -> bool:
    return any(record.get("bitten") is not None for record in _faults(folder))


def _faults(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the latest record of each fault in a run's history, as far as it is written."""
    latest: dict[str, dict[str, Any]] = {}
    for path in folder.glob("*/history.jsonl"):
        if path.parent.is_symlink():
            continue
        for line in path.read_text(errors="replace").splitlines():
            try:
                record = json.loads(line).get("fault")
            except ValueError:
                continue
            if record:
                latest[record["id"]] = record
    yield from latest.values()


def _told(folder: Path) -> str:
    """Return the verdict's reason, or what the command said when there is no verdict."""
    for path in folder.glob("*/verdict.json"):
        return str(json.loads(path.read_text()).get("reason", ""))
    return " ".join((folder / "drill.log").read_text(errors="replace").split())[-400:]


def _run_id(folder: Path) -> str:
    for path in folder.glob("*/manifest.json"):
        return str(json.loads(path.read_text()).get("run", ""))
    return ""
