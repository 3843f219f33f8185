"""Run the main server until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
import time

import psycopg
import uvicorn
from psycopg.conninfo import conninfo_to_dict

from proving_ground.canaries import CANARIES, SHORT_KEEP_ALIVE
from proving_ground.settings import ServerSettings
from proving_ground.usage import MissingPart, UsageError
from proving_ground.web import Server

_LOG = logging.getLogger(__name__)
_GRACE_S = 3
_KEEP_ALIVE_S = 75
_KEEP_ALIVE_SHORT_S = 1


def run_server(settings: ServerSettings) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status.

    Raises ``UsageError`` for a database address that cannot be read, ``MissingPart`` when the
    port is taken.
    """
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    try:
        conninfo_to_dict(settings.database_url)
    except psycopg.Error as error:
        raise UsageError(f"--database-url: {error}") from None
    listener = _listen(settings.host, settings.port)
    for name in sorted(settings.canaries):
        _LOG.warning("CANARY ON, THIS SERVER IS BROKEN ON PURPOSE: %s: %s", name, CANARIES[name])
    # uvicorn stops in order and then raises the signal again; being told to stop is no failure.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(settings, listener))
    except KeyboardInterrupt:
        _LOG.info("interrupted")
    return 0


async def _serve(settings: ServerSettings, listener: socket.socket) -> None:
    # The one place that reads the wall clock: the start time that /metrics shows.
    server = Server(settings, started_at_s=time.clock_gettime(time.CLOCK_REALTIME))
    short = SHORT_KEEP_ALIVE in settings.canaries
    config = uvicorn.Config(
        server.app,
        http="httptools",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=_KEEP_ALIVE_SHORT_S if short else _KEEP_ALIVE_S,
    )
    await uvicorn.Server(config).serve(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise MissingPart(f"cannot listen on {host}:{port}: {error.strerror}") from None
    listener.listen(2048)
    return listener


def _loop_factory() -> type[asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.SelectorEventLoop
    return uvloop.Loop
