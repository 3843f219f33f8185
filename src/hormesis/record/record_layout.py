"""Record layout: the records of operations as numpy reads them; see ``op_record``."""

from __future__ import annotations

import numpy as np

LAYOUT = np.dtype(
    [("number", "<u4"), ("user", "<u4"), ("due_us", "<i8"),
     ("lag_us", "<u4"), ("took_us", "<u4"), ("label", "<u4")]
)  # fmt: skip
"""The fields of one record, 28 bytes without gaps."""
