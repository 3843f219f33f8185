"""``hormesis revert``: the fourth net. Replays the ledgers of runs that died."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from hormesis.cli.console import out
from hormesis.custodian.forgetting import forget
from hormesis.custodian.left_behind import dead_runs, left_behind
from hormesis.custodian.recover import end_lost, replay
from hormesis.custodian.registry import OpenRun
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import DirtyTrouble, Trouble, UsageTrouble


def revert_command(*, dry_run: bool, forgotten: str = "") -> int:
    """Undo what dead runs left; return PASS when nothing is left, else LEFT_DIRTY.

    Raises:
        UsageTrouble: a run is to be given up that is not there, or only for show.
    """
    environment = dict(os.environ)
    if dry_run and forgotten:
        raise UsageTrouble(
            "--dry-run only shows, and --forget gives up for good: they do not go together",
            hint=f"hormesis revert --dry-run, and then hormesis revert --forget {forgotten}",
        )
    if forgotten:
        return _forgotten(forgotten, dead_runs(environment))
    left = left_behind(environment)
    if not left:
        out.print(Text("nothing to revert: no dead run has left anything on this host"))
    if dry_run:
        for one in left:
            out.print(Text(f"{one.told}: {one.run.ledger}"))
        return ExitCode.LEFT_DIRTY if left else ExitCode.PASS
    return ExitCode.PASS if recover_all(out) else ExitCode.LEFT_DIRTY


def recover_all(console: Console) -> bool:
    """Replay every dead run's ledger, telling each step; return whether all is undone."""
    recovered = [_recovered(run, console) for run in dead_runs(dict(os.environ))]
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
    if not steps:
        console.print(Text("  nothing was left of it"))
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
    known = [run for run in runs if run.run_id == run_id]
    if not known:
        dead = ", ".join(run.run_id for run in runs) or "none"
        raise UsageTrouble(f"there is no dead run {run_id!r}; there are: {dead}")
    (run, *_) = known
    if run.lost:
        raise UsageTrouble(
            f"the ledger of run {run_id} was deleted, so nobody knows what there is to give up",
            hint="hormesis revert ends its processes, and forgets it",
        )
    if run.hidden:
        raise DirtyTrouble(
            f"only another user may read what run {run_id} left",
            hint=f"sudo hormesis revert --forget {run_id}",
        )
    given_up = forget(run)
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
