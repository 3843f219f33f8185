"""A real proxy process, its control socket, and a client's view of its links."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import hormesis

SOURCE = str(Path(hormesis.__file__).parents[1])


class Proxy:
    """``python -m hormesis.proxy`` with its lifeline in our hands."""

    def __init__(
        self, control: Path, links: Mapping[str, str], seed: int = 7, **more: object
    ) -> None:
        self.control = str(control)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hormesis.proxy"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": SOURCE},
        )  # fmt: skip
        config = {
            "control": self.control,
            "seed": seed,
            "links": [
                {"name": name, "listen": "127.0.0.1:0", "upstream": upstream, **more}
                for name, upstream in links.items()
            ],
        }
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(config).encode() + b"\n")
        self.process.stdin.flush()
        self.ready: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert self.ready["ready"], self.ready
        self.ports = {
            link["name"]: int(link["listen"].rpartition(":")[2]) for link in self.ready["links"]
        }

    def ask(self, **request: Any) -> dict[str, Any]:
        """Return the reply to one request, over a connection of its own."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(10)
            link.connect(self.control)
            link.sendall(json.dumps(request).encode() + b"\n")
            reply: dict[str, Any] = json.loads(link.makefile("rb").readline())
            return reply

    def add(
        self, link: str, name: str, toxic: str, stream: str | None = None, **given: Any
    ) -> None:
        request = {"op": "add", "link": link, "name": name, "toxic": toxic, "stream": stream}
        reply = self.ask(**request, attributes=given)
        assert reply == {"ok": True}, reply

    def remove(self, link: str, name: str) -> bool:
        reply = self.ask(op="remove", link=link, name=name)
        assert reply["ok"], reply
        existed: bool = reply["existed"]
        return existed

    def read(self, link: str, toxic: str) -> dict[str, Any]:
        reply = self.ask(op="read", link=link, toxic=toxic)
        assert reply["ok"], reply
        reading: dict[str, Any] = reply["reading"]
        return reading

    def connect(self, link: str) -> socket.socket:
        peer = socket.create_connection(("127.0.0.1", self.ports[link]), 10)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return peer

    def end(self) -> tuple[int, str]:
        """Close the lifeline; return the exit status and what was said on standard error."""
        _, errors = self.process.communicate(timeout=10)
        return self.process.returncode, errors.decode()


def received(peer: socket.socket, size: int) -> bytes:
    """Return exactly *size* bytes, or fewer when the stream ends."""
    data = bytearray()
    while len(data) < size and (chunk := peer.recv(size - len(data))):
        data += chunk
    return bytes(data)


def round_trip_s(peer: socket.socket, data: bytes = b"ping") -> float:
    """Return how long it takes until *data* is echoed."""
    start = time.monotonic()
    peer.sendall(data)
    assert received(peer, len(data)) == data
    return time.monotonic() - start
