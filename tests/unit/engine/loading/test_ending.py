from __future__ import annotations

import asyncio

import pytest

from hormesis.engine.loading.crowd import CLOSE_S, CUT_S
from hormesis.words.client import User
from hormesis.words.load import Closed
from hormesis.words.op import Ended
from tests.unit.engine.loading.played import Play, constant
from tests.unit.engine.scripted_client import Work, taking
from tests.virtual_time import virtually

GRACE_S = 30.0
"""The graceful stop that a load has unless it says otherwise."""


def resting(*rests_s: float, takes_s: float = 0.1) -> Work:
    """Return an iteration of one operation and then nothing but rests."""

    async def look_and_rest(user: User) -> None:
        async with user.op("look"):
            await user.clock.sleep_until(user.clock.now() + takes_s)
        for rest_s in rests_s:
            await user.rest(rest_s)

    return look_and_rest


async def users_at(play: Play, *moments: float) -> list[int]:
    """Return how many users there are at these moments of the play's clock."""
    seen = []
    for moment in moments:
        await play.clock.sleep_until(moment)
        seen.append(play.player.users)
    return seen


@virtually
async def test_running_iterations_may_finish_after_the_end() -> None:
    play = Play(constant(2, 5.0), taking(4.0))
    record = await play.run()
    assert record.iterations == len(play.ops) == 4
    assert record.ended == pytest.approx(8.0)
    assert {op.outcome for op in play.ops} == {Ended.OK}


@virtually
async def test_what_outlives_the_grace_is_cut_off_and_recorded() -> None:
    play = Play(constant(2, 5.0), taking(3600.0))
    record = await play.run()
    assert record.ended == pytest.approx(5.0 + GRACE_S + CUT_S)
    assert [(op.outcome, op.error) for op in play.ops] == [(Ended.INFO, "cut-off")] * 2
    assert record.iterations == 0, "what is cut off is no iteration"


@virtually
async def test_a_client_that_ignores_the_cut_does_not_hold_up_the_end() -> None:
    async def stubborn(user: User) -> None:
        while user.clock.now() < 600.0:
            try:
                await user.clock.sleep_until(600.0)
            except asyncio.CancelledError:
                continue

    play = Play(constant(1, 1.0), stubborn)
    await play.player.play(0.0)
    assert play.clock.now() == pytest.approx(1.0 + GRACE_S + CUT_S + CLOSE_S)
    await play.clock.sleep_until(601.0)


@virtually
async def test_stopping_ends_pauses_at_once() -> None:
    async def thinking(user: User) -> None:
        async with user.op("look"):
            await user.clock.sleep_until(user.clock.now() + 0.1)
        await user.pause(3600.0)

    play = Play(constant(3, 7200.0), thinking)
    record = await play.run(stop_at=4.0)
    assert record.ended == pytest.approx(4.0, abs=0.2)
    assert record.iterations == len(play.ops) == 3


@virtually
async def test_who_only_rests_does_not_hold_up_the_end() -> None:
    play = Play(constant(3, 5.0), resting(2.0))
    record = await play.run()
    assert record.ended == pytest.approx(5.0, abs=0.01)
    assert record.iterations == len(play.ops) == 9, "a rest that is cut short ends its iteration"


@pytest.mark.parametrize("takes_s", [0.1, 5.5])
@virtually
async def test_who_is_no_longer_wanted_rests_neither_now_nor_later(takes_s: float) -> None:
    shape = Closed(lambda passed: 3 if passed < 5.0 else 1, 3, 10.0)
    play = Play(shape, resting(20.0, 20.0, takes_s=takes_s))
    seen = asyncio.create_task(users_at(play, 4.0, 6.0))
    record = await play.run()
    assert await seen == [3, 1]
    assert record.iterations == len(play.ops) == 3


@virtually
async def test_who_is_wanted_again_rests_again() -> None:
    shape = Closed(lambda passed: 0 if 2.0 <= passed < 3.0 else 2, 2, 50.0)
    play = Play(shape, resting(100.0, takes_s=4.0))
    seen = asyncio.create_task(users_at(play, 1.0, 2.5, 45.0))
    await play.run()
    assert await seen == [2, 2, 2]
    assert len(play.ops) == 2, "nobody begins anew before the rest is over"


@virtually
async def test_a_pause_between_two_things_is_not_cut_short_by_the_end() -> None:
    async def pausing(user: User) -> None:
        for _ in range(2):
            async with user.op("look"):
                await user.clock.sleep_until(user.clock.now() + 0.1)
            await user.pause(GRACE_S - 0.5)

    play = Play(constant(3, 0.2), pausing)
    record = await play.run()
    assert sorted(op.sent for op in play.ops)[3:] == [pytest.approx(GRACE_S - 0.4)] * 3
    assert record.ended == pytest.approx(0.2 + GRACE_S, abs=0.1)


@virtually
async def test_cancelling_gives_no_grace_but_loses_nothing() -> None:
    closed: list[int] = []

    async def closing(user: User) -> None:
        closed.append(user.number)

    play = Play(constant(2, 60.0), taking(3600.0), {"closing": closing})
    task = asyncio.create_task(play.player.play(0.0))
    await play.clock.sleep_until(5.0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert play.clock.now() == pytest.approx(5.0)
    assert play.read().ended == pytest.approx(5.0)
    assert [op.error for op in play.ops] == ["cut-off"] * 2
    assert sorted(closed) == [1, 2]
