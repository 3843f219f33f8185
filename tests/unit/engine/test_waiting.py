from __future__ import annotations

import asyncio

import pytest

from hormesis.engine.waiting import Late, sleep_unless, wait_until
from tests.virtual_time import virtual_clock, virtually


class Counted:
    """A condition that becomes true at its *true_at*-th try."""

    def __init__(self, true_at: int) -> None:
        self.true_at = true_at
        self.tries: list[float] = []
        self.clock = virtual_clock()

    async def __call__(self) -> str:
        self.tries.append(round(self.clock.now(), 6))
        return "yes" if len(self.tries) >= self.true_at else ""


@virtually
async def test_the_first_true_value_is_returned() -> None:
    clock, condition = virtual_clock(), Counted(4)
    value = await wait_until(condition, what="x", deadline=10.0, clock=clock, every_s=0.5)
    assert value == "yes"
    assert condition.tries == [0.0, 0.5, 1.0, 1.5]


@virtually
async def test_the_deadline_is_tried_once_more_and_kept() -> None:
    clock, condition = virtual_clock(), Counted(100)
    with pytest.raises(Late, match=r"ready: not met within 1\.2 s") as late:
        await wait_until(condition, what="ready", deadline=1.2, clock=clock, every_s=0.5)
    assert condition.tries == [0.0, 0.5, 1.0, 1.2]
    assert late.value.waited_s == pytest.approx(1.2)


@virtually
async def test_a_deadline_in_the_past_still_tries_once() -> None:
    clock = virtual_clock()
    assert await wait_until(Counted(1), what="x", deadline=-1.0, clock=clock) == "yes"
    with pytest.raises(Late):
        await wait_until(Counted(2), what="x", deadline=-1.0, clock=clock)


@virtually
async def test_giving_up_ends_it_early() -> None:
    clock, condition = virtual_clock(), Counted(100)
    with pytest.raises(Late) as late:
        await wait_until(
            condition,
            what="x",
            deadline=60.0,
            clock=clock,
            every_s=1.0,
            given_up=lambda: clock.now() >= 3.0,
        )
    assert late.value.waited_s == pytest.approx(3.0)


@virtually
async def test_tries_are_counted_from_start_to_start() -> None:
    clock = virtual_clock()
    tries: list[float] = []

    async def slow() -> bool:
        tries.append(round(clock.now(), 6))
        await clock.sleep_until(clock.now() + 0.8)
        return len(tries) == 3

    await wait_until(slow, what="x", deadline=60.0, clock=clock, every_s=1.0)
    assert tries == [0.0, 1.0, 2.0]


@virtually
async def test_a_sleep_ends_at_its_moment_or_with_its_event() -> None:
    clock, event = virtual_clock(), asyncio.Event()
    assert await sleep_unless(event, 2.0, clock) is False
    assert clock.now() == pytest.approx(2.0)
    asyncio.get_running_loop().call_later(1.0, event.set)
    assert await sleep_unless(event, 60.0, clock) is True
    assert clock.now() == pytest.approx(3.0)
    assert await sleep_unless(event, 60.0, clock) is True
    assert clock.now() == pytest.approx(3.0)


@virtually
async def test_a_sleep_that_is_over_already_still_lets_others_run() -> None:
    clock, event, ran = virtual_clock(), asyncio.Event(), []
    task = asyncio.create_task(_append(ran))
    assert await sleep_unless(event, -1.0, clock) is False
    assert ran == [1]
    await task


async def _append(ran: list[int]) -> None:
    ran.append(1)
