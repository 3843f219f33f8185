"""Ask a container engine something over its unix socket: the Docker Engine API, stepwise.

Requests go out as HTTP/1.0, so that the engine frames an answer by closing the connection. The
version of the API is agreed once per :class:`Engine`: the newest that both sides know.
"""

from __future__ import annotations

import json
import os
import select
import socket
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from hormesis.host.steps import Steps, Wait
from hormesis.host.unix_connect import connected

SOCKET = "/var/run/docker.sock"
"""Where an engine listens unless told otherwise."""
PATIENCE_S = 10.0
OLDEST, NEWEST = (1, 24), (1, 51)
"""The versions of the API that the requests made here are known to fit."""
_ANSWER_BYTES_MAX = 64 << 20


class EngineTrouble(Exception):
    """The engine refused a request; ``status`` is its HTTP status."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class NoEngine(EngineTrouble):
    """No engine answers at the socket."""


class Engine:
    """A container engine behind a unix socket."""

    def __init__(self, path: str = SOCKET) -> None:
        self.path = path.removeprefix("unix://")
        self._version = ""

    def get(self, path: str, *, timeout_s: float = PATIENCE_S, **query: Any) -> Steps[Any]:
        """Return the engine's answer to GET *path*, parsed.

        Raises:
            NoEngine: nobody answers in *timeout_s* seconds.
            EngineTrouble: it refused, with its own words.
        """
        return self.ask("GET", path, query=query, timeout_s=timeout_s)

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, *,
        timeout_s: float = PATIENCE_S, **query: Any,
    ) -> Steps[Any]:  # fmt: skip
        """Send POST *path* and return the engine's answer, parsed; raises what :meth:`get` does."""
        return self.ask("POST", path, body=body, query=query, timeout_s=timeout_s)

    def ask(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None, timeout_s: float = PATIENCE_S,
    ) -> Steps[Any]:  # fmt: skip
        """Send one request and return what the engine answers, None when it says nothing."""
        until = time.monotonic() + timeout_s
        if not self._version:
            told = yield from self._exchange("GET", "/version", b"", until)
            self._version = agreed(told or {}, self.path)
        asked = f"?{urlencode(query)}" if query else ""
        data = json.dumps(body).encode() if body is not None else b""
        return (yield from self._exchange(method, f"/v{self._version}{path}{asked}", data, until))

    def _exchange(self, method: str, target: str, body: bytes, until: float) -> Steps[Any]:
        head = (
            f"{method} {target} HTTP/1.0\r\nHost: docker\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            raw = yield from _over_socket(self.path, head.encode("latin-1") + body, until)
            return _parsed(raw)
        except EngineTrouble as error:
            if error.status:
                raise
            raise NoEngine(f"the container engine at {self.path}: {error}") from error
        except FileNotFoundError:
            raise NoEngine(f"there is no container engine at {self.path}") from None
        except PermissionError:
            who = f"uid {os.geteuid()}"
            raise NoEngine(f"{who} may not use the container engine at {self.path}") from None
        except OSError as error:
            raise NoEngine(f"no container engine answers at {self.path}: {error}") from error


def container_path(container: str, what: str = "") -> str:
    """Return the path of the API for *container*, an id or a name."""
    return f"/containers/{quote(container, safe='')}" + (f"/{what}" if what else "")


def agreed(told: Mapping[str, Any], where: str) -> str:
    """Return the newest version of the API that the engine and we know; *told* is ``/version``.

    Raises:
        NoEngine: there is none.
    """
    newest = _numbers(told.get("ApiVersion")) or OLDEST
    oldest = _numbers(told.get("MinAPIVersion")) or OLDEST
    version = min(newest, NEWEST)
    if version < max(oldest, OLDEST):
        spoken = f"{_text(oldest)} to {_text(newest)}"
        ours = f"{_text(OLDEST)} to {_text(NEWEST)}"
        raise NoEngine(f"the container engine at {where} speaks API {spoken}, not {ours}")
    return _text(version)


def _numbers(version: object) -> tuple[int, int] | None:
    major, _, minor = str(version or "").partition(".")
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else None


def _text(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _over_socket(path: str, request: bytes, until: float) -> Steps[bytes]:
    """Return all that comes back until the other side closes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        yield from connected(link, path, until)
        link.settimeout(max(until - time.monotonic(), 0.01))
        link.sendall(request)
        link.setblocking(False)
        parts: list[bytes] = []
        size = 0
        while True:
            if not select.select([link], [], [], 0)[0]:
                _in_time(until)
                yield Wait(until, (link.fileno(),))
                continue
            data = link.recv(1 << 16)
            if not data:
                return b"".join(parts)
            parts.append(data)
            size += len(data)
            if size > _ANSWER_BYTES_MAX:
                raise EngineTrouble(f"its answer exceeds {_ANSWER_BYTES_MAX} bytes")


def _in_time(until: float) -> None:
    if time.monotonic() >= until:
        raise TimeoutError("it did not answer in time")


def _parsed(raw: bytes) -> Any:
    """Return the JSON of an HTTP answer.

    Raises:
        EngineTrouble: the answer is an error, or none.
    """
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdigit():
        raise EngineTrouble("it did not answer with HTTP")
    fields = {name.strip().lower(): value.strip() for name, _, value in
              (line.partition(":") for line in lines)}  # fmt: skip
    if len(body) < int(fields.get("content-length") or 0):
        raise EngineTrouble("it hung up in the middle of its answer")
    status = int(words[1])
    try:
        said = json.loads(body) if body.strip() else None
    except ValueError:
        said = body.decode(errors="replace").strip()
    if status >= 400:
        message = said.get("message") if isinstance(said, dict) else said
        raise EngineTrouble(str(message or f"it answered with status {status}"), status)
    return said
