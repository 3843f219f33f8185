"""The models that lie in the hive's data directory, each one file."""

from __future__ import annotations

import errno
import logging
import os
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from proving_ground.hive.canaries import (
    CRASH_ON_DISK_FULL,
    CUT_MODEL_ACKNOWLEDGED,
    DISK_FULL_FOR_EVER,
    FULL_DISK_ACKNOWLEDGED,
    HALF_WRITTEN_MODEL,
    TRUNCATED_MODEL_KEPT,
)

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_WHOLE = ".model"
_PART = ".part"
_FULL = {errno.ENOSPC, errno.EDQUOT}
EXIT_DISK_FULL = 70


class DiskFull(Exception):
    """There is no room for the model; nothing of it was kept."""


class BadName(Exception):
    """A model cannot be called that."""


class Models:
    """The folder; a model is there as a whole or not at all."""

    def __init__(self, folder: Path, canaries: frozenset[str]) -> None:
        self._folder = folder
        self._canaries = canaries
        self._uploads = 0
        self._was_full = False
        self._full_times = 0
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"*{_PART}"):
            # An upload that a crash interrupted.
            left.unlink(missing_ok=True)

    async def put(self, name: str, chunks: AsyncIterator[bytes]) -> int:
        """Write a model, replacing one of the same name; return its size in bytes.

        Raises ``DiskFull`` when there is no room, ``BadName`` for an impossible name.
        """
        whole = self._path(name)
        if self._was_full and DISK_FULL_FOR_EVER in self._canaries:
            raise DiskFull(f"{name}: the disk was full before")
        self._uploads += 1
        part = self._folder / f"{name}.{self._uploads}{_PART}"
        if TRUNCATED_MODEL_KEPT in self._canaries:
            part = whole
        size = 0
        try:
            with part.open("wb", buffering=0) as file:
                async for chunk in chunks:
                    view = memoryview(chunk)
                    while view:
                        view = view[file.write(view) :]
                    size += len(chunk)
                os.fsync(file.fileno())
            part.replace(whole)
        except OSError as error:
            if error.errno in _FULL and CUT_MODEL_ACKNOWLEDGED in self._canaries:
                part.replace(whole)
                return size
            self._give_up(part)
            if error.errno not in _FULL:
                raise
            self._was_full = True
            self._full_times += 1
            if FULL_DISK_ACKNOWLEDGED in self._canaries and self._full_times % 2 == 0:
                return size
            if CRASH_ON_DISK_FULL in self._canaries:
                _LOG.critical("cannot write a model, exiting: %s", error)
                logging.shutdown()
                os._exit(EXIT_DISK_FULL)
            raise DiskFull(f"{name}: {error.strerror}") from None
        except BaseException:
            # The client has gone in the middle.
            self._give_up(part)
            raise
        return size

    def delete(self, name: str) -> bool:
        """Remove a model; return whether it was there."""
        try:
            self._path(name).unlink()
        except FileNotFoundError:
            return False
        return True

    def size(self, name: str) -> int | None:
        """Return a model's size in bytes, or None when there is none of that name."""
        try:
            return self._path(name).stat().st_size
        except FileNotFoundError:
            return None

    def listing(self, prefix: str = "") -> Mapping[str, Any]:
        """Return the models, how many uploads are not whole, and how much room is left.

        Only models whose names begin with *prefix* are listed.
        """
        models: list[Mapping[str, Any]] = []
        incomplete = 0
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.endswith(_PART):
                    incomplete += 1
                elif entry.name.endswith(_WHOLE) and entry.name.startswith(prefix):
                    name = entry.name.removesuffix(_WHOLE)
                    models.append({"name": name, "bytes": entry.stat().st_size})
        return {"models": models, "incomplete": incomplete, "free_bytes": self.free_bytes()}

    def free_bytes(self) -> int:
        """Return how much can still be written."""
        room = os.statvfs(self._folder)
        return room.f_bavail * room.f_frsize

    def names(self) -> Sequence[str]:
        """Return the names of the models."""
        return sorted(one["name"] for one in self.listing()["models"])

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise BadName(f"a name of letters, digits, '.', '_' and '-' was expected: {name!r:.60}")
        return self._folder / f"{name}{_WHOLE}"

    def _give_up(self, part: Path) -> None:
        if not self._canaries & {HALF_WRITTEN_MODEL, TRUNCATED_MODEL_KEPT}:
            part.unlink(missing_ok=True)
