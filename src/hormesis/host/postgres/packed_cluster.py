"""A data directory in one file: written once, unpacked in a few hundredths of a second.

The file is a line of JSON, which says where everything stands, and then the contents. Equal files
are kept once (a new cluster holds three nearly equal databases), and runs of zeros not at all.
A checksum over all of it tells a damaged file before anything is made from it.
"""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import Any, BinaryIO

_FORMAT = 1
_STEP = 64 * 1024
_ZEROS = bytes(_STEP)
_LAST = "PG_VERSION"
"""Written last: a directory that has it is complete."""


class DamagedPack(Exception):
    """The file is not what was once written; the message says in what way."""


def pack(directory: Path, file: BinaryIO) -> None:
    """Write *directory*, a cluster that is shut down, to *file*.

    Raises:
        OSError: a file cannot be read or written.
    """
    folders: list[str] = []
    files: list[dict[str, Any]] = []
    known: dict[bytes, int] = {}
    contents = bytearray()
    for root, inner, names in os.walk(directory):
        folders += [os.path.relpath(os.path.join(root, one), directory) for one in sorted(inner)]
        for name in sorted(names):
            path = Path(root, name)
            data = path.read_bytes()
            parts = []
            for at in range(0, len(data), _STEP):
                piece = data[at : at + _STEP]
                if piece != _ZEROS[: len(piece)]:
                    if piece not in known:
                        known[piece] = len(contents)
                        contents += piece
                    parts.append((at, known[piece], len(piece)))
            files.append(
                {"path": str(path.relative_to(directory)), "size": len(data), "parts": parts}
            )
    files.sort(key=lambda one: one["path"] == _LAST)
    index = {"folders": folders, "files": files, "bytes": len(contents)}
    head = json.dumps(index).encode() + b"\n"
    checksum = zlib.crc32(contents, zlib.crc32(head))
    file.write(json.dumps({"format": _FORMAT, "checksum": checksum}).encode() + b"\n")
    file.write(head)
    file.write(contents)


def unpack(packed: bytes, directory: Path) -> int:
    """Fill *directory*, which is there and empty, from *packed*; return how many files it got.

    Raises:
        DamagedPack: *packed* is not whole; nothing was made.
        OSError: a file cannot be written.
    """
    index, start = _checked(packed)
    view = memoryview(packed)[start:]
    for folder in index["folders"]:
        os.mkdir(directory / folder, 0o700)
    base = os.fspath(directory)
    for one in index["files"]:
        handle = os.open(
            f"{base}/{one['path']}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600
        )
        try:
            end = 0
            for at, source, size in one["parts"]:
                if at != end:
                    os.lseek(handle, at, os.SEEK_SET)
                _write(handle, view[source : source + size])
                end = at + size
            if end != one["size"]:
                os.ftruncate(handle, one["size"])
        finally:
            os.close(handle)
    return len(index["files"])


def _checked(packed: bytes) -> tuple[dict[str, Any], int]:
    """Return the index and where the contents begin."""
    first, _, rest = packed[:200].partition(b"\n")
    try:
        facts = json.loads(first)
        checksum, version = facts["checksum"], facts["format"]
    except (ValueError, KeyError, TypeError):
        raise DamagedPack("its first line is not readable") from None
    if not rest or version != _FORMAT:
        raise DamagedPack(f"its format is {version!r}, not {_FORMAT}")
    body = len(first) + 1
    if zlib.crc32(memoryview(packed)[body:]) != checksum:
        raise DamagedPack("its checksum does not fit its contents")
    end = packed.index(b"\n", body)
    index: dict[str, Any] = json.loads(packed[body:end])
    return index, end + 1


def _write(handle: int, data: memoryview) -> None:
    while data:
        data = data[os.write(handle, data) :]
