from __future__ import annotations

import asyncio
import contextlib

import pytest

from hormesis.engine.crew import recruits
from hormesis.engine.crew.recruits import Recruits


class FakeMember:
    """Instead of a process: counts how many were started and closed."""

    made = 0
    closed = 0
    fails = False

    @classmethod
    async def start(cls, module: str, said: object) -> FakeMember:
        await asyncio.sleep(0)
        if cls.fails:
            raise OSError("no more processes")
        cls.made += 1
        return cls()

    async def close(self) -> None:
        type(self).closed += 1


@pytest.fixture
def members(monkeypatch: pytest.MonkeyPatch) -> type[FakeMember]:
    fresh = type("Fresh", (FakeMember,), {})
    monkeypatch.setattr(recruits, "MemberProcess", fresh)
    return fresh


def called(count: int) -> Recruits:
    waiting = Recruits(lambda text: None)
    waiting.call(count)
    return waiting


def test_whoever_is_taken_is_not_closed_and_all_others_are(members: type[FakeMember]) -> None:
    async def take_one() -> None:
        waiting = called(3)
        await waiting.one()
        await waiting.close()
        await waiting.close()

    asyncio.run(take_one())
    assert (members.made, members.closed) == (3, 2)


def test_what_could_not_be_started_is_told_to_who_takes_it(members: type[FakeMember]) -> None:
    members.fails = True

    async def take_one() -> None:
        waiting = called(2)
        with pytest.raises(OSError, match="no more processes"):
            await waiting.one()
        await waiting.close()

    asyncio.run(take_one())
    assert members.closed == 0


@pytest.mark.parametrize("turns", range(4))
def test_nobody_is_lost_when_the_taker_is_cut_off(members: type[FakeMember], turns: int) -> None:
    async def cut_off() -> bool:
        waiting = called(1)
        taking = asyncio.create_task(waiting.one())
        for _ in range(turns):
            await asyncio.sleep(0)
        taking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await taking
        await waiting.close()
        return taking.cancelled()

    cancelled = asyncio.run(cut_off())
    assert (members.made, members.closed) == (1, int(cancelled))
