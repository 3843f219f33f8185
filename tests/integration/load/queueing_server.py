"""A server of known capacity: it answers one request at a time, each after SECONDS, in order.

Run it with a port (0 takes a free one) and the seconds; it writes the port it listens on. A GET of
``/freeze`` holds all answers back for a second and a half.
"""

from __future__ import annotations

import asyncio
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
FREEZE_S = 1.5


class Queue:
    """When the one who works is free again."""

    free_s = 0.0


class Counter(asyncio.Protocol):
    """One connection."""

    def __init__(self, queue: Queue, service_s: float) -> None:
        self._queue = queue
        self._service_s = service_s
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        while b"\r\n\r\n" in self._held:
            head, self._held = self._held.split(b"\r\n\r\n", 1)
            self._held = self._held[_length(head) :]
            loop = asyncio.get_running_loop()
            took = FREEZE_S if head.startswith(b"GET /freeze") else self._service_s
            self._queue.free_s = max(self._queue.free_s, loop.time()) + took
            loop.call_at(self._queue.free_s, self._answer)

    def _answer(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(ANSWER)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


async def serve(port: int, service_s: float) -> None:
    queue = Queue()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Counter(queue, service_s), "127.0.0.1", port, backlog=4096
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
