"""Serve one HTTP application until the program is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
import time
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from proving_ground.usage import MissingPart

_LOG = logging.getLogger(__name__)
KEEP_ALIVE_S = 75
_BACKLOG = 2048


def serve(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    keep_alive_s: int = KEEP_ALIVE_S,
    grace_s: int = 3,
    limit_connections: int | None = None,
    websockets: bool = False,
) -> int:
    """Serve *app* until SIGTERM or SIGINT; return the exit status.

    Idle connections are closed after *keep_alive_s* seconds, requests that still run when the
    program is told to stop have *grace_s* seconds. Above *limit_connections* new requests are
    answered 503. Raises ``MissingPart`` when the port is taken.
    """
    listener = _listen(host, port)
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="auto" if websockets else "none",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=grace_s,
        timeout_keep_alive=keep_alive_s,
        limit_concurrency=limit_connections,
    )
    # uvicorn stops in order and then raises the signal again; being told to stop is no failure.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(uvicorn.Server(config).serve(sockets=[listener]))
    except KeyboardInterrupt:
        _LOG.info("interrupted")
    return 0


def started_at_s() -> float:
    """Return the present time, in seconds since the epoch: the start that /metrics shows."""
    return time.clock_gettime(time.CLOCK_REALTIME)


def loop_factory() -> type[asyncio.AbstractEventLoop]:
    """Return the quickest event loop there is."""
    try:
        import uvloop
    except ImportError:
        return asyncio.SelectorEventLoop
    loop: Any = uvloop.Loop
    return loop  # type: ignore[no-any-return]


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise MissingPart(f"cannot listen on {host}:{port}: {error.strerror}") from None
    listener.listen(_BACKLOG)
    return listener
