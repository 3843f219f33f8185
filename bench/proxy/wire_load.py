"""Wire load: clients and their server in one thread, so that the load costs as little as it can.

Both ends of every connection are served by one epoll loop. What lies between them is either
nothing (``direct``) or the proxy under measurement, which runs on another core.
"""

from __future__ import annotations

import select
import socket
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Address = tuple[str, int]

MESSAGE = b"y" * 64
PIECE = memoryview(bytes(256 << 10))
SETTLE_S_MAX = 10.0


@dataclass(frozen=True, slots=True)
class Slice:
    """What one slice of measuring saw."""

    count: int
    """Round trips, bytes or connections, by what was measured."""
    seconds: float
    p50_us: float = 0.0
    """Median round trip, where it was measured."""

    @property
    def rate(self) -> float:
        """Return how many there were per second."""
        return self.count / self.seconds


class Wire:
    """A server, and the clients that reach it by any address; not thread safe."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listening.setblocking(False)
        self.address: Address = self._listening.getsockname()
        self._epoll = select.epoll()
        self._epoll.register(self._listening, select.EPOLLIN)
        self._served: dict[int, socket.socket] = {}
        self._clients: dict[int, socket.socket] = {}
        self._buffer = memoryview(bytearray(256 << 10))
        self._discarded = 0

    def close(self) -> None:
        """Close every socket."""
        for one in (*self._served.values(), *self._clients.values(), self._listening):
            one.close()
        self._epoll.close()

    def connect(self, address: Address, count: int) -> list[socket.socket]:
        """Return *count* clients, each of which has had one answer."""
        clients = []
        for _ in range(count):
            client = self._dial(address)
            clients.append(client)
            client.send(MESSAGE)
            self._echo_until_readable({client.fileno()})
            client.recv(len(MESSAGE))
        return clients

    def hang_up(self, clients: list[socket.socket]) -> None:
        """Close *clients* and wait until the server has seen it."""
        gone_at = len(self._served) - len(clients)
        for client in clients:
            del self._clients[client.fileno()]
            client.close()
        self._run(lambda: len(self._served) <= gone_at)

    def round_trips(self, clients: list[socket.socket], seconds: float) -> Slice:
        """Keep one small message of every client on its way."""
        began = time.perf_counter()
        ends = began + seconds
        mine = {client.fileno(): client for client in clients}
        for client in clients:
            client.send(MESSAGE)
        count = 0
        poll, served, buffer, now = self._epoll.poll, self._served, self._buffer, began
        while now < ends:
            for fd, _ in poll(1.0):
                if (asked := mine.get(fd)) is not None:
                    asked.recv_into(buffer)
                    asked.send(MESSAGE)
                    count += 1
                elif (peer := served.get(fd)) is not None:
                    peer.send(buffer[: peer.recv_into(buffer)])
            now = time.perf_counter()
        self._echo_until_readable(set(mine))
        for client in clients:
            client.recv_into(buffer)
        return Slice(count, now - began)

    def latency(self, client: socket.socket, seconds: float) -> Slice:
        """Time round trips one after the other."""
        fd, times = client.fileno(), []
        poll, served, buffer = self._epoll.poll, self._served, self._buffer
        began = now = time.perf_counter()
        while now < began + seconds:
            sent = time.perf_counter()
            client.send(MESSAGE)
            answered = False
            while not answered:
                for ready, _ in poll(1.0):
                    if ready == fd:
                        client.recv_into(buffer)
                        answered = True
                    else:
                        peer = served[ready]
                        peer.send(buffer[: peer.recv_into(buffer)])
            now = time.perf_counter()
            times.append(now - sent)
        return Slice(len(times), now - began, 1e6 * statistics.median(times))

    def bulk(self, clients: list[socket.socket], seconds: float) -> Slice:
        """Send as much as passes from the clients to the server, which drops it unread."""
        for client in clients:
            self._epoll.modify(client, select.EPOLLOUT)
        mine = {client.fileno(): client for client in clients}
        sent = dropped = 0
        began = now = time.perf_counter()
        while now < began + seconds:
            sent_now, dropped_now = self._move(mine)
            sent += sent_now
            dropped += dropped_now
            now = time.perf_counter()
        passed = Slice(dropped, now - began)
        for client in clients:
            self._epoll.modify(client, select.EPOLLIN)
        while dropped < sent:
            dropped += self._move({})[1]
        return passed

    def set_ups(self, address: Address, seconds: float, at_once: int = 8) -> Slice:
        """Connect, have one answer, close; *at_once* clients at a time."""
        began = now = time.perf_counter()
        count = 0
        mine = self._fresh(address, at_once)
        while now < began + seconds:
            for fd, _ in self._epoll.poll(1.0):
                client = mine.pop(fd, None)
                if client is None:
                    self._serve(fd)
                    continue
                client.recv_into(self._buffer)
                del self._clients[fd]
                client.close()
                count += 1
                mine |= self._fresh(address, 1)
            now = time.perf_counter()
        taken = Slice(count, now - began)
        waiting = set(mine)
        self._echo_until_readable(waiting)
        for fd, client in mine.items():
            del self._clients[fd]
            client.close()
        self._run(lambda: not self._served)
        return taken

    def _fresh(self, address: Address, count: int) -> dict[int, socket.socket]:
        fresh = {}
        for _ in range(count):
            client = self._dial(address)
            client.send(MESSAGE)
            fresh[client.fileno()] = client
        return fresh

    def _dial(self, address: Address) -> socket.socket:
        client = socket.create_connection(address, SETTLE_S_MAX)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.setblocking(False)
        self._clients[client.fileno()] = client
        self._epoll.register(client, select.EPOLLIN)
        return client

    def _move(self, senders: dict[int, socket.socket]) -> tuple[int, int]:
        """Write and drop what can be now; return how many bytes each."""
        sent = dropped = 0
        for fd, _ in self._epoll.poll(0.05):
            if (client := senders.get(fd)) is not None:
                sent += client.send(PIECE)
            elif (peer := self._served.get(fd)) is not None:
                dropped += peer.recv_into(self._buffer, len(self._buffer), socket.MSG_TRUNC)
        return sent, dropped

    def _echo_until_readable(self, fds: set[int]) -> None:
        waiting = set(fds)

        def step() -> bool:
            return not waiting

        self._run(step, waiting)

    def _run(self, done: Callable[[], bool], waiting: set[int] | None = None) -> None:
        """Serve until *done*; forget those of *waiting* that have become readable."""
        ends = time.perf_counter() + SETTLE_S_MAX
        while not done():
            if time.perf_counter() > ends:
                raise TimeoutError(f"no answer within {SETTLE_S_MAX} s")
            for fd, _ in self._epoll.poll(0.05):
                if waiting is not None and fd in waiting:
                    waiting.discard(fd)
                elif fd not in self._clients:
                    self._serve(fd)

    def _serve(self, fd: int) -> None:
        """Accept, echo or hang up, whatever the server's socket *fd* is ready for."""
        peer = self._served.get(fd)
        if peer is None:
            if fd != self._listening.fileno():
                return
            fresh, _ = self._listening.accept()
            fresh.setblocking(False)
            fresh.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._served[fresh.fileno()] = fresh
            self._epoll.register(fresh, select.EPOLLIN)
            return
        try:
            size = peer.recv_into(self._buffer)
        except ConnectionResetError:
            size = 0
        if size:
            peer.send(self._buffer[:size])
        else:
            del self._served[fd]
            peer.close()
