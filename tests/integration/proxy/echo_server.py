"""A threaded server that echoes, counts what it saw, and obeys a few first bytes."""

from __future__ import annotations

import contextlib
import socket
import threading

UNTIL_END = b"\x01"
"""First byte: read until the end of stream, then answer with how many bytes there were."""


class EchoServer:
    """Echoes every connection; ``ends`` holds how each one ended: ``eof`` or ``reset``."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.ends: list[str] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with peer:
            try:
                first = peer.recv(65536)
                if first[:1] == UNTIL_END:
                    size = len(first)
                    while data := peer.recv(65536):
                        size += len(data)
                    peer.sendall(str(size).encode())
                    first = b""
                while first:
                    peer.sendall(first)
                    first = peer.recv(65536)
                self.ends.append("eof")
            except OSError:
                self.ends.append("reset")
