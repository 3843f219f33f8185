"""A volume: of the sort that this machine can mount, each in its turn."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hormesis.host.means import load_means
from hormesis.host.mounts import mark_of_run, mounts

if TYPE_CHECKING:
    from tests.crash.case import Case

_SORTS = {"fuse": "fuse", "loop": "loop-device", "tmpfs": "mount"}
_SIZE_BYTES = 4 << 20
LEASE_S = 3.0
"""A FUSE volume is a program that must start."""


def missing() -> str:
    return load_means("mount").missing()


def args(case: Case) -> dict[str, Any]:
    return {
        "subject": "stage",
        "sort": _sort(case),
        "path": str(_path(case)),
        "size_bytes": _SIZE_BYTES,
        "control": f"/tmp/{mark_of_run(case.run)[-60:]}.sock",
    }


def bites(case: Case) -> bool:
    return str(_path(case)) in [one.path for one in mounts()]


def left(case: Case) -> list[str]:
    mark, folder = mark_of_run(case.run), str(case.stage.folder)
    found = [f"{one.path} is mounted" for one in mounts() if one.path.startswith(folder)]
    found += [f"{path} is there" for path in case.stage.folder.glob(f"*{mark}*")]
    found += [f"{path} is there" for path in case.stage.folder.glob(f".*{mark}*")]
    if os.path.lexists(_path(case)):
        found.append("the volume's folder is there")
    if os.path.lexists(args(case)["control"]):
        found.append("the socket for its rules is there")
    return found


def _path(case: Case) -> Path:
    return case.stage.folder / "volume"


def _sort(case: Case) -> str:
    """Return another sort for each victim, so that the grid sees them all."""
    able = [sort for sort, means in _SORTS.items() if not load_means(means).missing()]
    return able[sum(case.victim.encode() + case.step.encode()) % len(able)]
