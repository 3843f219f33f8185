"""Extent: from when to when a run's tracks were really watched, as finite seconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hormesis.record.op_table import table_of
from hormesis.words.history import History
from hormesis.words.op import Op
from hormesis.words.window import Stretch


def extent_of(history: History) -> Stretch:
    """Return (start, end) of the tracks; a run that was cut off ends at its last event.

    Without a tracks phase it is from zero to the last event.
    """
    start, end = history.tracks_window or (0.0, float("inf"))
    last = max(start, last_event(history))
    # Nudged, because ends are not included and the last event belongs to the run.
    return start, min(end, last + 1e-6)


def last_event(history: History) -> float:
    """Return the time of the last thing that is known to have happened, in seconds of the run."""
    times = [0.0]
    if history.end:
        times.append(float(history.end["time"]))
    times.append(last_end(history.ops))
    times.extend(record.time for record in history.probes)
    times.extend(record.time for record in history.processes)
    times.extend(note.time for note in history.notes)
    times.extend(phase.start for phase in history.phases)
    for fault in history.faults:
        steps = (fault.asked, fault.injected, fault.bitten, fault.released, fault.healed)
        times.extend(step for step in steps if step is not None)
    return max(times)


def last_end(ops: Sequence[Op]) -> float:
    """Return when the last of *ops* ended, in seconds of the run; the least number without any."""
    return float(np.fmax.reduce(table_of(ops).ended_s, initial=-np.inf))


def due_range(ops: Sequence[Op]) -> Stretch | None:
    """Return when the first and the last of *ops* were due; None without any."""
    due_s = table_of(ops).due_s
    return (float(due_s.min()), float(due_s.max())) if len(due_s) else None


def clipped(stretches: Sequence[Stretch], to: Stretch) -> list[Stretch]:
    """Return the parts of *stretches* that lie inside *to*."""
    cut = [(max(start, to[0]), min(end, to[1])) for start, end in stretches]
    return [(start, end) for start, end in cut if end > start]
