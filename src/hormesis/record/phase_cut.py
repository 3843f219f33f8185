"""Phase cut: a run's figures before, during each fault track, between and after.

An operation belongs to the phase in which it was due, because that is when its user felt it begin;
one that was due while two faults overlapped counts in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

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
    windows = {track: merged(_windows(history, track)) for track in tracks}
    injected = merged([window for each in windows.values() for window in each])
    if not injected:
        return _figures(history, "whole run", [extent])
    first, last = injected[0][0], injected[-1][1]
    gaps = [(end, start) for (_, end), (start, _) in pairwise(injected)]
    named: list[tuple[str, list[Stretch]]] = [("before", [(extent[0], first)])]
    named += [(f"during {track}", stretches) for track, stretches in windows.items()]
    named += [("between", gaps), ("after", [(last, extent[1])])]
    phases = [one for name, each in named for one in _figures(history, name, clipped(each, extent))]
    return sorted(phases, key=lambda phase: phase.stretches[0])


def _windows(history: History, track: str) -> list[Stretch]:
    return [window for one in history.faults_of(track) if (window := one.window)]


def _figures(history: History, name: str, stretches: Sequence[Stretch]) -> list[PhaseFigures]:
    lasted = sum(end - start for start, end in stretches)
    if lasted <= 0:
        return []
    table = table_of(history.ops)
    ops = table.where(table.mask_inside(stretches))
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
