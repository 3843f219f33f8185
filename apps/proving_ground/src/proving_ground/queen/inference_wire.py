"""A small HTTP client for the few services that the queen itself asks, quick enough to relay.

It speaks the part of HTTP/1.1 that those services speak: answers with a length, over connections
that are kept.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict

_HEAD_MAX = 16 * 1024
_IDLE_MAX = 64
_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class WireLost(Exception):
    """The connection could not be made, or was lost before the whole answer had come."""


class Wire:
    """Kept connections by address; a request whose caller gives up takes its connection along."""

    def __init__(self) -> None:
        self._idle: defaultdict[tuple[str, int], list[_Streams]] = defaultdict(list)

    async def ask(
        self, method: str, host: str, port: int, path: str, body: bytes = b""
    ) -> tuple[int, bytes]:
        """Return status and body of the answer; raises ``WireLost``.

        How long that may take is the caller's business.
        """
        address = host, port
        reader, writer = await self._connection(address)
        kept = False
        try:
            head = f"{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\n"
            if body:
                head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            writer.write(head.encode() + b"\r\n" + body)
            status, answer, kept = await _answer_of(reader)
        except (OSError, EOFError, ValueError, LookupError, asyncio.LimitOverrunError) as error:
            raise WireLost(f"{host}:{port}: {type(error).__name__}: {error}") from None
        finally:
            if kept and len(self._idle[address]) < _IDLE_MAX:
                self._idle[address].append((reader, writer))
            else:
                writer.transport.abort()
        return status, answer

    def forget(self, host: str, port: int) -> None:
        """Close the idle connections to an address that has gone."""
        for _reader, writer in self._idle.pop((host, port), []):
            writer.transport.abort()

    def close(self) -> None:
        """Close all idle connections."""
        for host, port in list(self._idle):
            self.forget(host, port)

    async def _connection(self, address: tuple[str, int]) -> _Streams:
        idle = self._idle[address]
        while idle:
            reader, writer = idle.pop()
            if not (reader.at_eof() or writer.is_closing()):
                return reader, writer
            writer.transport.abort()
        try:
            return await asyncio.open_connection(*address, limit=_HEAD_MAX)
        except OSError as error:
            raise WireLost(f"{address[0]}:{address[1]}: {error.strerror or error}") from None


async def _answer_of(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    """Return status, body, and whether the connection can be used again."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(lines[0].split(" ", 2)[1])
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines[1:] if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return status, body, headers.get("connection", "").lower() != "close"
