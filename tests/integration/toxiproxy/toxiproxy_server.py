"""``hormesis proxy`` as a process, asked over HTTP like any Toxiproxy."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.integration.proxy.proxy_process import received

_ROOT = Path(__file__).resolve().parents[3]
_BOOT = "from hormesis.cli.main import main; main()"
_PORT = re.compile(r"http://\S*:(\d+)")


def command(*flags: str) -> subprocess.Popen[str]:
    """Start ``hormesis proxy`` with *flags*."""
    return subprocess.Popen(
        [sys.executable, "-c", _BOOT, "proxy", *flags],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(_ROOT / "src"), "NO_COLOR": "1"},
    )


class ToxiproxyServer:
    """A running server; ``told`` is the line it printed."""

    def __init__(self, *flags: str) -> None:
        self.process = command("--port", "0", *flags)
        assert self.process.stdout is not None
        self.told = self.process.stdout.readline()
        found = _PORT.search(self.told)
        assert found, self.process.communicate(timeout=10)
        self.port = int(found[1])

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return the status and the body of an answer, read as JSON where it is JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, path, data, {"User-Agent": "tests"})
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, json.loads(text) if text[:1] in ("{", "[") else text

    def wanted(self, method: str, path: str, body: Any = None) -> Any:
        """Return the body of an answer that must not be an error."""
        status, answer = self.ask(method, path, body)
        assert status < 300, answer
        return answer

    def proxy(self, name: str, upstream: str, **more: Any) -> int:
        """Add a proxy and return its port."""
        body = {"name": name, "listen": "127.0.0.1:0", "upstream": upstream, **more}
        return int(self.wanted("POST", "/proxies", body)["listen"].rpartition(":")[2])

    def toxic(self, kind: str, stream: str = "downstream", **more: Any) -> None:
        """Add a toxic, with the attributes *more*, to the proxy ``echo``."""
        named = ("name", "toxicity", "lease_ms")
        top: dict[str, Any] = {one: more.pop(one) for one in named if one in more}
        body = {"type": kind, "stream": stream, "attributes": more, **top}
        self.wanted("POST", "/proxies/echo/toxics", body)

    def change(self, name: str, **body: Any) -> Any:
        """Change a toxic of the proxy ``echo``."""
        return self.wanted("PATCH", f"/proxies/echo/toxics/{name}", body)

    def remove(self, name: str) -> None:
        """Remove a toxic of the proxy ``echo``."""
        self.wanted("DELETE", f"/proxies/echo/toxics/{name}")

    def events(self, *names: str) -> list[dict[str, Any]]:
        """Return the events of those names."""
        found = self.wanted("GET", "/events")["events"]
        return [one for one in found if one["event"] in names]

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """End it with a signal; return the exit code and what was said on standard error."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=10)
        return self.process.returncode, errors


def connected(port: int) -> socket.socket:
    """Return a connection to *port* that sends at once."""
    peer = socket.create_connection(("127.0.0.1", port), 10)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def echoes(peer: socket.socket, data: bytes = b"ping") -> bool:
    """Return whether *data* comes back."""
    peer.sendall(data)
    return received(peer, len(data)) == data
