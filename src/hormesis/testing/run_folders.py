"""The folders of runs: one for each process of tests, of which the latest sessions' are kept.

A folder is held by a lock while its session goes on, so that no other session takes it away, and
it stays while anything that began in it is not undone: its ledger lies there.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hormesis.custodian.registry import open_runs, state_folders
from hormesis.engine.clock import LoopClock

LOCK = ".live"
_STAMP = "%Y-%m-%dT%H-%M-%S"
_NAMED = re.compile(r"(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d)-(\d+)(-gw\d+)?")


def stamp_of(config: pytest.Config) -> str:
    """Return the name of this process's folder: when it began, of which session, which worker."""
    moment = datetime.fromtimestamp(LoopClock().wall(), UTC)
    worker = getattr(config, "workerinput", {}).get("workerid", "")
    # What xdist's workers have in common is the process that has begun them.
    session = os.getppid() if worker else os.getpid()
    return f"{moment.strftime(_STAMP)}-{session}{'-' + worker if worker else ''}"


def refuse_unless_writable(folder: Path) -> None:
    """Refuse a session whose runs could not be recorded in *folder*; nothing is left there.

    Raises:
        pytest.UsageError: no folder can be made there.
    """
    nearest = next(one for one in (folder, *folder.parents) if one.exists())
    try:
        Path(tempfile.mkdtemp(prefix=".hormesis-", dir=nearest)).rmdir()
    except OSError as error:
        told = f"--chaos-run-dir {folder}: no folder can be made there: {error.strerror}"
        raise pytest.UsageError(told) from None


class RunFolder:
    """The folder *name* below *root*; it and its lock are there once something is recorded."""

    def __init__(self, root: Path, name: str, *, keep: int, environment: Mapping[str, str]) -> None:
        self.path = root / name
        self._keep = keep
        self._environment = environment
        self._lock: int | None = None

    def made(self) -> Path:
        """Return it; the first call makes it, and takes away those of old sessions."""
        if self._lock is None:
            root = self.path.parent
            self.path.mkdir(parents=True, exist_ok=True)
            ignored = root / ".gitignore"
            if not ignored.exists():
                ignored.write_text("# Made by Hormesis.\n*\n", encoding="utf-8")
            self._lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            # Shared: whoever looks whether it is held does so for a moment only.
            fcntl.flock(self._lock, fcntl.LOCK_SH)
            prune(root, self._keep, self._environment)
        return self.path

    def close(self) -> None:
        """Let it go; it stays until enough sessions came after it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
            (self.path / LOCK).unlink(missing_ok=True)


def prune(root: Path, keep: int, environment: Mapping[str, str]) -> list[Path]:
    """Take away the folders in *root* of all but the *keep* latest sessions; return them.

    Left are those of sessions that go on, those with something that is not undone, and whatever
    is named otherwise.
    """
    sessions: dict[str, list[Path]] = {}
    for folder in sorted(root.iterdir()):
        if (named := _NAMED.fullmatch(folder.name)) and folder.is_dir():
            sessions.setdefault(named[2], []).append(folder)
    old = sorted(sessions.values(), key=lambda folders: folders[-1].name)[:-keep]
    if not old:
        return []
    runs = [run for state in state_folders(environment) for run in open_runs(state)]
    needed = [run.ledger.resolve() for run in runs]
    gone = []
    for folder in (folder for folders in old for folder in folders):
        if not _is_live(folder) and not any(folder.resolve() in one.parents for one in needed):
            shutil.rmtree(folder, ignore_errors=True)
            gone.append(folder)
    return gone


def _is_live(folder: Path) -> bool:
    try:
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False
