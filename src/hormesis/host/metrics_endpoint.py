"""Metrics endpoint: serves a running load's figures to Prometheus, on this machine only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from hormesis.host.prometheus_text import CONTENT_TYPE, exposition
from hormesis.record.exposition import Family

PATH = "/metrics"
_HEAD_MAX = 16 * 1024
_PATIENCE_S = 5.0
"""Who sends no request, or takes no answer, is let go."""


class MetricsEndpoint:
    """Answers ``GET /metrics`` with what *families* returns at that moment.

    ``port`` is known once it is started; 0 asks for any that is free.
    """

    def __init__(
        self, families: Callable[[], Iterable[Family]], *, port: int = 0, host: str = "127.0.0.1"
    ) -> None:
        self._families = families
        self._server: asyncio.Server | None = None
        self.host = host
        self.port = port

    @property
    def url(self) -> str:
        """Return what Prometheus is to be told."""
        return f"http://{self.host}:{self.port}{PATH}"

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken, or not allowed.
        """
        self._server = await asyncio.start_server(
            self._answer, self.host, self.port, limit=_HEAD_MAX
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no longer."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> MetricsEndpoint:
        await self.start()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._response(head))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asked went away, or never asked; a scrape that is lost is made again
        finally:
            writer.close()

    def _response(self, head: bytes) -> bytes:
        line = head.split(b"\r\n", 1)[0].decode("ascii", "replace").split(" ")
        method, target = (line[0], line[1]) if len(line) == 3 else ("", "")
        if target.partition("?")[0] != PATH:
            return _message("404 Not Found", f"there is only {PATH}\n")
        if method not in ("GET", "HEAD"):
            return _message("405 Method Not Allowed", "there is only GET\n", "Allow: GET, HEAD\r\n")
        text = exposition(self._families())
        return _message("200 OK", text, kind=CONTENT_TYPE, bodiless=method == "HEAD")


def _message(
    status: str,
    text: str,
    more: str = "",
    *,
    kind: str = "text/plain; charset=utf-8",
    bodiless: bool = False,
) -> bytes:
    body = text.encode("utf-8", errors="replace")
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        f"{more}Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + (b"" if bodiless else body)
