"""Room: how much of a file system is free, and whether a write to it goes through."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROBE = ".hormesis-probe"


@dataclass(frozen=True, slots=True)
class Room:
    """Sizes in bytes. ``open_bytes`` is what anybody may fill, ``free_bytes`` what only root may.

    A file system may hold some of the latter back even from root. ``files_free`` is how many more
    files fit; -1 where the file system has no such limit.
    """

    size_bytes: int
    free_bytes: int
    open_bytes: int
    block_bytes: int
    files: int
    files_free: int


def room_of(path: str) -> Room:
    """Return the room on the file system that holds *path*.

    Raises:
        OSError: it cannot be asked.
    """
    stat = os.statvfs(path)
    return Room(
        size_bytes=stat.f_blocks * stat.f_frsize,
        free_bytes=stat.f_bfree * stat.f_frsize,
        open_bytes=stat.f_bavail * stat.f_frsize,
        block_bytes=stat.f_frsize,
        files=stat.f_files,
        files_free=stat.f_favail if stat.f_files else -1,
    )


@dataclass(frozen=True, slots=True)
class Backing:
    """How much a volume can hold at most, in bytes, and in words why."""

    size_bytes: int
    what: str


def backing_of(sort: str, folder: str) -> Backing:
    """Return what is behind a volume of *sort* (tmpfs, loop, fuse) that is made below *folder*.

    Raises:
        OSError: the file system cannot be asked.
    """
    if sort == "tmpfs":
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return Backing(memory, "the memory of this machine")
    return Backing(room_of(folder).free_bytes, f"what is free in {folder}")


def written(path: str, size: int) -> str:
    """Try to write *size* bytes to a new file in the folder *path*; it never stays.

    Returns ``ok`` or the error's name, such as ``ENOSPC``.
    """
    try:
        file = _nameless(path)
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "error")
    try:
        if size > 1:
            os.posix_fallocate(file, 0, size)
        else:
            os.write(file, b"\0")
            os.fsync(file)
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "error")
    finally:
        with suppress(OSError):
            os.close(file)
    return "ok"


def made(name: Path) -> str:
    """Try to make the new file *name*; it never stays. Returns ``ok`` or the error's name."""
    try:
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "error")
    with suppress(OSError):
        name.unlink()
    return "ok"


def _nameless(path: str) -> int:
    """Return a new file of no name where the file system can do that, else one unlinked."""
    try:
        return os.open(path, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
            raise
    name = Path(path, f"{PROBE}-{os.getpid()}")
    file = os.open(name, os.O_CREAT | os.O_WRONLY | os.O_EXCL | os.O_CLOEXEC, 0o600)
    name.unlink()
    return file
