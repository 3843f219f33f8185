"""The kernel's timer on a real loop, alone and under a load's arrivals."""

from __future__ import annotations

import asyncio
import statistics
import time
from itertools import pairwise

from hormesis.engine.clock import LoopClock
from hormesis.engine.loading.player import Player
from hormesis.host.precise_timer import PreciseTimer
from hormesis.wire.meter import Meter
from hormesis.words.client import User
from hormesis.words.experiment import LoadTrack
from hormesis.words.load import Open
from tests.unit.engine.loading.played import Heard
from tests.unit.engine.scripted_client import Scripted, Shaped

GAP_NS = 2_000_000


def test_it_rings_once_for_each_moment_and_never_early() -> None:
    async def ring(count: int) -> list[int]:
        late: list[int] = []
        done = asyncio.get_running_loop().create_future()
        moment = time.monotonic_ns()

        def call() -> None:
            nonlocal moment
            late.append(time.monotonic_ns() - moment)
            if len(late) == count:
                done.set_result(None)
                return
            moment = time.monotonic_ns() + GAP_NS
            timer.set(moment)

        timer = PreciseTimer(call)
        timer.set(moment)
        await asyncio.wait_for(done, 20)
        # Nothing rings any more: nothing was set.
        await asyncio.sleep(0.02)
        timer.close()
        timer.close()
        return late

    late = asyncio.run(ring(100))
    assert len(late) == 100
    assert min(late) >= 0
    assert statistics.median(late) < 10 * GAP_NS


def test_a_moment_that_is_set_anew_or_closed_is_forgotten() -> None:
    async def ring() -> int:
        rung: list[int] = []
        timer = PreciseTimer(lambda: rung.append(1))
        now = time.monotonic_ns()
        timer.set(now + 20_000_000)
        timer.set(now + 40_000_000)
        await asyncio.sleep(0.1)
        timer.set(time.monotonic_ns() + 20_000_000)
        timer.close()
        await asyncio.sleep(0.1)
        return len(rung)

    assert asyncio.run(ring()) == 1


def test_arrivals_on_a_real_clock_begin_soon_after_they_are_due() -> None:
    heard = Heard()

    async def work(user: User) -> None:
        async with user.op("work"):
            await asyncio.sleep(0.001)

    async def play() -> None:
        clock = LoopClock()
        shape = Open(lambda n: n / 500 if n < 500 else None, 50, 1.0, users_ready=20)
        player = Player(
            [LoadTrack("main", Shaped(given=shape), Scripted(work=work))],
            part=0,
            parts=1,
            seed=7,
            clock=clock,
            meter=Meter(zero_ns=clock.zero_ns),
            output=heard,
        )
        await player.play(clock.now())

    asyncio.run(play())
    ops = heard.read().ops_
    assert len(ops) == 500
    dues = sorted(op.due for op in ops)
    steps = [after - before for before, after in pairwise(dues)]
    assert min(steps) > 0.0019
    assert max(steps) < 0.0021
    assert all(op.sent >= op.due for op in ops)
    assert min(op.lag_s for op in ops) < 0.02
