"""Users whose number code says, second by second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from hormesis.engine.loading.ticked import Level
from hormesis.words.load import Ticked
from tests.unit.engine.loading.played import Play
from tests.unit.engine.scripted_client import taking
from tests.virtual_time import virtually

Tick = Callable[[float, int], tuple[int, float] | None]


def ticked(tick: Tick) -> Ticked:
    return Ticked(make=lambda: tick, duration_s_max=60.0)


@virtually
async def test_users_join_and_leave_at_the_shapes_pace() -> None:
    def tick(passed: float, users: int) -> tuple[int, float] | None:
        if passed >= 12.0:
            return None
        return (8, 2.0) if passed < 6.0 else (2, 3.0)

    play = Play(ticked(tick), taking(1.0))
    record = await play.run()
    assert record.users == 8
    active = Counter(int(op.sent + 0.01) for op in play.ops)
    assert active[0] in (1, 2)
    assert [active[second] for second in (4, 5, 9, 11)] == [8, 8, 2, 2]
    assert 12.0 <= (record.ended or 0.0) < 13.5


@virtually
async def test_the_shape_is_asked_once_a_second_with_what_there_is() -> None:
    asked: list[tuple[float, int]] = []

    def tick(passed: float, users: int) -> tuple[int, float] | None:
        asked.append((round(passed, 1), users))
        return None if passed >= 3.0 else (10, 4.0)

    await Play(ticked(tick), taking(0.5)).run()
    assert [moment for moment, _ in asked] == pytest.approx([0, 1, 2, 3], abs=0.06)
    assert [users for _, users in asked] == [0, 4, 8, 10]


@virtually
async def test_several_processes_have_the_same_users_in_all() -> None:
    users = []
    for part in range(3):
        play = Play(
            ticked(lambda passed, now: None if passed > 5 else (10, 100.0)),
            taking(0.5),
            part=part,
            parts=3,
        )
        users.append((await play.run()).users)
    assert users == [4, 3, 3]


@virtually
async def test_a_shape_that_raises_ends_the_load_and_is_told() -> None:
    def tick(passed: float, users: int) -> tuple[int, float] | None:
        raise KeyError("stage 7")

    def none() -> Tick:
        raise ValueError("no class")

    record = await Play(ticked(tick), taking(0.5)).run()
    assert "the shape could not go on: KeyError: 'stage 7'" in record.trouble
    record = await Play(Ticked(make=none, duration_s_max=9.0), taking(0.5)).run()
    assert "ValueError: no class" in record.trouble


def test_levels_move_at_their_rate_and_stay_where_they_are_to_be() -> None:
    level = Level()
    level.aim(3, 0.5)
    assert [level.at(t) for t in (0.0, 1.0, 2.0, 4.0, 9.0)] == [1, 1, 2, 3, 3]
    level.aim(0, 1.0)
    assert [level.at(t) for t in (9.5, 10.0, 12.0, 20.0)] == [2, 2, 0, 0]
    with pytest.raises(ValueError, match="rate > 0"):
        level.aim(5, 0.0)


@virtually
async def test_a_shape_that_exits_ends_the_load_and_is_told() -> None:
    def tick(passed: float, users: int) -> tuple[int, float] | None:
        raise SystemExit(0)

    record = await Play(ticked(tick), taking(0.5)).run()
    assert record.trouble.startswith("the shape could not go on: SystemExit: 0 (test_ticked.py:")
