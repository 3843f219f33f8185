"""Reads and writes of a TLS socket, with the exceptions of a plain one."""

from __future__ import annotations

import ssl


class Secure:
    """A TLS socket after its handshake."""

    __slots__ = ("_sock",)

    def __init__(self, sock: ssl.SSLSocket) -> None:
        self._sock = sock

    def recv(self, size: int) -> bytes:
        """Return what has come; nothing when the connection has ended.

        Raises:
            BlockingIOError: nothing has come yet.
        """
        sock = self._sock
        try:
            data = sock.recv(size)
            # What the library has decrypted already, the kernel will never announce.
            while more := sock.pending():
                data += sock.recv(more)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""
        return data

    def send(self, data: bytes | memoryview) -> int:
        """Send what fits and return how much that was.

        Raises:
            BlockingIOError: nothing fits.
        """
        try:
            return self._sock.send(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None
