"""Binaries that an unprivileged account can run, wherever they were installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hormesis.host.postgres.account import Account, may_use
from hormesis.host.postgres.identity import identity_of
from hormesis.words.trouble import CapabilityTrouble

PLACES = (Path("/var/cache/hormesis"), Path("/var/tmp/hormesis"))


def reachable(binaries: Path, account: Account | None) -> Path:
    """Return *binaries*, or a copy of the whole installation that *account* can run.

    An environment within a closed home cannot be reached by another account; the home's mode is
    not ours to change, so the installation is copied out, once for each build of it.

    Raises:
        CapabilityTrouble: no copy could be made where the account reaches it.
    """
    if may_use(account, binaries / "postgres", os.X_OK):
        return binaries
    # Wheels keep the libraries beside the package and find them relative to the binaries.
    root = binaries.parent
    tops = [root]
    if root.name.startswith("pginstall"):
        tops.append(root.parent.with_name(root.parent.name + ".libs"))
    below = root.parent.parent if len(tops) == 2 else root.parent
    for place in PLACES:
        copy = place / f"postgres-{identity_of(binaries)}"
        with contextlib.suppress(OSError):
            _copy(tops, below, copy)
        within = copy / binaries.relative_to(below)
        if _ours(copy) and may_use(account, within / "postgres", os.X_OK):
            return within
    name = account.name if account else "this one"
    raise CapabilityTrouble(
        f"{binaries} is closed to the account {name}, and no copy of it could be made in "
        + " or ".join(map(str, PLACES)),
        hint="install PostgreSQL where every account reaches it, and name that folder",
    )


def _ours(copy: Path) -> bool:
    """Return whether nobody else can have put programs there for us to run."""
    try:
        states = [one.lstat() for one in (copy, copy.parent)]
    except OSError:
        return False
    return all(stat.S_ISDIR(one.st_mode) and one.st_uid == os.geteuid() for one in states)


def _copy(tops: list[Path], below: Path, copy: Path) -> None:
    if copy.is_dir():
        return
    copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{copy.name}.", dir=copy.parent))
    try:
        for top in filter(Path.is_dir, tops):
            shutil.copytree(top, scratch / top.relative_to(below), symlinks=True)
        for path in _all(scratch):
            runnable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runnable else 0o644)
        # Another start may have made the same copy meanwhile: renaming onto it fails.
        scratch.rename(copy)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _all(root: Path) -> Iterator[Path]:
    yield root
    yield from (path for path in root.rglob("*") if not path.is_symlink())
