"""What a program says on standard error."""

from __future__ import annotations

import logging
import sys

_LOG = logging.getLogger(__name__)


def log_to_stderr() -> None:
    """Write the log to standard error, each line with its time."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )


def warn_of_canaries(canaries: frozenset[str], known: dict[str, str]) -> None:
    """Say loudly which of this program's planted defects are on."""
    for name in sorted(canaries & set(known)):
        _LOG.warning("CANARY ON, THIS PROGRAM IS BROKEN ON PURPOSE: %s: %s", name, known[name])
