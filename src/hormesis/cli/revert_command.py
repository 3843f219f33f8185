"""``hormesis revert``: the fourth net. Replays the ledgers of runs that died."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from hormesis.cli.console import out
from hormesis.custodian.forgetting import forget
from hormesis.custodian.recover import end_lost, replay
from hormesis.custodian.registry import OpenRun, open_runs, state_folders
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import Trouble, UsageTrouble


def revert_command(*, dry_run: bool, forgotten: str = "") -> int:
    """Undo what dead runs left; return PASS when nothing is left, else LEFT_DIRTY."""
    runs = dead_runs()
    if forgotten:
        return _forgotten(forgotten, runs)
    if not runs:
        out.print(Text("nothing to revert: no dead run has left anything on this host"))
        return ExitCode.PASS
    if dry_run:
        for run in runs:
            out.print(Text(f"run {run.run_id}: {len(run.effects)} effects in {run.ledger}"))
        return ExitCode.LEFT_DIRTY
    return ExitCode.PASS if recover_all(out) else ExitCode.LEFT_DIRTY


def dead_runs() -> list[OpenRun]:
    """Return runs whose custodian is gone while their ledger is open."""
    states = state_folders(dict(os.environ))
    return [run for state in states for run in open_runs(state) if not run.alive]


def recover_all(console: Console) -> bool:
    """Replay every dead run's ledger, telling each step; return whether all is undone."""
    recovered = [_recovered(run, console) for run in dead_runs()]
    return all(recovered)


def _recovered(run: OpenRun, console: Console) -> bool:
    """Replay one run's ledger; what goes wrong is told, and never stops the other runs."""
    console.print(Text(f"run {run.run_id}:"))
    if run.lost:
        return _ended_lost(run, console)
    try:
        steps = replay(run.ledger)
    except PermissionError:
        console.print(Text("  its custodian had other rights: sudo hormesis revert"))
        return False
    except (Trouble, OSError) as error:
        console.print(Text(f"  {error}"))
        return False
    for step in steps:
        told = step.trouble or (step.undone.value if step.undone else "open")
        console.print(Text(f"  {step.effect} ({step.verb}): {told}"))
    if not any(step.trouble for step in steps):
        return True
    told = f"if that can never be undone: hormesis revert --forget {run.run_id}"
    console.print(Text(f"  {told}"))
    return False


def _forgotten(run_id: str, runs: Sequence[OpenRun]) -> int:
    """Give one dead run up, naming what of it can never be undone."""
    known = [run for run in runs if run.run_id == run_id and not run.lost]
    if not known:
        dead = ", ".join(run.run_id for run in runs) or "none"
        raise UsageTrouble(f"there is no dead run {run_id!r}; there are: {dead}")
    given_up = forget(known[0])
    for text in given_up:
        out.print(Text(f"given up: {text}"))
    out.print(Text(f"run {run_id} is forgotten"))
    return ExitCode.LEFT_DIRTY if given_up else ExitCode.PASS


def _ended_lost(run: OpenRun, console: Console) -> bool:
    """End what bears the run's mark; the rest only its ledger knew, so that is never clean."""
    try:
        ended = end_lost(run)
    except OSError as error:
        console.print(Text(f"  its ledger {run.ledger} was deleted, and {error}"))
        return False
    told = f"its ledger {run.ledger} was deleted; {ended.killed} of its processes were ended"
    for text in ended.left:
        console.print(Text(f"  left: {text}"))
    console.print(Text(f"  {told}; what else it left only the ledger knew, look yourself"))
    return False
