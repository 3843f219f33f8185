"""The compiled wire: its slow paths, opening and streaming, are those of the one in Python.

Importing this raises ImportError where it was not built.
"""

from __future__ import annotations

import asyncio
import socket
import ssl

from hormesis.wire._compiled import Caller, Recorder, Reply, Response, UserMeter
from hormesis.wire._compiled import Connection as _Connection
from hormesis.wire._compiled import Wire as _Wire
from hormesis.wire.labels import Labels
from hormesis.wire.opening import Opening
from hormesis.wire.secure import Secure
from hormesis.wire.streaming import Stream

__all__ = ["Caller", "Connection", "Meter", "Reply", "Response", "UserMeter", "Wire"]


class Meter(Recorder):
    """See :class:`hormesis.wire.meter.Meter`."""

    __slots__ = ("label", "take_labels")

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        labels = Labels()
        self.label = labels.label
        self.take_labels = labels.take_labels


class Wire(_Wire):
    """See :class:`hormesis.wire.poller.Wire`."""

    __slots__ = ()

    def __init__(self, loop: asyncio.AbstractEventLoop, *, zero_ns: int) -> None:
        super().__init__(loop, zero_ns=zero_ns)

    def connection(self) -> Connection:
        """Return a connection that is still to be opened."""
        self.check_open()
        return Connection(self)


class Connection(Opening, _Connection):
    """See :class:`hormesis.wire.connection.Connection`."""

    __slots__ = ()

    def attach(self, sock: socket.socket) -> None:
        """Use the open, non-blocking *sock* from now on."""
        if isinstance(sock, ssl.SSLSocket):
            self._take(sock.fileno(), sock, Secure(sock))
        else:
            self._take(sock.fileno(), None, None)
            sock.detach()

    def detach(self) -> socket.socket:
        """Give the open socket away; the connection is closed from now on."""
        given = self._give()
        if isinstance(given, socket.socket):
            return given
        sock = socket.socket(fileno=given)
        sock.setblocking(False)
        return sock

    def stream(self, request: bytes, timeout_ns: int, *, head: bool = False) -> Stream:
        """Return the answer to *request* piece by piece; it is sent when the first is asked for."""
        wire = self._wire
        return Stream(self, wire.loop, wire.zero_ns, request, timeout_ns, head=head)
