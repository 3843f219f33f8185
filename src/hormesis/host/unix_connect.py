"""Connect to a unix socket without ever waiting for a backlog that is full, stepwise."""

from __future__ import annotations

import socket
import time

from hormesis.host.steps import Steps, Wait

_AGAIN_S = 0.01


def connected(link: socket.socket, path: str, until: float) -> Steps[None]:
    """Connect *link*, a unix socket, to *path* by the moment *until* of CLOCK_MONOTONIC.

    A unix socket does not queue connects: while the other side's backlog is full, each is refused.

    Raises:
        OSError: nobody listens.
        TimeoutError: its backlog stayed full.
    """
    link.setblocking(False)
    while True:
        try:
            link.connect(path)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise TimeoutError("it takes no connection") from None
            yield Wait(time.monotonic() + _AGAIN_S)
