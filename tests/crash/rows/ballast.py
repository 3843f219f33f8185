"""A file system outside the run that is filled up to a floor which the call names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hormesis.host.means import load_means
from hormesis.host.mounts import LAZY, attach, detach, mount_at
from hormesis.host.room import made, room_of

if TYPE_CHECKING:
    from tests.crash.case import Case


def missing() -> str:
    return load_means("mount").missing()


def prepare(case: Case) -> None:
    path = _path(case)
    path.mkdir()
    attach("stage", str(path), "tmpfs", data="size=4m,nr_inodes=300")
    (path / "content").write_text("what was there before")


def clean(case: Case) -> None:
    if mount_at(str(_path(case))) is not None:
        detach(str(_path(case)), LAZY)


def args(case: Case) -> dict[str, Any]:
    return {
        "subject": "stage", "path": str(_path(case)), "what": _what(case), "left": 0, "floor": 0,
    }  # fmt: skip


def bites(case: Case) -> bool:
    if _what(case) == "files":
        return made(_path(case) / "one-more") == "ENOSPC"
    return room_of(str(_path(case))).free_bytes == 0


def left(case: Case) -> list[str]:
    path = _path(case)
    if mount_at(str(path)) is None:
        return ["the stage's file system is not mounted any more"]
    names = sorted(os.listdir(path))
    return [] if names == ["content"] else [f"the stage's file system holds {names}"]


def _path(case: Case) -> Path:
    return Path(os.path.realpath(case.stage.folder)) / "disk"


def _what(case: Case) -> str:
    return "files" if case.victim in ("both", "freeze") else "bytes"
