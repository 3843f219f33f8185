"""Run one instance of the trader until it is told to stop."""

from __future__ import annotations

import logging

from proving_ground.database_address import checked_dsn
from proving_ground.leader.canaries import CANARIES
from proving_ground.leader.settings import LeaderSettings
from proving_ground.leader.web import LeaderApi
from proving_ground.program_log import log_to_stderr, warn_of_canaries
from proving_ground.serving import serve


def run_leader(settings: LeaderSettings) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status.

    Raises ``UsageError`` for an address that cannot be read, ``MissingPart`` when the port is
    taken.
    """
    log_to_stderr()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    checked_dsn(settings.database_url)
    warn_of_canaries(settings.canaries, CANARIES)
    return serve(LeaderApi(settings).app, settings.host, settings.port)
