"""Opening: what the connections of both makes of the wire do to reach a server."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Protocol

from hormesis.wire.dialling import dial

if TYPE_CHECKING:
    from hormesis.wire.poller import Wire


class Opened(Protocol):
    """A connection as far as opening it goes."""

    _wire: Wire
    connecting_ns: int
    handshaking_ns: int

    def close(self) -> None:
        """Close it."""
        ...

    def attach(self, sock: socket.socket) -> None:
        """Use the open, non-blocking *sock* from now on."""
        ...


class Opening:
    """Dials a server and takes the socket; the make says how it uses one."""

    __slots__ = ()

    async def open(
        self: Opened,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        server_name: str = "",
        timeout_s: float = 30.0,
    ) -> None:
        """Open it, or open it anew.

        Raises:
            HttpTrouble: it cannot be opened in *timeout_s* seconds.
        """
        self.close()
        wire = self._wire
        wire.check_open()
        dialled = await dial(
            wire.loop, host, port,
            tls=tls, server_name=server_name, timeout_s=timeout_s, zero_ns=wire.zero_ns,
        )  # fmt: skip
        self.close()
        self.connecting_ns = dialled.connecting_ns
        self.handshaking_ns = dialled.handshaking_ns
        try:
            self.attach(dialled.sock)
        except BaseException:
            dialled.sock.close()
            raise
