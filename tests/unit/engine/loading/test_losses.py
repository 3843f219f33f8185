"""No operation and no arrival is lost: those that hang, that never begin, that begin too late."""

from __future__ import annotations

import asyncio

import pytest

from hormesis.engine.loading.self_watch import LAG_BUDGET_S
from hormesis.words.client import User
from hormesis.words.load import Closed, Open
from hormesis.words.op import Ended
from tests.unit.engine.loading.played import Play
from tests.unit.engine.scripted_client import taking
from tests.virtual_time import hang, virtually


def arrivals(gap_s: float, count: int, users_max: int) -> Open:
    return Open(lambda n: n * gap_s if n < count else None, users_max, count * gap_s)


@virtually
async def test_an_operation_that_never_ends_is_recorded_as_cut_off_once() -> None:
    async def stubborn(user: User) -> None:
        async with user.op("hangs", job=7):
            while user.clock.now() < 600.0:
                try:
                    await user.clock.sleep_until(600.0)
                except asyncio.CancelledError:
                    continue

    play = Play(Closed(lambda passed: 1, 1, 1.0), stubborn)
    await play.player.play(0.0)
    play.read()
    (op,) = play.ops
    assert (op.outcome, op.error, op.value) == (Ended.INFO, "cut-off", {"job": 7})
    assert op.response_s == pytest.approx(play.clock.now())
    await play.clock.sleep_until(601.0)
    assert len(play.ops) == 1


@virtually
async def test_arrivals_whose_client_never_opens_are_dropped_and_counted() -> None:
    async def opening(user: User) -> None:
        if user.number > 1:
            raise ConnectionRefusedError

    play = Play(arrivals(0.1, 20, 10), taking(0.5), {"opening": opening})
    record = await play.run()
    assert record.iterations + record.dropped == 20
    assert record.iterations == len(play.ops)


@virtually
async def test_arrivals_that_begin_late_are_a_saturated_generator() -> None:
    async def busy(user: User) -> None:
        async with user.op("busy"):
            hang(0.02)

    play = Play(arrivals(0.01, 300, 300), busy)
    record = await play.run()
    assert record.loop_lag_s > LAG_BUDGET_S
    assert "the load generator was saturated" in record.trouble


@pytest.mark.parametrize(("stall_s", "troubled"), [(1.0, False), (3.0, True)])
@virtually
async def test_one_long_stall_counts_by_its_length(stall_s: float, troubled: bool) -> None:
    stalls = iter([stall_s])

    async def work(user: User) -> None:
        async with user.op("work"):
            await user.clock.sleep_until(user.clock.now() + 1.0)
            hang(next(stalls, 0.0))

    record = await Play(Closed(lambda passed: 1, 1, 40.0), work).run()
    assert ("stood still for 3.0" in record.trouble) is troubled, record.trouble


@virtually
async def test_a_cancelled_part_of_an_iteration_ends_only_the_iteration() -> None:
    async def waits_for_one_that_is_cut(user: User) -> None:
        inner = asyncio.create_task(user.clock.sleep_until(3600.0))
        asyncio.get_running_loop().call_later(0.5, inner.cancel)
        async with user.op("join"):
            await inner

    play = Play(Closed(lambda passed: 1, 1, 3.0), waits_for_one_that_is_cut)
    record = await play.run()
    assert record.iterations == len(play.ops) == 5
    assert record.trouble == ""
