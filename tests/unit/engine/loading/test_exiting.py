from __future__ import annotations

from typing import Any

import pytest

from hormesis.words.client import User
from hormesis.words.load import Closed, Open, Shape
from tests.unit.engine.loading.played import Play
from tests.unit.engine.scripted_client import taking
from tests.virtual_time import virtually


def leave(user: User) -> None:
    raise SystemExit(0)


async def exits(user: User) -> None:
    async with user.op("before"):
        pass
    leave(user)


SHAPES: list[Shape] = [
    Closed(lambda passed: 2, 2, 2.0),
    Open(lambda n: n * 0.1 if n < 9 else None, 2, 1.0),
]


@pytest.mark.parametrize("shape", SHAPES)
@virtually
async def test_an_iteration_that_exits_ends_neither_the_run_nor_goes_unseen(shape: Any) -> None:
    play = Play(shape, exits)
    record = await play.run()
    assert record.trouble.startswith("the client raised in test_exiting.py:")
    assert record.trouble.endswith("SystemExit: 0")
    assert record.ended is not None
    assert len(play.ops) > 2, "the others go on"


@virtually
async def test_an_opening_that_exits_is_trouble() -> None:
    async def opening(user: User) -> None:
        leave(user)

    record = await Play(SHAPES[0], taking(0.1), options={"opening": opening}).run()
    assert record.trouble.startswith("the client could not be opened: SystemExit: 0 (test_")


@virtually
async def test_a_closing_that_exits_is_trouble() -> None:
    async def closing(user: User) -> None:
        leave(user)

    record = await Play(SHAPES[0], taking(0.1), options={"closing": closing}).run()
    assert record.trouble.startswith("the client could not be closed: SystemExit: 0 (test_")


@virtually
async def test_a_client_that_exits_when_it_is_made_is_trouble() -> None:
    record = await Play(SHAPES[0], taking(0.1), options={"making": leave}).run()
    assert record.trouble.startswith("the client could not be made: SystemExit: 0 (test_")
