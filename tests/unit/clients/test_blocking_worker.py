"""The thread of a blocking client."""

from __future__ import annotations

import threading

import pytest

from hormesis.clients.code.blocking import Worker

pytestmark = pytest.mark.anyio


async def test_a_call_that_never_returns_does_not_keep_the_process() -> None:
    worker = Worker("user-1")
    thread = await worker.do(threading.current_thread)
    assert thread.daemon
    worker.end()


async def test_what_the_work_raises_is_raised_where_it_is_awaited() -> None:
    worker = Worker("user-1")

    def stop() -> None:
        raise StopIteration

    with pytest.raises(ValueError):
        await worker.do(lambda: int("seven"))
    with pytest.raises(RuntimeError):
        await worker.do(stop)
    assert await worker.do(lambda: 7) == 7
    worker.end()
