"""``hormesis revert``: the fourth net. Replays the ledgers of runs that died."""

from __future__ import annotations

import os

from rich.text import Text

from hormesis.cli.console import out
from hormesis.custodian.recover import replay
from hormesis.custodian.registry import OpenRun, open_runs, state_folder
from hormesis.words.outcome import ExitCode


def revert_command(*, dry_run: bool) -> int:
    """Undo what dead runs left; return PASS when nothing is left, else LEFT_DIRTY."""
    runs = dead_runs()
    if not runs:
        out.print(Text("nothing to revert: no dead run has left anything on this host"))
        return ExitCode.PASS
    if dry_run:
        for run in runs:
            out.print(Text(f"run {run.run_id}: {len(run.effects)} effects in {run.ledger}"))
        return ExitCode.LEFT_DIRTY
    return ExitCode.PASS if recover_all() else ExitCode.LEFT_DIRTY


def dead_runs() -> list[OpenRun]:
    """Return runs whose custodian is gone while their ledger is open."""
    state = state_folder(dict(os.environ))
    return [run for run in open_runs(state) if not run.alive]


def recover_all() -> bool:
    """Replay every dead run's ledger, telling each step; return whether all is undone."""
    clean = True
    for run in dead_runs():
        out.print(Text(f"run {run.run_id}:"))
        for step in replay(run.ledger):
            clean = clean and not step.trouble
            told = step.trouble or (step.undone.value if step.undone else "open")
            out.print(Text(f"  {step.effect} ({step.verb}): {told}"))
    return clean
