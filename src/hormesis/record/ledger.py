"""The ledger: the custodian's write-ahead undo log, one JSON object per line.

Records of one effect, in order: ``intent`` (what undo needs, durable before anything is done),
``note`` (facts learnt on the way), ``applied``, ``done``. An effect without ``done`` is open, and
one without ``applied`` may or may not have happened. Every record is one ``write`` to a file opened
for appending, made durable before the call returns. A crash can tear only the last line, and the
beginning of a JSON object is never itself one, so a torn line is recognised and skipped: it
belongs to a step that was never taken or that undo repeats harmlessly.

Space is reserved ahead, so that a full disk, which may well be the fault under test, refuses new
effects but never the record that one was undone. Stdlib only.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hormesis.words.secrets import passwords_masked

_RESERVE_BYTES = 1 << 18
_RESERVE_BYTES_MIN = 1 << 16
_FALLOC_FL_KEEP_SIZE = 1  # linux/falloc.h; keeps the file's end where the last record ends.


class LedgerBusy(Exception):
    """Another process holds the ledger: its custodian lives, or a replay is under way."""


@dataclass(slots=True)
class OpenEffect:
    """An effect that is not known to be undone; ``facts`` is all that its records told, merged."""

    effect: str
    verb: str
    args: Mapping[str, Any]
    boot: str
    facts: dict[str, Any] = field(default_factory=dict)
    applied: bool = False


@dataclass(slots=True)
class LedgerContent:
    """What a ledger says: its header, the open effects in the order they began, and its end."""

    header: dict[str, Any] = field(default_factory=dict)
    effects: dict[str, OpenEffect] = field(default_factory=dict)
    closed: bool = False
    torn: int = 0

    def take(self, record: Mapping[str, Any]) -> None:
        """Fold one more record in; of an unknown kind it is ignored."""
        kind, effect = record.get("record"), str(record.get("effect", ""))
        if kind == "open":
            self.header = dict(record)
        elif kind == "intent":
            self.effects[effect] = OpenEffect(
                effect, record["verb"], record["args"], record["boot"], dict(record["facts"])
            )
        elif kind == "done":
            self.effects.pop(effect, None)
        elif kind == "closed":
            self.closed = True
        elif kind in ("note", "applied") and effect in self.effects:
            self.effects[effect].facts.update(record["facts"])
            self.effects[effect].applied |= kind == "applied"


def parse_ledger(data: bytes) -> LedgerContent:
    """Return what the bytes of a ledger say; a torn line is counted and skipped."""
    content = LedgerContent()
    for line in data.split(b"\n"):
        stripped = line.strip(b"\0 \r")
        if not stripped:
            continue
        try:
            content.take(json.loads(stripped))
        except (ValueError, KeyError, TypeError, AttributeError):
            content.torn += 1
    return content


def read_ledger(path: Path) -> LedgerContent:
    """Return what the ledger at *path* says.

    Raises:
        OSError: it cannot be read.
    """
    return parse_ledger(path.read_bytes())


def open_effects(path: Path) -> list[OpenEffect]:
    """Return the effects that the ledger at *path* does not know to be undone, oldest first.

    Raises:
        OSError: it cannot be read.
    """
    return list(read_ledger(path).effects.values())


def _without_passwords(line: bytes) -> bytes:
    try:
        told = json.loads(line)
    except ValueError:
        return line
    shown = _masked(told)
    return line if shown == told else json.dumps(shown, separators=(",", ":")).encode()


def _masked(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _masked(one) for name, one in data.items()}
    if isinstance(data, list):
        return [_masked(one) for one in data]
    return passwords_masked(data) if isinstance(data, str) else data


class Ledger:
    """A ledger that is open for writing, held by this process alone."""

    def __init__(self, path: Path) -> None:
        """Open the ledger at *path*, creating it when there is none.

        Raises:
            LedgerBusy: another process holds it.
            OSError: it cannot be opened, or there is no space for it.
        """
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            if error.errno == errno.EWOULDBLOCK:
                raise LedgerBusy(f"{path} is held by another process") from None
            raise
        self._fallocate = _fallocate()
        self._size = os.fstat(self._fd).st_size
        self._reserved = self._size
        # A torn last line is ended, so that the next record does not become part of it.
        if self._size and os.pread(self._fd, 1, self._size - 1) != b"\n":
            self._append(b"\n")
        _sync_folder(path.parent)

    def start(self, **header: Any) -> None:
        """Reserve space and write the header.

        Raises:
            OSError: there is no space.
        """
        self._reserve()
        self.write({"record": "open", **header})

    def intend(self, effect: str, verb: str, args: Mapping[str, Any], **rest: Any) -> None:
        """Write the intent of an effect; ``rest`` must hold its ``facts`` and its ``boot``.

        Raises:
            OSError: there is no space left for this effect's whole story; nothing may be done.
        """
        if self._reserved - self._size < _RESERVE_BYTES_MIN:
            self._reserve()
        self.write({"record": "intent", "effect": effect, "verb": verb, "args": args, **rest})

    def write(self, record: Mapping[str, Any]) -> None:
        """Append one record and return once it is durable."""
        self._append(json.dumps(record, separators=(",", ":")).encode() + b"\n")

    def hide_passwords(self) -> None:
        """Mask the passwords in it; it must be closed, and nobody may look for it any more.

        What undoes an effect needs them. Cut short, it leaves a ledger that says less, and nothing
        that is open.

        Raises:
            OSError: it could not be written again.
        """
        told = os.pread(self._fd, os.fstat(self._fd).st_size, 0)
        shown = b"\n".join(_without_passwords(line) for line in told.split(b"\n"))
        if shown != told:
            os.ftruncate(self._fd, 0)
            self._size = 0
            self._append(shown)

    def read(self) -> LedgerContent:
        """Return what the ledger says now."""
        return parse_ledger(os.pread(self._fd, os.fstat(self._fd).st_size, 0))

    def close(self) -> None:
        """Give the unused reservation back and let go of the ledger."""
        os.ftruncate(self._fd, self._size)
        os.close(self._fd)

    def _append(self, data: bytes) -> None:
        written = os.write(self._fd, data)
        if written != len(data):
            os.ftruncate(self._fd, self._size)  # A torn line must not swallow the next record.
            raise OSError(errno.ENOSPC, "the ledger's disk is full", str(self.path))
        self._size += written
        os.fdatasync(self._fd)

    def _reserve(self) -> None:
        if self._fallocate is None:
            return
        result = self._fallocate(self._fd, _FALLOC_FL_KEEP_SIZE, self._size, _RESERVE_BYTES)
        code = ctypes.get_errno()
        if result == 0:
            self._reserved = self._size + _RESERVE_BYTES
        elif code in (errno.EOPNOTSUPP, errno.ENOSYS):
            self._fallocate = None  # This file system cannot reserve; go on without.
            self._reserved = 1 << 62
        else:
            raise OSError(code, os.strerror(code), str(self.path))


def _fallocate() -> Any:
    """Return fallocate(2), which Python lacks: posix_fallocate would move the file's end."""
    function = getattr(ctypes.CDLL(None, use_errno=True), "fallocate", None)
    if function is not None:
        function.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    return function


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
