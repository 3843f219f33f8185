"""Not run: scenarios of a suite that leave a record although nothing of them happened.

The record is a run directory that holds a manifest alone, so that whoever judges or renders the
suite again counts them too.
"""

from __future__ import annotations

from pathlib import Path
from random import SystemRandom

from hormesis import __version__
from hormesis.compose.judging import judge_directory
from hormesis.engine.clock import LoopClock
from hormesis.record.history_writer import HistoryWriter
from hormesis.record.run_directory import create_run_directory
from hormesis.words.report import Judged
from hormesis.words.trouble import SkipTrouble, Trouble


def record_skipped(
    name: str, file: Path, parent: Path, trouble: SkipTrouble, *, may_skip: bool = False
) -> Judged:
    """Record that the scenario *name* was skipped because of *trouble*, as its suite may allow."""
    told = reason_of(trouble)
    return _record(name, file, parent, title=trouble.title, skipped=told, may_skip=may_skip)


def record_not_begun(name: str, file: Path, parent: Path, why: str, title: str = "") -> Judged:
    """Record that the scenario *name* was never begun, and why."""
    return _record(name, file, parent, title=title, not_begun=why)


def reason_of(trouble: Trouble) -> str:
    """Return what *trouble* says, without the places in files."""
    said = [f"{one.message}; {one.hint}" if one.hint else one.message for one in trouble.problems]
    return "; ".join(said)


def _record(name: str, file: Path, parent: Path, **more: str | bool) -> Judged:
    run_id = f"{SystemRandom().randrange(16**6):06x}"
    wall = LoopClock().wall()
    directory = create_run_directory(parent.resolve(), wall, file.stem, run_id)
    writer = HistoryWriter(directory.path)
    writer.manifest(
        {
            "run": run_id,
            "id": name,
            "started_wall": wall,
            "version": __version__,
            "experiment": file.name,
            **more,
        }
    )
    writer.close()
    return judge_directory(directory.path)
