"""A suite that is interrupted at any moment leaves nothing on the host and tells what was done.

The moment and the scenarios are drawn from a seed, so that a failure can be played again:
``HORMESIS_PROVE_SEED``. Every process of a run is known by a word in its environment.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest

from hormesis.custodian.registry import open_runs
from hormesis.host.process import read_proc
from hormesis.host.tree import processes
from tests.integration.runs.world import wait_for
from tests.quality.canary_map import read_map, scenario_names
from tests.quality.suite_runs import command_of

pytestmark = [pytest.mark.prove, pytest.mark.timeout(600)]

SEED = int(os.environ.get("HORMESIS_PROVE_SEED", "7"))
ROUNDS = int(os.environ.get("HORMESIS_PROVE_INTERRUPTIONS", "3"))
"""How often each suite is interrupted by each signal."""
SUITES = ("jobs", "services", "leader", "tasks")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
FIRST_S, LAST_S = 0.3, 45.0
"""The signal comes within this time, evenly drawn on a logarithmic scale: starts are short."""
WORD = "HORMESIS_PROOF"
ENDED_WITHIN_S = 90.0


def interruptions() -> Iterator[object]:
    """Yield suite, signal, moment and scenarios of each interruption."""
    for suite in SUITES:
        for number in SIGNALS:
            for turn in range(ROUNDS):
                rng = Random(f"{SEED}/{suite}/{number}/{turn}")
                moment = FIRST_S * (LAST_S / FIRST_S) ** rng.random()
                names = rng.sample(scenario_names(suite), 2)
                label = f"{suite}-{number.name}-{moment:.1f}s-{'-'.join(names)}"
                yield pytest.param(suite, number, moment, names, id=label)


def left_of(word: str) -> list[str]:
    """Return the processes that still live of the run known by *word*."""
    mark = f"{WORD}={word}".encode()
    return [
        f"{one.pid} {read_proc(one.pid, 'cmdline').replace(bytes(1), b' ')[:120]!r}"
        for one in processes()
        if mark in read_proc(one.pid, "environ").split(b"\0")
    ]


def mounted_below(folder: Path) -> list[str]:
    """Return what is mounted below *folder*."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    return [line for line in lines if str(folder) in line]


@pytest.mark.parametrize(("suite", "number", "moment", "names"), list(interruptions()))
def test_an_interrupted_suite_leaves_nothing(
    suite: str, number: signal.Signals, moment: float, names: list[str], tmp_path: Path
) -> None:
    word, state, out = uuid4().hex, tmp_path / "state", tmp_path / "out"
    out.mkdir()
    chosen = [part for name in names for part in ("--scenario", name)]
    environment = {**os.environ, WORD: word, "HORMESIS_STATE": str(state)}
    with (tmp_path / "told.txt").open("w+") as told:
        running = subprocess.Popen(
            command_of(out, [*chosen, *read_map(suite).clean], suite),
            cwd=out,
            env=environment,
            stdout=told,
            stderr=told,
        )
        try:
            running.wait(moment)
        except subprocess.TimeoutExpired:
            running.send_signal(number)
        code = running.wait(ENDED_WITHIN_S)
        told.seek(0)
        printed = told.read()
    wait_for(lambda: not left_of(word), f"no process left: {left_of(word)}", ENDED_WITHIN_S)
    assert mounted_below(tmp_path) == []
    assert "Traceback" not in printed
    # After SIGKILL the custodian has reverted everything by itself; nothing waits for a replay.
    assert [one for one in open_runs(state) if one.effects or one.lost] == [], printed
    if number is signal.SIGKILL:
        assert code in (-signal.SIGKILL, 0), printed
    elif code == -number:
        # It came before the command was loaded, so that Python itself ended.
        assert not list(out.iterdir()), printed
    else:
        assert code in (130, 128 + number, 0), printed
        tells_what_was_done(out, code, printed, environment)


def tells_what_was_done(
    out: Path, code: int, printed: str, environment: dict[str, str]
) -> None:
    """Check that what had begun is judged and reported, and that it can be judged again."""
    begun = sorted(out.rglob("manifest.json"))
    if not begun:
        return
    folder = next(iter(out.iterdir()))
    assert list(folder.glob("report.html")), f"exit {code}: no report in {folder}\n{printed}"
    again = subprocess.run(
        [command_of(out, [])[0], "check", str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=ENDED_WITHIN_S,
        check=False,
    )
    assert again.returncode in (0, 1, 2, 130), again.stderr
    assert "Traceback" not in again.stderr
