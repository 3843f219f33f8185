"""However a request is awaited, it is one operation, and what cuts it off is recorded."""

from __future__ import annotations

import asyncio
import contextvars
import gc
from typing import Any

import pytest

from hormesis.clients.session.answer import Answer
from tests.integration.clients.scripted_server import OK, Scripted, Visit, scripted
from tests.integration.clients.users import session_at

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("either_caller")]
CUT = ("GET /slow", "info", "cut-off")
DONE = ("GET /a", "ok", "")


async def serve(server: Scripted, visit: Visit) -> None:
    while request := await visit.request():
        if b" /slow " not in request:
            visit.writer.write(OK)


async def test_tasks_of_every_sort_await_requests() -> None:
    async with scripted(serve) as server, session_at(server.url) as (http, stage):
        await http.connect(5.0)
        answers: list[Answer] = [await asyncio.ensure_future(http.get("/a"))]
        answers.append(await asyncio.create_task(http.get("/a")))
        answers += await asyncio.gather(http.get("/a"), http.get("/a"))
        answers.append(await asyncio.wait_for(http.get("/a"), 5))
        async with asyncio.TaskGroup() as group:
            task = group.create_task(http.get("/a"))
        answers.append(task.result())
        assert [one.status for one in answers] == [200] * 6
        assert stage.told == [DONE] * 6


async def test_nothing_is_sent_before_it_is_awaited() -> None:
    async with scripted(serve) as server, session_at(server.url) as (http, stage):
        await http.connect(5.0)
        asked = http.get("/a")
        assert (await http.get("/a")).ok
        assert stage.told == [DONE]
        assert (await asked).ok
        with pytest.raises(RuntimeError):
            await asked
        assert stage.told == [DONE] * 2


async def test_a_time_out_of_the_script_is_recorded_with_when_it_was_sent() -> None:
    async with scripted(serve) as server, session_at(server.url) as (http, stage):
        assert (await http.get("/a")).ok
        before_us = stage.clock.now_ns() // 1000
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await http.get("/slow")
        assert stage.told == [DONE, CUT]
        cut = stage.ops[1]
        assert cut.due_us + cut.lag_us >= before_us
        assert 40_000 < cut.took_us < 5_000_000
        assert (await http.get("/a")).ok, "the session opens another connection"


async def test_a_cancelled_task_and_a_failing_group_cut_off() -> None:
    async with scripted(serve) as server, session_at(server.url) as (http, stage):
        assert (await http.get("/a")).ok
        task = asyncio.create_task(http.get("/slow"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert stage.told == [DONE, CUT]

        async def fail() -> None:
            assert (await http.get("/a")).ok
            raise ValueError("on purpose")

        with pytest.raises(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                group.create_task(http.get("/slow"))
                group.create_task(fail())
        assert sorted(stage.told) == sorted([DONE, CUT, CUT, DONE])


async def test_context_variables_are_the_tasks_own() -> None:
    where = contextvars.ContextVar("where", default="nowhere")

    async def visit(name: str) -> str:
        where.set(name)
        await http.get("/a")
        return where.get()

    async with scripted(serve) as server, session_at(server.url) as (http, _):
        await http.connect(5.0)
        found = list(await asyncio.gather(visit("here"), visit("there")))
        assert found == ["here", "there"]
        assert where.get() == "nowhere"


async def test_closing_one_that_waits_is_recorded_as_a_cut() -> None:
    async with scripted(serve) as server, session_at(server.url) as (http, stage):
        await http.connect(5.0)
        assert (await http.get("/a")).ok
        asked: Any = http.get("/slow")
        exchange = asked.send(None)
        asked.close()
        asked.close()
        assert exchange.exception() is not None, "its connection is closed"
        assert stage.told == [DONE, CUT]
        never: Any = http.get("/a")
        never.close()
        assert stage.told == [DONE, CUT]


async def test_an_exception_thrown_in_is_recorded_and_goes_on() -> None:
    async with scripted(serve) as server, session_at(server.url) as (http, stage):
        assert (await http.get("/a")).ok
        asked: Any = http.get("/slow")
        exchange = asked.send(None)
        with pytest.raises(KeyError, match="mine"):
            asked.throw(KeyError("mine"))
        assert exchange.exception() is not None, "its connection is closed"
        assert stage.told == [DONE, CUT]
        with pytest.raises(RuntimeError):
            asked.send(None)


async def test_a_request_that_nobody_awaits_is_told_of() -> None:
    async with scripted(serve) as server, session_at(server.url) as (http, stage):
        await http.connect(5.0)
        with pytest.warns(RuntimeWarning, match="was never awaited"):
            http.get("/a")
            gc.collect()
        assert stage.told == []


async def test_names_that_scripts_make_up_each_time() -> None:
    async with scripted(serve) as server, session_at(server.url) as (http, stage):
        await http.connect(5.0)
        for number in range(20):
            await http.get("/a", name=f"page {number % 7}")
            await http.get(f"/a/{number}")
        assert [one[0] for one in stage.told[::2]] == [f"page {n % 7}" for n in range(20)]
        assert [one[0] for one in stage.told[1::2]] == [f"GET /a/{n}" for n in range(20)]
        assert {one[1] for one in stage.told} == {"ok"}


async def test_what_is_no_text_is_refused() -> None:
    async with scripted(serve) as server, session_at(server.url) as (http, _):
        await http.connect(5.0)
        with pytest.raises((TypeError, AttributeError)):
            await http.get(7)
        with pytest.raises(TypeError):
            await http.get()
        with pytest.raises(TypeError):
            await http.get("/a", "/b")


async def test_bytes_and_waits_reach_the_metrics() -> None:
    async with scripted(serve) as server, session_at(server.url) as (http, stage):
        await http.connect(5.0)
        for _ in range(3):
            await http.get("/a")
        http.flush()
        totals = stage.metrics()
        assert totals["data_received"] == 3 * len(OK)
        assert totals["data_sent"] > 3 * len("GET /a HTTP/1.1\r\n\r\n")
        assert totals["http_req_waiting"] > 0
