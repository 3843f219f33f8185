"""A file system outside the run that turns read-only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hormesis.host.means import load_means
from hormesis.host.mounts import LAZY, attach, detach, mount_at
from hormesis.host.room import written

if TYPE_CHECKING:
    from tests.crash.case import Case


def missing() -> str:
    return load_means("mount").missing()


def prepare(case: Case) -> None:
    path = _path(case)
    path.mkdir()
    attach("stage", str(path), "tmpfs", data="size=1m")


def clean(case: Case) -> None:
    if mount_at(str(_path(case))) is not None:
        detach(str(_path(case)), LAZY)


def args(case: Case) -> dict[str, Any]:
    return {"subject": "stage", "path": str(_path(case))}


def bites(case: Case) -> bool:
    return written(str(_path(case)), 1) == "EROFS"


def left(case: Case) -> list[str]:
    mount = mount_at(str(_path(case)))
    if mount is None:
        return ["the stage's file system is not mounted any more"]
    wrong = [f"the stage's file system is {sorted(mount.options)}"] if mount.read_only else []
    return wrong + ([] if written(str(_path(case)), 1) == "ok" else ["it cannot be written"])


def _path(case: Case) -> Path:
    return Path(os.path.realpath(case.stage.folder)) / "disk"
