"""The loop in virtual time itself: every other test of the engine stands on it."""

from __future__ import annotations

import asyncio

import pytest

from hormesis.engine.clock import LoopClock
from tests.virtual_time import Deadlock, Runaway, hang, virtual_clock, virtually


@virtually
async def test_an_hour_passes_at_once() -> None:
    clock = virtual_clock()
    await clock.sleep_until(3600.0)
    assert clock.now() == pytest.approx(3600.0)


@virtually
async def test_timers_fire_in_order_at_their_moments() -> None:
    clock = virtual_clock()
    woke: list[tuple[str, float]] = []

    async def sleeper(name: str, moment: float) -> None:
        await clock.sleep_until(moment)
        woke.append((name, round(clock.now(), 6)))

    await asyncio.gather(sleeper("late", 2.5), sleeper("early", 0.5), sleeper("middle", 1.0))
    assert woke == [("early", 0.5), ("middle", 1.0), ("late", 2.5)]


def test_a_deadlock_is_an_error() -> None:
    @virtually
    async def waits() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Deadlock):
        waits()


def test_a_runaway_is_an_error() -> None:
    @virtually
    async def runs() -> None:
        clock = virtual_clock()
        while True:
            await clock.sleep_until(clock.now() + 3600.0)

    with pytest.raises(Runaway):
        runs()


@virtually
async def test_a_blocked_loop_is_late() -> None:
    clock = virtual_clock()
    asyncio.get_running_loop().call_later(1.0, hang, 5.0)
    await clock.sleep_until(1.5)
    assert clock.now() == pytest.approx(6.0)


def test_the_run_clock_counts_from_its_start_and_places_other_readings() -> None:
    moments = iter([100.0, 103.5, 104.0])
    clock = LoopClock(lambda: next(moments), wall=lambda: 5000.0)
    assert clock.now() == 3.5
    assert clock.at(101.0) == 1.0
    assert clock.wall() == 5004.0
