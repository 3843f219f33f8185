"""Toxics that know no protocol, on real connections; and how many connections they hit."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time

import pytest

from tests.integration.proxy.echo_server import EchoServer
from tests.integration.proxy.proxy_process import Proxy, received, round_trip_s
from tests.proving_ground.wait import wait_for


def send_all(peer: socket.socket, size: int) -> None:
    """Send so many bytes, or as many as the other end takes."""
    with contextlib.suppress(OSError):
        peer.sendall(b"x" * size)


def test_a_slow_close_holds_the_end_back(proxy: Proxy) -> None:
    proxy.add("echo", "slow", "slow-close", delay="200ms")
    with proxy.connect("echo") as peer:
        assert round_trip_s(peer) < 0.2
        start = time.monotonic()
        peer.shutdown(socket.SHUT_WR)
        assert peer.recv(1) == b""
        assert 0.2 <= time.monotonic() - start < 0.4
    reading = proxy.read("echo", "slow")
    assert reading["hits"] == 1
    assert 200 <= reading["delay_ms_mean"] < 300


def test_pieces_are_small_and_apart(proxy: Proxy) -> None:
    proxy.add("echo", "cut", "slicer", average_size="100B", size_variation="50B", delay="10ms")
    payload = os.urandom(1000)
    sizes, back = [], b""
    with proxy.connect("echo") as peer:
        start = time.monotonic()
        peer.sendall(payload)
        while len(back) < 1000:
            back += (piece := peer.recv(4096))
            sizes.append(len(piece))
        took = time.monotonic() - start
    assert back == payload
    assert len(sizes) >= 5
    assert 0.05 <= took < 0.5
    assert proxy.read("echo", "cut")["hits"] >= 7


@pytest.mark.parametrize("limit", [5, 60_000])
def test_exactly_so_many_bytes_pass(proxy: Proxy, limit: int) -> None:
    proxy.add("echo", "few", "limit-data", bytes=f"{limit}B")
    with proxy.connect("echo") as peer:
        peer.sendall(b"x" * (limit + 1))
        assert received(peer, limit + 1) == b"x" * limit
    assert proxy.read("echo", "few")["hits"] == 1


def test_what_passed_before_the_limit_arrives_however_slow_the_reader(proxy: Proxy) -> None:
    # More than sockets take at once: what waits in the proxy when it closes must still arrive.
    limit = 6_000_000
    proxy.add("echo", "few", "limit-data", bytes=f"{limit}B")
    with proxy.connect("echo") as peer:
        sender = threading.Thread(target=send_all, args=(peer, limit + 1), daemon=True)
        sender.start()
        wait_for(lambda: proxy.read("echo", "few")["bytes_up"] > 0, within_s=5, what="it began")
        assert received(peer, limit) == b"x" * limit
        assert peer.recv(1) == b""
    sender.join(5)


def test_some_bytes_are_other_ones(proxy: Proxy) -> None:
    proxy.add("echo", "bad", "corrupt", "upstream", probability="1%", spare="100B")
    with proxy.connect("echo") as peer:
        peer.sendall(bytes(50_000))
        back = received(peer, 50_000)
    changed = sum(map(bool, back))
    assert changed == pytest.approx(500, rel=0.25)
    assert not any(back[:100])
    reading = proxy.read("echo", "bad")
    assert (reading["hits"], reading["bytes_shaped"]) == (changed, 50_000)


def test_only_the_first_connections_are_hit(proxy: Proxy) -> None:
    with proxy.connect("echo") as live:
        round_trip_s(live)
        proxy.add("echo", "slow", "latency", delay="80ms", first=2)
        peers = [proxy.connect("echo") for _ in range(3)]
        assert [round_trip_s(peer) >= 0.08 for peer in [live, *peers]] == [True, True, False, False]
        for peer in peers:
            peer.close()


def test_a_share_of_nothing_touches_nothing_and_some_are_closed(
    proxy: Proxy, server: EchoServer
) -> None:
    for share in (0.0, 0.5):
        request = {"op": "add", "link": "echo", "name": f"off{share}", "toxic": "down"}
        assert proxy.ask(**request, toxicity=share)["ok"]
        closed = 0
        for _ in range(20):
            with proxy.connect("echo") as peer:
                try:
                    round_trip_s(peer)
                except (AssertionError, ConnectionError):
                    closed += 1
        assert (closed == 0) if share == 0 else 4 <= closed <= 16
        wait_for(lambda: proxy.read("echo", "x")["live"] == 0, within_s=5, what="all are over")
        assert proxy.read("echo", f"off{share}")["hits"] == closed


def test_a_reset_on_data_leaves_the_idle_alone(proxy: Proxy) -> None:
    with proxy.connect("echo") as idle, proxy.connect("echo") as busy:
        round_trip_s(idle)
        round_trip_s(busy)
        proxy.add("echo", "cut", "reset", on_data=True)
        busy.sendall(b"x")
        with pytest.raises(ConnectionResetError):
            busy.recv(1)
        proxy.remove("echo", "cut")
        round_trip_s(idle)
