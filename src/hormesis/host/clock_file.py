"""The file through which the clock of one service is set, mapped by the shim in ``clock_shim.c``.

One page: a magic word; whether any slot is set; how often the service asked the time and by how
much its last answer was shifted; then slots, one for each effect, whose shifts add up. A slot
holds a constant shift and a rate, in parts of 10⁹ of the real time since it was set.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "HORMESIS_CLOCK"
"""The environment variable that tells the shim which file it is."""
SIZE = 4096
_MAGIC = b"HORCLK1\0"
_ANY, _CALLS, _APPLIED, _FIRST, _STRIDE, _SLOTS = 8, 64, 72, 128, 64, 8
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Heard:
    """How often the service asked its clock, and by how much the last answer was shifted."""

    calls: int
    shift_s: float


def make(path: str) -> None:
    """Make a clock file at *path* that shifts nothing, writable for the service's user.

    Raises:
        OSError: it cannot be made there.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(_MAGIC + bytes(SIZE - len(_MAGIC)))
    os.chmod(path, 0o666)


def number_of(mark: str) -> int:
    """Return the number by which the slot of the effect *mark* is known; never 0."""
    return int.from_bytes(hashlib.sha256(mark.encode()).digest()[:7], "little") | 1


def shift(path: str, number: int, *, offset_s: float, rate: float) -> bool:
    """Set the slot *number*; return False when all slots are taken.

    Raises:
        OSError, ValueError: there is no clock file at *path*.
    """
    with _opened(path) as page:
        place = _slot(page, number) or _slot(page, 0)
        if place is None:
            return False
        since = time.clock_gettime_ns(time.CLOCK_REALTIME)
        struct.pack_into("<q", page, place, 0)
        struct.pack_into(
            "<4q", page, place + 8, number, round(offset_s * _NS), round(rate * _NS), since
        )
        struct.pack_into("<q", page, place, 1)
        struct.pack_into("<q", page, _ANY, 1)
        return True


def unshift(path: str, number: int) -> bool:
    """Clear the slot *number*; return whether it was set.

    Raises:
        OSError, ValueError: there is no clock file at *path*.
    """
    with _opened(path) as page:
        place = _slot(page, number)
        if place is None:
            return False
        struct.pack_into("<2q", page, place, 0, 0)
        left = any(_long(page, one) for one in _places())
        struct.pack_into("<q", page, _ANY, int(left))
        return True


def shifted(path: str, number: int) -> bool:
    """Return whether the slot *number* is set.

    Raises:
        OSError, ValueError: there is no clock file at *path*.
    """
    with _opened(path) as page:
        return _slot(page, number) is not None


def heard(path: str) -> Heard:
    """Return what the service has heard from its clock.

    Raises:
        OSError, ValueError: there is no clock file at *path*.
    """
    with _opened(path) as page:
        return Heard(_long(page, _CALLS), _long(page, _APPLIED) / _NS)


@contextmanager
def _opened(path: str) -> Iterator[mmap.mmap]:
    with open(path, "r+b") as file:
        if os.fstat(file.fileno()).st_size != SIZE:
            raise ValueError(f"{path} is not a clock file")
        with mmap.mmap(file.fileno(), SIZE) as page:
            if page[: len(_MAGIC)] != _MAGIC:
                raise ValueError(f"{path} is not a clock file")
            yield page


def _places() -> range:
    return range(_FIRST, _FIRST + _SLOTS * _STRIDE, _STRIDE)


def _slot(page: mmap.mmap, number: int) -> int | None:
    return next((place for place in _places() if _long(page, place + 8) == number), None)


def _long(page: mmap.mmap, place: int) -> int:
    return int(struct.unpack_from("<q", page, place)[0])
