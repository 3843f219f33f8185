"""Mounts: which file systems are mounted where, and mount(2) and umount2(2) themselves.

A mount of a run bears its mark as its source, ``hormesis-RUN``; one of a loop device has the mark
in the name of the file behind it. Nothing here touches a mounted file system, so that one that
hangs cannot take its reader along.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import struct
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

READ_ONLY = 1
REMOUNT = 32
LAZY = 2
"""``MNT_DETACH``: gone from the tree at once, from memory when its last user leaves it."""

_FLAGS: Mapping[str, int] = {
    "ro": READ_ONLY, "nosuid": 2, "nodev": 4, "noexec": 8, "sync": 16, "dirsync": 128,
    "noatime": 1024, "nodiratime": 2048, "relatime": 1 << 21,
}  # fmt: skip
_LOOP_GET_FREE, _LOOP_CONFIGURE, _AUTOCLEAR = 0x4C82, 0x4C0A, 4
_LOOP_TRIES = 8
_FUSERMOUNT_S = 5.0

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of ``/proc/self/mountinfo`` (see proc(5)); ``options`` are both sorts together.

    ``root`` is the folder of the file system that is seen at ``path``: not ``/`` in a bind mount.
    """

    id: int
    device: str
    root: str
    path: str
    source: str
    sort: str
    options: frozenset[str]
    own_options: frozenset[str]

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written through it."""
        return "ro" in self.options

    @property
    def flags(self) -> int:
        """The mount's own flags, which a remount must repeat or they are lost."""
        return sum(_FLAGS.get(option, 0) for option in self.own_options - {"ro"})

    @property
    def backing(self) -> str:
        """The file behind a loop device, else an empty text."""
        try:
            text = Path(f"/sys/dev/block/{self.device}/loop/backing_file").read_text()
        except OSError:
            return ""
        return text.strip().removesuffix(" (deleted)")


def mark_of_run(run: str) -> str:
    """Return what marks the mounts and files of *run*."""
    return f"hormesis-{run}"


def belongs_to(mount: Mount, run: str) -> bool:
    """Return whether *mount* is provably one of *run*."""
    mark = mark_of_run(run)
    return mount.source == mark or mark in Path(mount.backing).name


def mounts() -> list[Mount]:
    """Return every mount that this process sees, oldest first."""
    return [_parsed(line) for line in Path("/proc/self/mountinfo").read_text().splitlines()]


def mount_at(path: str) -> Mount | None:
    """Return the mount whose root is exactly *path*, the topmost of several; None: there is none.

    *path* must be resolved.
    """
    return next((one for one in reversed(mounts()) if one.path == path), None)


def mount_holding(path: str) -> Mount | None:
    """Return the mount that *path*, which must be resolved, lies on."""
    best: Mount | None = None
    for one in mounts():
        inside = path == one.path or path.startswith(one.path.rstrip("/") + "/")
        if inside and (best is None or len(one.path) >= len(best.path)):
            best = one
    return best


def seen_elsewhere(mount: Mount) -> str:
    """Return where else the file system of *mount* is in use, as far as known; empty: nowhere."""
    same = (one.path for one in mounts() if one.device == mount.device)
    unseen = "" if mount.root == "/" else "another place"
    return next((path for path in same if path != mount.path), unseen)


def attach(source: str, path: str, sort: str, *, flags: int = 0, data: str = "") -> None:
    """Mount, or remount with the flag ``REMOUNT``.

    Raises:
        OSError: the kernel refused.
    """
    done = _libc.mount(
        os.fsencode(source), os.fsencode(path), sort.encode(), ctypes.c_ulong(flags), data.encode()
    )
    if done != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), path)


def detach(path: str, flags: int = 0) -> None:
    """Unmount what is on top at *path*; a FUSE mount of an unprivileged user by its helper.

    Raises:
        OSError: the kernel refused: EBUSY while in use, EINVAL when nothing is mounted there.
    """
    if _libc.umount2(os.fsencode(path), flags) == 0:
        return
    number = ctypes.get_errno()
    if number == errno.EPERM and _fusermount(path):
        return
    raise OSError(number, os.strerror(number), path)


def _fusermount(path: str) -> bool:
    try:
        done = subprocess.run(
            ["fusermount3", "-u", "-z", path], stdin=subprocess.DEVNULL, capture_output=True,
            timeout=_FUSERMOUNT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def attach_image(image: str, path: str, sort: str) -> None:
    """Mount the file *image* through a loop device that frees itself with its last user.

    Raises:
        OSError: there is no loop device, or the kernel refused.
    """
    with open(image, "r+b") as file:
        device, number = _loop_device(file.fileno(), image)
        try:
            attach(f"/dev/loop{number}", path, sort)
        finally:
            os.close(device)


def _loop_device(backing: int, name: str) -> tuple[int, int]:
    """Return an open, configured loop device and its number; closing it frees it unless mounted."""
    info = struct.pack(
        "5Q4I64s64s32s2Q", 0, 0, 0, 0, 0, 0, 0, 0, _AUTOCLEAR,
        os.fsencode(name)[-63:], b"", b"", 0, 0,
    )  # fmt: skip
    config = struct.pack("2I", backing, 0) + info + bytes(64)
    control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
    try:
        for attempt in range(_LOOP_TRIES):
            number = fcntl.ioctl(control, _LOOP_GET_FREE)
            device = os.open(f"/dev/loop{number}", os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.ioctl(device, _LOOP_CONFIGURE, config)
                return device, number
            except OSError as error:
                os.close(device)
                # Somebody else took it between the two calls.
                if error.errno != errno.EBUSY or attempt + 1 == _LOOP_TRIES:
                    raise
        raise AssertionError("the last try returns or raises")
    finally:
        os.close(control)


def _parsed(line: str) -> Mount:
    left, _, right = line.partition(" - ")
    first, last = left.split(" "), right.split(" ")
    own = frozenset(first[5].split(","))
    return Mount(
        id=int(first[0]),
        device=first[2],
        root=_plain(first[3]),
        path=_plain(first[4]),
        source=_plain(last[1]),
        sort=last[0],
        options=own | frozenset(last[2].split(",")),
        own_options=own,
    )


def _plain(text: str) -> str:
    """Undo the kernel's octal escapes of blanks and backslashes."""
    if "\\" not in text:
        return text
    parts = text.split("\\")
    return parts[0] + "".join(chr(int(part[:3], 8)) + part[3:] for part in parts[1:])
