from __future__ import annotations

import asyncio
from contextvars import ContextVar

import pytest

from hormesis.engine.loading.summons import Summons
from tests.virtual_time import virtually

WHO: ContextVar[str] = ContextVar("who", default="nobody")


async def waiting(summons: Summons, seen: list[str]) -> None:
    WHO.set("the waiter")
    while True:
        await summons
        seen.append(WHO.get())


@virtually
async def test_who_is_called_from_a_callback_goes_on_at_once_in_its_own_context() -> None:
    loop = asyncio.get_running_loop()
    summons, seen, then = Summons(loop), [], []
    task = asyncio.create_task(waiting(summons, seen))
    await asyncio.sleep(0)

    def ring() -> None:
        summons.call()
        then.append(list(seen))

    loop.call_soon(ring)
    loop.call_soon(ring)
    await asyncio.sleep(0)
    assert then == [["the waiter"], ["the waiter"] * 2]
    assert asyncio.current_task() is not None
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@virtually
async def test_who_is_called_by_a_task_goes_on_in_the_next_turn() -> None:
    summons, seen = Summons(asyncio.get_running_loop()), []
    task = asyncio.create_task(waiting(summons, seen))
    await asyncio.sleep(0)
    assert summons.waited_for
    summons.call()
    assert not summons.waited_for
    assert not seen
    await asyncio.sleep(0)
    assert seen == ["the waiter"]
    task.cancel()
    await asyncio.wait({task})


@virtually
async def test_calling_nobody_does_nothing() -> None:
    summons, seen = Summons(asyncio.get_running_loop()), []
    summons.call()
    task = asyncio.create_task(waiting(summons, seen))
    await asyncio.sleep(0)
    assert not seen
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert not summons.waited_for


@virtually
async def test_a_time_limit_ends_the_wait_and_it_can_be_waited_for_again() -> None:
    summons = Summons(asyncio.get_running_loop())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await summons
    asyncio.get_running_loop().call_later(1.0, summons.call)
    await summons
