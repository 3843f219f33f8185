from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from hormesis.clients.session.http_session import NoBase
from hormesis.clients.session.listeners import LISTENERS, on_request
from tests.integration.clients.scripted_server import OK, Scripted, Visit, scripted
from tests.integration.clients.users import session_at

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("either_caller")]


def answer(status: int = 200, body: bytes = b"ok", *lines: str) -> bytes:
    head = "".join(f"{line}\r\n" for line in lines)
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body


Pages = dict[str, bytes | Callable[[bytes], bytes]]


def pages(which: Pages) -> Any:
    """Return a script that answers by ``METHOD path``; 404 for any other."""

    async def serve(server: Scripted, visit: Visit) -> None:
        while request := await visit.request():
            method, target, _ = request.split(b"\r\n")[0].decode().split(" ")
            page = which.get(f"{method} {target}", answer(404, b"{}"))
            visit.writer.write(page(request) if callable(page) else page)

    return serve


async def test_requests_are_recorded_by_name_and_status() -> None:
    async with (
        scripted(pages({"GET /a": answer(), "GET /a?x=1": answer(201)})) as server,
        session_at(server.url) as (http, stage),
    ):
        for _ in range(3):
            got = await http.get("/a")
            assert (got.status, got.text, got.ok, got.url) == (200, "ok", True, got.url)
        await http.get("/a?x=1")
        await http.get("/a", name="the page")
        missing = await http.get("/nothing")
        assert not missing.ok
        assert stage.told == [
            ("GET /a", "ok", ""),
            ("GET /a", "ok", ""),
            ("GET /a", "ok", ""),
            ("GET /a", "ok", ""),
            ("the page", "ok", ""),
            ("GET /nothing", "fail", "http-404"),
        ]
        assert stage.ops[3].tags == {"method": "GET", "status": "201"}
        assert server.connections == 1
        assert all(op.took_us >= 0 and op.lag_us == 0 for op in stage.ops)


@pytest.mark.parametrize(
    ("method", "status", "outcome"),
    [
        ("GET", 503, "fail"),
        ("HEAD", 503, "fail"),
        ("POST", 503, "info"),
        ("PUT", 500, "info"),
        ("POST", 409, "fail"),
        ("DELETE", 204, "ok"),
        ("PATCH", 304, "ok"),
    ],
)
async def test_what_a_status_means(method: str, status: int, outcome: str) -> None:
    body = b"" if method == "HEAD" or status in (204, 304) else b"no"
    head = answer(status, body).replace(b"Content-Length: 0\r\n", b"")
    page = answer(status, b"") if method == "HEAD" else head
    async with (
        scripted(pages({f"{method} /a": page})) as server,
        session_at(server.url) as (http, stage),
    ):
        got = await http.request(method, "/a")
        assert got.status == status
        assert stage.told == [
            (f"{method} /a", outcome, "" if outcome == "ok" else f"http-{status}")
        ]


async def test_expected_and_definite_statuses() -> None:
    served: Pages = {"GET /a": answer(404), "POST /b": answer(503), "GET /c": answer()}
    async with scripted(pages(served)) as server, session_at(server.url) as (http, stage):
        await http.get("/a", expect={404, 200})
        await http.post("/b", definite=[503])
        await http.get("/c", expect=201)
        assert [one[1:] for one in stage.told] == [
            ("ok", ""), ("fail", "http-503"), ("fail", "http-200"),
        ]  # fmt: skip


async def test_bodies() -> None:
    async with (
        scripted(pages({"POST /a": answer(), "PUT /a?x=1&y=a+b": answer()})) as server,
        session_at(server.url) as (http, stage),
    ):
        await http.post("/a", json={"n": 1})
        await http.post("/a", data={"a": "x y", "b": [1, True]})
        await http.post("/a", body=b"\x00\x01")
        await http.post("/a", "text")
        await http.put("/a", params={"x": 1, "y": "a b"})
        await http.post("/a", data={"k": "v"}, files={"f": ("n.txt", b"content")})
        assert {one[1] for one in stage.told} == {"ok"}
    sent = [(one.partition(b"\r\n\r\n")) for one in server.requests]
    assert json.loads(sent[0][2]) == {"n": 1}
    assert b"Content-Type: application/json" in sent[0][0]
    assert sent[1][2] == b"a=x+y&b=1&b=true"
    assert sent[2][2] == b"\x00\x01"
    assert b"text/plain" in sent[3][0]
    assert b"Content-Length: 0" in sent[4][0]
    assert b'name="k"\r\n\r\nv\r\n' in sent[5][2]
    assert b'filename="n.txt"\r\nContent-Type: text/plain\r\n\r\ncontent\r\n' in sent[5][2]
    with pytest.raises(ValueError, match="one of json, data and body"):
        http.post("/a", "x", json={})


async def test_redirects_change_the_method_as_browsers_do() -> None:
    served: Pages = {
        "POST /301": answer(301, b"", "Location: /end"),
        "POST /303": answer(303, b"", "Location: end"),
        "POST /307": answer(307, b"", "Location: /end?again#part"),
        "GET /end": answer(200, b"got"),
        "POST /end?again": answer(200, b"posted"),
        "GET /loop": answer(302, b"", "Location: /loop"),
    }
    async with scripted(pages(served)) as server, session_at(server.url) as (http, stage):
        assert (await http.post("/301", json=1)).text == "got"
        assert (await http.post("/303", json=1)).text == "got"
        last = await http.post("/307", json=1)
        assert (last.text, last.redirects, last.url) == ("posted", 1, f"{server.url}/end?again")
        assert server.requests[-1].endswith(b"1")
        assert (await http.get("/loop")).error == "too-many-redirects"
        assert (await http.get("/loop", allow_redirects=False)).status == 302
        assert [one[:2] for one in stage.told] == [
            ("POST /301", "ok"), ("POST /303", "ok"), ("POST /307", "ok"), ("GET /loop", "fail"),
            ("GET /loop", "ok"),
        ]  # fmt: skip
        assert stage.ops[0].value == {"redirects": 1, "url": f"{server.url}/end"}
        assert b"Content-Length" not in server.requests[1]


async def test_a_redirect_to_another_server_takes_no_secrets_along() -> None:
    async with scripted() as other:
        elsewhere = answer(302, b"", f"Location: {other.url}/x")
        async with (
            scripted(pages({"GET /a": elsewhere})) as server,
            session_at(server.url) as (http, stage),
        ):
            got = await http.get("/a", headers={"Authorization": "secret", "X-Id": "1"})
            assert got.text == "ok"
            assert len(stage.ops) == 1
    assert b"secret" not in other.requests[0]
    assert b"X-Id: 1" in other.requests[0]
    assert f"Host: 127.0.0.1:{other.port}".encode() in other.requests[0]


async def test_cookies_are_kept_and_sent_where_they_belong() -> None:
    served: Pages = {
        "GET /login": answer(
            200, b"", "Set-Cookie: id=7; Path=/", "Set-Cookie: deep=1; Path=/in",
            "Set-Cookie: safe=1; Secure", "Set-Cookie: old=1; Max-Age=0",
        ),
        "GET /out": answer(200, b"", "Set-Cookie: id=; Max-Age=0; Path=/"),
    }  # fmt: skip
    async with scripted(pages(served)) as server, session_at(server.url) as (http, _):
        first = await http.get("/login")
        assert first.cookies["id"] == "7"
        for _ in range(2):
            await http.get("/in/x")
            await http.get("/else")
        await http.get("/out")
        await http.get("/else")
    lines = [
        next((h for h in one.decode().split("\r\n") if h.startswith("Cookie")), "")
        for one in server.requests
    ]
    assert sorted(lines[1].removeprefix("Cookie: ").split("; ")) == ["deep=1", "id=7"]
    assert lines[1] == lines[3]
    assert lines[2] == lines[4] == "Cookie: id=7"
    assert lines[-1] == ""


async def test_headers_of_the_session_and_of_a_request() -> None:
    async with scripted() as server, session_at(server.url, headers={"X-One": "1"}) as (http, _):
        await http.get("/")
        http.headers["x-one"] = "2"
        await http.get("/")
        await http.get("/", headers={"X-One": "3"})
        await http.get("/")
        del http.headers["X-One"]
        await http.get("/")
        with pytest.raises(ValueError, match="one line"):
            http.headers["a"] = "b\r\nc: d"
    seen = [one.lower().partition(b"x-one: ")[2][:1] for one in server.requests]
    assert seen == [b"1", b"2", b"3", b"2", b""]


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"text", mtime=0)),
        ("deflate", zlib.compress(b"text")),
        ("deflate", zlib.compress(b"text", wbits=-15)),
        ("gzip, identity", gzip.compress(b"text", mtime=0)),
    ],
)
async def test_encoded_bodies(encoding: str, body: bytes) -> None:
    page = answer(200, body, f"Content-Encoding: {encoding}")
    async with scripted(pages({"GET /a": page})) as server, session_at(server.url) as (http, _):
        for _ in range(2):
            assert (await http.get("/a")).text == "text"
    assert b"Accept-Encoding: gzip, deflate" in server.requests[0]


async def test_a_body_that_is_not_encoded_as_it_says() -> None:
    page = answer(200, b"no gzip", "Content-Encoding: gzip")
    async with scripted(pages({"GET /a": page})) as server, session_at(server.url) as (http, stage):
        assert (await http.get("/a")).error == "bad-encoding"
        assert stage.told == [("GET /a", "fail", "bad-encoding")]


async def test_nobody_listens() -> None:
    async with scripted() as server:
        gone = server.url
    async with session_at(gone) as (http, stage):
        got = await http.get("/a")
        assert (got.status, got.error, got.ok, got.body) == (0, "refused", False, b"")
        assert stage.told == [("GET /a", "fail", "refused")]
        assert stage.ops[0].tags["status"] == "0"


async def serve_none(server: Scripted, visit: Visit) -> None:
    await visit.request()
    await asyncio.Event().wait()


async def test_a_time_out_is_info_and_the_next_request_has_another_connection() -> None:
    async def first_never(server: Scripted, visit: Visit) -> None:
        if visit.number == 1:
            await visit.request()
            visit.writer.write(OK)
            await serve_none(server, visit)
        while await visit.request():
            visit.writer.write(OK)

    async with (
        scripted(first_never) as server,
        session_at(server.url, timeout=0.3) as (http, stage),
    ):
        assert (await http.get("/a")).status == 200
        assert (await http.get("/a")).error == "timeout"
        assert (await http.get("/a")).status == 200
        assert [one[1:] for one in stage.told] == [("ok", ""), ("info", "timeout"), ("ok", "")]
        assert 250_000 < stage.ops[1].took_us < 1_500_000


async def test_cancelling_is_recorded_and_passed_on() -> None:
    async with scripted(serve_none) as server, session_at(server.url) as (http, stage):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await http.get("/a")
        assert stage.told == [("GET /a", "info", "cut-off")]


async def close_after_one(server: Scripted, visit: Visit) -> None:
    await visit.request()
    visit.writer.write(OK)
    if visit.number == 1:
        await visit.request()


async def test_a_stale_connection_is_replaced_for_an_idempotent_request() -> None:
    async with scripted(close_after_one) as server, session_at(server.url) as (http, stage):
        await http.get("/a")
        assert (await http.get("/a")).status == 200
        assert server.connections == 2
        assert len(stage.ops) == 2


async def test_a_stale_connection_is_told_for_any_other_request() -> None:
    async with scripted(close_after_one) as server, session_at(server.url) as (http, stage):
        await http.get("/a")
        assert (await http.post("/a")).error == "disconnected"
        assert stage.told[1] == ("POST /a", "info", "disconnected")


async def reset_the_second(server: Scripted, visit: Visit) -> None:
    await visit.request()
    if visit.number == 1:
        visit.writer.write(OK)
        await visit.request()
        visit.reset()
    elif len(server.requests) > 3:
        visit.reset()
    else:
        visit.writer.write(OK)


async def test_a_request_that_resets_an_idle_connection_is_repeated_once() -> None:
    async with scripted(reset_the_second) as server, session_at(server.url) as (http, stage):
        await http.get("/a")
        assert (await http.get("/a")).status == 200
        assert (server.connections, len(server.requests)) == (2, 3)
        assert stage.told == [("GET /a", "ok", "")] * 2
        # The next one is reset where it is sent first: nobody repeats that.
        assert (await http.get("/a")).error == "disconnected"
        assert len(server.requests) == 4


async def test_a_request_that_may_have_happened_is_not_repeated_after_a_reset() -> None:
    async with scripted(reset_the_second) as server, session_at(server.url) as (http, stage):
        await http.get("/a")
        assert (await http.post("/a")).error == "disconnected"
        assert stage.told[1] == ("POST /a", "info", "disconnected")
        assert server.connections == 1


async def test_the_server_closes_after_each_answer() -> None:
    closing = answer(200, b"ok", "Connection: close")

    async def one_each(server: Scripted, visit: Visit) -> None:
        await visit.request()
        visit.writer.write(closing)

    async with scripted(one_each) as server, session_at(server.url) as (http, stage):
        for _ in range(4):
            assert (await http.get("/a")).ok
        assert (await http.post("/a")).ok
        assert server.connections == 5
        assert {one[1] for one in stage.told} == {"ok"}


async def test_requests_at_once_have_connections_of_their_own_up_to_a_limit() -> None:
    async with scripted() as server, session_at(server.url, connections=3) as (http, stage):
        got = await asyncio.gather(*(http.get(f"/{n}") for n in range(10)))
        assert [one.status for one in got] == [200] * 10
        assert server.connections == 3
        assert len(stage.ops) == 10


async def test_metrics_and_groups() -> None:
    async with scripted() as server, session_at(server.url) as (http, stage):
        user = http._user
        await http.get("/a")
        with user.group("inner"):
            await http.get("/a")
            await http.get("/a", tags={"kind": "x"})
        http.flush()
        seen = stage.metrics()
        assert seen["data_sent"] == sum(len(one) for one in server.requests)
        assert seen["data_received"] == 3 * len(OK)
        assert seen["http_req_waiting"] > 0
        assert seen["http_req_connecting"] > 0
        assert seen["http_req_blocked"] >= seen["http_req_connecting"]
        tags = [op.tags for op in stage.ops]
        assert tags[1]["group"] == "::inner"
        assert tags[2] == {"group": "::inner", "kind": "x", "method": "GET", "status": "200"}


async def test_listeners_are_told_of_every_request() -> None:
    heard: list[tuple[Any, ...]] = []
    listener = on_request(lambda *told: heard.append(told))
    try:
        async with scripted() as server, session_at(server.url) as (http, _):
            await http.get("/a")
            await http.get("/a")
            await http.post("/b", json=1)
    finally:
        LISTENERS.remove(listener)
    assert [(one[0], one[1], one[3], one[5]) for one in heard] == [
        ("GET /a", "GET", len(OK), ""), ("GET /a", "GET", len(OK), ""),
        ("POST /b", "POST", len(OK), ""),
    ]  # fmt: skip
    assert all(0 < one[2] < 5_000 for one in heard)


@pytest.mark.parametrize("url", ["/a b", "/ä?q=ü", "a"])
async def test_odd_paths_are_quoted_as_browsers_do(url: str) -> None:
    async with scripted() as server, session_at(server.url) as (http, _):
        for _ in range(2):
            assert (await http.get(url)).ok
    assert b" HTTP/1.1\r\n" in server.requests[0]
    assert server.requests[0].split(b"\r\n")[0] == server.requests[1].split(b"\r\n")[0]


async def test_absolute_urls_and_no_base() -> None:
    async with scripted() as one, scripted() as two, session_at("") as (http, stage):
        for _ in range(2):
            assert (await http.get(one.url + "/a?b")).ok
            assert (await http.get(two.url)).ok
        with pytest.raises(NoBase):
            await http.get("/a")
        assert (await http.get("http:///a")).error == "bad-request"
        assert (one.connections, two.connections) == (1, 1)
        assert stage.told[0][0] == f"GET {one.url}/a"
        assert "expected" in stage.ops[-1].value["answer"]


async def test_the_due_time_is_the_iterations_and_opening_counts() -> None:
    async with scripted() as server, session_at(server.url) as (http, stage):
        user: Any = http._user
        user.due_at(0)
        await http.get("/a")
        await http.get("/a")
        first, second = stage.ops
        assert (first.due_us, first.lag_us > 0) == (0, True)
        assert (second.due_us > 0, second.lag_us) == (True, 0)


async def test_tls(certificate: ssl.SSLContext) -> None:
    async with scripted(tls=certificate) as server:
        async with session_at(server.url, verify=False) as (http, stage):
            for _ in range(3):
                assert (await http.get("/")).body == b"ok"
            http.flush()
            assert stage.metrics()["http_req_tls_handshaking"] > 0
        async with session_at(server.url) as (strict, stage):
            assert (await strict.get("/")).error == "tls"
            assert stage.told == [("GET /", "fail", "tls")]


async def test_a_large_answer_and_head() -> None:
    served: Pages = {
        "GET /big": answer(200, b"x" * 3_000_000),
        "HEAD /big": b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n",
    }
    async with scripted(pages(served)) as server, session_at(server.url) as (http, _):
        assert len((await http.get("/big")).body) == 3_000_000
        got = await http.head("/big")
        assert (got.status, got.body) == (200, b"")
        assert len((await http.get("/big")).body) == 3_000_000
        assert server.connections == 1


async def test_connections_that_the_server_leaves_do_not_fill_the_pool() -> None:
    gone = asyncio.Event()

    async def one_each(server: Scripted, visit: Visit) -> None:
        await visit.request()
        visit.writer.write(OK)
        visit.writer.close()
        await visit.writer.wait_closed()
        gone.set()

    async with (
        scripted(one_each) as server,
        session_at(server.url, connections=2) as (http, stage),
    ):
        for _ in range(8):
            gone.clear()
            assert (await http.post("/a", json={})).ok
            await gone.wait()
        assert server.connections == 8
        assert {one[1] for one in stage.told} == {"ok"}


async def test_what_is_cut_off_counts_as_long_as_it_took() -> None:
    async def second_never(server: Scripted, visit: Visit) -> None:
        await visit.request()
        visit.writer.write(OK)
        await serve_none(server, visit)

    async with scripted(second_never) as server, session_at(server.url) as (http, stage):
        await http.get("/a")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await http.get("/a")
        assert stage.ops[1].error == "cut-off"
        assert stage.ops[1].took_us > 150_000
