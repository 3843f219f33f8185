"""A server that answers in bytes as a test dictates, to show what real ones rarely do."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Scripted:
    """Counts what it saw. ``script`` handles the n-th connection (from 1)."""

    script: Callable[[Scripted, Visit], Awaitable[None]]
    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    secure: bool = False

    @property
    def url(self) -> str:
        return f"{'https' if self.secure else 'http'}://127.0.0.1:{self.port}"


@dataclass
class Visit:
    """One connection."""

    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: Scripted

    async def request(self) -> bytes:
        """Read one request with its body, and count it; empty when the client has left."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        whole = head + (await self.reader.readexactly(length))
        self.server.requests.append(whole)
        return whole

    def reset(self) -> None:
        """End the connection with RST; aborting alone would send FIN."""
        line: socket.socket = self.writer.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


async def serve_all(server: Scripted, visit: Visit) -> None:
    """Answer every request with ``ok``."""
    while await visit.request():
        visit.writer.write(OK)


@asynccontextmanager
async def scripted(
    script: Callable[[Scripted, Visit], Awaitable[None]] = serve_all,
    *,
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Scripted]:
    """Run a scripted server on a port of 127.0.0.1."""
    served = Scripted(script, secure=tls is not None)
    open_now: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.connections += 1
        task = asyncio.current_task()
        assert task is not None
        open_now.add(task)
        try:
            await served.script(served, Visit(served.connections, reader, writer, served))
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            open_now.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", port, ssl=tls)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for task in list(open_now):
            task.cancel()
        if open_now:
            await asyncio.wait(open_now)
