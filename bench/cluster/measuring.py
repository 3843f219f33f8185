"""What is measured of each cluster engine, alike; only the standard library."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

CALLS = 300
CHUNKS = 60
CHUNK = os.urandom(280_000)
"""What 10,000 operations take, 28 bytes each: a second of a busy worker."""


def spread_ms(seconds: list[float]) -> dict[str, float]:
    """Return the lowest, the middle and the 99th percentile, in milliseconds."""
    ordered = sorted(seconds)
    return {
        "min": round(ordered[0] * 1e3, 3),
        "p50": round(ordered[len(ordered) // 2] * 1e3, 3),
        "p99": round(ordered[int(len(ordered) * 0.99)] * 1e3, 3),
    }


def cpu_s() -> float:
    """Return the CPU seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def round_trips(read_clock: Callable[[], int]) -> dict[str, Any]:
    """Ask a worker's clock again and again; return the round trips and how wrong that is.

    The clock is this machine's own, so its true offset is 0.
    """
    took, readings = [], []
    for _ in range(CALLS):
        asked = time.monotonic_ns()
        theirs = read_clock()
        answered = time.monotonic_ns()
        took.append((answered - asked) / 1e9)
        readings.append(((answered - asked) / 2, theirs - (asked + answered) / 2))
    half, offset = min(readings)
    return {
        "round_trip_ms": spread_ms(took),
        "clock_uncertainty_ms": round(half / 1e6, 3),
        "clock_error_ms": round(abs(offset) / 1e6, 3),
    }


def chunks(fetch: Callable[[], int]) -> dict[str, Any]:
    """Fetch a second's operations from a worker again and again."""
    took, before = [], cpu_s()
    for _ in range(CHUNKS):
        began = time.perf_counter()
        size = fetch()
        took.append(time.perf_counter() - began)
        if size != len(CHUNK):
            raise RuntimeError(f"{size} bytes arrived, {len(CHUNK)} were sent")
    return {
        "chunk_ms": spread_ms(took),
        "chunk_cpu_ms": round((cpu_s() - before) / CHUNKS * 1e3, 3),
    }


def tell(**figures: Any) -> None:
    """Print the figures, as the last line."""
    sys.stdout.write("\n" + json.dumps(figures) + "\n")
    sys.stdout.flush()
