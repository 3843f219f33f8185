"""What leaves a block about an answer: a judgement of it, or no answer's doing."""

from __future__ import annotations

import asyncio
from json import JSONDecodeError

import pytest

from hormesis.clients.session.answer import NotOk
from hormesis.clients.session.http_session import NoBase
from hormesis.clients.virtual.endings import StopUser
from hormesis.words.client import Refused
from tests.integration.clients.scripted_server import scripted
from tests.integration.clients.test_http_session import Pages, answer, pages
from tests.integration.clients.users import session_at

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("either_caller")]


async def test_catching_decides_the_outcome() -> None:
    served: Pages = {"GET /a": answer(), "GET /b": answer(404), "POST /a": answer()}
    async with scripted(pages(served)) as server, session_at(server.url) as (http, stage):
        async with http.get("/a", catch=True) as got:
            got.failure("wrong text")
        async with http.get("/b", catch=True) as got:
            got.success()
        async with http.post("/a", catch=True) as got:
            got.failure("late")
        async with http.get("/a", name="x", catch=True) as got:
            assert got.text == "ok"
        with pytest.raises(AssertionError):
            async with http.get("/a", catch=True):
                raise AssertionError("no")
        assert [one[1:] for one in stage.told] == [
            ("fail", "wrong text"), ("ok", ""), ("info", "late"), ("ok", ""),
            ("fail", "AssertionError: no"),
        ]  # fmt: skip


async def test_a_mistake_in_the_block_is_no_failure_of_the_operation() -> None:
    served: Pages = {"GET /a": answer(), "GET /b": answer(500)}
    async with scripted(pages(served)) as server, session_at(server.url) as (http, stage):
        mistakes = (AttributeError("x"), KeyError("price"), ValueError("no number"), StopUser())
        for error in mistakes:
            with pytest.raises(type(error)):
                async with http.get("/a", catch=True):
                    raise error
            assert http.recorded is None
        with pytest.raises(asyncio.CancelledError):
            async with http.get("/b", catch=True):
                raise asyncio.CancelledError
        assert [one[1:] for one in stage.told] == [*[("ok", "")] * 4, ("fail", "http-500")]


async def test_what_judges_an_answer_is_its_failure() -> None:
    served: Pages = {"GET /a": answer(), "GET /b": answer(404)}
    async with scripted(pages(served)) as server, session_at(server.url) as (http, stage):
        with pytest.raises(JSONDecodeError) as raised:
            async with http.get("/a", catch=True) as got:
                got.json()
        assert http.recorded is raised.value
        with pytest.raises(AssertionError):
            async with http.get("/a", catch=True) as got:
                assert not got.ok, ""
        with pytest.raises(Refused):
            async with http.get("/a", catch=True):
                raise Refused("sold out")
        with pytest.raises(NotOk):
            async with http.get("/b", catch=True) as got:
                got.success()
                got.raise_for_status()
        words = [one[2] for one in stage.told]
        assert [words[0], *words[2:]] == ["bad-json", "sold out", "http-404"]
        assert words[1].startswith("AssertionError")
        assert words[1] != "AssertionError"


async def test_a_relative_url_without_a_base_is_no_operation() -> None:
    async with session_at("") as (http, stage):
        for send in (
            lambda: http.get("/a"),
            lambda: http.request("GET", "/a", catch=True).__aenter__(),
            lambda: http.stream("GET", "/a").__aenter__(),
            lambda: http.post("/a", json={}),
        ):
            with pytest.raises(NoBase, match='the session has no base: set base = "http://'):
                await send()
        assert not stage.told


async def test_elapsed_is_told_as_requests_does() -> None:
    page: Pages = {"GET /a": answer()}
    async with scripted(pages(page)) as server, session_at(server.url) as (http, _):
        got = await http.get("/a")
        assert got.elapsed.total_seconds() == pytest.approx(got.elapsed_s, abs=1e-6)
        assert got.elapsed.total_seconds() > 0
