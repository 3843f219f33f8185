from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest

from hormesis.engine.bounded_run import run_bounded


async def never_ends() -> None:
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue


def test_what_the_coroutine_returns_comes_back() -> None:
    async def main() -> int:
        return 7

    assert run_bounded(main()) == 7


def test_what_it_raises_comes_back() -> None:
    async def main() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        run_bounded(main())


def test_a_task_that_refuses_to_end_holds_up_nothing() -> None:
    async def main() -> str:
        kept.append(asyncio.create_task(never_ends()))
        await asyncio.sleep(0)
        return "over"

    kept: list[asyncio.Task[None]] = []
    assert run_bounded(main(), patience_s=0.05) == "over"
    assert not kept[0].done()
    kept.clear()
    gc.collect()


def test_a_task_that_ends_when_it_is_cancelled_is_given_the_time() -> None:
    ended: list[str] = []

    async def tidy() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("tidy")

    async def main() -> None:
        asyncio.get_running_loop().create_task(tidy(), name="tidy")
        await asyncio.sleep(0)

    run_bounded(main())
    assert ended == ["tidy"]


def test_generators_that_were_left_are_closed() -> None:
    closed: list[bool] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            closed.append(True)

    async def main() -> None:
        kept.append(numbers())
        await kept[0].__anext__()

    kept: list[AsyncIterator[int]] = []
    run_bounded(main())
    assert closed == [True]
