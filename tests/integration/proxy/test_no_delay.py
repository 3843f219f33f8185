"""The proxy holds no small segment back: both sockets of a connection send at once."""

from __future__ import annotations

import asyncio
import socket

from hormesis.proxy.config import LinkConfig
from hormesis.proxy.link import Link


async def _options() -> list[int]:
    """Return TCP_NODELAY of both sockets of one connection through a link."""
    over = asyncio.Event()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(1))
        await reader.read()
        writer.close()
        await writer.wait_closed()
        over.set()

    upstream = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = upstream.sockets[0].getsockname()[1]
    link = Link(LinkConfig(name="x", listen="127.0.0.1:0", upstream=f"127.0.0.1:{port}"), 1)
    await link.open()
    host, _, listening = link.listen.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(listening))
    writer.write(b"a")
    assert await reader.read(1) == b"a"
    sides = [side for connection in link._live for side in (connection.client, connection.server)]
    sockets = [side.socket for side in sides if side.socket]
    options = [one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for one in sockets]
    writer.close()
    await writer.wait_closed()
    await over.wait()
    link.close()
    upstream.close()
    return options


def test_both_sides_send_at_once() -> None:
    options = asyncio.run(_options())
    assert len(options) == 2
    assert all(options)
