"""One keep-alive HTTP/1.1 connection to one server, opened again whenever it must be."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Mapping

from hormesis.host.http_origin import Origin
from hormesis.host.http_trouble import HttpDisconnected, HttpTrouble, trouble_of
from hormesis.host.http_wire import HttpResponse, HttpWire

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
_CLOSE_WAIT_S = 1.0
_UNSAFE_TARGET = re.compile(r"[^\x21-\x7e]")
_UNSAFE_HEADER = re.compile(r"[\r\n\0]")


class HttpConnection:
    """A virtual user's connection: one request at a time, no pool, no redirects, no cookies.

    A connection that the server closed while it was idle is opened again. A request is repeated,
    once, only when it is idempotent and the server closed the reused connection in good order
    before a single byte of an answer: what servers do to idle connections just as we send.
    """

    def __init__(
        self, origin: Origin, *, headers: Mapping[str, str] | None = None, verify: bool = True
    ) -> None:
        self.origin = origin
        self._wire: HttpWire | None = None
        self._tls: ssl.SSLContext | None = None
        if origin.secure:
            self._tls = ssl.create_default_context()
            if not verify:
                self._tls.check_hostname = False
                self._tls.verify_mode = ssl.CERT_NONE
        given = {name.lower(): (name, value) for name, value in (headers or {}).items()}
        given.setdefault("host", ("Host", origin.authority))
        given.setdefault("user-agent", ("User-Agent", "hormesis"))
        given.setdefault("accept", ("Accept", "*/*"))
        self._head = "".join(_line(name, value) for name, value in given.values())

    async def request(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout_s: float = 30.0,
    ) -> HttpResponse:
        """Send one request and return its answer, whatever its status.

        ``target`` begins with a slash and comes after the origin's prefix. ``timeout_s`` bounds
        the whole: connecting, sending and the last byte of the answer.

        Raises:
            ValueError: target or headers cannot stand in a request.
            HttpTrouble: there is no answer; its class says why, ``sent`` whether it may have
                happened. ``HttpRefused`` is a ConnectionRefusedError, ``HttpTimeout`` a
                TimeoutError, ``HttpDisconnected`` a ConnectionResetError.
        """
        data = self._written(method, target, headers, body)
        deadline = asyncio.get_running_loop().time() + timeout_s
        wire = self._wire
        if wire is not None and wire.usable:
            try:
                return await wire.exchange(data, deadline)
            except HttpDisconnected as trouble:
                if trouble.sent and not (trouble.stale and method in IDEMPOTENT):
                    raise
        wire = self._wire = await self._connected(deadline)
        return await wire.exchange(data, deadline)

    async def connect(self, timeout_s: float) -> None:
        """Open the connection ahead of the first request.

        Raises:
            HttpTrouble: it cannot be opened in *timeout_s* seconds.
        """
        if self._wire is None:
            self._wire = await self._connected(asyncio.get_running_loop().time() + timeout_s)

    async def close(self) -> None:
        """Close the connection; waits a moment until the transport is really gone."""
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()
            await asyncio.wait({wire.closed}, timeout=_CLOSE_WAIT_S)
            wire.abort()

    def _written(
        self, method: str, target: str, headers: Mapping[str, str] | None, body: bytes | None
    ) -> bytes:
        whole = self.origin.prefix + target
        if _UNSAFE_TARGET.search(whole) or not target.startswith("/"):
            raise ValueError(f"expected a target such as /api/jobs?limit=5, found {target!r}")
        more = "".join([_line(*item) for item in headers.items()]) if headers else ""
        if body is None:
            length = "" if method in ("GET", "DELETE", "HEAD") else "Content-Length: 0\r\n"
            return f"{method} {whole} HTTP/1.1\r\n{self._head}{more}{length}\r\n".encode("latin-1")
        length = f"Content-Length: {len(body)}\r\n"
        head = f"{method} {whole} HTTP/1.1\r\n{self._head}{more}{length}\r\n"
        return head.encode("latin-1") + body

    async def _connected(self, deadline: float) -> HttpWire:
        where = self.origin.authority
        try:
            async with asyncio.timeout_at(deadline):
                return await self._dialled()
        except HttpTrouble:
            raise
        except OSError as error:
            raise trouble_of(error, where) from error

    async def _dialled(self) -> HttpWire:
        # Each address is tried by itself: the loop's own way of trying them all hides a refusal
        # behind an error without a number as soon as a name has two addresses.
        loop = asyncio.get_running_loop()
        host, port = self.origin.host, self.origin.port
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        last: OSError = OSError(f"{host} has no address")
        for family, _, _, _, address in found:
            try:
                _, wire = await loop.create_connection(
                    lambda: HttpWire(loop),
                    str(address[0]),
                    port,
                    family=family,
                    ssl=self._tls,
                    server_hostname=host if self._tls else None,
                )
            except OSError as error:
                last = error
            else:
                return wire
        raise last


def _line(name: str, value: str) -> str:
    line = f"{name}: {value}"
    if _UNSAFE_HEADER.search(line):
        raise ValueError(f"expected a header of one line, found {line!r}")
    return line + "\r\n"
