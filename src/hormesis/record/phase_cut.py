"""Phase cut: a run's figures before, during each fault track, between and after.

An operation belongs to the phase in which it was due, because that is when its user felt it begin;
one that was due while two faults overlapped counts in both. One that a fault overtook, due before
it worked and ended after it was asked for, is neither from before it nor during it, as in the
windows of checks: it is only told how many there were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hormesis.record.extent import clipped, extent_of
from hormesis.record.op_table import table_of
from hormesis.record.series import Spread, spread_of
from hormesis.words.history import History
from hormesis.words.op import Ended
from hormesis.words.window import Stretch, merged


@dataclass(frozen=True, slots=True)
class PhaseFigures:
    """One phase: its stretches in seconds of the run, counts, rate per second, distributions.

    ``name`` is ``whole run`` when nothing was injected, else ``before``, ``during <track>``,
    ``between`` or ``after``.
    """

    name: str
    stretches: tuple[Stretch, ...]
    count: int
    ok: int
    fail: int
    info: int
    rate: float
    response: Spread
    service: Spread
    lag: Spread
    overtaken: int = 0
    """Operations that were due before a fault worked and ended after it was asked for; they are in
    no other number."""

    @property
    def duration_s(self) -> float:
        """Return how long the phase lasted in all."""
        return sum(end - start for start, end in self.stretches)

    @property
    def errors_share(self) -> float | None:
        """Return the share, 0 to 1, that ended ``fail`` or ``info``; None without operations."""
        return (self.fail + self.info) / self.count if self.count else None


def cut(history: History) -> list[PhaseFigures]:
    """Return the phases in order; a phase that lasted no time is left out.

    What happened before and after the tracks (preparation, final looks) is in none of them.
    """
    extent = extent_of(history)
    tracks = dict.fromkeys(one.track for one in history.faults if one.window)
    if not tracks:
        return _figures(history, "whole run", [extent])
    windows = {track: merged([w for _, w in _windows(history, track)]) for track in tracks}
    onsets = _onsets([each for track in tracks for each in _windows(history, track)])
    gaps = [(before.released, after.asked, after.injected) for before, after in pairwise(onsets)]
    phases = _calm(history, "before", [(extent[0], onsets[0].asked, onsets[0].injected)], extent)
    for track, stretches in windows.items():
        phases += _figures(history, f"during {track}", clipped(stretches, extent))
    phases += _calm(history, "between", gaps, extent)
    phases += _figures(history, "after", clipped([(onsets[-1].released, extent[1])], extent))
    return sorted(phases, key=lambda phase: phase.stretches[0])


@dataclass(frozen=True, slots=True)
class _Onset:
    """One or several faults that follow on each other without a pause."""

    asked: float
    injected: float
    released: float


def _onsets(asked: Sequence[tuple[float, Stretch]]) -> list[_Onset]:
    joined = merged([(min(moment, start), end) for moment, (start, end) in asked])
    return [
        _Onset(since, min(start for _, (start, _) in asked if since <= start <= until), until)
        for since, until in joined
    ]


def _windows(history: History, track: str) -> list[tuple[float, Stretch]]:
    """Return when each fault of *track* was asked for, and when it worked."""
    return [(one.asked, window) for one in history.faults_of(track) if (window := one.window)]


def _calm(
    history: History, name: str, gaps: Sequence[tuple[float, float, float]], extent: Stretch
) -> list[PhaseFigures]:
    """Return the phase without a fault; of each gap, the times of its end, asked and injected."""
    table = table_of(history.ops)
    due_s, ended_s = table.due_s, table.ended_s
    counted = np.zeros(len(table), dtype=np.bool_)
    overtaken = counted.copy()
    for since, asked, injected in gaps:
        for start, end in clipped([(since, injected)], extent):
            due = (due_s >= start) & (due_s < end)
            calm = due & (due_s < asked) & (ended_s <= asked)
            counted |= calm
            overtaken |= due & ~calm
    stretches = clipped([(since, asked) for since, asked, _ in gaps], extent)
    return [
        replace(one, overtaken=int(np.count_nonzero(overtaken)))
        for one in _figures(history, name, stretches, counted)
    ]


def _figures(
    history: History,
    name: str,
    stretches: Sequence[Stretch],
    counted: NDArray[np.bool_] | None = None,
) -> list[PhaseFigures]:
    """Return the phase of *counted* operations, or else of those due in *stretches*."""
    lasted = sum(end - start for start, end in stretches)
    if lasted <= 0:
        return []
    table = table_of(history.ops)
    ops = table.where(table.mask_inside(stretches) if counted is None else counted)
    ok, fail, info = (ops.count_of(outcome=one) for one in (Ended.OK, Ended.FAIL, Ended.INFO))
    return [
        PhaseFigures(
            name=name,
            stretches=tuple(stretches),
            count=len(ops),
            ok=ok,
            fail=fail,
            info=info,
            rate=len(ops) / lasted,
            response=spread_of(ops.response_s),
            service=spread_of(ops.service_s),
            lag=spread_of(ops.lag_s),
        )
    ]
