"""Run directory: where the files of one run lie, and how the directory is called.

``<parent>/<YYYYmmdd-HHMMSS>-<slug>-<id>``, the time in UTC so that names sort by age wherever
they were made.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hormesis.words.trouble import InputTrouble, Place, Problem, UsageTrouble

LATEST = "latest"
"""The link in the parent directory that points to the newest run."""

SUITE = ".suite"
"""The file that marks a directory as holding the runs of one suite, and says which: JSON."""

_SLUG_LENGTH_MAX = 40
_SHARD = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """The layout of one run's directory; making this value touches no disk."""

    path: Path

    @property
    def manifest(self) -> Path:
        """What was known before the run began."""
        return self.path / "manifest.json"

    @property
    def history(self) -> Path:
        """Events other than operations, one JSON object per line."""
        return self.path / "history.jsonl"

    def ops(self, shard: int) -> Path:
        """Operations that the process *shard* recorded; see :mod:`hormesis.record.op_record`."""
        return self.path / (f"ops.{shard}.bin" if shard else "ops.bin")

    def shards(self) -> list[int]:
        """Return the processes that recorded operations, in order."""
        names = (path.name.split(".") for path in self.path.glob("ops.*.bin"))
        return [0, *sorted(int(name[1]) for name in names if _SHARD.fullmatch(name[1]))]

    @property
    def labels(self) -> Path:
        """What operations have in common, one JSON array per line."""
        return self.path / "labels.jsonl"

    @property
    def values(self) -> Path:
        """What operations were about, one JSON array per line."""
        return self.path / "values.jsonl"

    @property
    def metrics(self) -> Path:
        """Slices of metrics, one JSON array per line."""
        return self.path / "metrics.jsonl"

    @property
    def ledger(self) -> Path:
        """The custodian's undo ledger."""
        return self.path / "ledger.jsonl"

    @property
    def verdict(self) -> Path:
        """The verdict as it was judged last."""
        return self.path / "verdict.json"

    @property
    def plan(self) -> Path:
        """The dry run's text."""
        return self.path / "plan.txt"

    @property
    def experiment(self) -> Path:
        """A copy of the experiment file."""
        return self.path / "experiment.yaml"

    @property
    def logs(self) -> Path:
        """The output of the services that were started."""
        return self.path / "logs"

    def report(self, file_name: str) -> Path:
        """Return where the report called *file_name* lies."""
        return self.path / file_name


def slug_of(title: str) -> str:
    """Return *title* as a short part of a file name: ASCII letters, digits and dashes."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return slug[:_SLUG_LENGTH_MAX].strip("-") or "run"


def name_of(wall: float, title: str, run_id: str) -> str:
    """Return a run directory's name; *wall* is in seconds since the epoch."""
    moment = datetime.fromtimestamp(wall, tz=UTC)
    return f"{moment:%Y%m%d-%H%M%S}-{slug_of(title)}-{slug_of(run_id)}"


def create_run_directory(parent: Path, wall: float, title: str, run_id: str) -> RunDirectory:
    """Make a new run directory in *parent*, and point ``latest`` to it.

    Raises:
        UsageTrouble: it exists already, or *parent* cannot be written to.
    """
    run = RunDirectory(parent / name_of(wall, title, run_id))
    try:
        run.path.mkdir(parents=True, exist_ok=False)
        run.logs.mkdir()
    except OSError as trouble:
        raise UsageTrouble(f"cannot make the run directory {run.path}: {trouble}") from trouble
    _point_latest(run.path)
    return run


@dataclass(frozen=True, slots=True)
class SuiteAt:
    """Which suite's runs a directory holds: its name, its own folder, what was to be run."""

    name: str
    folder: Path | None = None
    ids: Sequence[str] = ()


def create_suite_directory(parent: Path, wall: float, suite: SuiteAt, run_id: str) -> Path:
    """Make a new directory in *parent* for the runs of *suite*, and point ``latest`` to it.

    Raises:
        UsageTrouble: it exists already, or *parent* cannot be written to.
    """
    path = parent / name_of(wall, suite.name, run_id)
    known = {
        "name": suite.name,
        "folder": str(suite.folder) if suite.folder else "",
        "scenarios": [*suite.ids],
    }
    try:
        path.mkdir(parents=True, exist_ok=False)
        (path / SUITE).write_text(json.dumps(known))
    except OSError as trouble:
        raise UsageTrouble(f"cannot make the run directory {path}: {trouble}") from trouble
    _point_latest(path)
    return path


def suite_at(path: Path) -> SuiteAt:
    """Return which suite's runs *path* holds.

    Raises:
        InputTrouble: what says so cannot be read.
    """
    try:
        known = json.loads((path / SUITE).read_text())
        folder = Path(known["folder"]) if known["folder"] else None
        return SuiteAt(str(known["name"]), folder, [str(one) for one in known["scenarios"]])
    except (OSError, ValueError, TypeError, KeyError) as error:
        told = f"expected what `hormesis run` wrote of its suite, found {error!r}"
        raise InputTrouble([Problem(told, Place(str(path / SUITE)))]) from None


def suite_folder_at(path: Path) -> Path | None:
    """Return the folder of a suite's runs at *path* or just inside it; None if there are none."""
    for candidate in (path, path / LATEST):
        if (candidate / SUITE).is_file() and runs_in(candidate.resolve()):
            return candidate.resolve()
    return None


def runs_at(path: Path) -> list[RunDirectory]:
    """Return the run at *path*, or all runs of a suite; *path* may be the parent of either.

    Raises:
        InputTrouble: there is no run.
    """
    folder = suite_folder_at(path)
    return [open_run_directory(path)] if folder is None else runs_in(folder)


def open_run_directory(path: Path) -> RunDirectory:
    """Return the run at *path*, which may be the ``latest`` link or a parent that holds one.

    Raises:
        InputTrouble: there is no run.
    """
    for candidate in (path, path / LATEST):
        run = RunDirectory(candidate.resolve())
        if run.manifest.is_file():
            return run
    found = "it holds no manifest.json" if path.is_dir() else "there is no such directory"
    raise InputTrouble(
        f"{path} is no run directory: {found}",
        hint="name a directory that `hormesis run` made",
    )


def runs_in(parent: Path) -> list[RunDirectory]:
    """Return the runs in *parent*, oldest first."""
    found = sorted(parent.iterdir()) if parent.is_dir() else []
    runs = [RunDirectory(path) for path in found if not path.is_symlink()]
    return sorted((run for run in runs if run.manifest.is_file()), key=_age)


def _age(run: RunDirectory) -> tuple[float, str]:
    """Return what orders runs; names alone cannot tell those of one second apart."""
    try:
        started = json.loads(run.manifest.read_bytes())["started_wall"]
        return float(started), run.path.name
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0, run.path.name


def _point_latest(path: Path) -> None:
    link = path.parent / LATEST
    if link.exists() and not link.is_symlink():
        return
    draft = path.parent / f".{LATEST}-{path.name}"
    try:
        draft.symlink_to(path.name)
        os.replace(draft, link)
    except OSError:
        # A convenience only: file systems without links still get their run.
        draft.unlink(missing_ok=True)
