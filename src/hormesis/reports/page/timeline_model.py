"""Timeline model: what the chart of one run shows, as plain JSON; the page's script draws it.

Times are seconds since the start of the run, responses milliseconds, rates per second. No series
has more than ``POINTS_MAX`` points, so a page stays small however long a run was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from hormesis.reports.page.process_lanes import process_strips
from hormesis.reports.parts.fault_story import FaultStory, fault_stories
from hormesis.reports.parts.totals import end_of
from hormesis.reports.parts.wording import moment, shortened, span
from hormesis.words.history import History, ProbeRecord

POINTS_MAX = 2000
"""The most points in any series of the chart."""
FAULT_ROWS_MAX = 16
PROBE_ROWS_MAX = 16
NUMBER_LANES_MAX = 6
STRETCHES_MAX = 400
_CODES_MAX = 4
_WORST = ("bad", "absent", "good")

Model = dict[str, Any]


def timeline_model(history: History, series: Model) -> Model:
    """Return the chart of one run; *series* holds the ``response`` and ``rate`` lanes."""
    end = end_of(history)
    faults, hidden = _fault_rows(history, end)
    strips = [*process_strips(history, end), *_probe_strips(history, end)]
    return {
        "end": round(end, 3),
        "phases": [{"name": one.name, "at": round(one.start, 3)} for one in history.phases],
        "faults": faults,
        "hidden": hidden,
        "strips": strips,
        "lines": _number_lanes(history),
        **series,
    }


def _fault_rows(history: History, end: float) -> tuple[list[Model], int]:
    """Return one row per track and target, and how many rows there was no room for."""
    stories = fault_stories(history.faults)
    several = {one.track for one in history.faults for other in history.faults
               if one.track == other.track and one.target != other.target}  # fmt: skip
    tracks = list(dict.fromkeys(one.record.track for one in stories))
    rows: dict[tuple[str, str], Model] = {}
    for story in stories:
        fault = story.record
        name = f"{fault.track} · {fault.target}" if fault.track in several else fault.track
        row = rows.setdefault(
            (fault.track, fault.target),
            {"name": name, "hue": tracks.index(fault.track), "target": fault.target, "bars": []},
        )
        row["bars"].append(_fault_bar(story, end))
    made = list(rows.values())
    return made[:FAULT_ROWS_MAX], len(made[FAULT_ROWS_MAX:])


def _fault_bar(story: FaultStory, end: float) -> Model:
    times = [None if step.time is None else round(step.time, 3) for step in story.steps]
    told = [f"{step.name} {moment(step.time)}" for step in story.steps]
    return {
        "times": times,
        "end": round(end, 3),
        "word": story.word,
        "kind": story.record.kind,
        "told": told,
        "proof": shortened(story.record.proof or story.record.trouble or story.record.skipped, 140),
    }


def _probe_strips(history: History, end: float) -> list[Model]:
    """Return a strip of good, bad and absent stretches for every probe with an expectation."""
    probes = _by_probe(history)
    wanted = {name: seen for name, seen in probes.items() if any(one.expected for one in seen)}
    return [
        {"name": name, "sort": "probe", "stretches": _stretches(seen, end), "marks": []}
        for name, seen in list(wanted.items())[:PROBE_ROWS_MAX]
    ]


def _stretches(seen: Sequence[ProbeRecord], end: float) -> list[Model]:
    """Join observations that say the same; each holds until the next one."""
    joined: list[Model] = []
    for state, group in groupby(seen, key=_state):
        run = list(group)
        if joined:
            joined[-1]["to"] = round(run[0].time, 3)
        joined.append(
            {"from": round(run[0].time, 3), "to": 0.0, "state": state, "told": _told(run)}
        )
    if joined:
        joined[-1]["to"] = round(max(end, joined[-1]["from"]), 3)
    return _coarser(joined)


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
        if joined and joined[-1]["state"] == one["state"]:
            joined[-1]["to"] = edges[1]
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


def _number_lanes(history: History) -> list[Model]:
    """Return one small lane for each probe whose value is a number that changes.

    A code such as 200 or 503 is no quantity: what has an expectation and takes only a few values
    has its strip and needs no curve.
    """
    lanes = []
    for name, seen in _by_probe(history).items():
        values = [(one.time, _number(one)) for one in seen]
        different = len({value for _, value in values if value is not None})
        if different > (_CODES_MAX if any(one.expected for one in seen) else 1):
            kept = _thinned(values)
            times = [round(time, 3) for time, _ in kept]
            lanes.append({"name": name, "t": times, "v": [value for _, value in kept]})
    return lanes[:NUMBER_LANES_MAX]


def _thinned(values: Sequence[tuple[float, float | None]]) -> list[tuple[float, float | None]]:
    """Keep the lowest and highest value of each of at most ``POINTS_MAX / 2`` equal slices."""
    if len(values) <= POINTS_MAX:
        return list(values)
    width = math.ceil(len(values) / (POINTS_MAX // 2))
    kept: list[tuple[float, float | None]] = []
    for at in range(0, len(values), width):
        known = [pair for pair in values[at : at + width] if pair[1] is not None]
        if not known:
            kept.append(values[at])
            continue
        extremes = {min(known, key=_value), max(known, key=_value)}
        kept += sorted(extremes)
    return kept


def _value(pair: tuple[float, float | None]) -> float:
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
