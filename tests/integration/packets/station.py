"""A machine of its own, in a network namespace: servers, and measurements from its clients' side.

Started by `unshare`, it brings its loopback device up, serves, and then does what each JSON line
on its input asks, answering with one line. Needs no privilege, and only the standard library.
"""

from __future__ import annotations

import fcntl
import json
import socket
import struct
import sys
import threading
import time
from typing import Any

_SIOCSIFFLAGS = 0x8914
_UP_RUNNING = 0x41
PORT, OTHER = 7001, 7002
heard = [0]
"""How many datagrams have arrived at the servers."""


def loopback_up() -> None:
    with socket.socket() as handle:
        fcntl.ioctl(handle, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", _UP_RUNNING))


def serve(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    stream = socket.create_server((host, port), family=family, backlog=256)
    threading.Thread(target=_accept, args=(stream,), daemon=True).start()
    datagrams = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    datagrams.bind((host, port))
    threading.Thread(target=_answer, args=(datagrams,), daemon=True).start()


def _accept(server: socket.socket) -> None:
    while True:
        line, _ = server.accept()
        threading.Thread(target=_echo, args=(line,), daemon=True).start()


def _echo(line: socket.socket) -> None:
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with line:
        try:
            while data := line.recv(1 << 16):
                if data.startswith(b"bulk "):
                    line.sendall(bytes(int(data[5:])))
                else:
                    line.sendall(data)
        except OSError:
            return


def _answer(datagrams: socket.socket) -> None:
    while True:
        data, peer = datagrams.recvfrom(2048)
        heard[0] += 1
        datagrams.sendto(data, peer)


def connect(host: str, port: int, timeout_s: float) -> socket.socket:
    line = socket.create_connection((host, port), timeout=timeout_s)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


class Station:
    """What can be asked; each method's name is the ``do`` of a line."""

    def __init__(self) -> None:
        self._kept: socket.socket | None = None

    def rtt(self, host: str, port: int, times: int) -> dict[str, Any]:
        """Median and spread of round trips on one connection, in milliseconds."""
        seen = []
        with connect(host, port, 5.0) as line:
            for _ in range(times):
                began = time.monotonic()
                line.sendall(b"x")
                line.recv(10)
                seen.append(1000 * (time.monotonic() - began))
        seen.sort()
        return {"p50": seen[len(seen) // 2], "min": seen[0], "max": seen[-1]}

    def connects(self, host: str, port: int, times: int, timeout_s: float) -> dict[str, Any]:
        """How new connections fare."""
        results = []
        for _ in range(times):
            try:
                connect(host, port, timeout_s).close()
                results.append("ok")
            except OSError as error:
                results.append(type(error).__name__)
        return {"results": results}

    def datagrams(self, host: str, port: int, times: int, gap_s: float = 0.0) -> dict[str, Any]:
        """Send numbered datagrams one way and back, and tell what came in which order."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        came: list[int] = []
        with socket.socket(family, socket.SOCK_DGRAM) as line:
            line.settimeout(0.4)
            line.connect((host, port))
            sender = threading.Thread(target=self._send, args=(line, times, gap_s))
            sender.start()
            try:
                while True:
                    came.append(struct.unpack(">I", line.recv(100))[0])
            except OSError as error:
                ended = type(error).__name__
            sender.join()
        return {"came": came, "ended": ended}

    @staticmethod
    def _send(line: socket.socket, times: int, gap_s: float) -> None:
        pause = threading.Event()
        for number in range(times):
            line.send(struct.pack(">I", number))
            if gap_s:
                pause.wait(gap_s)

    def bulk(self, host: str, port: int, size: int) -> dict[str, Any]:
        """Rate of one download, in bytes per second, whole."""
        with connect(host, port, 20.0) as line:
            line.sendall(b"bulk %d" % size)
            began, left = time.monotonic(), size
            while left:
                left -= len(line.recv(1 << 16)) or left
            took = time.monotonic() - began
        return {"bytes_per_s": size / took, "took_s": took}

    def keep(self, host: str, port: int) -> dict[str, Any]:
        """Open a connection and keep it."""
        self._kept = connect(host, port, 2.0)
        self._kept.sendall(b"x")
        return {"got": self._kept.recv(1).decode()}

    def kept(self, say: bool, timeout_s: float = 1.0) -> dict[str, Any]:
        """Use the kept connection, or only listen to it."""
        assert self._kept is not None
        self._kept.settimeout(timeout_s)
        try:
            if say:
                self._kept.sendall(b"y")
            return {"got": self._kept.recv(1).decode()}
        except OSError as error:
            return {"error": type(error).__name__}

    def heard(self) -> dict[str, Any]:
        """How many datagrams have arrived at the servers, all in all."""
        return {"datagrams": heard[0]}


def main() -> None:
    loopback_up()
    for host in ("0.0.0.0", "::"):
        for port in (PORT, OTHER):
            serve(host, port)
    station = Station()
    sys.stdout.write('{"ready": true}\n')
    sys.stdout.flush()
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = getattr(station, asked.pop("do"))(**asked)
        except OSError as error:
            answer = {"error": repr(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
