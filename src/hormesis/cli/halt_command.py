"""``hormesis halt``: stops every run on this host, and has everything put back."""

from __future__ import annotations

import os

from rich.text import Text

from hormesis.cli.console import out
from hormesis.custodian.halting import halt
from hormesis.custodian.registry import OpenRun, open_runs, state_folders
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import Trouble


def halt_command(*, patience_s: float) -> int:
    """Halt every run that is open; return PASS when nothing is left of any, else LEFT_DIRTY."""
    states = state_folders(dict(os.environ))
    runs = [run for state in states for run in open_runs(state)]
    if not runs:
        out.print(Text("nothing to halt: no run is under way on this host"))
        return ExitCode.PASS
    # A frozen run must not keep the others from being halted, so each is told for itself.
    halted = [_halted(run, patience_s) for run in runs]
    return ExitCode.PASS if all(halted) else ExitCode.LEFT_DIRTY


def _halted(run: OpenRun, patience_s: float) -> bool:
    out.print(Text(f"run {run.run_id}:"))
    try:
        halt(run, patience_s=patience_s, say=lambda text: out.print(Text(f"  {text}")))
    except PermissionError:
        out.print(Text("  it belongs to another user"))
        return False
    except (Trouble, OSError) as error:
        out.print(Text(f"  {error}"))
        return False
    out.print(Text("  it has ended, and everything is put back"))
    return True
