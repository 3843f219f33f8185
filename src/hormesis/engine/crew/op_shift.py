"""Op shift: operation records of a clock that drifted, put back on the run's clock."""

from __future__ import annotations

import numpy as np

_RECORD = np.dtype(
    [
        ("number", "<u4"), ("user", "<u4"), ("due_us", "<i8"),
        ("lag_us", "<u4"), ("took_us", "<u4"), ("label", "<u4"),
    ]
)  # fmt: skip


def shifted(chunk: bytes, by_us: int) -> bytes:
    """Return the records of *chunk* with *by_us* microseconds added to when each was due.

    Lag and duration are differences, they stay.
    """
    if not by_us or not chunk:
        return chunk
    records = np.frombuffer(chunk, dtype=_RECORD).copy()
    records["due_us"] += by_us
    return records.tobytes()
