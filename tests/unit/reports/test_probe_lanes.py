"""Probe lanes: nothing is drawn where nobody looked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from hormesis.reports.page.probe_lanes import HOLD, number_lanes, probe_strips
from hormesis.words.history import History, ProbeRecord

END = 60.0


def stretches(times: Iterable[float], took_s: float = 0.01) -> list[dict[str, Any]]:
    probes = [ProbeRecord("p", time, {"value": 1}, "", "", True, took_s) for time in times]
    (strip,) = probe_strips(History({}, probes=probes), END)
    found: list[dict[str, Any]] = strip["stretches"]
    return found


def test_a_look_before_and_one_after_are_two_points() -> None:
    before, after = stretches((1.0, 50.0))
    assert (before["from"], after["from"]) == (1.0, 50.0)
    assert all(0 < one["to"] - one["from"] < 1 for one in (before, after))


def test_regular_looks_are_one_stretch_that_ends_soon_after_the_last() -> None:
    (one,) = stretches(range(2, 40))
    assert (one["from"], one["to"]) == (2, 39 + HOLD)


def test_a_time_in_which_nobody_looked_stays_empty() -> None:
    first, second = stretches((*range(10), *range(30, 40)))
    assert (first["to"], second["from"]) == (9 + HOLD, 30)
    assert first["told"].startswith("10 observations")


def test_slow_looks_leave_no_gap_between_them() -> None:
    slow = [ProbeRecord("p", time, {}, "no answer", "", True, 1.9) for time in (10.0, 12.0, 14.0)]
    quick = [ProbeRecord("p", float(time), {}, "", "", True) for time in range(10)]
    (strip,) = probe_strips(History({}, probes=[*quick, *slow]), END)
    assert [one["state"] for one in strip["stretches"]] == ["good", "absent"]
    assert strip["stretches"][0]["to"] == 10


def test_never_past_the_end() -> None:
    assert stretches((59.99,))[-1]["to"] == END


@pytest.mark.parametrize("gap", [False, True])
def test_a_curve_has_a_gap_where_nobody_looked(gap: bool) -> None:
    times = [*range(10), *(range(30, 40) if gap else range(10, 20))]
    probes = [ProbeRecord("p", float(time), {"value": time}) for time in times]
    (lane,) = number_lanes(History({}, probes=probes), END)
    assert (None in lane["v"][:-1]) is gap
    if gap:
        at = lane["v"].index(None)
        assert (lane["t"][at], lane["v"][at - 1]) == (9 + HOLD, 9)
