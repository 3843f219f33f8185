"""Arrivals: users that are ready, users that are made, arrivals that wait, and what is dropped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hormesis.engine.loading.open import BACKLOG_S, READY_WITHIN_S
from hormesis.words.client import User
from hormesis.words.load import Open
from tests.unit.engine.loading.played import Play
from tests.unit.engine.scripted_client import taking
from tests.virtual_time import virtually


def every(gap_s: float, count: int, users_max: int, users_ready: int = 0) -> Open:
    return Open(
        lambda n: n * gap_s if n < count else None, users_max, gap_s * count, users_ready
    )


@virtually
async def test_users_are_ready_before_the_first_arrival() -> None:
    opened: list[float] = []

    async def opening(user: User) -> None:
        await user.clock.sleep_until(user.clock.now() + 0.1 * user.number)
        opened.append(user.clock.now())

    play = Play(every(0.1, 10, 5, users_ready=5), taking(0.35), {"opening": opening})
    record = await play.run()
    assert len(opened) == 5
    assert play.sent()[0] == pytest.approx(max(opened))
    assert all(op.lag_s == pytest.approx(0.0, abs=1e-6) for op in play.ops)
    assert (record.users, record.waited) == (5, 0)


@virtually
async def test_a_system_that_refuses_does_not_hold_up_the_schedule() -> None:
    async def opening(user: User) -> None:
        if user.clock.now() < 4.0:
            raise ConnectionRefusedError

    play = Play(every(0.5, 10, 5, users_ready=5), taking(0.1), {"opening": opening})
    record = await play.run()
    dues = sorted(round(op.due, 3) for op in play.ops)
    assert dues == [pytest.approx(READY_WITHIN_S + 0.5 * n, abs=0.01) for n in range(10)]
    assert play.sent()[0] == pytest.approx(4.0, abs=0.15)
    assert record.waited == 4, "those that were due before anybody was there"


@virtually
async def test_arrivals_are_begun_in_the_order_in_which_they_are_due() -> None:
    play = Play(every(0.1, 20, 3, users_ready=3), taking(0.4))
    await play.run()
    begun = sorted(play.ops, key=lambda op: (op.sent, op.due))
    assert [op.due for op in begun] == sorted(op.due for op in play.ops)


@virtually
async def test_who_waits_at_the_end_still_has_a_moment() -> None:
    shape = every(0.1, 10, 1, users_ready=1)
    record = await Play(shape, taking(0.15)).run()
    assert (record.iterations, record.dropped) == (10, 0), "the last two began after the end"
    play = Play(shape, taking(0.6))
    record = await play.run()
    assert record.iterations + record.dropped == 10
    assert play.sent()[-1] <= shape.duration_s + BACKLOG_S
    assert len(play.heard.drops) == record.dropped > 0


@virtually
async def test_a_stop_drops_who_waits_and_forgets_who_was_not_due() -> None:
    play = Play(every(0.1, 1000, 1, users_ready=1), taking(20.0))
    record = await play.run(stop_at=1.05)
    assert (record.iterations, record.dropped) == (0, 10)
    assert [op.error for op in play.ops] == ["cut-off"]
    assert [round(due, 3) for due in play.heard.drops] == [
        pytest.approx(0.1 * n, abs=0.001) for n in range(1, 11)
    ]


@virtually
async def test_many_arrivals_at_one_instant_all_begin() -> None:
    shape = Open(lambda n: 1.0 if n < 1000 else None, 1000, 2.0)
    play = Play(shape, taking(0.5))
    record = await play.run()
    assert (record.iterations, record.users) == (1000, 1000)
    assert {round(op.due, 6) for op in play.ops} == {1.0}


@virtually
async def test_no_arrivals_are_a_load_too() -> None:
    record = await Play(every(0.1, 0, 3, users_ready=1), taking(0.5)).run()
    assert (record.iterations, record.dropped, record.trouble) == (0, 0, "")
    shape = replace(every(0.1, 5, 3), due_at=lambda n: None, duration_s=7.0)
    record = await Play(shape, taking(0.5)).run()
    assert record.ended == pytest.approx(7.0, abs=0.01)


@virtually
async def test_parts_play_what_the_whole_plays() -> None:
    whole = every(0.1, 50, 7, users_ready=7)
    dues: list[float] = []
    numbers: list[int] = []
    users: set[int] = set()
    for part in range(3):
        play = Play(whole, taking(0.3), part=part, parts=3)
        began = play.clock.now()
        await play.run()
        dues += [round(op.due - began, 3) for op in play.ops]
        numbers += [op.number for op in play.ops]
        users |= {op.user for op in play.ops}
    assert len(set(numbers)) == 50
    assert users <= set(range(1, 8))
    assert sorted(dues) == pytest.approx([0.1 * n for n in range(50)], abs=1e-3)
