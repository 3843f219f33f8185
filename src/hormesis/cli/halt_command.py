"""``hormesis halt``: stops every run on this host, and has everything put back."""

from __future__ import annotations

import os
from pathlib import Path

from rich.text import Text

from hormesis.cli.console import out
from hormesis.custodian.halting import halt
from hormesis.custodian.registry import HOMES, OpenRun, open_runs, state_folders, users_folders
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import Trouble


def halt_command(*, patience_s: float) -> int:
    """Halt every run that is open; return PASS when nothing is left of any, else LEFT_DIRTY."""
    own = state_folders(dict(os.environ))
    others = _others(own)
    runs: list[tuple[OpenRun, int | None]] = [(run, None) for one in own for run in open_runs(one)]
    runs += [(run, one.stat().st_uid) for one in others for run in open_runs(one)]
    if not runs:
        where = ", ".join(str(one) for one in (*own, *others))
        out.print(Text(f"nothing to halt: no open run is known in {where}"))
        if os.geteuid() == 0:
            out.print(Text(f"not looked into: state folders of users outside of {HOMES}"))
        else:
            out.print(Text("not looked into: the state folders of other users"))
        return ExitCode.PASS
    # A frozen run must not keep the others from being halted, so each is told for itself.
    halted = [_halted(run, patience_s, owner) for run, owner in runs]
    return ExitCode.PASS if all(halted) else ExitCode.LEFT_DIRTY


def _others(own: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return the folders of users whose runs root may end; one that is set is the only one."""
    if os.geteuid() != 0 or os.environ.get("HORMESIS_STATE"):
        return ()
    return tuple(one for one in users_folders() if one not in own)


def _halted(run: OpenRun, patience_s: float, owner: int | None) -> bool:
    out.print(Text(f"run {run.run_id}:"))
    try:
        halt(
            run, patience_s=patience_s, owner=owner,
            say=lambda text: out.print(Text(f"  {text}")),
        )  # fmt: skip
    except PermissionError:
        out.print(Text("  it belongs to another user"))
        return False
    except (Trouble, OSError) as error:
        out.print(Text(f"  {error}"))
        return False
    out.print(Text("  it has ended, and everything is put back"))
    return True
