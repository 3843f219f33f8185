"""Series of metrics: bounded in number and in memory."""

from __future__ import annotations

import asyncio

import pytest

from hormesis.engine.loading import alarm, gathering, place
from hormesis.engine.loading.alarm import alarm_of
from hormesis.engine.loading.gathering import Gathering
from hormesis.engine.loading.place import Place
from hormesis.record.histogram import Histogram
from hormesis.words.metric import MetricSort
from tests.virtual_time import virtual_clock, virtually


def test_ever_new_tags_end_in_one_series(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "SERIES_MAX", 5)
    monkeypatch.setattr(place, "REMEMBERED_MAX", 3)
    held = Gathering("main")
    here = Place(held, {})
    for number in range(20):
        here.adder(MetricSort.COUNTER, "seen", {"id": str(number)})(1.0)
    slices = held.take(0.0)
    assert sum(one.total for one in slices) == 20
    assert len(slices) == 6
    assert next(one.total for one in slices if not one.tags) == 15


def test_a_slice_has_the_buckets_of_a_histogram() -> None:
    held = Gathering("main")
    values = [0.001 * number for number in range(1, 200)]
    series = held.series(MetricSort.TREND, "took")
    for value in values:
        series.add(value)
    (one,) = held.take(1.25)
    assert one.buckets == Histogram.of(values).buckets
    assert (one.start, one.count, one.last) == (1.25, 199, 0.199)
    assert held.take(1.5) == []


def test_a_rate_counts_what_is_not_zero() -> None:
    held = Gathering("main")
    for value in (1.0, 0.0, 5.0):
        held.series(MetricSort.RATE, "failed").add(value)
    (one,) = held.take(0.0)
    assert (one.count, one.total, one.highest) == (3, 2.0, 1.0)


@virtually
async def test_without_the_kernels_timer_the_loop_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(call: object) -> None:
        raise OSError("no such timers")

    monkeypatch.setattr(alarm, "PreciseTimer", refuse)
    monkeypatch.setattr(alarm, "time_is_real", lambda: True)
    clock = virtual_clock()
    rung = asyncio.get_running_loop().create_future()
    one = alarm_of(clock, lambda: rung.set_result(clock.now()))
    one.set(5_000_000_000)
    one.set(2_000_000_000)
    assert await rung == pytest.approx(2.0)
    one.close()
