"""The bell: early waking, sleeping out, and nobody left behind."""

from __future__ import annotations

import asyncio

import pytest

from hormesis.engine.loading.bell import Bell
from tests.virtual_time import virtual_clock, virtually


@virtually
async def test_everybody_wakes_when_it_rings_or_has_slept() -> None:
    clock, bell = virtual_clock(), Bell()
    woke: list[tuple[float, bool]] = []

    async def sleeper(seconds: float) -> None:
        rung = await bell.sleep(seconds)
        woke.append((round(clock.now(), 3), rung))

    asyncio.get_running_loop().call_later(2.0, bell.ring)
    await asyncio.gather(sleeper(1.0), sleeper(60.0), sleeper(3600.0))
    assert woke == [(1.0, False), (2.0, True), (2.0, True)]
    assert await bell.sleep(5.0) is True
    assert clock.now() == pytest.approx(2.0)


@virtually
async def test_a_sleeper_that_is_cancelled_leaves_nothing() -> None:
    bell = Bell()
    task = asyncio.create_task(bell.sleep(60.0))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    bell.ring()
    assert task.cancelled()


@virtually
async def test_a_wait_ends_with_what_is_waited_for() -> None:
    clock, bell = virtual_clock(), Bell()
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    loop.call_later(1.5, done.set_result, None)
    assert await bell.wait(done) is False
    assert clock.now() == pytest.approx(1.5)
    assert await bell.wait(loop.create_future(), 1.0) is False
    assert clock.now() == pytest.approx(2.5)
