"""``gpu``: a graphics card with its CUDA driver."""

from __future__ import annotations

import ctypes
from pathlib import Path

USE = "holding GPU memory (gpu-memory)"
REMEDY = "a GPU and its driver"
LIBRARY = "libcuda.so.1"


def missing() -> str:
    """Load the driver library; the card itself is asked by the holder, which takes longer."""
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        return f"no GPU: {LIBRARY} is not there"
    if not any(Path("/dev").glob("nvidia[0-9]*")):
        return "no GPU: there is no /dev/nvidia0"
    return ""
