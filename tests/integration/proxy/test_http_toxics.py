"""HTTP toxics between a real client and a real server, on connections that are kept alive."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.proxy.http_server import HttpServer
from tests.integration.proxy.proxy_process import Proxy


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[Proxy, httpx.Client, HttpServer]]:
    """A proxy in front of a web server, and a client that goes through it."""
    server = HttpServer()
    proxy = Proxy(tmp_path / "control", {"web": f"127.0.0.1:{server.server_port}"})
    url = f"http://127.0.0.1:{proxy.ports['web']}"
    with httpx.Client(base_url=url, timeout=10, trust_env=False) as client:
        yield proxy, client, server
    assert proxy.end() == (0, "")
    server.end()


Web = tuple[Proxy, httpx.Client, HttpServer]


def test_a_matching_route_fails_so_often_and_then_passes(web: Web) -> None:
    proxy, client, server = web
    client.get("/fixed/10")
    given: dict[str, Any] = {
        "path": "^/chunked",
        "first": 3,
        "body": "gone",
        "headers": {"Retry-After": "1"},
    }
    proxy.add("web", "bad", "http-status", None, **given)
    statuses = []
    for _ in range(5):
        answer = client.get("/chunked/5000")
        statuses.append(answer.status_code)
        if answer.status_code == 503:
            assert (answer.text, answer.headers["Retry-After"]) == ("gone", "1")
        else:
            assert len(answer.content) == 5000
        assert client.get("/fixed/2000000").content == b"x" * 2_000_000
        assert client.post("/echo", content=b"GET / HTTP/1.1\r\n\r\n").status_code == 201
    assert statuses == [503, 503, 503, 200, 200]
    assert len(server.asked) == 16, "the server gets every request"
    reading = proxy.read("web", "bad")
    assert (reading["hits"], reading["met"], reading["connections"]) == (3, 5, 1)


def test_the_servers_body_stays_when_only_the_status_changes(web: Web) -> None:
    proxy, client, _ = web
    proxy.add("web", "bad", "http-status", status=418, method="GET")
    answer = client.get("/fixed/7")
    assert (answer.status_code, answer.reason_phrase) == (418, "I'm a Teapot")
    assert (answer.content, answer.headers["X-Server"]) == (b"x" * 7, "real")
    assert client.head("/fixed/7").status_code == 200


def test_a_route_is_late(web: Web) -> None:
    proxy, client, _ = web
    client.get("/fixed/1")
    proxy.add("web", "slow", "http-delay", None, min="150ms", max="160ms", path="/slow")
    start = time.monotonic()
    client.get("/fixed/1")
    middle = time.monotonic()
    client.get("/slow/1")
    assert middle - start < 0.15 <= time.monotonic() - middle
    reading = proxy.read("web", "slow")
    assert reading["hits"] == 1
    assert 150 <= reading["delay_ms_mean"] < 250


@pytest.mark.parametrize("path", ["/fixed/3000", "/chunked/3000"])
def test_a_body_breaks_off(web: Web, path: str) -> None:
    proxy, client, _ = web
    proxy.add("web", "cut", "http-truncate", bytes="1500B")
    received = b""
    with client.stream("GET", path) as answer, pytest.raises(httpx.RemoteProtocolError):
        assert answer.status_code == 200
        for piece in answer.iter_raw():
            received += piece
    assert received == b"x" * 1500
    assert client.get("/fixed/1500").content == b"x" * 1500
    assert proxy.read("web", "cut")["hits"] == 1


def test_headers_are_other_ones_on_both_ways(web: Web) -> None:
    proxy, client, server = web
    proxy.add("web", "up", "http-header", "upstream", set={"X-User": "root"}, remove=["accept"])
    proxy.add("web", "down", "http-header", None, remove=["x-server"])
    answer = client.get("/fixed/5")
    assert answer.content == b"x" * 5
    assert "X-Server" not in answer.headers
    _, _, headers = server.asked[-1]
    assert headers["X-User"] == "root"
    assert not {"Accept", "accept"} & set(headers)


def test_toxics_that_come_and_go_tear_nothing(web: Web) -> None:
    proxy, client, _ = web
    for number in range(20):
        proxy.add("web", f"t{number}", "http-status", status=500 + number, path="^/never")
        assert client.get("/chunked/3000").content == b"x" * 3000
        if number % 3:
            proxy.remove("web", f"t{number}")
        assert client.post("/echo", content=b"y" * 3000).content == b"y" * 3000
    assert proxy.read("web", "t0")["connections"] == 1
