"""The fast path is a wire like the long one: nothing lost, reordered or left open, ever.

Streams of random bytes run through a real proxy while toxics come and go on live connections,
some of which end half-closed, reset or forgotten. Every byte that comes back must be the one sent.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import resource
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.integration.proxy.echo_server import EchoServer
from tests.integration.proxy.proxy_process import Proxy, received, round_trip_s
from tests.proving_ground.wait import wait_for

TOXICS: list[tuple[str, dict[str, str]]] = [
    ("latency", {"delay": "1ms"}),
    ("latency", {"delay": "3ms", "jitter": "3ms"}),
    ("bandwidth", {"rate": "40MB"}),
]


def open_files(proxy: Proxy) -> int:
    return len(list(Path(f"/proc/{proxy.process.pid}/fd").iterdir()))


def echoed(proxy: Proxy, rng: Random, ends: float) -> tuple[int, int, bool]:
    """Stream random bytes until *ends*; return bytes sent, bytes back, and whether they match."""
    peer = proxy.connect("echo")
    peer.settimeout(20)
    sent, back = hashlib.sha256(), hashlib.sha256()
    counts = [0, 0]

    def write() -> None:
        while time.monotonic() < ends:
            data = b"\x00" + rng.randbytes(rng.choice((1, 64, 1500, 70_000, 400_000)))
            sent.update(data)
            counts[0] += len(data)
            peer.sendall(data)
        peer.shutdown(socket.SHUT_WR)

    with peer:
        writer = threading.Thread(target=write)
        writer.start()
        while data := peer.recv(rng.choice((1, 4096, 1 << 20))):
            back.update(data)
            counts[1] += len(data)
        writer.join(20)
    return counts[0], counts[1], sent.digest() == back.digest()


def churn(proxy: Proxy, rng: Random, ends: float) -> int:
    """Open connections and end them in every way until *ends*; return how many."""
    opened = 0
    while time.monotonic() < ends:
        with contextlib.suppress(OSError), proxy.connect("echo") as peer:
            opened += 1
            way = rng.randrange(5)
            if way:
                peer.sendall(rng.randbytes(rng.choice((1, 50_000))) or b"x")
            if way == 2:
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(65536):
                    pass
            if way == 3:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            if way == 4:
                peer.recv(1)
    return opened


def dose(proxy: Proxy, rng: Random, ends: float) -> int:
    """Let toxics come and go until *ends*; return how many came."""
    came = 0
    pause = threading.Event()
    while time.monotonic() < ends:
        kind, given = rng.choice(TOXICS)
        proxy.add("echo", f"t{came}", kind, rng.choice(("upstream", "downstream", "both")), **given)
        pause.wait(rng.random() * 0.05)
        assert proxy.remove("echo", f"t{came}")
        came += 1
        pause.wait(rng.random() * 0.05)
    return came


def soak(proxy: Proxy, seed: int, seconds: float) -> None:
    rng = Random(seed)
    before = open_files(proxy)
    ends = time.monotonic() + seconds
    streams: list[tuple[int, int, bool]] = []
    others: list[int] = []

    def counted(work: Callable[[Proxy, Random, float], int]) -> Callable[[], None]:
        own = Random(rng.random())
        return lambda: others.append(work(proxy, own, ends))

    def streamed() -> Callable[[], None]:
        own = Random(rng.random())
        return lambda: streams.append(echoed(proxy, own, ends))

    work = [streamed() for _ in range(3)] + [counted(churn), counted(dose)]
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 40)
    assert len(streams) == 3, f"seed {seed}: a stream has broken"
    assert all(same and sent == back for sent, back, same in streams), f"seed {seed}: {streams}"
    assert len(others) == 2 and min(others) > 3, f"seed {seed}: {others}"
    wait_for(lambda: proxy.read("echo", "x")["live"] == 0, within_s=10, what="nothing is live")
    wait_for(lambda: open_files(proxy) <= before, within_s=5, what="every descriptor is closed")
    reading = proxy.read("echo", "x")
    streamed_bytes = sum(sent for sent, _, _ in streams)
    assert min(reading["bytes_up"], reading["bytes_down"]) >= streamed_bytes


def test_no_byte_is_lost_while_toxics_come_and_go(proxy: Proxy) -> None:
    soak(proxy, seed=11, seconds=2.5)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(12))
def test_no_byte_is_lost_over_longer_times(proxy: Proxy, seed: int) -> None:
    soak(proxy, seed, seconds=8)


def test_counters_are_true_while_a_connection_lives(proxy: Proxy) -> None:
    with proxy.connect("echo") as peer:
        for count in range(1, 4):
            round_trip_s(peer, b"x" * 1000)
            reading = proxy.read("echo", "x")
            assert (reading["bytes_up"], reading["bytes_down"]) == (1000 * count, 1000 * count)
    wait_for(lambda: proxy.read("echo", "x")["live"] == 0, within_s=5, what="nothing is live")
    assert proxy.read("echo", "x")["bytes_up"] == 3000


def test_a_toxic_acts_on_what_comes_after_it_at_once(proxy: Proxy) -> None:
    with proxy.connect("echo") as peer:
        round_trip_s(peer)
        proxy.add("echo", "slow", "latency", "upstream", delay="100ms")
        assert round_trip_s(peer) >= 0.1
        proxy.remove("echo", "slow")
        assert min(round_trip_s(peer) for _ in range(20)) < 0.1


def test_a_client_that_resets_in_the_middle_resets_the_server(
    proxy: Proxy, server: EchoServer
) -> None:
    with proxy.connect("echo") as peer:
        peer.sendall(os.urandom(3_000_000)[:200_000])
        received(peer, 1000)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    wait_for(lambda: server.ends, within_s=5, what="the server's connection ended")
    assert server.ends == ["reset"]


def test_without_descriptors_the_proxy_waits_and_goes_on(proxy: Proxy) -> None:
    pid = proxy.process.pid
    with proxy.connect("echo") as first:
        round_trip_s(first)
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        # Room for one more: the client is taken in, its upstream is not, and then neither.
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_files(proxy) + 1, hard))
        with pytest.raises(ConnectionResetError), proxy.connect("echo") as refused:
            refused.recv(1)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_files(proxy), hard))
        with proxy.connect("echo") as waiting:
            assert round_trip_s(first) < 5
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (1024, hard))
            assert round_trip_s(waiting) < 5


def cpu_s(proxy: Proxy) -> float:
    return int(Path(f"/proc/{proxy.process.pid}/schedstat").read_text().split()[0]) / 1e9


def test_what_waits_costs_nothing(proxy: Proxy) -> None:
    """A half-closed connection, one whose sender is stopped and an idle one only wait."""
    chunk = b"x" * 65536
    with (
        proxy.connect("echo") as half,
        proxy.connect("echo") as stopped,
        proxy.connect("echo") as idle,
    ):
        round_trip_s(idle)
        stopped.settimeout(0.3)
        with pytest.raises(TimeoutError):
            while True:
                stopped.send(chunk)
        proxy.add("echo", "slow", "latency", "upstream", delay="60s")
        half.sendall(b"x")
        half.shutdown(socket.SHUT_WR)
        wait_for(lambda: proxy.read("echo", "x")["live"] == 3, within_s=5, what="all three live")
        before, began = cpu_s(proxy), time.monotonic()
        threading.Event().wait(0.3)
        assert cpu_s(proxy) - before < (time.monotonic() - began) / 4
        proxy.remove("echo", "slow")
        assert received(half, 2) == b"x"
