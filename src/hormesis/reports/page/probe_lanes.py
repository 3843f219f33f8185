"""Probe lanes: what each probe saw and when nobody looked, as strips of stretches and as curves.

An observation is a look at one moment. It is drawn until the next look, but no longer than
``HOLD`` of the probe's usual intervals, so that a time in which nobody looked stays empty.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median_low
from typing import Any

from hormesis.reports.parts.wording import shortened, span
from hormesis.words.history import History, ProbeRecord

POINTS_MAX = 2000
"""The most points in one curve."""
PROBE_ROWS_MAX = 16
NUMBER_LANES_MAX = 6
STRETCHES_MAX = 400
HOLD = 1.5
"""How many usual intervals an observation is drawn for at most."""
_LOOKS_PER_WIDTH = 250
"""A single look is drawn as this part of the whole time, so that it can be seen."""
_REGULAR_LOOKS_MIN = 4
"""A probe with fewer looks, as before and after the tracks, has no usual interval."""
_CODES_MAX = 4
_WORST = ("bad", "absent", "good")

Model = dict[str, Any]
_Shown = tuple[ProbeRecord, float]
_Point = tuple[float, float | None]


def probe_strips(history: History, end: float) -> list[Model]:
    """Return a strip of good, bad and absent stretches for every probe with an expectation."""
    probes = _by_probe(history)
    wanted = {name: seen for name, seen in probes.items() if any(one.expected for one in seen)}
    return [
        {"name": name, "sort": "probe", "stretches": _stretches(seen, end), "marks": []}
        for name, seen in list(wanted.items())[:PROBE_ROWS_MAX]
    ]


def number_lanes(history: History, end: float) -> list[Model]:
    """Return one small lane for each probe whose value is a number that changes.

    A code such as 200 or 503 is no quantity: what has an expectation and takes only a few values
    has its strip and needs no curve.
    """
    lanes = []
    for name, seen in _by_probe(history).items():
        different = len({value for one in seen if (value := _number(one)) is not None})
        if different > (_CODES_MAX if any(one.expected for one in seen) else 1):
            kept = _thinned(list(_steps(seen, end)))
            times = [round(time, 3) for time, _ in kept]
            lanes.append({"name": name, "t": times, "v": [value for _, value in kept]})
    return lanes[:NUMBER_LANES_MAX]


def _shown(seen: Sequence[ProbeRecord], end: float) -> list[_Shown]:
    """Return each observation with the time until which it is drawn."""
    gaps = [later.time - one.time for one, later in pairwise(seen)]
    usual = median_low(gaps) if len(seen) >= _REGULAR_LOOKS_MIN else 0.0
    hold = max(HOLD * usual, end / _LOOKS_PER_WIDTH)
    limits = [*(one.time for one in seen[1:]), max(end, seen[-1].time)]
    return [
        # After a look that took long, the next one begins within an interval of its end.
        (one, min(limit, one.time + max(hold, one.took_s + usual)))
        for one, limit in zip(seen, limits, strict=True)
    ]


def _stretches(seen: Sequence[ProbeRecord], end: float) -> list[Model]:
    """Join observations that say the same with no gap in between."""
    runs: list[list[_Shown]] = []
    for one, until in _shown(seen, end):
        last = runs[-1][-1] if runs else None
        if last is None or _state(last[0]) != _state(one) or last[1] < one.time:
            runs.append([])
        runs[-1].append((one, until))
    return _coarser([_stretch(run) for run in runs])


def _stretch(run: Sequence[_Shown]) -> Model:
    first, until = run[0][0], run[-1][1]
    told = _told([one for one, _ in run])
    times = {"from": round(first.time, 3), "to": round(until, 3)}
    return {**times, "state": _state(first), "told": told}


def _coarser(stretches: list[Model]) -> list[Model]:
    """Join the stretches of a flapping probe into slots of time that each show their worst.

    What was bad is drawn wider than it was, but never left out.
    """
    if len(stretches) <= STRETCHES_MAX:
        return stretches
    start, end = stretches[0]["from"], stretches[-1]["to"]
    width = (end - start) / STRETCHES_MAX or 1.0
    slots: dict[int, Model] = {}
    for one in stretches:
        first, last = int((one["from"] - start) / width), int((one["to"] - start) / width)
        for slot in range(first, max(first, last) + 1):
            if slot not in slots or _WORST.index(one["state"]) < _WORST.index(slots[slot]["state"]):
                slots[slot] = one
    joined: list[Model] = []
    for slot, one in sorted(slots.items()):
        edges = (round(start + slot * width, 3), round(min(end, start + (slot + 1) * width), 3))
        last_one = joined[-1] if joined else {"state": "", "to": start}
        if last_one["state"] == one["state"] and last_one["to"] == edges[0]:
            last_one["to"] = edges[1]
        elif edges[0] < edges[1]:
            joined.append({**one, "from": edges[0], "to": edges[1]})
    return joined


def _state(one: ProbeRecord) -> str:
    if one.reason:
        return "absent"
    return "bad" if one.miss else "good"


def _told(run: Sequence[ProbeRecord]) -> str:
    lasted = span(run[-1].time - run[0].time)
    why = run[0].reason or run[0].miss
    seen = f"{len(run)} observations in {lasted}" if len(run) > 1 else "1 observation"
    return shortened(f"{why} ({seen})" if why else seen, 160)


def _steps(seen: Sequence[ProbeRecord], end: float) -> Iterator[_Point]:
    """Yield the values as steps; a point without a value ends what is drawn."""
    shown = _shown(seen, end)
    for (one, until), later in zip(shown, [*seen[1:], None], strict=True):
        value = _number(one)
        yield one.time, value
        # A curve ends at its last point, so a value that no other follows needs a second one.
        if value is not None and (later is None or until < later.time or _number(later) is None):
            yield until, value
            yield until, None


def _thinned(values: Sequence[_Point]) -> list[_Point]:
    """Keep the lowest and highest value of each of at most ``POINTS_MAX / 2`` equal slices."""
    if len(values) <= POINTS_MAX:
        return list(values)
    width = math.ceil(len(values) / (POINTS_MAX // 2))
    kept: list[_Point] = []
    for at in range(0, len(values), width):
        known = [pair for pair in values[at : at + width] if pair[1] is not None]
        if not known:
            kept.append(values[at])
            continue
        extremes = {min(known, key=_value), max(known, key=_value)}
        kept += sorted(extremes)
    return kept


def _value(pair: _Point) -> float:
    return pair[1] or 0.0


def _number(one: ProbeRecord) -> float | None:
    value = one.fields.get("value")
    if one.reason or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _by_probe(history: History) -> dict[str, list[ProbeRecord]]:
    found: dict[str, list[ProbeRecord]] = {}
    for one in sorted(history.probes, key=lambda one: one.time):
        found.setdefault(one.probe, []).append(one)
    return found
