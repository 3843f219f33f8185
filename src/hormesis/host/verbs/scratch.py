"""``scratch``: make a folder for what the run's services write; undo removes it with all in it.

The folder bears the run's mark in a file of its own, so that nobody else's is ever removed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hormesis.host.mounts import mounts
from hormesis.host.steps import Steps
from hormesis.host.verb_protocol import Args, Facts, NothingDone, Scene, VerbFailed
from hormesis.words.verb import Undone

survives_reboot = True
MARK = ".hormesis-run"
"""The file that holds the ownership mark."""


def capture(scene: Scene, args: Args) -> Facts:
    """Check that the path is absolute and that nothing is there yet."""
    path = Path(str(args.get("path", "")))
    if not path.is_absolute():
        raise NothingDone(f"the verb scratch needs an absolute path, found {str(path)!r}")
    if os.path.lexists(path):
        raise NothingDone(f"{path} exists already")
    return {}


def perform(scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
    """Make the folder, open to other users' services, and mark it."""
    yield from ()
    path = Path(args["path"])
    try:
        path.mkdir(mode=0o755)
    except OSError as error:
        raise NothingDone(f"cannot make {path}: {error.strerror}") from error
    try:
        (path / MARK).write_text(scene.mark)
        if (owner := scene.services.children.owner) is not None:
            os.chown(path, owner.uid, owner.gid)
    except OSError as error:
        raise VerbFailed(f"cannot write to {path}: {error.strerror}") from error
    return {}


def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """Remove the folder; one without our mark goes only when it is empty."""
    yield from ()
    path = Path(args["path"])
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        return Undone.NOT_MINE
    if not path.exists():
        return Undone.GONE
    if _mark_in(path) == scene.mark:
        _empty(path)
        shutil.rmtree(path)
        return Undone.DONE
    if any(path.iterdir()) and [one.name for one in path.iterdir()] != [MARK]:
        return Undone.NOT_MINE
    shutil.rmtree(path)
    return Undone.DONE


def folder_of(run: str) -> Path:
    """Return where the scratch folder of *run* is."""
    return Path(tempfile.gettempdir()).resolve() / f"hormesis-{run}"


def remove_marked(path: Path, run: str) -> bool:
    """Remove the scratch folder of *run* that no effect accounts for; return whether it was there.

    One on which something is mounted stays: what lies on that may be anybody's.
    """
    if path.is_symlink() or not _mark_in(path).startswith(f"{run}/"):
        return False
    if any(Path(mount.path).is_relative_to(path) for mount in mounts()):
        return False
    _empty(path)
    shutil.rmtree(path)
    return True


def _empty(path: Path) -> None:
    """Remove all but the mark, which goes last: an undo cut short must know the folder again."""
    for entry in path.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != MARK:
            entry.unlink()


def _mark_in(path: Path) -> str:
    try:
        return (path / MARK).read_text()
    except OSError:
        return ""
