"""Run the hive until it is told to stop."""

from __future__ import annotations

import logging

from proving_ground.descriptors import raise_limit
from proving_ground.hive.canaries import CANARIES
from proving_ground.hive.settings import HiveSettings
from proving_ground.hive.web import Hive
from proving_ground.program_log import log_to_stderr, warn_of_canaries
from proving_ground.serving import serve, started_at_s
from proving_ground.usage import UsageError


def run_hive(settings: HiveSettings) -> int:
    """Supervise and serve until SIGTERM or SIGINT; return the exit status.

    Raises ``UsageError`` when the data directory cannot be made, ``MissingPart`` when the port is
    taken.
    """
    log_to_stderr()
    raise_limit()
    warn_of_canaries(settings.canaries, CANARIES)
    try:
        hive = Hive(settings, started_at_s=started_at_s())
    except OSError as error:
        raise UsageError(f"--data {settings.data}: {error.strerror}") from None
    logging.getLogger(__name__).info("supervising %d workers", settings.workers)
    return serve(hive.app, settings.host, settings.port)
