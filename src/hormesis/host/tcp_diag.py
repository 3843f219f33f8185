"""The TCP connections of this network namespace with their byte counts, asked of the kernel.

Netlink ``sock_diag`` (see sock_diag(7)); it takes no privilege. Counts are those of ``struct
tcp_info`` in the kernel's ``tcp.h``.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_REQUEST_DUMP = 0x301
_DONE, _ERROR = 3, 2
_ESTABLISHED_AND_CLOSE_WAIT = (1 << 1) | (1 << 8)
_INFO = 2
_HEAD = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI")
_ATTRIBUTE = struct.Struct("=HH")
_MESSAGE_BYTES = 72


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection seen from one of its ends; times are milliseconds ago."""

    key: tuple[bytes, int]
    """Who it is: addresses, ports and the kernel's cookie, and its inode."""
    unread: int
    received: int
    sent: int
    last_sent_ms: int
    last_received_ms: int


def connections_on(ports: Iterable[int]) -> list[Connection]:
    """Return the established connections whose local port is one of *ports*.

    Raises:
        OSError: the kernel does not answer such questions.
    """
    found: list[Connection] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_SOCK_DIAG) as link:
        link.settimeout(1.0)
        for port in ports:
            for family in (socket.AF_INET, socket.AF_INET6):
                link.send(_request(family, port))
                found += _answers(link)
    return found


def _request(family: int, port: int) -> bytes:
    asked = _REQUEST.pack(
        family, socket.IPPROTO_TCP, 1 << (_INFO - 1), 0, _ESTABLISHED_AND_CLOSE_WAIT
    )
    any_cookie = struct.pack("=III", 0, 2**32 - 1, 2**32 - 1)
    body = asked + struct.pack("!HH", port, 0) + bytes(32) + any_cookie
    head = _HEAD.pack(_HEAD.size + len(body), _SOCK_DIAG_BY_FAMILY, _REQUEST_DUMP, 1, 0)
    return head + body


def _answers(link: socket.socket) -> Iterator[Connection]:
    while True:
        data = link.recv(1 << 18)
        while len(data) >= _HEAD.size:
            length, sort, _, _, _ = _HEAD.unpack_from(data)
            body = data[_HEAD.size : length]
            if sort == _DONE:
                return
            if sort == _ERROR:
                code = -struct.unpack_from("=i", body)[0]
                raise OSError(code, f"the kernel refused sock_diag: {os.strerror(code)}")
            if (found := _connection(body)) is not None:
                yield found
            data = data[(length + 3) & ~3 :]


def _connection(body: bytes) -> Connection | None:
    _, unread, _, _, inode = struct.unpack_from("=IIIII", body, 52)
    at = _MESSAGE_BYTES
    while at + _ATTRIBUTE.size <= len(body):
        length, sort = _ATTRIBUTE.unpack_from(body, at)
        if length < _ATTRIBUTE.size:
            return None
        info = body[at + _ATTRIBUTE.size : at + length]
        if sort == _INFO and len(info) >= 208:
            last_sent, _, last_received = struct.unpack_from("=III", info, 44)
            (received,) = struct.unpack_from("=Q", info, 128)
            (sent,) = struct.unpack_from("=Q", info, 200)
            key = (body[4:52], inode)
            return Connection(key, unread, received, sent, last_sent, last_received)
        at += (length + 3) & ~3
    return None
