"""Without toxics the proxy is a wire: bytes, ends of stream, resets and back pressure pass."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from tests.integration.proxy.echo_server import UNTIL_END, EchoServer
from tests.integration.proxy.proxy_process import Proxy, received, round_trip_s
from tests.proving_ground.wait import wait_for


def test_bytes_come_back_and_are_counted(proxy: Proxy) -> None:
    payload = os.urandom(3_000_000)
    with proxy.connect("echo") as peer:
        sender = threading.Thread(target=peer.sendall, args=(payload,))
        sender.start()
        assert received(peer, len(payload)) == payload
        sender.join()
        reading = proxy.read("echo", "none")
    assert (reading["bytes_up"], reading["bytes_down"]) == (len(payload), len(payload))
    assert (reading["connections"], reading["live"]) == (1, 1)
    assert (reading["active"], reading["hits"]) == (False, 0)


def test_what_is_sent_before_the_upstream_is_connected_arrives(proxy: Proxy) -> None:
    for _ in range(50):
        with proxy.connect("echo") as peer:
            peer.sendall(b"early")
            peer.shutdown(socket.SHUT_WR)
            assert received(peer, 100) == b"early"


def test_an_upstream_that_takes_its_time_to_connect_is_waited_for(tmp_path: Path) -> None:
    # With its queue full the kernel drops the next SYN, and the client asks again a second later.
    with socket.socket() as late:
        late.bind(("127.0.0.1", 0))
        late.listen(0)
        address = late.getsockname()
        fillers = [socket.create_connection(address)]
        proxy = Proxy(tmp_path / "control", {"late": f"127.0.0.1:{address[1]}"})
        with proxy.connect("late") as peer:
            peer.settimeout(10)
            late.settimeout(10)
            peer.sendall(b"hello")
            wait_for(lambda: _syn_sent(address[1]), within_s=5, what="the proxy waits to connect")
            late.accept()[0].close()
            served, _ = late.accept()
            with served:
                assert received(served, 5) == b"hello"
                served.sendall(b"at last")
                assert received(peer, 7) == b"at last"
        for filler in fillers:
            filler.close()
        assert proxy.end() == (0, "")


def _syn_sent(port: int) -> bool:
    wanted = f":{port:04X} 02 "
    return any(wanted in line for line in Path("/proc/net/tcp").read_text().splitlines())


def test_an_end_of_stream_passes_alone(proxy: Proxy) -> None:
    with proxy.connect("echo") as peer:
        peer.sendall(UNTIL_END + b"x" * 99_999)
        peer.shutdown(socket.SHUT_WR)
        assert received(peer, 100) == b"100000"


def test_connections_are_forgotten_when_both_ends_have_ended(proxy: Proxy) -> None:
    with proxy.connect("echo") as peer:
        round_trip_s(peer)
    wait_for(lambda: proxy.read("echo", "x")["live"] == 0, within_s=5, what="nothing is live")


def test_a_clients_reset_reaches_the_server(proxy: Proxy, server: EchoServer) -> None:
    with proxy.connect("echo") as peer:
        round_trip_s(peer)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    wait_for(lambda: server.ends, within_s=5, what="the server's connection ended")
    assert server.ends == ["reset"]


def test_an_absent_upstream_resets_the_client(proxy: Proxy) -> None:
    with pytest.raises(ConnectionResetError), proxy.connect("nobody") as peer:
        peer.recv(1)
    reading = proxy.read("nobody", "x")
    assert (reading["refused"], reading["live"]) == (1, 0)


@pytest.mark.parametrize("delay", ["", "1ms", "60s"])
def test_memory_is_bounded_by_stopping_the_sender(proxy: Proxy, delay: str) -> None:
    if delay:
        proxy.add("echo", "slow", "latency", "both", delay=delay)
    chunk = b"x" * 65536
    with proxy.connect("echo") as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        peer.settimeout(0.3)
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 200_000_000:
                sent += peer.send(chunk)
        peer.settimeout(10)
        proxy.remove("echo", "slow")
        assert received(peer, sent) == b"x" * sent
