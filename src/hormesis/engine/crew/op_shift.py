"""Op shift: operation records of a clock that drifted, put back on the run's clock."""

from __future__ import annotations

import numpy as np

from hormesis.record.record_layout import LAYOUT


def shifted(chunk: bytes, by_us: int) -> bytes:
    """Return the records of *chunk* with *by_us* microseconds added to when each was due.

    Lag and duration are differences, they stay.
    """
    if not by_us or not chunk:
        return chunk
    records = np.frombuffer(chunk, dtype=LAYOUT).copy()
    records["due_us"] += by_us
    return records.tobytes()
