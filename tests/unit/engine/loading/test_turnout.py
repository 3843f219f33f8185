"""A load that had fewer users than its shape wants says so, and how many it had."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hormesis.words.client import User
from hormesis.words.load import Closed, Finite, Shape, Ticked
from tests.unit.engine.loading.played import Play
from tests.unit.engine.scripted_client import taking
from tests.virtual_time import virtually


def ticks(passed_s: float, users: int) -> tuple[int, float] | None:
    return (40, 1000.0) if passed_s < 10 else None


SHAPES: dict[str, Shape] = {
    "constant": Closed(lambda passed: 40, 40, 10.0),
    "ramping": Closed(lambda passed: min(int(passed * 20), 40), 40, 10.0),
    "ticked": Ticked(lambda: ticks, 20.0),
    "each": Finite(40, 100, True, 10.0),
    "shared": Finite(40, 4000, False, 10.0),
}


def opening(seconds: Callable[[int], float]) -> dict[str, object]:
    async def opened(user: User) -> None:
        await user.clock.sleep_until(user.clock.now() + seconds(user.number))

    return {"opening": opened}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@virtually
async def test_users_that_never_come_are_told(shape: Shape) -> None:
    play = Play(shape, taking(0.1), options=opening(lambda n: 0.0 if n <= 10 else 60.0))
    record = await play.run()
    assert record.trouble.startswith("reached 10 of 40 users: it had too few for ")


@virtually
async def test_users_that_come_late_are_told() -> None:
    play = Play(
        SHAPES["constant"], taking(0.1), options=opening(lambda n: 0.0 if n <= 10 else 2.99)
    )
    record = await play.run()
    assert record.trouble == "had 10 of 40 users at 0.0 s: it had too few for 3.0 s of 10.0 s"


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize(
    "wait_s", [lambda n: 0.4, lambda n: 60.0 if n == 40 else 0.0], ids=["soon", "one-misses"]
)
@virtually
async def test_a_turnout_nearly_as_wanted_is_no_trouble(
    shape: Shape, wait_s: Callable[[int], float]
) -> None:
    record = await Play(shape, taking(0.1), options=opening(wait_s)).run()
    assert record.trouble == ""


@virtually
async def test_users_that_leave_of_themselves_are_not_missed() -> None:
    async def once(user: User) -> None:
        await taking(0.1)(user)
        user.leave()

    record = await Play(SHAPES["constant"], once).run()
    assert (record.iterations, record.trouble) == (40, "")


@virtually
async def test_finite_work_that_is_done_needs_nobody() -> None:
    play = Play(
        Finite(40, 20, False, 10.0),
        taking(0.1),
        options=opening(lambda n: 0.0 if n <= 10 else 5.0),
    )
    record = await play.run()
    assert (record.iterations, record.trouble) == (20, "")
