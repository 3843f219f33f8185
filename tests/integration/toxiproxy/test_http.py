"""The HTTP server: pipelining, keep-alive, and what is not HTTP at all."""

from __future__ import annotations

import pytest

from tests.integration.proxy.proxy_process import received
from tests.integration.toxiproxy.toxiproxy_server import ToxiproxyServer, connected

VERSION = b'{"version": "2.12.0"}\n'


def exchange(port: int, sent: bytes) -> bytes:
    """Return everything that is answered to *sent* until the server closes."""
    with connected(port) as peer:
        peer.sendall(sent)
        return received(peer, 1 << 20)


def test_requests_in_one_piece_are_answered_in_order(running: ToxiproxyServer) -> None:
    ask = b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    text = exchange(running.port, 3 * ask + last)
    assert text.count(VERSION) == 3
    assert text.endswith(b"404 page not found\n")


def test_a_connection_of_the_old_version_is_closed(running: ToxiproxyServer) -> None:
    assert exchange(running.port, b"GET /version HTTP/1.0\r\n\r\n").endswith(VERSION)


def test_a_client_may_wait_before_it_sends_the_body(running: ToxiproxyServer) -> None:
    head = (
        b"POST /populate HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    )
    with connected(running.port) as peer:
        peer.sendall(head)
        assert received(peer, 25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        peer.sendall(b"[]")
        assert received(peer, 12) == b"HTTP/1.1 201"


def test_a_body_may_come_in_chunks(running: ToxiproxyServer) -> None:
    head = b"POST /populate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    text = exchange(running.port, head + b"Connection: close\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n")
    assert text.endswith(b'{"proxies":null}')


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (b"nonsense\r\n\r\n", b"400 Bad Request"),
        (b"GET /version HTTP/1.1\r\n\r\n", b"missing required Host header"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * (2 << 20), b"431 "),
    ],
)
def test_what_is_no_request_is_refused(
    running: ToxiproxyServer, sent: bytes, answered: bytes
) -> None:
    with connected(running.port) as peer:
        peer.sendall(sent[:1_100_000])
        assert answered in received(peer, 200)
    assert running.ask("GET", "/version")[0] == 200
