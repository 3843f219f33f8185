"""Free TCP ports for services and links that a run starts.

They are taken from below the kernel's range of outgoing ports (32768 and up by default): a
service that is down for a while must find its port free when it comes back, and under load an
outgoing connection would sooner or later take it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from random import Random

LOW, HIGH = 20000, 32000


def port_finder(rng: Random, host: str = "127.0.0.1") -> Callable[[], int]:
    """Return a function that gives a different free port at each call.

    The function raises ``OSError`` when a thousand tries found none.
    """
    given: set[int] = set()

    def next_port() -> int:
        for _ in range(1000):
            port = rng.randrange(LOW, HIGH)
            if port not in given and _is_free(host, port):
                given.add(port)
                return port
        raise OSError(f"no free port between {LOW} and {HIGH} on {host}")

    return next_port


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
