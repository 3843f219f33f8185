"""What this server can do beyond Toxiproxy, under names that Toxiproxy does not have."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.integration.proxy.echo_server import EchoServer
from tests.integration.proxy.proxy_process import received, round_trip_s
from tests.integration.toxiproxy.toxiproxy_server import ToxiproxyServer, connected, echoes
from tests.proving_ground.wait import wait_for


class Hello(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hello() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hello) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(5)


def test_a_proxy_comes_with_toxics_that_its_first_connection_meets(
    server: ToxiproxyServer, echo_server: EchoServer
) -> None:
    toxics = [{"type": "latency", "attributes": {"latency": 80}}, {"type": "noop", "name": "n"}]
    port = server.proxy("echo", echo_server.address, toxics=toxics)
    assert [one["name"] for one in server.wanted("GET", "/proxies/echo/toxics")] == [
        "latency_downstream", "n",
    ]  # fmt: skip
    with connected(port) as peer:
        assert round_trip_s(peer) >= 0.08


@pytest.mark.parametrize(
    ("toxics", "status", "error"),
    [
        ([{"type": "nothing"}], 400, "invalid toxic type"),
        ([{"type": "noop"}, {"type": "noop"}], 409, "toxic already exists"),
        ({"type": "noop"}, 400, "bad request body: expected a list in `toxics`"),
    ],
)
def test_a_proxy_with_a_bad_toxic_is_not_made(
    server: ToxiproxyServer, toxics: object, status: int, error: str
) -> None:
    body = {"name": "echo", "listen": "127.0.0.1:0", "upstream": "x", "toxics": toxics}
    assert server.ask("POST", "/proxies", body) == (status, {"error": error, "status": status})
    assert server.wanted("GET", "/proxies") == {}


def test_a_lease_takes_the_toxic_away_and_says_so(server: ToxiproxyServer, echo: int) -> None:
    server.toxic("timeout", name="brief", lease_ms=150)
    told = server.wanted("GET", "/proxies/echo/toxics/brief")
    assert told["lease_ms"] == 150 and told["expires"].endswith("Z")
    with connected(echo) as peer:
        peer.settimeout(5)
        assert peer.recv(1) == b""
    assert server.wanted("GET", "/proxies/echo/toxics") == []
    assert server.events("toxic_removed")[-1]["because"] == "lease"
    with connected(echo) as peer:
        assert echoes(peer)


def test_a_lease_can_be_renewed_and_lifted(server: ToxiproxyServer, echo: int) -> None:
    server.toxic("noop", name="kept", lease_ms=150)
    server.toxic("noop", name="watched", lease_ms=400)
    assert server.change("kept", lease_ms=60_000)["lease_ms"] == 60_000
    assert "lease_ms" not in server.change("kept", lease_ms=0)
    wait_for(
        lambda: server.ask("GET", "/proxies/echo/toxics/watched")[0] == 404,
        within_s=5, what="the other lease is over",
    )  # fmt: skip
    assert server.ask("GET", "/proxies/echo/toxics/kept")[0] == 200


@pytest.mark.parametrize(
    ("lease", "told"),
    [
        ({"expires": "2001-01-01T00:00:00Z"}, "to lie in the future"),
        ({"expires": "soon"}, "expected expires such as"),
        ({"expires": "2101-01-01T00:00:00"}, "expected expires such as"),
        ({"expires": 5}, "expires of type string"),
        ({"lease_ms": -1}, "expected lease_ms of 0 or more"),
        ({"lease_ms": "1s"}, "lease_ms of type int64"),
    ],
)
def test_a_lease_that_is_none_is_refused(
    server: ToxiproxyServer, echo: int, lease: dict[str, object], told: str
) -> None:
    status, answer = server.ask("POST", "/proxies/echo/toxics", {"type": "noop", **lease})
    assert status == 400
    assert told in answer["error"]


def test_a_moment_is_a_lease_too(server: ToxiproxyServer, echo: int) -> None:
    body = {"type": "noop", "expires": "2100-01-01T00:00:00+00:00"}
    told = server.wanted("POST", "/proxies/echo/toxics", body)
    assert told["expires"] == "2100-01-01T00:00:00.000Z"
    assert told["lease_ms"] > 1_000_000_000


def test_a_kind_of_the_shelf_goes_under_its_own_name(server: ToxiproxyServer, hello: str) -> None:
    port = server.proxy("echo", hello)
    body = {"type": "http-status", "name": "teapot", "attributes": {"status": 418, "first": 1}}
    told = server.wanted("POST", "/proxies/echo/toxics", body)
    assert told["attributes"]["status"] == 418
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    statuses = []
    for _ in range(2):
        connection.request("GET", "/")
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    connection.close()
    assert statuses == [418, 200]
    assert server.change("teapot", attributes={"status": 404})["attributes"]["status"] == 404


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"type": "http-status", "attributes": {"status": "x"}}, "http-status: status: "),
        ({"type": "http-status", "attributes": {"nothing": 1}}, "http-status: nothing: "),
        ({"type": "down"}, "set `enabled` to false instead"),
        ({"type": "../chain"}, "invalid toxic type"),
    ],
)
def test_a_kind_of_the_shelf_says_what_it_expects(
    server: ToxiproxyServer, echo: int, body: dict[str, object], error: str
) -> None:
    status, answer = server.ask("POST", "/proxies/echo/toxics", body)
    assert status == 400
    assert error in answer["error"]


def test_events_tell_who_did_what_and_why_it_went(server: ToxiproxyServer, echo: int) -> None:
    before = server.wanted("GET", "/events")["events"][-1]["number"]
    server.toxic("noop", name="one")
    server.toxic("noop", name="two")
    server.change("one", toxicity=0.5)
    server.remove("one")
    server.wanted("DELETE", "/proxies/echo")
    events = server.wanted("GET", f"/events?after={before}")["events"]
    assert [(one["event"], one.get("because")) for one in events] == [
        ("toxic_added", None), ("toxic_added", None), ("toxic_updated", None),
        ("toxic_removed", "request"), ("toxic_removed", "proxy deleted"), ("proxy_deleted", None),
    ]  # fmt: skip
    assert {one["client"] for one in events} == {"tests"}
    assert all(one["by"].startswith("127.0.0.1:") and one["at"].endswith("Z") for one in events)
    assert server.ask("GET", "/events?after=x")[0] == 400


def test_counters_are_live(server: ToxiproxyServer, echo: int) -> None:
    server.toxic("latency", name="slow", latency=1)
    with connected(echo) as peer:
        assert echoes(peer, b"12345")
        told = server.wanted("GET", "/proxies/echo/connections")
        assert (told["live"], told["bytes_up"], told["bytes_down"]) == (1, 5, 5)
        assert told["open"][0]["client"] == f"127.0.0.1:{peer.getsockname()[1]}"
        assert told["toxics"]["slow"]["hits"] == 1
        text = server.wanted("GET", "/metrics")
    labels = f'direction="upstream",proxy="echo",listener="127.0.0.1:{echo}"'
    assert f"toxiproxy_proxy_received_bytes_total{{{labels}" in text
    assert 'hormesis_proxy_connections_live{proxy="echo"} 1' in text


def test_metrics_tell_what_was_swallowed_and_outlive_the_addresses(
    server: ToxiproxyServer, echo_server: EchoServer
) -> None:
    port = server.proxy("swallowed", echo_server.address)
    body = {"type": "timeout", "stream": "upstream"}
    server.wanted("POST", "/proxies/swallowed/toxics", body)
    labels = (
        f'direction="upstream",proxy="swallowed",listener="127.0.0.1:{port}",'
        f'upstream="{echo_server.address}"'
    )
    with connected(port) as peer:
        peer.sendall(b"12345")
        wait_for(
            lambda: f"received_bytes_total{{{labels}}} 5" in server.wanted("GET", "/metrics"),
            within_s=5, what="the bytes are counted as received",
        )  # fmt: skip
    server.wanted("PATCH", "/proxies/swallowed", {"upstream": "127.0.0.1:1"})
    server.wanted("DELETE", "/proxies/swallowed")
    text = server.wanted("GET", "/metrics")
    assert f"toxiproxy_proxy_received_bytes_total{{{labels}}} 5" in text
    assert f"toxiproxy_proxy_sent_bytes_total{{{labels}}} 0" in text


def test_changes_on_many_live_connections_lose_nothing(server: ToxiproxyServer, echo: int) -> None:
    peers = [connected(echo) for _ in range(30)]
    server.toxic("bandwidth", name="pace", rate=500)
    server.toxic("latency", name="slow", latency=20, jitter=20)
    server.toxic("slicer", "upstream", name="cut", average_size=500, size_variation=100)
    data = bytes(range(256)) * 20
    for number, peer in enumerate(peers):
        peer.sendall(data)
        server.change("slow", attributes={"latency": number % 3 * 10})
        server.change("pace", attributes={"rate": 200 + number}, toxicity=number % 2)
    for name in ("pace", "slow", "cut"):
        server.remove(name)
    for peer in peers:
        assert received(peer, len(data)) == data
        peer.close()
