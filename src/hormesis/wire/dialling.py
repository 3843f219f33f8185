"""Opening a connection: name, TCP, TLS, each within what is left of the time."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any

from hormesis.host.http_trouble import trouble_of
from hormesis.wire.readiness import until_readable, until_writable
from hormesis.wire.troubles import timed


@dataclass(frozen=True, slots=True)
class Dialled:
    """An open, non-blocking socket and how long it took: names and TCP, then TLS."""

    sock: socket.socket
    connecting_ns: int
    handshaking_ns: int


async def dial(
    loop: asyncio.AbstractEventLoop,
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None,
    server_name: str,
    timeout_s: float,
    zero_ns: int,
) -> Dialled:
    """Open a connection; every address of *host* is tried in turn.

    Raises:
        HttpTrouble: none could be opened, or not in *timeout_s* seconds; with its moments.
    """
    began = time.monotonic_ns()
    where = f"{host}:{port}"
    try:
        async with asyncio.timeout(timeout_s):
            sock = await _connected(loop, host, port)
            connected = time.monotonic_ns()
            if tls is not None:
                sock = await _secured(loop, sock, tls, server_name or host)
    except OSError as error:
        trouble = trouble_of(error, where)
        timed(trouble, began - zero_ns, time.monotonic_ns() - zero_ns)
        raise trouble from error
    handshaking = time.monotonic_ns() - connected if tls is not None else 0
    return Dialled(sock, connected - began, handshaking)


async def _connected(loop: asyncio.AbstractEventLoop, host: str, port: int) -> socket.socket:
    last: OSError = OSError(f"{host} has no address")
    for family, address in await _addresses(loop, host, port):
        sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(sock, address)
        except OSError as error:
            sock.close()
            last = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise last


async def _addresses(
    loop: asyncio.AbstractEventLoop, host: str, port: int
) -> list[tuple[int, Any]]:
    # A literal address needs no thread of the resolver, which thousands of users would queue for.
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return [(family, (host, port))]
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


async def _secured(
    loop: asyncio.AbstractEventLoop, plain: socket.socket, tls: ssl.SSLContext, name: str
) -> ssl.SSLSocket:
    try:
        sock = tls.wrap_socket(plain, do_handshake_on_connect=False, server_hostname=name)
    except BaseException:
        plain.close()
        raise
    try:
        while True:
            try:
                sock.do_handshake()
            except ssl.SSLWantReadError:
                await until_readable(loop, sock.fileno())
            except ssl.SSLWantWriteError:
                await until_writable(loop, sock.fileno())
            else:
                return sock
    except BaseException:
        sock.close()
        raise

