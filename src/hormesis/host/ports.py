"""Free TCP ports for services and links that a run starts.

They are taken from below the kernel's range of outgoing ports (32768 and up by default): a
service that is down for a while must find its port free when it comes back, and under load an
outgoing connection would sooner or later take it. For the same reason each one is reserved against
the other runs of this machine: what listens on it in the place of our service would be taken for
it. A reservation is an abstract Unix socket (unix(7)): it counts in the network namespace in which
the port counts, and the kernel drops it with the process that holds it, however that ends.
"""

from __future__ import annotations

import socket
import weakref
from random import Random

LOW, HIGH = 20000, 32000
_TRIES = 1000


class Ports:
    """The ports of one run; they are its own until they are given back or it is forgotten."""

    def __init__(self, rng: Random, host: str = "127.0.0.1") -> None:
        """Draw ports with *rng* that are free at *host*."""
        self._rng = rng
        self._host = host
        self._reservations: list[socket.socket] = []
        self.give_back = weakref.finalize(self, _close_all, self._reservations)
        """Let other runs have them."""

    def next(self) -> int:
        """Return a port that is free and nobody else's.

        Raises:
            OSError: a thousand tries found none.
        """
        for _ in range(_TRIES):
            port = self._rng.randrange(LOW, HIGH)
            reservation = _reserved(port)
            if reservation is None:
                continue
            if _is_free(self._host, port):
                self._reservations.append(reservation)
                return port
            reservation.close()
        raise OSError(f"no free port between {LOW} and {HIGH} on {self._host}")


def _reserved(port: int) -> socket.socket | None:
    """Return what reserves *port*; None when another run has it, or this one."""
    reservation = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        reservation.bind(f"\0hormesis-port-{port}")
    except OSError:
        reservation.close()
        return None
    return reservation


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _close_all(reservations: list[socket.socket]) -> None:
    for one in reservations:
        one.close()
