from __future__ import annotations

import asyncio
import itertools
from random import Random

import pytest

from hormesis.engine.recording import VirtualUser
from hormesis.words.client import Refused
from hormesis.words.op import Ended, Op
from tests.virtual_time import virtual_clock, virtually


def user_and_ops() -> tuple[VirtualUser, list[Op], asyncio.Event]:
    ops: list[Op] = []
    over = asyncio.Event()
    user = VirtualUser(
        number=3,
        load="main",
        rng=Random(1),
        clock=virtual_clock(),
        sink=ops.append,
        next_number=itertools.count(1).__next__,
        over=over,
    )
    return user, ops, over


@virtually
async def test_due_sent_and_ended_are_told_apart() -> None:
    user, ops, _ = user_and_ops()
    await user.clock.sleep_until(5.0)
    user.due_at(4.0)
    async with user.op("claim", job="j1") as recording:
        await user.clock.sleep_until(7.0)
        recording.note(attempt=2)
    async with user.op("complete"):
        await user.clock.sleep_until(8.0)
    first, second = ops
    assert (first.number, first.load, first.name, first.user) == (1, "main", "claim", 3)
    assert (first.due, first.sent, first.ended) == pytest.approx((4.0, 5.0, 7.0))
    assert first.outcome is Ended.OK
    assert first.value == {"job": "j1", "attempt": 2}
    # Only the first operation of an iteration is due by the schedule.
    assert (second.number, second.due, second.sent) == pytest.approx((2, 7.0, 7.0))


@pytest.mark.parametrize(
    ("error", "outcome", "word"),
    [
        (Refused(), Ended.FAIL, "refused"),
        (Refused("sold-out"), Ended.FAIL, "sold-out"),
        (ConnectionRefusedError(), Ended.FAIL, "refused"),
        (TimeoutError(), Ended.INFO, "timeout"),
        (asyncio.CancelledError(), Ended.INFO, "cut-off"),
        (ConnectionResetError(), Ended.INFO, "disconnected"),
        (BrokenPipeError(), Ended.INFO, "disconnected"),
        (KeyError("x"), Ended.INFO, "KeyError"),
        (OSError("x"), Ended.INFO, "OSError"),
    ],
    ids=repr,
)
@virtually
async def test_an_exception_says_how_it_ended(
    error: BaseException, outcome: Ended, word: str
) -> None:
    user, ops, _ = user_and_ops()
    with pytest.raises(type(error)):
        async with user.op("claim"):
            raise error
    assert [(op.outcome, op.error) for op in ops] == [(outcome, word)]
    assert user.recorded is error


@virtually
async def test_what_the_client_said_goes_before_the_exception() -> None:
    user, ops, _ = user_and_ops()
    with pytest.raises(RuntimeError):
        async with user.op("claim") as recording:
            recording.fail("http-409")
            raise RuntimeError
    async with user.op("claim") as recording:
        recording.info("http-500")
    assert [(op.outcome, op.error) for op in ops] == [
        (Ended.FAIL, "http-409"),
        (Ended.INFO, "http-500"),
    ]
    assert user.recorded is None


@virtually
async def test_a_pause_ends_with_the_load() -> None:
    user, _, over = user_and_ops()
    await user.pause(2.0)
    assert user.clock.now() == pytest.approx(2.0)
    asyncio.get_running_loop().call_later(1.0, over.set)
    await user.pause(60.0)
    assert user.clock.now() == pytest.approx(3.0)
    await user.pause(60.0)
    assert user.clock.now() == pytest.approx(3.0)


@virtually
async def test_a_pause_of_nothing_still_lets_others_run() -> None:
    user, _, _ = user_and_ops()
    other = asyncio.create_task(user.clock.sleep_until(0.0))
    await user.pause(0.0)
    assert other.done()
