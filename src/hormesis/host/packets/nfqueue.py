"""Queues of packets that a program decides about (nfnetlink_queue); stdlib only.

The kernel holds each packet until its verdict comes. A queue that nobody listens on any more lets
packets pass, when the rule that leads to it says so; what waited in it then is dropped.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from hormesis.host.packets.netlink import (
    NETFILTER,
    REQUEST,
    Netlink,
    Refusal,
    attribute,
    each_attribute,
    each_message,
    message,
    u32,
)

_SUBSYSTEM = 3 << 8
_PACKET, _VERDICT, _CONFIG = 0, 1, 2
_BIND = 1
_COPY_PACKET = 2
_FAIL_OPEN, _WHOLE = 1, 4
_LENGTH = 65535
_ROOM = 32 << 20
_HEADER_BYTES = 60
"""Enough of a packet to know how long it is; the kernel adds the length of what it cut off."""
_READ_BYTES = 1 << 17
_AT_ONCE = 256
_TRIES = 50
_PAYLOAD, _CAPTURED = 10, 13

DROPPED, PASSED = 0, 1


@dataclass(frozen=True, slots=True)
class Held:
    """A packet that waits for its verdict; ``size`` in bytes, ``data`` as much as was asked for."""

    id: int
    size: int
    data: bytes


class Queue:
    """One queue of the network namespace of the thread that made it."""

    def __init__(self, number: int, *, whole: bool, segments: bool) -> None:
        """Bind the queue.

        ``whole``: copy each packet, not only its head. ``segments``: what the kernel would keep
        in one piece until it reaches the device comes in pieces of the size that a wire carries.

        Raises:
            Refusal: the kernel refused it; EBUSY or EPERM when somebody else has the number.
        """
        self.number = number
        self._netlink = Netlink(NETFILTER)
        try:
            self._netlink.room(_ROOM)
            self._configure(attribute(1, struct.pack(">BBH", _BIND, 0, 0)))
            size = _READ_BYTES // 2 if whole else _HEADER_BYTES
            self._configure(attribute(2, struct.pack(">IB", size, _COPY_PACKET)))
            self._configure(u32(3, _LENGTH))
            wanted = _FAIL_OPEN | (0 if segments else _WHOLE)
            self._configure(u32(4, _FAIL_OPEN | _WHOLE) + u32(5, wanted))
        except OSError:
            self._netlink.close()
            raise
        self._netlink.socket.setblocking(False)

    def fileno(self) -> int:
        """Return the descriptor that can be read when packets wait."""
        return self._netlink.socket.fileno()

    def close(self) -> None:
        """Leave the queue."""
        self._netlink.close()

    def waiting(self) -> Iterator[Held]:
        """Yield the packets that have come; a few hundred at most."""
        for _ in range(_AT_ONCE):
            try:
                data = self._netlink.socket.recv(_READ_BYTES)
            except BlockingIOError:
                return
            for kind, _, body in each_message(data):
                if kind == _SUBSYSTEM | _PACKET:
                    yield _held(body)

    def decide(self, id_: int, verdict: int, data: bytes | None = None) -> None:
        """Let a packet pass or drop it; ``data`` replaces what was in it."""
        head = attribute(2, struct.pack(">II", verdict, id_))
        body = head if data is None else head + attribute(_PAYLOAD, data)
        self._send(_VERDICT, body)

    def _configure(self, body: bytes) -> None:
        self._netlink.ask(_SUBSYSTEM | _CONFIG, 0, struct.pack(">BBH", 0, 0, self.number) + body)

    def _send(self, kind: int, body: bytes) -> None:
        head = struct.pack(">BBH", 0, 0, self.number)
        wire = message(_SUBSYSTEM | kind, REQUEST, head + body, 0)
        self._netlink.socket.send(wire)


def free_queue(rng: Random, *, whole: bool, segments: bool) -> Queue:
    """Bind a queue whose number nobody uses.

    Raises:
        Refusal: the kernel has no queues, or refuses them to this process.
    """
    for _ in range(_TRIES):
        try:
            return Queue(rng.randrange(1024, 65535), whole=whole, segments=segments)
        except Refusal as error:
            if error.errno not in (errno.EBUSY, errno.EPERM):
                raise
            last = error
    raise last


def _held(body: bytes) -> Held:
    id_, size, data = 0, 0, b""
    for kind, found in each_attribute(body, 4):
        if kind == 1:
            (id_,) = struct.unpack_from(">I", found)
        elif kind == _PAYLOAD:
            data = found
            size = size or len(found)
        elif kind == _CAPTURED:
            (size,) = struct.unpack(">I", found)
    return Held(id_, size, data)
