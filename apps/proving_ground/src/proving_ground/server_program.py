"""Run the main server until it is told to stop."""

from __future__ import annotations

from proving_ground.canaries import CANARIES, SHORT_KEEP_ALIVE
from proving_ground.database_address import checked_dsn
from proving_ground.program_log import log_to_stderr, warn_of_canaries
from proving_ground.serving import KEEP_ALIVE_S, serve, started_at_s
from proving_ground.settings import ServerSettings
from proving_ground.web import Server

_KEEP_ALIVE_SHORT_S = 1


def run_server(settings: ServerSettings) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status.

    Raises ``UsageError`` for a database address that cannot be read, ``MissingPart`` when the
    port is taken.
    """
    log_to_stderr()
    checked_dsn(settings.database_url)
    warn_of_canaries(settings.canaries, CANARIES)
    server = Server(settings, started_at_s=started_at_s())
    short = SHORT_KEEP_ALIVE in settings.canaries
    return serve(
        server.app,
        settings.host,
        settings.port,
        keep_alive_s=_KEEP_ALIVE_SHORT_S if short else KEEP_ALIVE_S,
    )
