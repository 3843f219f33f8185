"""``ballast``: fill a file system up to what is to be left free; undo removes the filling.

``what: bytes`` takes space with one file, ``what: files`` takes inodes with many empty ones. Space
that others give up within a third of a second is taken too: else a file that was there for a moment
would leave room for itself. A file system that is not the run's own is never filled beyond a floor,
unless the call names another one.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from pathlib import Path
from typing import Any

from hormesis.host.mounts import belongs_to, mark_of_run, mount_holding
from hormesis.host.room import Room, made, room_of, written
from hormesis.host.steps import Steps, Wait
from hormesis.host.verb_protocol import Args, Facts, NothingDone, Scene, VerbFailed
from hormesis.words.verb import Undone

survives_reboot = True
FLOOR_BYTES = 1 << 30
FLOOR_FILES = 10_000
FLOOR_SHARE = 0.05
"""Of the size: what a file system that is not the run's own keeps free at least."""
_PIECE_BYTES = 64 << 20
_SETTLED_S, _LOOK_S = 0.3, 0.02
"""For how long a full disk is watched, and filled again, and how often."""
_PIECE_FILES = 500
_FILES_MAX = 500_000
_PROBE_BYTES_MAX = 64 << 20
"""A larger trial would itself be a burden; then the free space alone is the proof."""


def capture(scene: Scene, args: Args) -> Facts:
    """Read how much is free, and refuse what would endanger the rest of the machine."""
    path = os.path.realpath(str(args.get("path", "")))
    if not os.path.isdir(path):
        raise NothingDone(f"{path} is not a folder")
    if args.get("what") not in ("bytes", "files"):
        raise NothingDone("the verb ballast needs what to take: bytes or files")
    room, left = room_of(path), int(args.get("left") or 0)
    mount = mount_holding(path)
    # What passes through FUSE fills whatever is beneath, which is not the run's own.
    own = mount is not None and belongs_to(mount, scene.run) and "fuse" not in mount.sort
    if not own:
        _check_floor(path, room, left, args)
    if args["what"] == "files" and room.files_free < 0:
        raise NothingDone(f"the file system of {path} makes inodes as it needs them")
    free = room.files_free if args["what"] == "files" else room.open_bytes
    if free <= left:
        raise NothingDone(f"only {free:,} are free at {path} already, and {left:,} are to be left")
    if args["what"] == "files" and room.files_free - left > _FILES_MAX:
        raise NothingDone(
            f"{room.files_free - left:,} files would have to be made at {path}, expected at most"
            f" {_FILES_MAX:,}; use a volume with few inodes"
        )
    effect = hashlib.sha256(scene.effect.encode()).hexdigest()[:8]
    name = f".{mark_of_run(scene.run)}-{effect}"
    return {
        "path": path, "ballast": f"{path}/{name}.ballast", "probe": f"{path}/{name}.probe",
        "free_before": room.open_bytes, "files_free_before": room.files_free,
    }  # fmt: skip


def _check_floor(path: str, room: Room, left: int, args: Args) -> None:
    bytes_ = args["what"] == "bytes"
    given = args.get("floor")
    if bytes_:
        floor = max(FLOOR_BYTES, int(room.size_bytes * FLOOR_SHARE))
    else:
        floor = max(FLOOR_FILES, int(room.files * FLOOR_SHARE))
    floor = floor if given is None else int(given)
    unit = "bytes" if bytes_ else "files"
    if left < floor:
        raise NothingDone(
            f"{path} is not a volume of this run and keeps {floor:,} {unit} free: leave that much,"
            " give another floor, or use a volume"
        )


def perform(scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
    """Fill, piece by piece, until only ``left`` is free or the file system takes no more."""
    left = int(args.get("left") or 0)
    try:
        if args["what"] == "bytes":
            yield from _fill(str(facts["path"]), str(facts["ballast"]), left)
        else:
            yield from _litter(str(facts["path"]), str(facts["ballast"]), left)
        room = room_of(str(facts["path"]))
    except OSError as error:
        raise VerbFailed(f"cannot fill {facts['path']}: {error.strerror or error}") from error
    return {"free": room.open_bytes, "files_free": room.files_free}


def _fill(path: str, ballast: str, left: int) -> Steps[None]:
    file = os.open(ballast, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        piece, size, until = _PIECE_BYTES, 0, float("inf")
        while True:
            room = room_of(path)
            block = room.block_bytes
            # A disk is full when root cannot write either, who may go on when others cannot.
            spare = room.open_bytes - left if left else room.free_bytes
            # In whole blocks: what is begun is taken whole, and would be missing from the rest.
            piece = min(piece, spare) // block * block
            if piece < block:
                until = min(until, time.monotonic() + _SETTLED_S)
                if time.monotonic() >= until:
                    return
                # What others give up meanwhile, such as a file for a moment only, is taken too.
                piece = _PIECE_BYTES
                yield Wait(time.monotonic() + _LOOK_S)
                continue
            try:
                os.posix_fallocate(file, size, piece)
                size += piece
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                # What is free is not all for us: the file's own map needs blocks too.
                piece //= 2
            yield Wait(time.monotonic())
    finally:
        os.close(file)


def _litter(path: str, ballast: str, left: int) -> Steps[None]:
    os.mkdir(ballast, 0o700)
    number = 0
    while (missing := room_of(path).files_free - left) > 0:
        piece = min(missing, _PIECE_FILES)
        for one in range(number, number + piece):
            try:
                os.close(os.open(f"{ballast}/{one}", os.O_CREAT | os.O_WRONLY, 0o600))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                return
        number += piece
        yield Wait(time.monotonic())


def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """Remove the filling, which bears the run's mark in its name."""
    yield from ()
    ballast = str(facts["ballast"])
    there = os.path.lexists(ballast)
    Path(facts["probe"]).unlink(missing_ok=True)
    if os.path.isdir(ballast) and not os.path.islink(ballast):
        shutil.rmtree(ballast)
    else:
        Path(ballast).unlink(missing_ok=True)
    return Undone.DONE if there else Undone.GONE


def read(scene: Scene, args: Args, facts: Facts) -> dict[str, Any]:
    """Return what is free, and how a real attempt to take more than ``left`` ends.

    ``free`` and ``free_before`` in bytes with ``wrote``, or ``files_free``, ``files_free_before``
    with ``made``: ok, or the error's name. ``filled``: whether the filling is there.
    """
    path, left = str(facts["path"]), int(args.get("left") or 0)
    try:
        room = room_of(path)
    except OSError as error:
        return {"error": f"{path} cannot be asked: {error.strerror}"}
    filled = os.path.lexists(str(facts["ballast"]))
    if args["what"] == "files":
        return {
            "filled": filled, "files_free": room.files_free,
            "files_free_before": facts["files_free_before"],
            "made": made(Path(facts["probe"])) if left == 0 else "",
        }  # fmt: skip
    size = left + room.block_bytes
    return {
        "filled": filled, "free": room.open_bytes, "free_before": facts["free_before"],
        "block": room.block_bytes,
        "wrote": written(path, size) if size <= _PROBE_BYTES_MAX else "",
    }  # fmt: skip
