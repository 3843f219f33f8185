"""The wire format of FUSE: requests read from ``/dev/fuse``, replies written to it.

After ``include/uapi/linux/fuse.h``, protocol 7.31; the kernel speaks any older one it is offered.
All numbers are in the machine's own byte order.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from enum import IntEnum

MAJOR, MINOR = 7, 31
WRITE_BYTES_MAX = 128 << 10
REQUEST_BYTES_MAX = WRITE_BYTES_MAX + 4096
READAHEAD_BYTES = 128 << 10
ROOT = 1
"""The number of the root node."""

ASYNC_READ, BIG_WRITES, PARALLEL_DIROPS = 1 << 0, 1 << 5, 1 << 18
OFFERED = ASYNC_READ | BIG_WRITES | PARALLEL_DIROPS
VALID_S = 1
"""How long the kernel may believe names and attributes; nobody else changes them."""

SET_MODE, SET_UID, SET_GID, SET_SIZE, SET_ATIME, SET_MTIME, SET_FH = (1 << n for n in range(7))
SET_ATIME_NOW, SET_MTIME_NOW = 1 << 7, 1 << 8
FDATASYNC = 1
INVALIDATE_INODE = 2


class Op(IntEnum):
    """The requests that are answered; any other is answered with ENOSYS."""

    LOOKUP = 1
    FORGET = 2
    GETATTR = 3
    SETATTR = 4
    READLINK = 5
    SYMLINK = 6
    MKNOD = 8
    MKDIR = 9
    UNLINK = 10
    RMDIR = 11
    RENAME = 12
    LINK = 13
    OPEN = 14
    READ = 15
    WRITE = 16
    STATFS = 17
    RELEASE = 18
    FSYNC = 20
    FLUSH = 25
    INIT = 26
    OPENDIR = 27
    READDIR = 28
    RELEASEDIR = 29
    FSYNCDIR = 30
    CREATE = 35
    INTERRUPT = 36
    DESTROY = 38
    BATCH_FORGET = 42
    FALLOCATE = 43
    RENAME2 = 45
    LSEEK = 46


HEADER = struct.Struct("=IIQQIIII")
REPLY = struct.Struct("=IiQ")
_ATTR = struct.Struct("=6Q10I")
_ENTRY = struct.Struct("=4QII")
_ATTR_OUT = struct.Struct("=QII")
_STATFS = struct.Struct("=5Q4I24x")
_DIRENT = struct.Struct("=QQII")
INIT_IN = struct.Struct("=4I")
INIT_OUT = struct.Struct("=4I2H2I2H8I")
SETATTR_IN = struct.Struct("=II6Q3I2I2I4x")
MKNOD_IN = struct.Struct("=4I")
MKDIR_IN = struct.Struct("=2I")
RENAME_IN = struct.Struct("=Q")
RENAME2_IN = struct.Struct("=QII")
LINK_IN = struct.Struct("=Q")
OPEN_IN = struct.Struct("=2I")
OPEN_OUT = struct.Struct("=QII")
CREATE_IN = struct.Struct("=4I")
READ_IN = struct.Struct("=QQIIQII")
WRITE_OUT = struct.Struct("=II")
RELEASE_IN = struct.Struct("=QIIQ")
FSYNC_IN = struct.Struct("=QII")
FALLOCATE_IN = struct.Struct("=QQQII")
LSEEK_IN = struct.Struct("=QQII")
LSEEK_OUT = struct.Struct("=Q")
FORGET_IN = struct.Struct("=Q")
FORGET_ONE = struct.Struct("=QQ")
BATCH_IN = struct.Struct("=II")
INVALIDATE = struct.Struct("=Qqq")


@dataclass(frozen=True, slots=True)
class Request:
    """One request; ``body`` is what follows the header."""

    op: int
    unique: int
    node: int
    uid: int
    gid: int
    body: memoryview

    @property
    def text(self) -> bytes:
        """The body as one name."""
        return name_in(self.body)


def request_in(data: memoryview) -> Request:
    """Return the request that *data* holds."""
    length, op, unique, node, uid, gid, _, _ = HEADER.unpack_from(data)
    return Request(op, unique, node, uid, gid, data[HEADER.size : length])


def name_in(data: memoryview) -> bytes:
    """Return the text up to the first NUL byte."""
    return bytes(data).partition(b"\0")[0]


def names_in(data: memoryview) -> tuple[bytes, bytes]:
    """Return the two texts in *data*, each ended by a NUL byte."""
    first, _, rest = bytes(data).partition(b"\0")
    return first, rest.partition(b"\0")[0]


def attr(stat: os.stat_result) -> bytes:
    """Return a file's attributes."""
    atime, mtime, ctime = stat.st_atime_ns, stat.st_mtime_ns, stat.st_ctime_ns
    second = 10**9
    return _ATTR.pack(
        stat.st_ino, stat.st_size, stat.st_blocks,
        max(0, atime // second), max(0, mtime // second), max(0, ctime // second),
        atime % second, mtime % second, ctime % second,
        stat.st_mode, stat.st_nlink, stat.st_uid, stat.st_gid,
        stat.st_rdev & 0xFFFFFFFF, stat.st_blksize, 0,
    )  # fmt: skip


def attr_out(stat: os.stat_result) -> bytes:
    """Return the reply to a request for attributes."""
    return _ATTR_OUT.pack(VALID_S, 0, 0) + attr(stat)


def entry_out(node: int, stat: os.stat_result) -> bytes:
    """Return the reply that names a node and its attributes."""
    return _ENTRY.pack(node, 0, VALID_S, VALID_S, 0, 0) + attr(stat)


def statfs_out(stat: os.statvfs_result, bytes_free: int | None, files_free: int | None) -> bytes:
    """Return the room of a file system, or less of it where a rule says so."""
    free, open_ = stat.f_bfree, stat.f_bavail
    if bytes_free is not None:
        free, open_ = (min(n, bytes_free // stat.f_frsize) for n in (free, open_))
    files = stat.f_ffree if files_free is None else min(stat.f_ffree, files_free)
    return _STATFS.pack(
        stat.f_blocks, free, open_, stat.f_files, files,
        stat.f_bsize, stat.f_namemax, stat.f_frsize, 0,
    )  # fmt: skip


def dirent(number: int, offset: int, sort: int, name: bytes) -> bytes:
    """Return one entry of a folder, padded to eight bytes."""
    data = _DIRENT.pack(number, offset, len(name), sort) + name
    return data + bytes(-len(data) % 8)
