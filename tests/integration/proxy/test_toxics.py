"""Toxics on real connections do what they promise, and the proxy's own figures agree."""

from __future__ import annotations

import os
import random
import socket
import threading
import time

import pytest

from tests.integration.proxy.echo_server import EchoServer
from tests.integration.proxy.proxy_process import Proxy, received, round_trip_s
from tests.proving_ground.wait import wait_for

LATE_MS = 30
"""How much later than asked a chunk may be on a busy machine."""


def test_latency_is_added_measured_and_taken_away_on_a_live_connection(proxy: Proxy) -> None:
    with proxy.connect("echo") as peer:
        round_trip_s(peer)
        proxy.add("echo", "slow", "latency", "both", delay="60ms")
        for _ in range(5):
            assert 0.120 <= round_trip_s(peer) <= 0.120 + 2 * LATE_MS / 1000
        reading = proxy.read("echo", "slow")
        assert reading["active"] and reading["hits"] == 10
        assert 60 <= reading["delay_ms_mean"] <= 60 + LATE_MS
        assert proxy.remove("echo", "slow")
        assert round_trip_s(peer) < 0.05
        assert not proxy.remove("echo", "slow")
    after = proxy.read("echo", "slow")
    assert (after["active"], after["hits"]) == (False, 10)


def test_a_removed_latency_lets_go_what_it_held(proxy: Proxy) -> None:
    with proxy.connect("echo") as peer:
        proxy.add("echo", "slow", "latency", delay="60s")
        peer.sendall(b"held")
        wait_for(lambda: proxy.read("echo", "slow")["bytes_up"] == 4, within_s=5, what="sent up")
        proxy.remove("echo", "slow")
        assert received(peer, 4) == b"held"


def test_bandwidth_holds_its_rate(proxy: Proxy) -> None:
    proxy.add("echo", "narrow", "bandwidth", rate="200KB")
    with proxy.connect("echo") as peer:
        took = round_trip_s(peer, os.urandom(80_000))
    assert 0.39 <= took <= 0.39 + 0.2
    reading = proxy.read("echo", "narrow")
    assert reading["bytes_per_s"] == pytest.approx(200_000, rel=0.15)
    assert reading["bytes_per_s"] <= 202_000


def test_a_timeout_swallows_then_closes(proxy: Proxy) -> None:
    with proxy.connect("echo") as peer:
        round_trip_s(peer)
        proxy.add("echo", "hang", "timeout", timeout="150ms")
        start = time.monotonic()
        peer.sendall(b"lost")
        assert peer.recv(10) == b""
        assert 0.1 <= time.monotonic() - start <= 0.5
    assert proxy.read("echo", "hang")["hits"] == 2


def test_an_endless_timeout_closes_when_removed(proxy: Proxy) -> None:
    proxy.add("echo", "hang", "timeout")
    with proxy.connect("echo") as peer:
        peer.settimeout(0.15)
        peer.sendall(b"lost")
        with pytest.raises(TimeoutError):
            peer.recv(10)
        proxy.remove("echo", "hang")
        peer.settimeout(5)
        assert peer.recv(10) == b""
    with proxy.connect("echo") as peer:
        round_trip_s(peer)


def test_a_reset_hits_live_idle_and_new_connections(proxy: Proxy, server: EchoServer) -> None:
    with proxy.connect("echo") as peer:
        round_trip_s(peer)
        proxy.add("echo", "cut", "reset")
        with pytest.raises(ConnectionResetError):
            peer.recv(1)
    with pytest.raises(ConnectionResetError), proxy.connect("echo") as peer:
        peer.recv(1)
    wait_for(lambda: server.ends, within_s=5, what="the server's connection ended")
    assert server.ends == ["reset"]
    reading = proxy.read("echo", "cut")
    assert (reading["hits"], reading["resets"], reading["live"]) == (2, 2, 0)
    proxy.remove("echo", "cut")
    with proxy.connect("echo") as peer:
        round_trip_s(peer)


def test_down_refuses_proves_it_and_heals_on_the_same_port(proxy: Proxy) -> None:
    with proxy.connect("echo") as peer:
        round_trip_s(peer)
        proxy.add("echo", "off", "down")
        assert peer.recv(1) == b""
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            proxy.connect("echo")
    reading = proxy.read("echo", "off")
    assert (reading["listening"], reading["live"]) == (False, 0)
    assert reading["hits"] >= 2
    proxy.add("echo", "off too", "down")
    proxy.remove("echo", "off")
    with pytest.raises(ConnectionRefusedError):
        proxy.connect("echo")
    proxy.remove("echo", "off too")
    with proxy.connect("echo") as peer:
        round_trip_s(peer)
    assert proxy.read("echo", "off")["listening"]


def test_a_link_that_is_down_keeps_its_port(proxy: Proxy) -> None:
    # No connection was ever made to this link: only the reservation itself can be in the way.
    proxy.add("nobody", "off", "down")
    with pytest.raises(OSError, match="in use"), socket.socket() as thief:
        thief.bind(("127.0.0.1", proxy.ports["nobody"]))


def test_a_share_of_the_connections_is_drawn_once_and_from_the_seed(proxy: Proxy) -> None:
    reply = proxy.ask(
        op="add", link="echo", name="some", toxic="latency", toxicity=0.5,
        attributes={"delay": "40ms"},
    )  # fmt: skip
    assert reply["ok"]
    peers = [proxy.connect("echo") for _ in range(20)]
    slow = [round_trip_s(peer) >= 0.04 for peer in peers]
    proxy.add("echo", "other", "latency", "upstream", delay="1ms")
    assert slow == [round_trip_s(peer) >= 0.041 for peer in peers]
    assert 4 <= sum(slow) <= 16
    for peer in peers:
        peer.close()


def test_a_hundred_live_swaps_lose_and_reorder_nothing(proxy: Proxy) -> None:
    rng = random.Random(11)
    payload = rng.randbytes(6_000_000)
    with proxy.connect("echo") as peer:
        back = bytearray()

        def send() -> None:
            for start in range(0, len(payload), 50_000):
                peer.sendall(payload[start : start + 50_000])
            peer.shutdown(socket.SHUT_WR)

        def receive() -> None:
            while data := peer.recv(65536):
                back.extend(data)

        threads = [threading.Thread(target=one, daemon=True) for one in (send, receive)]
        proxy.add("echo", "pace", "bandwidth", rate="4MB")
        for thread in threads:
            thread.start()
        live: list[str] = []
        for number in range(100):
            if len(live) > 2 or (live and rng.random() < 0.4):
                assert proxy.remove("echo", live.pop(rng.randrange(len(live))))
                continue
            name, stream = f"t{number}", rng.choice(["upstream", "downstream", "both"])
            kind, given = rng.choice(
                [
                    ("latency", {"delay": "20ms", "jitter": "20ms"}),
                    ("bandwidth", {"rate": "3MB"}),
                    ("postgres-delay", {"min": "5ms", "max": "10ms"}),
                ]
            )
            if kind == "postgres-delay":
                stream = "upstream"
            proxy.add("echo", name, kind, stream, **given)
            live.append(name)
        for name in [*live, "pace"]:
            proxy.remove("echo", name)
        for thread in threads:
            thread.join(20)
    assert bytes(back) == payload
    wait_for(lambda: proxy.read("echo", "x")["live"] == 0, within_s=5, what="nothing is live")
