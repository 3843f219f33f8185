"""Users whose client cannot be opened, for a while or ever."""

from __future__ import annotations

import pytest

from hormesis.words.client import User
from hormesis.words.load import Closed, Open
from tests.unit.engine.loading.played import Play
from tests.unit.engine.scripted_client import taking
from tests.virtual_time import virtually

CLOSED = Closed(lambda passed: 2, 2, 5.0)
OPEN = Open(lambda number: number * 1.0 if number < 5 else None, 2, 5.0)


@virtually
async def test_a_refusing_system_is_tried_until_it_opens() -> None:
    async def opening(user: User) -> None:
        if user.clock.now() < 3.0:
            raise ConnectionRefusedError

    # Long enough that three seconds without the user are a small part.
    play = Play(Closed(lambda passed: 1, 1, 40.0), taking(0.5), {"opening": opening})
    record = await play.run()
    assert min(play.sent()) == pytest.approx(3.0, abs=0.1)
    assert record.trouble == ""


@pytest.mark.parametrize("shape", [CLOSED, OPEN], ids=["closed", "open"])
@virtually
async def test_why_no_client_could_ever_be_opened_is_told(shape: Closed | Open) -> None:
    async def opening(user: User) -> None:
        raise ConnectionRefusedError("127.0.0.1:9: nobody listens")

    record = await Play(shape, taking(0.5), {"opening": opening}).run()
    assert "no client could be opened: ConnectionRefusedError: 127.0.0.1:9" in record.trouble
