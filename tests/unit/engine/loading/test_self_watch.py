"""When a generator's own figures make a load's figures worthless."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from hormesis.engine.loading import self_watch
from hormesis.engine.loading.self_watch import BUSY_LAG_S, LAG_BUDGET_S, SelfWatch, Watching
from hormesis.words.history import LoadRecord
from tests.virtual_time import hang, virtual_clock, virtually


async def watched(
    monkeypatch: pytest.MonkeyPatch, *, cpu: float, stall_s: float, for_s: float = 20.0
) -> SelfWatch:
    """Return a watch after stalls once every second, with a share of a core used all along."""
    monkeypatch.setattr(self_watch, "time_is_real", lambda: True)
    clock = virtual_clock()
    watch = SelfWatch(clock, cpu=lambda: clock.now() * cpu)
    with Watching(watch):
        while clock.now() < for_s:
            await clock.sleep_until(clock.now() + 0.1)
            if stall_s:
                hang(stall_s)
            watch.gather()
    await asyncio.sleep(0)
    return watch


@pytest.mark.parametrize(
    ("cpu", "stall_s", "told"),
    [
        (0.1, 0.0, ""),
        (1.0, 0.0, ""),
        (1.0, BUSY_LAG_S / 2, ""),
        (0.5, BUSY_LAG_S * 2, ""),
        (1.0, BUSY_LAG_S * 2, "used 100% of a core"),
        (0.1, LAG_BUDGET_S * 1.5, "its event loop was"),
    ],
)
def test_a_busy_generator_is_only_worthless_when_it_is_late(
    monkeypatch: pytest.MonkeyPatch, cpu: float, stall_s: float, told: str
) -> None:
    @virtually
    async def test() -> None:
        watch = await watched(monkeypatch, cpu=cpu, stall_s=stall_s)
        if told:
            assert told in watch.trouble()
        else:
            assert watch.trouble() == ""
        assert watch.cpu_share == pytest.approx(cpu, abs=0.01)

    test()


@virtually
async def test_late_arrivals_count_although_the_loop_was_never_late() -> None:
    watch = SelfWatch(virtual_clock())
    for _ in range(100):
        watch.late.extend([0.001] * 98 + [0.4] * 2)
        watch.gather()
    assert "arrivals began 400 ms late (p99, budget 250 ms)" in watch.trouble()
    assert len(watch.late) == 0


@virtually
async def test_its_own_lateness_is_that_of_arrivals_with_a_free_user_and_of_the_loop() -> None:
    watch = SelfWatch(virtual_clock())
    assert watch.late_s(95) == 0.0
    watch.late.extend([0.0001] * 90 + [0.004] * 10)
    watch.gather()
    told = watch.told_in(LoadRecord("main", 0.0))
    assert told.late_p50_s == pytest.approx(0.0001, rel=0.02)
    assert told.late_p95_s == pytest.approx(0.004, rel=0.02)
    for _ in range(100):
        watch.lag.add(0.0012)
    # A timer of the loop counts in whole milliseconds.
    assert watch.late_s(50) == pytest.approx(0.0002, rel=0.1)
    watch.lag.add_many(np.full(100, 0.021))
    assert watch.late_s(99) == pytest.approx(0.02, rel=0.02)


def test_how_long_it_waited_for_a_cpu_is_told_of_the_worst_stretch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @virtually
    async def test() -> None:
        monkeypatch.setattr(self_watch, "time_is_real", lambda: True)
        clock = virtual_clock()
        began = clock.now()
        waited = {0: 0.0, 2: 0.2, 4: 1.2, 6: 1.2}
        watch = SelfWatch(clock, lambda: 0.0, lambda: waited[round(clock.now() - began)])
        for _ in range(3):
            await clock.sleep_until(clock.now() + 2.0)
            watch.gather()
        assert watch.told_in(LoadRecord("main", 0.0)).cpu_wait_share == pytest.approx(0.5)

    test()
