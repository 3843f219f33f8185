"""Orders in PostgreSQL: the fence refuses a deposed leader, whatever it believes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, TypeVar

import pytest

from proving_ground.database import Database
from proving_ground.leader.backoff import Backoff
from proving_ground.leader.canaries import (
    ORDER_TWICE_UNDER_OTHER_ID,
    SPLIT_BRAIN_WITHOUT_FENCING,
    TOKEN_NOT_INCREASED,
)
from proving_ground.leader.ledger import Conflict, Deposed, Ledger
from tests.proving_ground.programs import Postgres

T = TypeVar("T")


def order(name: str, **fields: Any) -> dict[str, Any]:
    return {"client_order_id": name, "symbol": "NIFTY", "side": "buy", "quantity": 1, **fields}


def with_two(
    postgres: Postgres, play: Callable[[Ledger, Ledger], Awaitable[T]], canary: str = ""
) -> T:
    """Play with the ledgers of two instances on one new database."""
    dsn = postgres.dsn(postgres.new_database())
    canaries = frozenset({canary} - {""})

    async def run() -> T:
        one, two = (
            Database(dsn, timeout_s=5, connections_max=4, canaries=frozenset()) for _ in range(2)
        )
        try:
            first, second = Ledger(one, "first", canaries), Ledger(two, "second", canaries)
            await first.create_tables()
            await second.create_tables()
            return await play(first, second)
        finally:
            await one.close()
            await two.close()

    return asyncio.run(run())


@pytest.mark.integration
def test_a_deposed_leader_writes_nothing(postgres: Postgres) -> None:
    async def play(first: Ledger, second: Ledger) -> None:
        assert await first.begin_term(1) == 0
        accepted, _ = await first.accept(order("a"), 1)
        assert await second.begin_term(2) == 0
        with pytest.raises(Deposed):
            await first.accept(order("b"), 1)
        with pytest.raises(Deposed):
            await first.begin_sending(accepted, 1)
        assert await first.abort(1) == 0
        # The successor takes up what was accepted before.
        assert [one.client_order_id for one in await second.open_orders()] == ["a"]
        assert await second.begin_sending(accepted, 2)

    with_two(postgres, play)


@pytest.mark.integration
def test_without_the_fence_it_would(postgres: Postgres) -> None:
    async def play(first: Ledger, second: Ledger) -> None:
        await first.begin_term(1)
        await second.begin_term(2)
        assert (await first.accept(order("b"), 1))[1]

    with_two(postgres, play, SPLIT_BRAIN_WITHOUT_FENCING)


@pytest.mark.integration
def test_a_term_can_be_begun_again_but_not_by_another(postgres: Postgres) -> None:
    async def play(first: Ledger, second: Ledger) -> None:
        assert await first.begin_term(7) == 0
        assert await first.begin_term(7) == 0
        # Redis lost its counter: what stands in the way is told, so that it can be passed.
        assert await second.begin_term(7) == 7
        assert await second.begin_term(3) == 7
        assert await second.begin_term(8) == 0

    with_two(postgres, play)


@pytest.mark.integration
def test_a_repeated_order_is_the_same_order(postgres: Postgres) -> None:
    async def play(first: Ledger, _second: Ledger) -> None:
        await first.begin_term(1)
        several = await asyncio.gather(*(first.accept(order("a"), 1) for _ in range(8)))
        assert len({one.order_id for one, _ in several}) == 1
        assert sum(made for _, made in several) == 1
        with pytest.raises(Conflict):
            await first.accept(order("a", quantity=2), 1)
        await first.end(several[0][0], "executed", "x1")
        assert await first.open_orders() == []
        assert not await first.begin_sending(several[0][0], 1)

    with_two(postgres, play)


@pytest.mark.integration
def test_token_not_increased(postgres: Postgres) -> None:
    async def play(first: Ledger, second: Ledger) -> None:
        assert await first.begin_term(1) == 0
        assert await second.begin_term(1) == 0
        assert (await first.accept(order("a"), 1))[1]
        assert (await second.accept(order("b"), 1))[1]

    with_two(postgres, play, TOKEN_NOT_INCREASED)


@pytest.mark.integration
def test_order_twice_under_other_id(postgres: Postgres) -> None:
    async def play(first: Ledger, _second: Ledger) -> None:
        await first.begin_term(1)
        await first.accept(order("a"), 1)
        assert [one.client_order_id for one in await first.open_orders()] == ["a"]
        again, made = await first.accept(order("a"), 1)
        assert (again.client_order_id, made) == ("a", False)
        assert [one.client_order_id for one in await first.open_orders()] == ["a", "a-2"]

    with_two(postgres, play, ORDER_TWICE_UNDER_OTHER_ID)


def test_pauses_double_up_to_a_limit_and_are_never_alike() -> None:
    backoff = Backoff(0.2, 5.0, Random(1))
    pauses = [backoff.pause_s() for _ in range(8)]
    for number, pause_s in enumerate(pauses):
        most = min(5.0, 0.2 * 2**number)
        assert most / 2 <= pause_s <= most
    assert len(set(pauses)) == len(pauses)
    backoff.reset()
    assert backoff.pause_s() <= 0.2
