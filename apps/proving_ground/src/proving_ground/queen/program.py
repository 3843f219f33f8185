"""Run the queen until it is told to stop."""

from __future__ import annotations

from proving_ground.database_address import checked_dsn
from proving_ground.program_log import log_to_stderr, warn_of_canaries
from proving_ground.queen.app import Queen
from proving_ground.queen.canaries import CANARIES
from proving_ground.queen.settings import QueenSettings
from proving_ground.serving import serve, started_at_s


def run_queen(settings: QueenSettings) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status.

    Raises ``UsageError`` for a database address that cannot be read, ``MissingPart`` when the
    port is taken.
    """
    log_to_stderr()
    checked_dsn(settings.database_url)
    warn_of_canaries(settings.canaries, CANARIES)
    queen = Queen(settings, started_at_s=started_at_s())
    return serve(
        queen.app,
        settings.host,
        settings.port,
        limit_connections=settings.connections_max,
    )
