"""Toxiproxy's toxics do to real connections what they do in Toxiproxy."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack

import pytest

from tests.integration.proxy.echo_server import UNTIL_END, EchoServer
from tests.integration.proxy.proxy_process import received, round_trip_s
from tests.integration.toxiproxy.toxiproxy_server import ToxiproxyServer, connected, echoes
from tests.proving_ground.wait import wait_for

LATE_S = 0.15
"""How much later than asked something may happen on a busy machine."""


def end_of(peer: socket.socket, within_s: float = 5.0) -> str:
    """Return how the connection ends: ``eof`` or ``reset``."""
    peer.settimeout(within_s)
    try:
        return "eof" if peer.recv(65536) == b"" else "data"
    except ConnectionResetError:
        return "reset"


def test_latencies_of_both_directions_add_up(server: ToxiproxyServer, echo: int) -> None:
    with connected(echo) as peer:
        echoes(peer)
        server.toxic("latency", "upstream", latency=60)
        server.toxic("latency", latency=40)
        assert 0.100 <= round_trip_s(peer) <= 0.100 + LATE_S


def test_bandwidth_lets_a_piece_through_each_tenth_of_a_second(
    server: ToxiproxyServer, echo: int
) -> None:
    server.toxic("bandwidth", rate=50)
    with connected(echo) as peer:
        began = time.monotonic()
        peer.sendall(bytes(20_000))
        assert len(received(peer, 1)) == 1
        assert 0.095 <= time.monotonic() - began <= 0.1 + LATE_S
        assert len(received(peer, 19_999)) == 19_999
        assert 0.395 <= time.monotonic() - began <= 0.4 + LATE_S


def test_a_bandwidth_of_nothing_holds_all_until_it_changes(
    server: ToxiproxyServer, echo: int
) -> None:
    server.toxic("bandwidth", name="narrow", rate=0)
    with connected(echo) as peer:
        peer.sendall(b"held")
        peer.settimeout(0.15)
        with pytest.raises(TimeoutError):
            peer.recv(1)
        peer.settimeout(5)
        server.change("narrow", attributes={"rate": 1000})
        assert received(peer, 4) == b"held"


def test_what_is_held_is_paced_at_the_new_rate(server: ToxiproxyServer, echo: int) -> None:
    server.toxic("bandwidth", name="narrow", rate=1)
    with connected(echo) as peer:
        peer.sendall(bytes(30_000))
        received(peer, 1)
        server.change("narrow", attributes={"rate": 100})
        began = time.monotonic()
        assert len(received(peer, 29_999)) == 29_999
        assert 0.25 <= time.monotonic() - began <= 0.3 + LATE_S


def test_a_slow_close_holds_only_the_end_back(server: ToxiproxyServer, echo: int) -> None:
    server.toxic("slow_close", delay=200)
    with connected(echo) as peer:
        assert round_trip_s(peer) < LATE_S
        began = time.monotonic()
        peer.shutdown(socket.SHUT_WR)
        assert end_of(peer) == "eof"
        assert 0.195 <= time.monotonic() - began <= 0.2 + LATE_S


def test_a_timeout_closes_idle_connections_too(server: ToxiproxyServer, echo: int) -> None:
    with connected(echo) as peer:
        echoes(peer)
        server.toxic("timeout", timeout=150)
        began = time.monotonic()
        assert end_of(peer) == "eof"
        assert 0.1 <= time.monotonic() - began <= 0.15 + LATE_S


def test_a_timeout_of_nothing_hangs_through_changes_and_closes_when_removed(
    server: ToxiproxyServer, echo: int
) -> None:
    server.toxic("timeout", name="hang")
    with connected(echo) as peer:
        peer.sendall(b"lost")
        server.change("hang", attributes={"timeout": 60_000})
        peer.settimeout(0.1)
        with pytest.raises(TimeoutError):
            peer.recv(1)
        server.remove("hang")
        assert end_of(peer) == "eof"


def test_clients_that_give_up_under_a_timeout_leave_nothing_open(
    server: ToxiproxyServer, echo: int
) -> None:
    server.toxic("timeout")
    connected(echo).close()
    wait_for(
        lambda: server.wanted("GET", "/proxies/echo/connections")["live"] == 0,
        within_s=5, what="the connection is closed",
    )  # fmt: skip


def test_reset_peer_waits_for_data_and_resets_what_was_opened_under_it(
    server: ToxiproxyServer, echo: int
) -> None:
    with connected(echo) as live, connected(echo) as idle:
        assert echoes(live) and echoes(idle)
        server.toxic("reset_peer", name="cut", timeout=50)
        live.sendall(b"x")
        assert end_of(live) == "eof"
        with connected(echo) as new:
            new.sendall(b"x")
            assert end_of(new) == "reset"
        server.remove("cut")
        assert echoes(idle)


def test_a_toxicity_of_nothing_touches_nothing(server: ToxiproxyServer, echo: int) -> None:
    server.toxic("reset_peer", toxicity=0)
    with connected(echo) as peer:
        assert echoes(peer)
        peer.shutdown(socket.SHUT_WR)
        assert end_of(peer) == "eof"


def test_a_slicer_cuts_and_pauses(server: ToxiproxyServer, echo: int) -> None:
    server.toxic("slicer", average_size=100, size_variation=50, delay=10_000)
    with connected(echo) as peer:
        began = time.monotonic()
        peer.sendall(bytes(1000))
        sizes: list[int] = []
        while sum(sizes) < 1000:
            sizes.append(len(peer.recv(1000)))
        assert 0.05 <= time.monotonic() - began <= 0.2 + LATE_S
        assert sizes[0] <= 150 and len(sizes) >= 4


def test_limit_data_closes_after_so_many_bytes(server: ToxiproxyServer, echo: int) -> None:
    server.toxic("limit_data", name="short", bytes=5)
    with connected(echo) as peer:
        peer.sendall(b"0123456789")
        assert received(peer, 10) == b"01234"


def test_limit_data_upstream_ends_the_client_too(server: ToxiproxyServer, echo: int) -> None:
    server.toxic("limit_data", "upstream", bytes=5)
    with connected(echo) as peer:
        peer.sendall(b"0123456789")
        assert received(peer, 10) == b""


def test_a_changed_limit_counts_what_has_passed(server: ToxiproxyServer, echo: int) -> None:
    server.toxic("limit_data", name="short", bytes=100)
    with connected(echo) as peer:
        assert echoes(peer, b"0123")
        server.change("short", attributes={"bytes": 6})
        peer.sendall(b"456789")
        assert received(peer, 6) == b"45"


def test_an_upstream_that_is_not_there_ends_the_connection(server: ToxiproxyServer) -> None:
    # Held, and never listened on: a port that is merely free may become the proxy's own.
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = server.proxy("nobody", f"127.0.0.1:{nobody.getsockname()[1]}")
        with connected(port) as peer:
            assert end_of(peer) == "eof"


def test_an_upstream_that_is_no_address_ends_the_connection(server: ToxiproxyServer) -> None:
    port = server.proxy("nonsense", "nonsense")
    with connected(port) as peer:
        assert end_of(peer) == "eof"


def test_a_half_close_is_passed_on(echo: int) -> None:
    with connected(echo) as peer:
        peer.sendall(UNTIL_END + b"x" * 99)
        peer.shutdown(socket.SHUT_WR)
        assert received(peer, 10) == b"100"


def test_a_changed_toxic_keeps_its_place_and_acts_at_once(
    server: ToxiproxyServer, echo: int
) -> None:
    server.toxic("latency", name="first", latency=0)
    server.toxic("noop", name="second")
    with connected(echo) as peer:
        assert round_trip_s(peer) < 0.1
        told = server.change("first", attributes={"latency": 120})
        assert told["attributes"] == {"latency": 120, "jitter": 0}
        assert 0.120 <= round_trip_s(peer) <= 0.120 + LATE_S
        server.change("first", attributes={"latency": 0})
        assert round_trip_s(peer) < 0.1
    names = [one["name"] for one in server.wanted("GET", "/proxies/echo/toxics")]
    assert names == ["first", "second"]


def affected(peers: list[socket.socket]) -> list[bool]:
    """Return whose round trips are all late: one alone may be late on a busy machine too."""
    return [all(round_trip_s(peer) >= 0.02 for _ in range(3)) for peer in peers]


def test_toxicity_is_drawn_from_the_seed_and_obeyed_on_live_connections(
    server: ToxiproxyServer, echo_server: EchoServer
) -> None:
    drawn = []
    for _ in range(2):
        port = server.proxy("echo", echo_server.address)
        server.toxic("latency", name="some", latency=20, toxicity=0.5)
        with ExitStack() as opened:
            peers = [opened.enter_context(connected(port)) for _ in range(12)]
            drawn.append(affected(peers))
            assert affected(peers) == drawn[-1]
            server.change("some", toxicity=1)
            assert all(affected(peers))
            server.change("some", toxicity=0)
            assert not any(affected(peers))
        server.wanted("DELETE", "/proxies/echo")
    assert drawn[0] == drawn[1]
    assert 2 <= sum(drawn[0]) <= 10


def test_a_disabled_proxy_refuses_and_comes_back_on_its_port(
    server: ToxiproxyServer, echo: int
) -> None:
    server.toxic("latency", latency=1)
    with connected(echo) as peer:
        assert echoes(peer)
        same = server.wanted("GET", "/proxies/echo")
        server.wanted("PATCH", "/proxies/echo", same)
        assert echoes(peer)
        assert server.wanted("PATCH", "/proxies/echo", {"enabled": False})["enabled"] is False
        assert end_of(peer) == "eof"
        with pytest.raises(ConnectionRefusedError):
            connected(echo)
    server.wanted("PATCH", "/proxies/echo", {"enabled": True})
    with connected(echo) as peer:
        assert echoes(peer)
    assert len(server.wanted("GET", "/proxies/echo/toxics")) == 1


def test_another_upstream_drops_connections_and_keeps_toxics(
    server: ToxiproxyServer, echo: int
) -> None:
    server.toxic("latency", latency=1)
    other = EchoServer()
    with connected(echo) as peer:
        assert echoes(peer)
        server.wanted("PATCH", "/proxies/echo", {"upstream": other.address})
        assert end_of(peer) == "eof"
    with connected(echo) as peer:
        assert echoes(peer)
    wait_for(lambda: other.ends, within_s=5, what="the other upstream was used")
    assert len(server.wanted("GET", "/proxies/echo/toxics")) == 1
    server.wanted("DELETE", "/proxies/echo")
    other.close()


def test_a_deleted_proxy_ends_its_connections(server: ToxiproxyServer, echo: int) -> None:
    with connected(echo) as peer:
        assert echoes(peer)
        server.wanted("DELETE", "/proxies/echo")
        assert end_of(peer) == "eof"
    with pytest.raises(ConnectionRefusedError):
        connected(echo)


def test_reset_enables_all_and_removes_all(server: ToxiproxyServer, echo: int) -> None:
    server.toxic("timeout")
    server.wanted("PATCH", "/proxies/echo", {"enabled": False})
    server.wanted("POST", "/reset")
    with connected(echo) as peer:
        assert echoes(peer)
