"""Whether the database answers what a loop asks of it, again and again."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import psycopg

from proving_ground.database_trouble import DatabaseTrouble

_LOG = logging.getLogger(__name__)


class DatabaseReach:
    """Asks for a loop that outlives outages: each reason for a failure is logged once."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._trouble = ""

    async def attempt(self, ask: Callable[[], Awaitable[object]]) -> bool:
        """Ask the database; return whether it answered."""
        try:
            await ask()
        except (DatabaseTrouble, psycopg.Error) as error:
            reason = error.code if isinstance(error, DatabaseTrouble) else type(error).__name__
            if reason != self._trouble:
                _LOG.warning("%s cannot work: %s", self._who, error)
            self._trouble = reason
            return False
        if self._trouble:
            _LOG.info("%s works again after %s", self._who, self._trouble)
        self._trouble = ""
        return True
