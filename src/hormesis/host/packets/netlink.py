"""Netlink: how a program talks to the kernel's network parts (see netlink(7)); stdlib only.

A message is a header and a body, a body mostly attributes: length, type, data, padded to four
bytes. Attribute data of the packet filter is in network byte order.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator

NETFILTER = 12
SOCK_DIAG = 4

REQUEST, ACK, DUMP, CREATE, APPEND = 0x1, 0x4, 0x300, 0x400, 0x800
_ERROR, _DONE = 2, 3
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_NESTED = 0x8000
_TYPE = 0x3FFF
_NO_ENOBUFS = 5
_SOL_NETLINK = 270
_SO_RCVBUFFORCE = 33
_ANSWER_S = 2.0
_BYTES = 1 << 18


class Refusal(OSError):
    """The kernel refused a request; ``errno`` says why."""


def attribute(kind: int, data: bytes) -> bytes:
    """Return one attribute."""
    return _ATTRIBUTE.pack(4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def nested(kind: int, *parts: bytes) -> bytes:
    """Return an attribute that holds attributes."""
    return attribute(kind | _NESTED, b"".join(parts))


def text(kind: int, value: str) -> bytes:
    """Return an attribute that holds a text."""
    return attribute(kind, value.encode() + b"\0")


def u16(kind: int, value: int) -> bytes:
    """Return an attribute that holds 16 bits."""
    return attribute(kind, struct.pack(">H", value))


def u32(kind: int, value: int) -> bytes:
    """Return an attribute that holds 32 bits."""
    return attribute(kind, struct.pack(">I", value & 0xFFFFFFFF))


def u64(kind: int, value: int) -> bytes:
    """Return an attribute that holds 64 bits."""
    return attribute(kind, struct.pack(">Q", value))


def attributes(data: bytes, start: int = 0) -> dict[int, bytes]:
    """Return the attributes in *data* by type; of several of one type the last one."""
    return dict(each_attribute(data, start))


def each_attribute(data: bytes, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield type and data of each attribute in *data*."""
    while start + 4 <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, start)
        if length < 4:
            return
        yield kind & _TYPE, data[start + 4 : start + length]
        start += (length + 3) & ~3


def message(kind: int, flags: int, body: bytes, number: int) -> bytes:
    """Return one message."""
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, number, 0) + body


def each_message(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield kind, number and body of each message in *data*."""
    start = 0
    while start + _HEADER.size <= len(data):
        length, kind, _, number, _ = _HEADER.unpack_from(data, start)
        if length < _HEADER.size:
            return
        yield kind, number, data[start + _HEADER.size : start + length]
        start += (length + 3) & ~3


class Netlink:
    """A netlink socket in the network namespace of the thread that made it."""

    def __init__(self, protocol: int) -> None:
        """Open it.

        Raises:
            OSError: the kernel has no such protocol.
        """
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
        self.socket.bind((0, 0))
        self.socket.settimeout(_ANSWER_S)
        self._number = 0

    def close(self) -> None:
        """Close it; what the socket owns in the kernel goes with it."""
        self.socket.close()

    def number(self) -> int:
        """Return the number of the next message."""
        self._number += 1
        return self._number

    def room(self, size: int) -> None:
        """Ask for *size* bytes for what waits to be read, and never to be told of losses."""
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, size)
        except OSError:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
        self.socket.setsockopt(_SOL_NETLINK, _NO_ENOBUFS, 1)

    def ask(self, kind: int, flags: int, body: bytes) -> None:
        """Make a request and wait until it is carried out.

        Raises:
            Refusal: the kernel refused it.
        """
        number = self.number()
        self.socket.send(message(kind, flags | REQUEST | ACK, body, number))
        self.acknowledged({number})

    def acknowledged(self, numbers: set[int]) -> None:
        """Wait until every request of *numbers* is carried out.

        Raises:
            Refusal: the kernel refused one.
        """
        refused = 0
        while numbers:
            for kind, number, body in each_message(self.socket.recv(_BYTES)):
                if kind == _ERROR:
                    numbers.discard(number)
                    refused = refused or -int(struct.unpack_from("=i", body)[0])
            if refused:
                break
        if refused:
            raise Refusal(refused, os.strerror(refused))

    def dump(self, kind: int, body: bytes) -> Iterator[bytes]:
        """Yield the bodies of all that the kernel lists in answer to a request.

        Raises:
            Refusal: the kernel refused it.
        """
        asked = self.number()
        self.socket.send(message(kind, REQUEST | DUMP, body, asked))
        while True:
            for said, number, found in each_message(self.socket.recv(_BYTES)):
                if number != asked:
                    continue
                if said == _DONE:
                    return
                if said == _ERROR:
                    code = -int(struct.unpack_from("=i", found)[0])
                    raise Refusal(code, os.strerror(code))
                yield found
