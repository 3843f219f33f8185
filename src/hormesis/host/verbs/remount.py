"""``remount``: make a mounted file system read-only; undo makes it writable again."""

from __future__ import annotations

import errno
import os
from typing import Any

from hormesis.host.mounts import READ_ONLY, REMOUNT, Mount, attach, mount_at, seen_elsewhere
from hormesis.host.room import written
from hormesis.host.steps import Steps
from hormesis.host.verb_protocol import Args, Facts, Missing, NothingDone, Scene, VerbFailed
from hormesis.words.verb import Undone

survives_reboot = False


def capture(scene: Scene, args: Args) -> Facts:
    """Read how it is mounted; only a whole file system can be remounted, and all its mounts are."""
    path = os.path.realpath(str(args.get("path", "")))
    mount = mount_at(path)
    if mount is None:
        raise NothingDone(f"{path} is not the root of a mounted file system")
    if mount.read_only:
        raise NothingDone(f"{path} is read-only already")
    if elsewhere := seen_elsewhere(mount):
        # A remount is one of the file system, and so of every place that it is mounted at.
        raise NothingDone(f"{path} would turn read-only at {elsewhere} as well")
    return {"path": path, "mount": mount.id, "source": mount.source, "sort": mount.sort}


def perform(scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
    """Remount it read-only, which the kernel refuses while a file is open for writing."""
    yield from ()
    mount = _same(facts)
    if mount is None:
        raise NothingDone(f"{facts['path']} was unmounted just now")
    try:
        attach(mount.source, mount.path, mount.sort, flags=mount.flags | REMOUNT | READ_ONLY)
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise NothingDone(
                f"{mount.path} cannot be made read-only while a process has a file on it open for"
                " writing; use a volume of kind fuse"
            ) from error
        if error.errno in (errno.EPERM, errno.EACCES):
            raise Missing(f"{mount.path} cannot be remounted: {error.strerror}") from error
        raise VerbFailed(f"{mount.path} cannot be remounted: {error.strerror}") from error
    return {}


def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """Remount it writable, if it is still the same mount and still read-only."""
    yield from ()
    mount = _same(facts)
    if mount is None or not mount.read_only:
        return Undone.GONE
    attach(mount.source, mount.path, mount.sort, flags=mount.flags | REMOUNT)
    return Undone.DONE


def read(scene: Scene, args: Args, facts: Facts) -> dict[str, Any]:
    """Return ``read_only`` and ``wrote``: ok, or the name of the error of a real write."""
    mount = _same(facts)
    if mount is None:
        return {"error": f"{facts['path']} is not mounted any more"}
    return {"read_only": mount.read_only, "wrote": written(mount.path, 1)}


def _same(facts: Facts) -> Mount | None:
    mount = mount_at(str(facts["path"]))
    return mount if mount is not None and mount.id == facts["mount"] else None
