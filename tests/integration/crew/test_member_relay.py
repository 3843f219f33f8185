from __future__ import annotations

import asyncio

import psutil
import pytest

import hormesis
from hormesis.engine.clock import LoopClock
from hormesis.engine.crew.messages import Configure, Ended, Message, Messages, Ready, Stop, packed
from hormesis.engine.waiting import wait_until
from hormesis.host import member_relay

MEMBER = "hormesis.engine.crew.member"
ORDERS = Configure(
    shares=(), seed=1, zero_ns=0, wall=0.0, first=1, step=1, version=hormesis.__version__
)


async def told(key: str, last: type[Message]) -> list[Message]:
    """Return what the member says, up to the first message of that sort."""
    messages, found = Messages(), list[Message]()
    while not any(isinstance(one, last) for one in found):
        data, _, over = await member_relay.pull(key, 5.0)
        found += messages.feed(data)
        assert data or not over, f"only {found}"
    return found


def test_a_member_lives_between_start_and_close() -> None:
    async def live() -> None:
        facts = await member_relay.start_member("a", MEMBER)
        assert facts["version"] == hormesis.__version__
        await member_relay.push("a", packed(ORDERS))
        assert await told("a", Ready) == [Ready()]
        await member_relay.push("a", packed(Stop()))
        assert await told("a", Ended) == [Ended("")]
        assert await member_relay.how_ended("a", 5.0) == ""
        await member_relay.close_member("a")
        assert not psutil.pid_exists(facts["pid"])
        with pytest.raises(KeyError):
            await member_relay.pull("a", 1.0)
        await member_relay.close_member("a")

    asyncio.run(live())


def test_a_member_of_another_version_refuses() -> None:
    async def live() -> None:
        await member_relay.start_member("b", MEMBER)
        other = Configure((), 1, 0, 0.0, 1, 1, version="0.0.1")
        await member_relay.push("b", packed(other))
        said = ""
        while "the run's is 0.0.1" not in said:
            _, text, over = await member_relay.pull("b", 5.0)
            said += text
            assert text or not over, said
        assert await member_relay.how_ended("b", 5.0) == "exit status 1"
        await member_relay.close_member("b")

    asyncio.run(live())


def test_a_member_that_nobody_asks_any_more_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_relay, "LEASE_S", 0.3)

    async def live() -> None:
        clock = LoopClock()
        facts = await member_relay.start_member("c", MEMBER)
        member = psutil.Process(facts["pid"])

        async def gone() -> bool:
            return not member.is_running()

        await wait_until(gone, what="its end", deadline=clock.now() + 5.0, clock=clock)
        with pytest.raises(KeyError):
            await member_relay.pull("c", 1.0)

    asyncio.run(live())
