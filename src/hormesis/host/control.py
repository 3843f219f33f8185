"""Ask the proxy something over its control socket, stepwise."""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Mapping
from typing import Any

from hormesis.host.steps import Steps, Wait
from hormesis.host.unix_connect import connected

_ANSWER_S = 2.0


def ask(path: str, request: Mapping[str, Any]) -> Steps[dict[str, Any]]:
    """Send one request, one JSON object per line, and return the reply.

    Raises:
        OSError: nobody listens, or the other side hung up.
        TimeoutError: no reply came within two seconds.
    """
    until = time.monotonic() + _ANSWER_S
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        yield from connected(link, path, until)
        link.setblocking(True)
        link.settimeout(_ANSWER_S)
        link.sendall(json.dumps(request).encode() + b"\n")
        link.setblocking(False)
        reply = b""
        while not reply.endswith(b"\n"):
            if not select.select([link], [], [], 0)[0]:
                if time.monotonic() >= until:
                    raise TimeoutError("no reply came within two seconds")
                yield Wait(until, (link.fileno(),))
                continue
            data = link.recv(1 << 16)
            if not data:
                raise ConnectionResetError("it hung up before it replied")
            reply += data
    answer: dict[str, Any] = json.loads(reply)
    return answer
