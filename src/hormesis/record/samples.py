"""Samples: a probe's observations, or the operations of one name, as good and bad moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hormesis.words.expect import miss_of
from hormesis.words.history import History, ProbeRecord
from hormesis.words.window import Window, inside

_BLIND_FACTOR = 3.0
_BLIND_MARGIN_S = 3.0
"""A series of looks is blind after so many of its intervals without a value, and that margin."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One moment at which something was seen to be good or bad.

    ``time`` is in seconds of the run: when the look began, or when the operation ended. ``ended``
    is when it was over: only from then on is it known what was seen. ``absent`` means that there
    was no value at all. ``text`` says why it is not good.
    """

    time: float
    good: bool
    text: str
    cite: str
    ended: float
    absent: bool = False
    began: float | None = None

    @property
    def start(self) -> float:
        """Return when the look or the operation began, in seconds of the run."""
        return self.time if self.began is None else self.began


@dataclass(frozen=True, slots=True)
class Spell:
    """An unbroken series of bad samples, ``start`` and ``end`` being its first and last one's."""

    start: float
    end: float
    count: int
    text: str
    cites: tuple[str, ...]

    def __str__(self) -> str:
        if self.count == 1:
            return f"missed at {self.start:.1f} s: {self.text}"
        when = f"from {self.start:.1f} s to {self.end:.1f} s"
        return f"missed {when}, {self.count} times: {self.text}"


def looks_at(history: History, probe: str, window: Window) -> tuple[list[ProbeRecord], str]:
    """Return the observations of *probe* in *window*, or the reason why there are none.

    With no window asked for, a probe that was not observed while tracks ran is a final look or a
    steady-state condition, which is repeated until it is met: the last observation counts. A look
    that a fault overtook, begun before the fault and ended in it, is not one from ``before`` it.
    """
    every = history.observations(probe)
    if not every:
        return [], f"probe {probe!r} was never observed"
    stretches = window.stretches(history)
    if not stretches:
        return [], f"nothing was injected, so there is no time{window.told()}"
    whole = bool(window.before or window.outside)
    seen = [
        one
        for one in every
        if inside(one.time, stretches)
        and (not whole or inside(one.time + one.took_s, stretches))
    ]
    if not seen and not window.told():
        return every[-1:], ""
    return seen, "" if seen else f"probe {probe!r} was never observed{window.told()}"


def probe_samples(
    records: Sequence[ProbeRecord], *, expect: Any, absent: str
) -> tuple[list[Sample], str]:
    """Return *records* as samples, or the reason why they cannot be judged.

    *expect* None means the probe's own expectation. *absent* is ``miss`` (no value is bad) or
    ``ignore`` (no value is no sample).
    """
    if expect is None and not all(one.expected for one in records):
        return [], "the probe has no expectation of its own; give the check an `expect`"
    samples = [_sample_of(one, expect) for one in records]
    if absent == "ignore":
        samples = [one for one in samples if not one.absent]
    if not samples:
        reasons = ", ".join(sorted({one.reason for one in records}))
        return [], f"no observation had a value: {reasons}"
    return samples, ""


def spells_of(samples: Sequence[Sample]) -> list[Spell]:
    """Return the unbroken series of bad samples, in order; each tells its first one's text."""
    spells: list[Spell] = []
    series: list[Sample] = []
    for sample in [*samples, None]:
        if sample is not None and not sample.good:
            series.append(sample)
        elif series:
            cites = tuple(dict.fromkeys([series[0].cite, series[-1].cite]))
            spells.append(
                Spell(series[0].time, series[-1].time, len(series), series[0].text, cites)
            )
            series = []
    return spells


def watched_until(
    times: Sequence[float] | NDArray[np.float64], last_end: float, moment: float, within_s: float
) -> bool:
    """Return whether samples reach *moment*, the end of an allowance of *within_s* seconds.

    Samples come at intervals, so the last one may lie a typical interval early, but never more
    than a quarter of the allowance: sparse samples must not stand for time that nobody watched.
    """
    gaps = np.diff(times)
    slack = min(float(np.median(gaps)), within_s / 4) if len(gaps) else 0.0
    return last_end + slack >= moment


def blind_end(records: Sequence[ProbeRecord], window: Window) -> str:
    """Return why *records* say nothing about how it ended, or an empty text when they do.

    Looks that fail say nothing, and a few in a row are no loss; but when none had a value any more
    for longer than a monitor may go without a look, nobody knows what came after. During a fault
    that is to be expected.
    """
    valued = [one.time for one in records if not one.reason]
    if window.during or window.before or not valued:
        return ""
    gaps = [late.time - early.time for early, late in pairwise(records)]
    typical = median(gaps) if gaps else 0.0
    if records[-1].time - valued[-1] <= _BLIND_FACTOR * typical + _BLIND_MARGIN_S:
        return ""
    return f"no observation had a value after {valued[-1]:.1f} s: {records[-1].reason}"


def _sample_of(record: ProbeRecord, expect: Any) -> Sample:
    cite = f"{record.probe} at {record.time:.3f} s"
    ended = record.time + record.took_s
    if record.reason:
        return Sample(record.time, False, record.reason, cite, ended, absent=True)
    miss = record.miss if expect is None else miss_of(expect, record.fields)
    return Sample(record.time, not miss, miss, cite, ended)
