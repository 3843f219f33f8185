"""Op record: the 28 bytes in which an operation is stored, little-endian, without gaps.

``number`` and ``user`` (32 bits each), ``due`` in microseconds of the run (64 bits, signed),
``lag`` = sent − due, ``took`` = ended − sent, both in microseconds, and ``label`` (32 bits each).
``label`` is an index into the table of labels of the process that recorded it. What does not fit is
clipped: no lag and no service is longer than 71 minutes, and none is below zero. Numbers begin at
1, so that a hole in a file, which reads as zeros, is no operation.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from hormesis.words.op import Ended, Label, Op

OUTCOMES = (Ended.OK, Ended.FAIL, Ended.INFO)
"""Outcomes by the code in a label."""

DROPPED = 3
"""The outcome code of arrivals that nobody began: no operations, but drops."""

RECORD = struct.Struct("<IIqIII")
"""The layout of one record."""

LabelRow = tuple[str, str, int, str, Mapping[str, str]]
"""A label as it travels and is stored: load, name, outcome code, error and tags."""

OTHER = "(other)"
"""What is called so stands for all names, or errors, beyond those that are told apart."""

OWN_LABELS = 1 << 31
"""From here on labels count that the writer itself interned, not the process's meter."""

WHOLE_MAX = (1 << 32) - 1
_pack = RECORD.pack


def op_record(number: int, user: int, due_us: int, lag_us: int, took_us: int, label: int) -> bytes:
    """Return one record; lag and service are clipped to what fits.

    Raises:
        ValueError: a number that is below 1 or too large, or a user that does not fit.
    """
    if not 0 < number <= WHOLE_MAX:
        raise ValueError(f"expected a number from 1 to {WHOLE_MAX}, found {number}")
    if not 0 <= user <= WHOLE_MAX:
        raise ValueError(f"expected a user from 0 to {WHOLE_MAX}, found {user}")
    return _pack(
        number,
        user,
        due_us,
        min(max(lag_us, 0), WHOLE_MAX),
        min(max(took_us, 0), WHOLE_MAX),
        label,
    )


def checked_chunk(chunk: bytes) -> int:
    """Return how many records *chunk* holds.

    Raises:
        ValueError: it does not hold whole records.
    """
    count, rest = divmod(len(chunk), RECORD.size)
    if rest:
        raise ValueError(f"expected whole records of {RECORD.size} bytes, found {len(chunk)} bytes")
    return count


def label_key(one: Op | Label) -> tuple[Any, ...]:
    """Return what an operation has in common with all others of its label."""
    tags = tuple(sorted(one.tags.items())) if one.tags else ()
    return one.load, one.name, one.outcome, one.error, tags
